"""Which files the form may name: those of a few folders, since others look at this machine's.

Examples and uploads are always read. What is typed is followed to where it leads (``..``, links)
before it is compared. ``mmm run`` and the other commands read whatever their user may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmmlib.archive import refused_root
from mmmlib.data import EXAMPLE_PREFIX
from mmmlib.ground import Problem, StoreError, settings


def working_folder() -> Path:
    """The folder in which a relative path is looked up: the first of them that there is."""
    return next((each for each in settings().data_folders if each.is_dir()), Path.cwd())


def refusals(values: Mapping[str, Any]) -> list[Problem]:
    """Say which files of the form's values it does not read, and what to do."""
    named = {key: str(values[key]) for key in ("file", "annotations")}
    if named["file"].startswith(EXAMPLE_PREFIX):
        del named["file"]
    if {".", "/"} & set(str(values["holidays"])):  # else it is a country
        named["holidays"] = str(values["holidays"])
    named |= {
        f"join[{at}].file": name
        for at, each in enumerate(values.get("join") or ())
        if not (name := str(each["file"])).startswith(EXAMPLE_PREFIX)
    }
    found = [Problem(key, _why(name)) for key, name in named.items() if name and not _within(name)]
    return found + _refused_roots(str(values.get("root") or ""))


def _refused_roots(root: str) -> list[Problem]:
    try:
        why = refused_root(root)
    except StoreError as error:  # no folder at all, such as one with NUL in its name
        why = str(error)
    return [Problem("root", why)] if why else []


def _within(name: str) -> bool:
    """Whether both readings of a name, with ``~`` as the home folder and as a name, are allowed."""
    allowed = [each.resolve() for each in (*settings().data_folders, settings().uploads)]
    try:
        read_as = [
            (working_folder() / path).resolve() for path in (Path(name), Path(name).expanduser())
        ]
    except (OSError, RuntimeError, ValueError):  # leads nowhere
        return False
    return all(any(path.is_relative_to(each) for each in allowed) for path in read_as)


def _why(name: str) -> str:
    folders = ", ".join(map(str, settings().data_folders))
    read = f"reads uploads and files below {folders}" if folders else "reads uploads only"
    return (
        f"{name[:200]} is not read: this dashboard {read}; upload the file, or have its folder "
        "added to MMM_DATA_FOLDERS"
    )
