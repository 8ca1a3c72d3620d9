"""Which column plays which role: read from a job's values, and changed in them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from mmmlib.ui.train.form import Values

ROLES = {
    "date": "Date",
    "target": "Target",
    "spend": "Paid channel",
    "exposure": "Exposure of a channel",
    "organic": "Organic channel",
    "context": "Context variable",
    "factor": "Context with levels",
    "country": "Country of the row",
    "": "Not used",
}
_SINGLE = {"date": "date", "target": "target", "country": "country_column"}


def role_of(values: Mapping[str, Any], column: str) -> tuple[str, str]:
    """Return the role that a job gives a column, and the variable it belongs to."""
    for role, key in _SINGLE.items():
        if values[key] == column:
            return role, ""
    for channel in values["channels"]:
        if channel["spend"] == column:
            return "spend", str(channel["name"])
        if channel["exposure"] == column:
            return "exposure", str(channel["name"])
    for medium in values["organic"]:
        if (medium["column"] or medium["name"]) == column:
            return "organic", str(medium["name"])
    for variable in values["context"]:
        if (variable["column"] or variable["name"]) == column:
            return ("factor" if variable["factor"] else "context"), str(variable["name"])
    return "", ""


def table(
    values: Mapping[str, Any], columns: Sequence[Mapping[str, str]], reasons: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return a row a column: ``name, type, role, of, reason``."""
    rows = []
    for column in columns:
        role, of = role_of(values, column["name"])
        rows.append(
            {**column, "role": role, "of": of, "reason": reasons.get(column["name"], "")}
        )  # fmt: skip
    return rows


def assign(values: Mapping[str, Any], column: str, role: str, of: str = "") -> Values:
    """Return the values with another role for a column.

    Parameters
    ----------
    values : mapping
        Values of the form.
    column : str
    role : str
        A key of :data:`ROLES`.
    of : str
        The channel an exposure belongs to; its first one without an exposure when empty.
    """
    changed = _without(copy.deepcopy(dict(values)), column)
    if role in _SINGLE:
        changed[_SINGLE[role]] = column
    elif role == "exposure":
        channels = changed["channels"]
        free = [each for each in channels if not each["exposure"]]
        wanted = [each for each in channels if each["name"] == of] or free or channels
        if wanted:
            wanted[0]["exposure"] = column
    elif role == "spend":
        from mmmlib.data import read_name, slug

        name = read_name(column)
        own = slug(name.own_words) or slug(name.words) or "channel"
        channel = {"name": _free(changed, own), "spend": column, "exposure": None}
        changed["channels"].append(channel | {"sign": "positive", "kind": name.kind, "ranges": {}})
    elif role == "organic":
        medium = _variable(changed, column) | {"sign": "positive", "kind": "organic", "ranges": {}}
        changed["organic"].append(medium)
    elif role in ("context", "factor"):
        sign = {"sign": "default", "factor": role == "factor"}
        changed["context"].append(_variable(changed, column) | sign)
    return changed


def _without(values: Values, column: str) -> Values:
    """Take a column out of whatever it does."""
    for key in _SINGLE.values():
        if values[key] == column:
            values[key] = ""
    values["channels"] = [each for each in values["channels"] if each["spend"] != column]
    for channel in values["channels"]:
        if channel["exposure"] == column:
            channel["exposure"] = None
    for group in ("organic", "context"):
        values[group] = [
            each for each in values[group] if (each["column"] or each["name"]) != column
        ]
    return values


def _variable(values: Values, column: str) -> dict[str, Any]:
    from mmmlib.data import read_name, slug

    name = _free(values, slug(read_name(column).words) or "variable")
    return {"name": name, "column": None if name == column else column}


def _free(values: Values, name: str) -> str:
    """A name no variable has."""
    taken = {str(each["name"]) for g in ("channels", "organic", "context") for each in values[g]}
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
