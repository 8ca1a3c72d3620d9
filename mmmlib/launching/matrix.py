"""What a batch trains: the jobs of a folder, one job, or a matrix, each with a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from mmmlib.ground import JobError, Problem
from mmmlib.job import JOBS, TrainingJob, beside, changed, job_path, plain_values, read_text

_MATRIX = {"job", "countries", "revisions", "settings"}


@dataclass(frozen=True)
class Item:
    """One job of a batch: its plain values, or what is wrong with them."""

    name: str
    values: dict[str, Any]
    problem: str = ""


def read_plan(path: str, **keys: Any) -> list[Item]:
    """Read what a batch trains; ``keys`` are set in every job, whatever the files say.

    A folder gives a job a ``*.yaml`` file, sorted; a mapping with ``job``, ``countries``,
    ``revisions`` and ``settings`` gives every combination; any other file is one job.

    Raises
    ------
    JobError
        There is nothing to train, or the matrix is not one. A single job that is not valid is an
        item with its problem, and does not stop the others.
    """
    folder = Path(path)
    if folder.is_dir():
        files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
        if not files:
            raise JobError([Problem(path, "the folder holds no *.yaml; put the job files there")])
        return [_item(file.name, _file_values(file), keys) for file in files]
    values = _read(job_path(path))
    if "job" not in values:
        return [_item(path if path in JOBS else folder.name, values, keys)]
    return _matrix(values, folder.parent, keys)


def _matrix(values: Mapping[str, Any], folder: Path, keys: Mapping[str, Any]) -> list[Item]:
    """Every combination of countries, revisions and settings over the job in ``job``."""
    problems = [
        Problem(key, f"unknown key; a matrix has {', '.join(sorted(_MATRIX))}")
        for key in sorted(set(values) - _MATRIX)
    ]
    problems += [
        Problem(key, "must be a list that is not empty; leave the key out for the job's own value")
        for key in sorted(_MATRIX - {"job"})
        if key in values and (not isinstance(values[key], list) or not values[key])
    ]
    if problems:
        raise JobError(problems)
    base = values["job"]
    if isinstance(base, str):
        base = _read(job_path(base) if base in JOBS else folder / base)
    axes = [
        [_named("country", one, n) for n, one in enumerate(values.get("countries", [{}]))],
        [_named("revision", one, n) for n, one in enumerate(values.get("revisions", [{}]))],
        [_named("settings", one, n) for n, one in enumerate(values.get("settings", [{}]))],
    ]
    items = []
    for parts in product(*axes):
        merged = dict(base)
        for _, changes in parts:
            merged |= beside(changes, folder)
        name = " ".join(label for label, _ in parts if label) or "job"
        items.append(_item(name, merged, keys))
    return items


def _named(key: str, value: Any, number: int) -> tuple[str, dict[str, Any]]:
    """A point of an axis, with the label it is shown by: ``fr``, or ``{country: fr, file: …}``."""
    where = f"{'countries' if key == 'country' else key}[{number}]"
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        changes = dict(value)
        label = str(changes.get(key, ""))
        if not label and changes:
            label = ",".join(f"{name}={changes[name]}" for name in changes)[:60]
        return label, changes
    if key == "settings":
        raise JobError([Problem(where, "must be a mapping, such as {adstock: weibull_pdf}")])
    return str(value), {key: value}


def _file_values(file: Path) -> dict[str, Any] | JobError:
    try:
        return _read(file)
    except JobError as error:
        return error


def _read(file: Path) -> dict[str, Any]:
    """What a file says; the files it names are found beside it, as those of a single job are."""
    return beside(plain_values(read_text(file)), file.parent)


def _item(name: str, values: dict[str, Any] | JobError, keys: Mapping[str, Any]) -> Item:
    if isinstance(values, JobError):
        return Item(name, {}, str(values))
    try:
        job = TrainingJob.parse(changed(values, keys))
    except JobError as error:
        return Item(name, {}, str(error))
    return Item(name, job.to_values())
