"""The dataset: what the source returned, made into what a model can be trained on.

Nothing is changed silently: each change is a row of the change ledger (``changes.json``), and
what alters the model's numbers must be acknowledged in the job.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib.data.holidays import floor_to_week, holidays_table
from mmmlib.data.prepare import grid
from mmmlib.data.prepare.features import with_features
from mmmlib.data.prepare.grid import Interval
from mmmlib.data.prepare.ledger import DROPPED, Change, Ledger
from mmmlib.data.prepare.levels import with_plain_levels
from mmmlib.data.prepare.missing import without_missing
from mmmlib.data.prepare.roles import Column, clashes, columns_of, match
from mmmlib.data.prepare.values import as_dates, as_numbers, as_texts
from mmmlib.ground import DataError, Problem, Shown, columns as c
from mmmlib.job import TrainingJob

__all__ = ["Change", "Dataset", "Interval", "load_dataset", "needed", "prepare_dataset"]


@dataclass(frozen=True, repr=False)
class Dataset(Shown):
    """Data that keep the contract: one row a date, sorted, unique, complete.

    Attributes
    ----------
    frame : DataFrame
        The columns the job uses under the job's names: the date column (``job.date``,
        datetime64) first, numbers as float64, factors as str.
    holidays : DataFrame
        ``date, holiday``; dates fall on dates of the dataset's grid (for weekly data they are
        moved to the first day of the data's week; names that meet are joined with ", ").
    interval : str
        ``week`` or ``day``.
    changes : tuple of Change
        The change ledger.

    Examples
    --------
    >>> import mmmlib
    >>> from mmmlib.data import dataset_of
    >>> dataset_of(mmmlib.Job.load("demo"))
    Dataset of 208 weeks from 2015-11-23 to 2019-11-11, 12 columns
    1 change in the ledger, 42 holidays
    """

    frame: pd.DataFrame
    holidays: pd.DataFrame
    interval: Interval
    changes: tuple[Change, ...]

    @property
    def dropped(self) -> tuple[str, ...]:
        """Variables of the job that the data do not support; the model is trained without."""
        return tuple(change.where for change in self.changes if change.what == DROPPED)

    def _said(self) -> tuple[str, str]:
        rows, columns = self.frame.shape
        dates, count, holidays = self.frame.iloc[:, 0], len(self.changes), len(self.holidays)
        span = f" from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}" if rows else ""
        return (
            f"Dataset of {rows:,} {self.interval}s{span}, {columns} columns",
            f"{count} change{'' if count == 1 else 's'} in the ledger, {holidays} holidays",
        )

    def _tabled(self) -> pd.DataFrame:
        return self.frame.head()


def needed(job: TrainingJob, present: Sequence[str]) -> list[str]:
    """Columns of a source worth reading for a job; unknown ones are :func:`prepare`'s matter."""
    wanted = {name.strip().casefold() for name in (*columns_of(job), job.country_column)}
    return [name for name in present if name.strip().casefold() in wanted]


def prepare_dataset(
    raw: pd.DataFrame, job: TrainingJob, left_out: Sequence[str] = (), others: int = 0
) -> Dataset:
    """Make a dataset of what the source returned.

    Parameters
    ----------
    raw : DataFrame
        Rows of the source, at least the columns :func:`needed`.
    left_out : sequence of str
        Columns of the source that were not even read.
    others : int
        Rows of other countries that were not even read.

    Raises
    ------
    DataError
        With everything of one kind that keeps the data from being used: columns that are
        missing, values that cannot be read, changes that nobody acknowledged.
    """
    ledger = Ledger(frozenset(job.acknowledge))
    if clashing := clashes(job):
        raise DataError(clashing)
    columns = columns_of(job)
    present = [str(name) for name in raw.columns]
    _refuse_remade(job, [*present, *left_out])
    found = match(columns, job.country_column, present, left_out, ledger)
    unused = [*(name for name in present if name not in found), *left_out]
    if unused:
        shown = ", ".join(unused[:20]) + (" …" if len(unused) > 20 else "")
        ledger.note("columns left out", shown, len(unused), "the job does not use them")

    if raw.empty:
        raise DataError([Problem("file", "has no rows")])
    frame = raw.copy(deep=False)
    frame.columns = pd.Index(present)
    country = next((name for name, wanted in found.items() if wanted == job.country_column), "")
    frame = grid.only_country(frame, country, job, others, ledger)  # first: the rest may be huge
    frame = frame[list(found)].rename(columns=found)[list(columns)]
    frame = _typed(frame, columns, job, ledger)
    frame = grid.one_row_a_date(frame, job.date, ledger)
    interval = grid.interval_of(frame[job.date], job.date)
    frame = grid.without_gaps(frame, job.date, interval, ledger)
    frame = without_missing(frame, columns, job.target, ledger)
    frame, interval = _on_interval(frame, columns, job, interval, ledger)
    frame = with_plain_levels(with_features(frame, job, ledger), job, ledger)
    _check_variables(frame, job)
    _drop_variables(frame, job, ledger)
    holidays = _holidays(frame[job.date], job, interval, ledger)
    return Dataset(frame, holidays, interval, ledger.settle())


