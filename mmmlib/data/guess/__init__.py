"""A first job from a look at the data: which column plays which role, each with its reason.

Roles come from words in the columns' names (:mod:`mmmlib.data.guess.words`) and from what the
columns hold; statistics are a last hint only, and said to be one. A guess is a proposal for a
person: what is not certain is listed in :attr:`Guess.doubts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.guess.exposures import bare_media, match_exposures, totals
from mmmlib.data.guess.roles import Roles, guess_roles, last_hints, rows_apart
from mmmlib.data.guess.sample import SampledColumn, read_sample
from mmmlib.data.guess.words import read_name, slug
from mmmlib.ground import DataError, Problem
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "unknown"  # label of a country that neither the data nor the person name
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TAKEN = {"date", "target", "ds", "lambda", "trend", "season", "weekday", "monthly", "holiday",
          "intercept", "actual", "fitted", "train_size", "dep_var"}  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """A proposed job.

    Attributes
    ----------
    values : dict
        Keys of the job that differ from their defaults; a valid job.
    roles : dict
        Role by column, in the order of the file.
    reasons : dict
        Why, in words, by column; for keys that no column explains, by key.
    doubts : tuple of str
        What is not certain, the weightiest first.
    """

    values: dict[str, Any]
    roles: dict[str, str]
    reasons: dict[str, str]
    doubts: tuple[str, ...]

    @property
    def job(self) -> TrainingJob:
        """The proposed job, validated."""
        return TrainingJob.parse(self.values)


def guess_job(file: str, chosen: Mapping[str, str] | None = None) -> Guess:
    """Propose a job for a CSV or Parquet file, or a shipped one (``example:weekly``).

    Parameters
    ----------
    file : str
        The file, as the job will name it.
    chosen : mapping, optional
        What the person knows: ``country`` (a label), ``date`` and ``target`` (columns).

    Raises
    ------
    SourceError
        The file cannot be read as a table.
    DataError
        It has no column of dates, no number to be explained or nothing like spend.
    """
    chosen = chosen or {}
    sample = read_sample(file)
    columns = {column.name: column for column in sample.columns}
    roles = guess_roles(sample)
    _apply(chosen, roles, columns)
    bare_media(roles)
    totals(roles)
    last_hints(roles, columns)
    exposures = match_exposures(roles)
    _unusable_spends(roles, columns, exposures)
    _refuse_without(roles, columns)

    date, target = roles.of("date")[0], roles.of("target")[0]
    values: dict[str, Any] = {"file": file, "engine": "native", "source": "duckdb"}
    values |= _country(roles, columns, chosen.get("country", ""))
    values |= _time(
        columns[date], _same_country(values, columns, columns[date]), roles, sample.whole
    )
    values |= {"target": target, "target_type": _target_type(target)}
    values |= _variables(roles, exposures, columns)
    if values["country"] == UNKNOWN:
        values["prophet"].remove("holiday")
        roles.doubts.insert(
            0, "the country is not in the data; set `country` (de) and add holiday to `prophet`"
        )
    if not sample.whole:
        roles.doubts.append(f"only the first {sample.rows:,} rows were looked at")
    found = Guess(values, dict(roles.roles), roles.reasons, tuple(dict.fromkeys(roles.doubts)))
    TrainingJob.parse(found.values)
    return found


def _apply(chosen: Mapping[str, str], roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """The person's columns take the place of the guessed ones."""
    for role, holds in (("date", "date"), ("target", "number")):
        if not (name := chosen.get(role, "")):
            continue
        if name not in columns:
            raise DataError([Problem(role, f"the data have no column {name!r}")])
        if columns[name].holds != holds:
            what = f"{name!r} holds {columns[name].holds}, not a {holds}"
            raise DataError([Problem(role, what)])
        for other in roles.of(role):  # type: ignore[arg-type]
            roles.give(other, "left out", f"{name!r} was named as the {role}")
        roles.give(name, role, "was named by you")  # type: ignore[arg-type]
        roles.doubts = [text for text in roles.doubts if repr(name) not in text]


def _unusable_spends(
    roles: Roles, columns: dict[str, SampledColumn], exposures: Mapping[str, str]
) -> None:
    for name in (*roles.of("spend"), *exposures.values()):
        if columns[name].negative:
            roles.doubts.append(
                f"{name!r} is negative in {columns[name].negative} rows; correct them, a run "
                "refuses them"
            )


