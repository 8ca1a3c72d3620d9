"""The dataset: what the source returned, made into what a model can be trained on.

Nothing is changed silently: each change is a row of the change ledger (``changes.json``).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
import pandas as pd

from mmmlib import columns as c
from mmmlib.errors import DataError, Problem
from mmmlib.holidays_table import floor_to_week, holidays_table
from mmmlib.job import TrainingJob

Interval = Literal["day", "week"]


@dataclass(frozen=True)
class Change:
    """One row of the change ledger: what was changed, where, how many values and why."""

    what: str
    where: str
    count: int
    why: str


@dataclass(frozen=True)
class Dataset:
    """Data that keep the contract: one row a date, sorted, unique, complete.

    Attributes
    ----------
    frame : DataFrame
        The columns the job uses under the source's own names: the date column
        (``job.date``, datetime64) first, numbers as float64, factors as str.
    holidays : DataFrame
        ``date, holiday``; dates fall on dates of the dataset's grid (for weekly data they are
        moved to the first day of the data's week; names that meet are joined with ", ").
        It reaches as far as the holidays known, not only as the data.
    interval : str
        ``week`` or ``day``.
    changes : tuple of Change
        The change ledger.
    """

    frame: pd.DataFrame
    holidays: pd.DataFrame
    interval: Interval
    changes: tuple[Change, ...]


def prepare(raw: pd.DataFrame, job: TrainingJob) -> Dataset:
    """Make a dataset of what the source returned.

    Raises
    ------
    DataError
        With every column that cannot be used, and why.
    """
    wanted = list(_wanted(job))
    if missing := [column for column in wanted if column not in raw.columns]:
        raise DataError(_missing(column, raw.columns, job) for column in missing)

    frame = raw[wanted].copy()
    changes = []
    if unused := [str(column) for column in raw.columns if column not in wanted]:
        changes.append(
            Change("column left out", ", ".join(unused), len(unused), "the job does not use it")
        )
    factors = {item.column or item.name for item in job.context if item.factor}
    problems: list[Problem] = []
    for column in wanted:
        converted = _convert(frame[column], column, job, factors)
        if isinstance(converted, Problem):
            problems.append(converted)
        else:
            frame[column] = converted
    if problems:
        raise DataError(problems)

    if not frame[job.date].is_monotonic_increasing:
        changes.append(
            Change("rows sorted", job.date, len(frame), "the model needs dates in their order")
        )
        frame = frame.sort_values(job.date, kind="stable")
    frame = frame.reset_index(drop=True)
    interval = _interval(frame[job.date], job.date)
    _check_window(frame[job.date], job)
    return Dataset(frame, *_holidays(frame[job.date], job, interval, changes))


def _wanted(job: TrainingJob) -> dict[str, str]:
    """Columns the job uses, each with the key that names it; the date column first."""
    wanted = {job.date: "date", job.target: "target"}
    for i, channel in enumerate(job.channels):
        wanted.setdefault(channel.spend, f"channels[{i}].spend")
        if channel.exposure is not None:
            wanted.setdefault(channel.exposure, f"channels[{i}].exposure")
    for i, organic in enumerate(job.organic):
        wanted.setdefault(organic.column or organic.name, f"organic[{i}].column")
    for i, context in enumerate(job.context):
        wanted.setdefault(context.column or context.name, f"context[{i}].column")
    return wanted


def _missing(column: str, present: pd.Index, job: TrainingJob) -> Problem:
    near = get_close_matches(column, [str(name) for name in present], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(map(str, present))}"
    return Problem(_wanted(job)[column], f"the data have no column {column!r}; {hint}")


def _convert(
    column: pd.Series, name: str, job: TrainingJob, factors: set[str]
) -> pd.Series | Problem:
    """The column in the dataset's type, or why it cannot be."""
    if empty := int(column.isna().sum()):
        rows = ", ".join(str(row) for row in column.index[column.isna()][:3])
        return Problem(name, f"{empty} values are missing (rows {rows} …); fill or drop them")
    if name == job.date:
        return _as_dates(column, name)
    if name in factors:
        return column.astype(str)
    numbers = pd.to_numeric(column, errors="coerce")
    if (bad := numbers.isna()).any():
        seen = ", ".join(repr(value) for value in column[bad].unique()[:3])
        return Problem(
            name, f"{int(bad.sum())} values are no numbers, such as {seen}; correct them"
        )
    numbers = numbers.astype(float)
    if not np.isfinite(numbers).all():
        return Problem(name, "holds infinite values; correct them")
    paid = {column for item in job.channels for column in (item.spend, item.exposure)}
    if name in paid and (numbers < 0).any():
        return Problem(name, f"{int((numbers < 0).sum())} values are negative; spend cannot be")
    return numbers


def _as_dates(column: pd.Series, name: str) -> pd.Series | Problem:
    if pd.api.types.is_numeric_dtype(column):
        return Problem(name, "holds numbers, not dates; write dates as 2018-12-31")
    try:
        dates = pd.to_datetime(column, format="ISO8601")
    except (ValueError, TypeError) as error:
        return Problem(name, f"holds something that is no date ({error}); write 2018-12-31")
    if not pd.api.types.is_datetime64_dtype(dates):
        return Problem(name, "holds times with a time zone; give plain dates")
    if repeated := int(dates.duplicated().sum()):
        example = dates[dates.duplicated()].iloc[0].date()
        return Problem(name, f"{repeated} dates occur twice, such as {example}; keep one row each")
    return dates.astype("datetime64[ns]").dt.normalize()


def _interval(dates: pd.Series, name: str) -> Interval:
    if len(dates) < 2:
        raise DataError([Problem(name, "one row is no series; give two years of weeks or days")])
    steps = dates.diff().dropna().dt.days
    for interval, days in (("week", 7), ("day", 1)):
        if steps.median() == days:
            if (steps != days).any():
                at = dates[steps.index[steps != days][0]].date()
                raise DataError(
                    [Problem(name, f"the {interval} before {at} is missing; every {interval} "
                                   "needs a row")]
                )  # fmt: skip
            return "week" if interval == "week" else "day"
    raise DataError(
        [Problem(name, f"rows are {steps.median():g} days apart; give one row a week or a day")]
    )


def _check_window(dates: pd.Series, job: TrainingJob) -> None:
    if not job.window:
        return
    first, last = dates.iloc[0].date(), dates.iloc[-1].date()
    start, end = job.window
    if start > last or end < first:
        raise DataError(
            [Problem("window", f"{start} to {end} lies outside the data ({first} to {last})")]
        )


def _holidays(
    dates: pd.Series, job: TrainingJob, interval: Interval, changes: list[Change]
) -> tuple[pd.DataFrame, Interval, tuple[Change, ...]]:
    table = holidays_table(job, dates)
    if interval == "week" and len(table):
        table = floor_to_week(table, dates.iloc[0])
        changes.append(
            Change(
                "holidays moved",
                "holidays.csv",
                len(table),
                f"to the first day of their week ({dates.iloc[0]:%A}), as the data are weekly",
            )
        )
    return table, interval, tuple(changes)


def load_dataset(
    job: TrainingJob, frame: pd.DataFrame, holidays: bytes, changes: list[dict[str, Any]]
) -> Dataset:
    """Put a dataset together again from the artifacts it was saved as."""
    table = pd.read_csv(io.BytesIO(holidays), parse_dates=[c.DATE])
    return Dataset(
        frame,
        table,
        _interval(frame[job.date], job.date),
        tuple(Change(**change) for change in changes),
    )