def load_dataset(
    job: TrainingJob, frame: pd.DataFrame, holidays: bytes, changes: list[dict[str, Any]]
) -> Dataset:
    """Put a dataset together again from the artifacts it was saved as."""
    table = pd.read_csv(io.BytesIO(holidays), parse_dates=[c.DATE])
    interval = grid.interval_of(frame[job.date], job.date)
    return Dataset(frame, table, interval, tuple(Change(**change) for change in changes))


def _refuse_remade(job: TrainingJob, present: Sequence[str]) -> None:
    """A feature named like a column would quietly stand in for it."""
    problems = [
        Problem(f"features[{i}].name", f"the data already have {feature.name!r}; choose another")
        for i, feature in enumerate(job.features)
        if feature.name in present
    ]
    if problems:
        raise DataError(problems)


def _typed(
    frame: pd.DataFrame, columns: dict[str, Column], job: TrainingJob, ledger: Ledger
) -> pd.DataFrame:
    """Every column in its type; all that cannot be read is said at once."""
    typed, problems = {}, []
    for name, column in columns.items():
        match column.role:
            case "date":
                read = as_dates(frame[name], name, job.date_format, ledger)
            case "text":
                read = as_texts(frame[name], name, ledger)
            case _:
                read = as_numbers(frame[name], name, ledger)
        if isinstance(read, Problem):
            problems.append(read)
        elif column.role == "media" and (negative := int((read < 0).sum())):
            problems.append(Problem(name, f"{negative} values are negative; spend cannot be"))
        else:
            typed[name] = read
    if problems:
        raise DataError(problems)
    return pd.DataFrame(typed)


def _on_interval(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    job: TrainingJob,
    interval: Interval,
    ledger: Ledger,
) -> tuple[pd.DataFrame, Interval]:
    """Rows as the job wants them: days may become weeks, not the other way round."""
    if job.interval == "day" and interval == "week":
        raise DataError([Problem("interval", "the data are weekly; days cannot be made of weeks")])
    if job.interval == "week" and interval == "day":
        frame = grid.to_weeks(frame, columns, job.date, ledger)
        if len(frame) < 2:
            raise DataError([Problem("interval", f"leaves {len(frame)} whole weeks; use days")])
        return frame, "week"
    return frame, interval


def _check_variables(frame: pd.DataFrame, job: TrainingJob) -> None:
    """A variable may name what a one_hot feature was to make, and did not."""
    problems = [
        Problem(f"context[{i}].column", f"no feature has made {item.column or item.name!r}")
        for i, item in enumerate(job.context)
        if (item.column or item.name) not in frame
    ]
    if job.window:
        first, last = frame[job.date].iloc[0].date(), frame[job.date].iloc[-1].date()
        start, end = job.window
        if start > last or end < first:
            problems.append(
                Problem("window", f"{start} to {end} lies outside the data ({first} to {last})")
            )
    if problems:
        raise DataError(problems)


def _drop_variables(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> None:
    """Record the variables that never change in the window: no model can say what they do."""
    inside = frame
    if job.window:
        start, end = (pd.Timestamp(day) for day in job.window)
        inside = frame[(frame[job.date] >= start) & (frame[job.date] <= end)]
    variables: dict[str, list[str]] = {
        channel.name: [channel.spend, *([channel.exposure] if channel.exposure else [])]
        for channel in job.channels
    }
    variables |= {item.name: [item.column or item.name] for item in job.organic}
    variables |= {item.name: [item.column or item.name] for item in job.context}
    for name, used in variables.items():
        for column in used:
            if inside[column].nunique() <= 1:
                value = inside[column].iloc[0] if len(inside) else "nothing"
                ledger.material(
                    "drop", name, DROPPED, name, len(inside), f"{column} is {value} throughout"
                )
                break
    if all(channel.name in _dropped(ledger) for channel in job.channels):
        raise DataError([Problem("channels", "no channel has any spend in the window")])


def _dropped(ledger: Ledger) -> set[str]:
    return {change.where for change in ledger.changes if change.what == DROPPED}


def _holidays(
    dates: pd.Series, job: TrainingJob, interval: Interval, ledger: Ledger
) -> pd.DataFrame:
    table = holidays_table(job, dates)
    if interval == "week" and len(table):
        table = floor_to_week(table, dates.iloc[0])
        why = f"to the first day of their week ({dates.iloc[0]:%A}), as the data are weekly"
        ledger.note("holidays moved", "holidays.csv", len(table), why)
    return table