def _refuse_without(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    there = ", ".join(repr(name)[:60] for name in list(columns)[:10])
    there += " …" if len(columns) > 10 else ""
    needs = {
        "date": "no column holds dates; write them as 2018-12-31",
        "target": "no column of numbers looks like sales; name it with --target",
        "spend": "no column looks like spend; rename those that are, such as tv_spend",
    }
    missing = [
        Problem(role, f"{why}. There are: {there}")
        for role, why in needs.items()
        if not roles.of(role)  # type: ignore[arg-type]
    ]
    if missing:
        raise DataError(missing)


def _country(roles: Roles, columns: dict[str, SampledColumn], label: str) -> dict[str, Any]:
    """The country column and the country this job is for."""
    found = roles.of("country")
    if not found:
        return {"country": label or UNKNOWN}
    levels = columns[found[0]].levels
    labels = [level for level in levels if _LABEL.fullmatch(level)]
    if label and label.lower() not in {level.lower() for level in levels}:
        some = ", ".join(levels[:8])
        raise DataError([Problem("country", f"{label!r} is not in {found[0]!r}, which has {some}")])
    if len(levels) > 1 and not label:
        roles.doubts.insert(
            0,
            f"{found[0]!r} holds {', '.join(levels[:8])}: this job is for "
            f"{labels[0] if labels else UNKNOWN}; one job a country",
        )
    if not label and not labels:
        roles.doubts.append(f"no value of {found[0]!r} can be a label; letters, digits, - and _")
    return {"country": label or (labels[0] if labels else UNKNOWN), "country_column": found[0]}


def _same_country(
    values: dict[str, Any], columns: dict[str, SampledColumn], date: SampledColumn
) -> pd.Series:
    """Dates of the job's country only."""
    if not (name := values.get("country_column")):
        return date.values
    its = columns[name].values.astype(str).str.lower() == values["country"].lower()
    return date.values[its] if its.any() else date.values


def _time(date: SampledColumn, dates: pd.Series, roles: Roles, whole: bool) -> dict[str, Any]:
    apart, count = rows_apart(dates), dates.nunique()
    if apart not in (1.0, 7.0):
        roles.doubts.insert(0, f"dates are {apart:g} days apart; a model needs weeks or days")
    elif whole and count < (100 if apart == 7 else 700):
        unit = "weeks" if apart == 7 else "days"
        roles.doubts.append(f"{count} {unit} are few; two years tell season from media")
    if dates.duplicated().any():
        roles.doubts.insert(0, f"dates repeat in {date.name!r}; a model needs one row a date")
    if date.other_format:
        roles.doubts.append(
            f"dates of {date.name!r} can be read as {date.date_format or 'ISO'} or as "
            f"{date.other_format}; the first was taken, as its steps are the more even"
        )
    unit = {1.0: "a day", 7.0: "a week"}.get(apart, f"every {apart:g} days")
    roles.reasons[date.name] += f"; one row {unit}"
    days = ["weekday"] if apart == 1 else []
    return {
        "date": date.name,
        "date_format": date.date_format,
        "prophet": ["trend", "season", *days, "holiday"],
    }


def _target_type(target: str) -> str:
    name = read_name(target)
    return "conversion" if name.says("CONVERSION") and not name.says("REVENUE") else "revenue"


def _variables(
    roles: Roles, exposures: Mapping[str, str], columns: dict[str, SampledColumn]
) -> dict[str, Any]:
    """Channels, organic and context variables with names that differ."""
    taken = set(_TAKEN)
    channels = []
    for column in roles.of("spend"):
        name = read_name(column)
        own = slug(name.own_words) or slug(name.words) or "channel"
        channels.append(
            {"name": _free(own, taken), "spend": column, "exposure": exposures.get(column),
             "kind": name.kind}
        )  # fmt: skip
    organic = [_variable(column, taken) for column in roles.of("organic")]
    context = [
        _variable(column, taken) | {"factor": role == "factor"}
        for column, role in roles.roles.items()
        if role in ("context", "factor")
    ]
    return {"channels": channels, "organic": organic, "context": context}


def _variable(column: str, taken: set[str]) -> dict[str, Any]:
    """Name and column of a variable; no column where it is the name."""
    name = _free(slug(read_name(column).words) or "variable", taken)
    return {"name": name, "column": None if name == column else column}


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


__all__ = ["UNKNOWN", "Guess", "guess_job"]
