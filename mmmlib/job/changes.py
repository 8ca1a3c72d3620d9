"""Set single keys by their dotted path, as ``-p KEY VALUE`` does: the types of the keys decide."""

from __future__ import annotations

import copy
import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from mmmlib.ground import JobError, Problem
from mmmlib.job.model import JobKeys
from mmmlib.job.parts import ChannelBounds
from mmmlib.job.robyns import said_of
from mmmlib.job.yaml_values import value_of, yaml_node


def changed(
    values: Mapping[str, Any],
    changes: Mapping[str, Any] | Iterable[tuple[str, Any]],
    model: type[BaseModel] = JobKeys,
) -> dict[str, Any]:
    """Return plain values with some of them set; they are not validated yet.

    Parameters
    ----------
    values : mapping
        Plain values of a job, or of what else ``model`` describes. They are left as they are.
    changes : mapping, or pairs
        Dotted keys and values. An entry of a list is found by its name or its number. Text is
        text where the key wants text (``no`` is a country), otherwise YAML; text in quotes is
        what is between them. Whatever is not text is taken as it is.
    model : type of BaseModel
        Whose fields the keys are.

    Raises
    ------
    JobError
        With every key that leads nowhere, and the nearest one that is known; and every text
        that had to be YAML and is not.

    Examples
    --------
    >>> from mmmlib.job import changed
    >>> values = {"country": "de", "channels": [{"name": "tv", "spend": "tv_spend"}]}
    >>> changed(values, {"channels.tv.ranges.gammas": "[0.3, 0.4]"})["channels"]
    [{'name': 'tv', 'spend': 'tv_spend', 'ranges': {'gammas': [0.3, 0.4]}}]
    >>> changed(values, [("country", "no"), ("allocator.low", 0.6)])["allocator"]
    {'low': 0.6}
    """
    made = copy.deepcopy(dict(values))
    problems: list[Problem] = []
    for key, value in changes.items() if isinstance(changes, Mapping) else changes:
        try:
            _put(made, model, key, value, key)
        except JobError as error:
            problems += error.problems
    if problems:
        raise JobError(problems)
    return made


def unknown(name: str, model: type[BaseModel], before: str = "", after: str = "") -> str:
    """What to say of a key that a model does not have, with the one that was likely meant."""
    if said := said_of(name):
        return f"is Robyn's word and no key of a job: {said}"
    ends: dict[str, str] = {}
    for key in _keys(model):
        ends.setdefault(key.rpartition(".")[2], key)
    near = difflib.get_close_matches(name, model.model_fields, n=1)
    near = near or difflib.get_close_matches(name, ends, n=1, cutoff=0.85)
    meant = f"; did you mean {before}{ends[near[0]]}{after}?" if near else ""
    return f"unknown key; remove it or correct its spelling{meant}"


def type_of(path: Iterable[str | int], model: type[BaseModel]) -> Any:
    """The type of what a path of names and numbers leads to."""
    kind: Any = model
    for part in path:
        kind = _bare(_inner(kind, str(part)))
    return kind


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a model, then those within them; ``NAME`` stands for the name of an entry."""
    inner = {name: _bare(field.annotation) for name, field in model.model_fields.items()}
    yield from inner
    for name, kind in inner.items():
        if _model(kind):
            yield from (f"{name}.{key}" for key in _keys(kind))
        for entry in get_args(kind):
            if _model(entry):
                yield from (f"{name}.NAME.{key}" for key in _keys(entry))


def _put(place: Any, kind: Any, rest: str, value: Any, key: str) -> None:
    """Set what ``rest``, the end of ``key``, names within a place of some type."""
    kind = _bare(kind)
    step: Any
    if _model(kind):
        step, left, inner = _field(kind, rest, key)
    elif get_origin(kind) is dict:
        step, left, inner = _named(place, get_args(kind)[1], rest)
    elif get_origin(kind) is tuple:
        step, left, inner = _entry(place, kind, rest, key)
    else:
        raise JobError([Problem(key, f"{key[: -len(rest) - 1]} is one value and has no keys")])
    fits = isinstance(place, list if get_origin(kind) is tuple else dict)
    if not fits:
        raise JobError([Problem(key, f"leads into {place!r}, which is no mapping of keys")])
    if left:
        if isinstance(step, str) and place.get(step) is None:
            place[step] = [] if get_origin(_bare(inner)) is tuple else {}
        _put(place[step], inner, left, value, key)
        return
    place[step] = _typed(value, inner, key)
    if kind is ChannelBounds and step == "locked" and place[step] is True:
        place.update(low=None, high=None)  # it stands in place of the bounds


def _field(model: type[BaseModel], rest: str, key: str) -> tuple[str, str, Any]:
    """A field of a model, what is left of the key, and the field's type."""
    name, _, left = rest.partition(".")
    if name in model.model_fields:
        return name, left, model.model_fields[name].annotation
    before = key[: len(key) - len(rest)]
    raise JobError([Problem(key, unknown(name, model, before, f".{left}" if left else ""))])


