"""Writes ``docs/python.md`` from the docstrings of the face: ``python -m tests.reference``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import mmmlib
from mmmlib.data import Dataset
from mmmlib.model import Response, TrainingResult
from mmmlib.plan import Ahead, Allocation, BestCalendar, Calendar, Score
from mmmlib.ui.lab.plots import Plots
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "python.md"

# What stands in the face for each command of `mmm`: a function, or a method of what one holds.
VERBS = {
    "run": "train",
    "launch": "launch",
    "queue": "Archive.queue",
    "cancel": "Run.cancel",
    "runs": "runs",
    "show": "show",
    "open": "open",
    "download": "Run.download",
    "allocate": "Run.plan",
    "plan template": "Ahead.calendar",
    "plan score": "Ahead.score",
    "plan optimize": "Ahead.optimize",
    "export": "Run.export",
    "recreate": "Run.recreate",
    "reproduce": "Run.reproduce",
    "refresh": "Run.refresh",
    "job init": "guess",
    "job check": "check",
    "data check": "check",
}
# Options that the face does not have, with the reason.
LEFT_OUT = {
    "allocate": {"output": "the plan's table has to_csv"},
    "plan template": {"candidate": "Run.ahead takes it", "output": "the calendar's table"},
    "plan score": {
        "candidate": "Run.ahead takes it",
        "sheet": "Ahead.read takes it",
        "output": "Score.table has to_csv",
    },
    "plan optimize": {
        "candidate": "Run.ahead takes it",
        "sheet": "Ahead.read takes it",
        "output": "BestCalendar.calendar is one",
    },
    "recreate": {
        "data": "of a JSON file without its run",
        "holidays": "of a JSON file without its run",
        "tolerance": "Recreation.same takes it",
    },
    "job init": {"output": "to_yaml gives the text", "force": "nothing is written"},
    "data check": {
        "picture": "Run.plot.checks draws it",
        "recoverability": "mmmlib.engines.recoverability is a table",
    },
}
# Commands for a terminal only, with the reason.
TERMINAL_ONLY = {
    "batch": "follows many runs to their end",
    "execute": "executors call it",
    "app": "serves until it is stopped",
    "doctor": "looks at the machine",
    "lab": "opens JupyterLab",
    "schema": "is for programs that read what commands print",
    "connections list": "looks at the machine",
    "connections test": "looks at the machine",
    "cache list": "looks at the machine",
    "cache clear": "looks at the machine",
    "data preview": "looks at a source",
    "job schema": "is for editors",
    "simulate": "writes files",
}

HELD: tuple[type, ...] = (
    mmmlib.Run, Plots, mmmlib.Archive, mmmlib.Job, Dataset, TrainingResult, Response, Allocation,
    Ahead, Calendar, Score, BestCalendar,
)  # fmt: skip
_HEAD = """# From Python

<!-- written by `python -m tests.reference` from the docstrings; edit those -->

What `mmm` does from a terminal, `mmmlib` does in a notebook or a script, with the same words.
`notebooks/tour.ipynb` tells it as a story. Each example here is run by the tests.

```python
import mmmlib

job = mmmlib.Job.load("demo", iterations=500)  # a path, or the name of a shipped job
mmmlib.check(job)
run = mmmlib.train(job)  # or mmmlib.open("latest"); `run` alone shows its card
run.channels
run.plot.fit()
run.response("tv").marginal(20_000)
run.plan(total_budget=9e6)
run.explore()  # the dashboard's page of this run, between the cells
```
"""


def found(path: str) -> Any:
    """What a dotted name of the face leads to."""
    owner, _, name = path.rpartition(".")
    return getattr(found(owner) if owner else mmmlib, name)


def page() -> str:
    """The whole page."""
    functions = sorted({path for path in VERBS.values() if "." not in path})
    parts = [_HEAD, "## The same words\n", *_verbs()]
    for name in functions:
        parts += [f"\n## `mmmlib.{_signature(name, found(name))}`\n", *_markdown(found(name))]
    for held in HELD:
        parts += [f"\n## {_name(held)}\n", *_markdown(held)]
        for name, member in _members(held):
            shown = _signature(name, member) if callable(member) else name
            parts += [f"\n### `{_name(held)}.{shown}`\n", *_markdown(member)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _verbs() -> Iterator[str]:
    yield "| terminal | Python |\n| --- | --- |"
    for command, path in VERBS.items():
        shown = f"mmmlib.{path}" if path[0].islower() else path
        yield f"| `mmm {command}` | `{shown}` |"
    yield "\nOnly in a terminal: " + ", ".join(f"`mmm {name}`" for name in TERMINAL_ONLY) + "."


def _name(held: type) -> str:
    return "Job" if held is mmmlib.Job else held.__name__.removeprefix("Held")


def _members(held: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that a class or what it is made of here defines."""
    own = [each for each in held.__mro__ if each.__module__.startswith("mmmlib.")]
    names = {name: None for each in own for name in vars(each) if name[0] != "_"}
    for name in names:
        member = inspect.getattr_static(held, name)
        if isinstance(member, property | cached_property):
            yield name, member
        elif isinstance(member, classmethod) or inspect.isfunction(member):
            yield name, getattr(held, name)


def _signature(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    words = [_word(each) for each in signature.parameters.values() if each.name != "self"]
    returned = signature.return_annotation.replace("Held", "")  # see the end of ui.lab.run
    return f"{name}({', '.join(words)}) -> {returned}"


def _word(parameter: inspect.Parameter) -> str:
    """A parameter as it stands in the code."""
    stars = {parameter.VAR_KEYWORD: "**", parameter.VAR_POSITIONAL: "*"}.get(parameter.kind, "")
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}: {parameter.annotation}{default}"


def _markdown(documented: Any) -> Iterator[str]:
    """A NumPy docstring as Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", inspect.getdoc(documented) or "")
    text = text.replace("``", "`")
    first, *rest = re.split(r"^(\w+)\n-+\n", text, flags=re.M)
    yield first.rstrip() + "\n"
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        if title == "Examples":
            yield f"```pycon\n{body.rstrip()}\n```\n"
            continue
        yield f"**{title}**\n"
        for entry in re.split(r"\n(?=\S)", body.strip()):
            term, _, said = entry.partition("\n")
            yield f"- `{term}`: {' '.join(said.split())}" if said else f"- {term}"
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
