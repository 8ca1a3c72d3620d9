"""Which columns of the source a job uses, and what each one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.ground import DataError, Problem
from mmmlib.job import TrainingJob

Role = Literal["date", "target", "media", "context", "text"]


@dataclass(frozen=True)
class Column:
    """A column of the source: its role, and the key of the job that names it."""

    role: Role
    where: str


def columns_of(job: TrainingJob) -> dict[str, Column]:
    """Columns the job reads from the source, the date first; columns features make are not."""
    used: dict[str, Column] = {}
    for name, column in _uses(job):
        used.setdefault(name, column)
    made = {feature.name for feature in job.features if feature.operation != "one_hot"}
    prefixes = tuple(f"{f.name}_" for f in job.features if f.operation == "one_hot")
    return {
        name: use
        for name, use in used.items()
        if name not in made and not (prefixes and name.startswith(prefixes))
    }


def roles_of(job: TrainingJob) -> dict[str, Column]:
    """Columns that the model itself uses, whether read or made; not those features are made of."""
    used: dict[str, Column] = {}
    for name, column in _variables(job):
        used.setdefault(name, column)
    return used


def clashes(job: TrainingJob) -> list[Problem]:
    """Columns that the job uses in two ways of which only one can be right."""
    problems = []
    first: dict[str, Column] = {}
    for name, use in _uses(job):
        other = first.setdefault(name, use)
        if name == job.date and use.where != "date":
            problems.append(Problem(use.where, f"{name!r} is the column of the dates"))
        elif name == job.target and use.role != "target" and "features" not in use.where:
            problems.append(Problem(use.where, f"{name!r} is the target; it explains itself"))
        elif (use.role == "text") != (other.role == "text"):
            problems.append(
                Problem(use.where, f"{name!r} is read as levels and as a number; {other.where} too")
            )
    levels = {name for name, use in first.items() if use.role == "text"}
    for i, feature in enumerate(job.features):
        if feature.name == job.date:
            problems.append(Problem(f"features[{i}].name", "is the column of the dates"))
        if feature.name in levels and feature.operation in ("sum", "ratio", "product"):
            why = f"{feature.operation} makes numbers; {feature.name!r} cannot be a factor"
            problems.append(Problem(f"features[{i}].operation", why))
    return problems


def _uses(job: TrainingJob) -> Iterator[tuple[str, Column]]:
    """Every column by every key of the job that names it, features last."""
    roles: dict[str, Role] = {}
    for name, use in _variables(job):
        roles.setdefault(name, use.role)
        yield name, use
    # from the last: what a feature is used for says how the columns it is made of are read
    for i, feature in reversed(list(enumerate(job.features))):
        role: Role = roles.get(feature.name, "context")
        if feature.operation == "one_hot":
            role = "text"
        elif feature.operation == "product" and role != "text":
            role = "context"  # of each row: neither is summed before it is multiplied
        elif feature.operation == "ratio" and role != "text":
            role = "media"  # sums over a week: the ratio of sums, not the mean of ratios
        for j, source in enumerate(feature.columns):
            roles.setdefault(source, role)
            yield source, Column(role, f"features[{i}].columns[{j}]")


def _variables(job: TrainingJob) -> Iterator[tuple[str, Column]]:
    yield job.date, Column("date", "date")
    yield job.target, Column("target", "target")
    for i, channel in enumerate(job.channels):
        yield channel.spend, Column("media", f"channels[{i}].spend")
        if channel.exposure is not None:
            yield channel.exposure, Column("media", f"channels[{i}].exposure")
    for i, organic in enumerate(job.organic):
        yield organic.column or organic.name, Column("media", f"organic[{i}].column")
    for i, item in enumerate(job.context):
        role: Role = "text" if item.factor else "context"
        yield item.column or item.name, Column(role, f"context[{i}].column")


def match(
    wanted: dict[str, Column],
    country_column: str,
    present: Sequence[str],
    left_out: Sequence[str],
    ledger: Ledger,
) -> dict[str, str]:
    """Find each wanted column among those present: by name, then whatever its case.

    Columns that were left out are only named where one is missing.

    Returns
    -------
    dict
        Column as it is present → as the job names it.

    Raises
    ------
    DataError
        Naming every column that is missing, with the nearest one there is.
    """
    where = {name: column.where for name, column in wanted.items()}
    if country_column:
        where = {country_column: "country_column", **where}
    folded: dict[str, list[str]] = {}
    for name in present:
        folded.setdefault(name.strip().casefold(), []).append(name)
    found: dict[str, str] = {}
    problems = []
    for name, key in where.items():
        alike = [name] if name in present else folded.get(name.strip().casefold(), [])
        if len(alike) == 1 and present.count(alike[0]) == 1:
            found[alike[0]] = name
            if alike[0] != name:
                ledger.note("column renamed", name, 1, f"the data write it {alike[0]!r}")
        elif alike:
            problems.append(Problem(key, f"the data have {name!r} more than once; keep one"))
        else:
            hint = _hint(name, [*present, *left_out])
            problems.append(Problem(key, f"the data have no column {name!r}; {hint}"))
    if problems:
        raise DataError(problems)
    return found


def _hint(name: str, present: list[str]) -> str:
    near = get_close_matches(name, present, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(present[:20])
    return f"there are: {shown}{f' … ({len(present)} columns)' if len(present) > 20 else ''}"