def _named(place: Any, inner: Any, rest: str) -> tuple[str, str, Any]:
    """An entry of a mapping by names; a name may hold dots itself."""
    name, _, last = rest.rpartition(".")
    if name and _model(_bare(inner)) and rest not in place:
        return name, last, inner
    return rest, "", inner


def _entry(place: Any, kind: Any, rest: str, key: str) -> tuple[int, str, Any]:
    """An entry of a list by its name, which may hold dots, or by its number."""
    entries = place if isinstance(place, list) else []
    names = [str(e.get("name", "")) if isinstance(e, dict) else "" for e in entries]
    for name in sorted(filter(None, names), key=len, reverse=True):
        if rest == name or rest.startswith(f"{name}."):
            number, left = names.index(name), rest[len(name) + 1 :]
            break
    else:
        first, _, left = rest.partition(".")
        number = int(first) if first.isdecimal() else len(entries)
    if number >= len(entries):
        there = ", ".join(filter(None, names)) or f"{len(entries)} entries, numbered from 0"
        raise JobError([Problem(key, f"no such entry of {key[: -len(rest) - 1]}; it has {there}")])
    return number, left, get_args(kind)[0]  # all entries of a list are of one type


def _model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _arms(kind: Any) -> tuple[Any, ...]:
    """The types that a key may have, without what annotates them."""
    if get_origin(kind) is Annotated:
        return _arms(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(arm for each in get_args(kind) for arm in _arms(each))
    return (kind,)


def _bare(kind: Any) -> Any:
    """The type of a key where it is given."""
    return next(arm for arm in _arms(kind) if arm is not types.NoneType)


def _wants_text(kind: Any) -> bool:
    bare = _bare(kind)
    words = get_args(bare) if get_origin(bare) is Literal else ()
    return bare is str or (bool(words) and all(isinstance(word, str) for word in words))


def _typed(value: Any, kind: Any, key: str) -> Any:
    """A value as its key wants it; only text can be meant in two ways."""
    if not isinstance(value, str):
        return value
    if not _wants_text(kind):
        return _plain(yaml_node(value, key), kind, key)
    if value == "null" and types.NoneType in _arms(kind):
        return None
    if value[:1] in ("'", '"') and value[-1:] == value[:1]:
        try:
            node = yaml_node(value)
        except JobError:  # such as 'a' and 'b', whose quotes are its own
            return value
        return node.value if isinstance(node, yaml.ScalarNode) else value
    return value


def _plain(node: yaml.Node | None, kind: Any, key: str) -> Any:
    """The value of YAML; what is in it stays text where the type wants text."""
    bare = _bare(kind)
    if isinstance(node, yaml.ScalarNode) and _wants_text(kind):
        empty = node.tag == "tag:yaml.org,2002:null" and types.NoneType in _arms(kind)
        return None if empty else node.value
    if isinstance(node, yaml.SequenceNode) and get_origin(bare) is tuple and get_args(bare):
        return [_plain(entry, get_args(bare)[0], key) for entry in node.value]
    named = isinstance(node, yaml.MappingNode) and all(
        isinstance(name, yaml.ScalarNode) for name, _ in node.value
    )
    if node is not None and named and (_model(bare) or get_origin(bare) is dict):
        return {
            name.value: _plain(entry, _inner(bare, name.value), key) for name, entry in node.value
        }
    return value_of(node, key)


def _inner(kind: Any, name: str) -> Any:
    """The type of an entry of a mapping; anything for a name the model does not know."""
    if _model(kind):
        return kind.model_fields[name].annotation if name in kind.model_fields else object
    return get_args(kind)[1 if get_origin(kind) is dict else 0]
