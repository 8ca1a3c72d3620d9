"""Set single keys by their dotted path, as ``-p KEY VALUE`` does."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from mmmlib.ground import JobError, Problem


def changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values with some of them set; they are not validated yet.

    Parameters
    ----------
    values : mapping
        Plain values of a job. They are left as they are.
    changes : mapping
        Values by dotted keys; an entry of a list is found by its name.

    Raises
    ------
    JobError
        With every key that leads nowhere.
    """
    made = copy.deepcopy(dict(values))
    problems: list[Problem] = []
    for key, value in changes.items():
        *way, last = key.split(".")
        place: Any = made
        for name in way:
            if isinstance(place, list):
                place = next((entry for entry in place if entry.get("name") == name), None)
            elif isinstance(place, dict):
                place = place.setdefault(name, {})
        if isinstance(place, dict):
            place[last] = value
        else:
            problems.append(Problem(key, "leads nowhere in this job"))
    if problems:
        raise JobError(problems)
    return made
