"""The dataset: what the source returned, made into what a model can be trained on.

Nothing is changed silently: each change is a row of the change ledger (``changes.json``), and
what alters the model's numbers must be acknowledged in the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib.data.holidays import floor_to_month, floor_to_week, holidays_table
from mmmlib.data.prepare import grid
from mmmlib.data.prepare.features import with_features, with_products
from mmmlib.data.prepare.ledger import DROPPED, Change, Ledger
from mmmlib.data.prepare.levels import with_plain_levels
from mmmlib.data.prepare.missing import without_missing
from mmmlib.data.prepare.pivot import pivoted
from mmmlib.data.prepare.roles import Column, clashes, columns_of, match
from mmmlib.data.prepare.values import (
    as_dates,
    as_numbers,
    as_texts,
    decimal_mark,
    of_year_and_week,
    without_total_rows,
)
from mmmlib.ground import (
    DAYS,
    DataError,
    Period,
    Problem,
    Shown,
    columns as c,
    constant,
    from_sheet,
)
from mmmlib.job import TrainingJob

__all__ = ["Change", "Dataset", "load_dataset", "needed", "prepare_dataset"]


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
    interval: Period
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
    long = (job.pivot.by, *job.pivot.values, *job.pivot.sums)
    named = (*columns_of(job), job.country_column, job.week_column, *long)
    wanted = {name.strip().casefold() for name in named if name}
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
    if raw.empty:
        raise DataError([Problem("file", "has no rows")])
    frame = raw.copy(deep=False)
    frame.columns = pd.Index(present)
    if job.pivot.makes_columns:
        frame = _wide(frame, columns, job, others, left_out, ledger)
    else:
        frame = _matched(frame, columns, job, others, left_out, ledger)
    frame, columns = _typed(frame, columns, job, ledger)
    frame = grid.one_row_a_date(frame, columns, job, ledger)
    interval = grid.interval_of(frame[job.date], job.date)
    frame = grid.week_starts(frame, job, interval, ledger)
    frame = grid.without_gaps(frame, columns, job, interval, ledger)
    frame = without_missing(frame, columns, job.target, ledger)
    frame, interval = _on_interval(frame, columns, job, interval, ledger)
    frame = with_plain_levels(with_features(frame, job, ledger), job, ledger)
    _check_variables(frame, job)
    _check_components(job, interval)
    _drop_variables(frame, job, ledger)
    holidays = _holidays(frame[job.date], job, interval, ledger)
    return Dataset(frame, holidays, interval, ledger.settle())


def _matched(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    job: TrainingJob,
    others: int,
    left_out: Sequence[str],
    ledger: Ledger,
) -> pd.DataFrame:
    """The job's columns under the job's names, of the job's country, without rows of totals."""
    present = list(frame.columns)
    more = {job.week_column: Column("date", "week_column")} if job.week_column else {}
    found = match(columns | more, job.country_column, present, left_out, ledger)
    unused = [*(name for name in present if name not in found), *left_out]
    if unused:
        shown = ", ".join(unused[:20]) + (" …" if len(unused) > 20 else "")
        ledger.note("columns left out", shown, len(unused), "the job does not use them")
    country = next((name for name, wanted in found.items() if wanted == job.country_column), "")
    frame = grid.only_country(frame, country, job, others, ledger)  # first: the rest may be huge
    frame = frame[list(found)].rename(columns=found)
    return _dated(frame, job, ledger)[list(columns)]


def _wide(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    job: TrainingJob,
    others: int,
    left_out: Sequence[str],
    ledger: Ledger,
) -> pd.DataFrame:
    """One row a date of a long table; see :class:`mmmlib.job.Pivot`."""
    pivot = job.pivot
    long = {job.date: Column("date", "date")}
    long |= {pivot.by: Column("text", "pivot.by")} if pivot.by else {}
    long |= {name: Column("media", f"pivot.values[{i}]") for i, name in enumerate(pivot.values)}
    long |= {name: Column("media", f"pivot.sums[{i}]") for i, name in enumerate(pivot.sums)}
    present = {name.strip().casefold() for name in frame.columns}
    kept = [name for name in columns if name not in long and name.strip().casefold() in present]
    long |= {name: columns[name] for name in kept}
    read = _matched(frame, long, job, others, left_out, ledger)
    wide = pivoted(read, job.date, pivot, kept, ledger)
    found = match(columns, "", list(wide.columns), (), ledger)
    wide = wide[list(found)].rename(columns=found)
    for name, column in columns.items():
        if column.role == "media" and name not in kept and (gaps := int(wide[name].isna().sum())):
            ledger.note("no row: 0", name, gaps, "the long table has no row of it on these dates")
            wide[name] = wide[name].fillna(0.0)
    return wide[list(columns)]


def _dated(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> pd.DataFrame:
    """Rows with their dates read, without those that are totals or blank."""
    frame = without_total_rows(frame, job.date, ledger)
    if frame.empty:
        raise DataError([Problem(job.date, "has no dates, only totals or blank rows")])
    dates: pd.Series | Problem
    if job.week_column:
        dates = of_year_and_week(frame[job.date], frame[job.week_column], job.date)
        why = f"ISO weeks of {job.date} and {job.week_column}, from Monday"
        ledger.note("dates made", job.date, len(frame), why)
    else:
        dates = as_dates(frame[job.date], job.date, job, ledger)
    if isinstance(dates, Problem):
        raise DataError([dates])
    return frame.assign(**{job.date: dates})


def dated_table(raw: pd.DataFrame, job: TrainingJob, name: str, ledger: Ledger) -> pd.DataFrame:
    """One file of several: its rows by date, wide, as far as the job uses them."""
    columns = columns_of(job)
    frame = raw.copy(deep=False)
    frame.columns = pd.Index(map(str, raw.columns))
    made: list[str] = []
    if job.pivot.makes_columns:
        long = dict.fromkeys((job.pivot.by, *job.pivot.values, *job.pivot.sums))
        long.pop("", None)
        present = {name.strip().casefold() for name in frame.columns}
        kept = [n for n in columns if n not in long and n.strip().casefold() in present]
        wanted = {job.date: columns[job.date]} | {n: Column("media", "pivot") for n in long}
        read = _matched(frame, wanted | {n: columns[n] for n in kept}, job, 0, (), ledger)
        frame = pivoted(read, job.date, job.pivot, [n for n in kept if n != job.date], ledger)
        made = [n for n in map(str, frame.columns) if n not in kept]
    else:
        present = {n.strip().casefold() for n in frame.columns}
        wanted = {n: use for n, use in columns.items() if n.strip().casefold() in present}
        frame = _matched(frame, {job.date: columns[job.date]} | wanted, job, 0, (), ledger)
    used = [n for n in map(str, frame.columns) if n in columns]
    frame = frame[used]
    if frame[job.date].is_monotonic_increasing is False:
        frame = frame.sort_values(job.date, kind="stable")
    interval = grid.interval_of(frame[job.date], f"{name}: {job.date}")
    frame = grid.week_starts(frame, job, interval, ledger)
    numbers = {
        n: use for n, use in columns.items() if n in used and use.role not in ("date", "text")
    }
    mark = decimal_mark(frame[n] for n in numbers)
    problems = []
    for name_ in numbers:
        values = as_numbers(frame[name_], name_, ledger, mark)
        if isinstance(values, Problem):
            problems.append(values)
        else:
            frame = frame.assign(**{name_: values})
    if problems:
        raise DataError(problems)
    filled = [n for n in made if n in numbers and numbers[n].role == "media"]
    return frame.assign(**{n: frame[n].fillna(0.0) for n in filled})


def load_dataset(
    job: TrainingJob, frame: pd.DataFrame, holidays: bytes, changes: list[dict[str, Any]]
) -> Dataset:
    """Put a dataset together again from the artifacts it was saved as."""
    table = from_sheet(holidays, parse_dates=[c.DATE])
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
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Every column in its type, and products made row by row; all that cannot be read at once."""
    typed, problems = {}, []
    numbers = [name for name, column in columns.items() if column.role not in ("date", "text")]
    mark = decimal_mark(frame[name] for name in numbers)
    for name, column in columns.items():
        read: pd.Series | Problem
        match column.role:
            case "date":
                read = frame[name]
            case "text":
                read = as_texts(frame[name], name, ledger)
            case _:
                read = as_numbers(frame[name], name, ledger, mark)
        if isinstance(read, Problem):
            problems.append(read)
        elif column.role == "media" and (negative := int((read < 0).sum())):
            problems.append(Problem(name, f"{negative} values are negative; spend cannot be"))
        else:
            typed[name] = read
    if problems:
        raise DataError(problems)
    return with_products(pd.DataFrame(typed), columns, job, ledger)


def _on_interval(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    job: TrainingJob,
    interval: Period,
    ledger: Ledger,
) -> tuple[pd.DataFrame, Period]:
    """Rows as the job wants them: days may become weeks, not the other way round."""
    if job.interval and DAYS[job.interval] < DAYS[interval]:
        why = f"rows are {interval}s; {job.interval}s cannot be made of {interval}s"
        raise DataError([Problem("interval", why)])
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


def _check_components(job: TrainingJob, interval: Period) -> None:
    """A component of prophet that the rows cannot show is made of rounding."""
    if interval != "day" and "weekday" in job.prophet:
        why = f"weekday says nothing of rows that are {interval}s; take it out"
        raise DataError([Problem("prophet", why)])


def _drop_variables(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> None:
    """Record the variables that never change where a model is fitted: it cannot say what they do.

    Under ``ts_validation`` that is the smallest training part: a channel that begins after it has
    no effect there, whatever it brings later.
    """
    inside, where = frame, "throughout"
    if job.window:
        start, end = (pd.Timestamp(day) for day in job.window)
        inside = frame[(frame[job.date] >= start) & (frame[job.date] <= end)]
    if job.ts_validation and len(inside):
        inside = inside.iloc[: max(1, int(job.train_size[0] * len(inside)))]
        last = inside[job.date].iloc[-1].date()
        where = f"until {last}, the end of the smallest training part"
    variables: dict[str, list[str]] = {
        channel.name: [channel.spend, *([channel.exposure] if channel.exposure else [])]
        for channel in job.channels
    }
    variables |= {item.name: [item.column or item.name] for item in job.organic}
    variables |= {item.name: [item.column or item.name] for item in job.context}
    for name, used in variables.items():
        for column in used:
            values = inside[column]
            numbers = pd.api.types.is_numeric_dtype(values)
            if constant(values.to_numpy()) if numbers else values.nunique() <= 1:
                value = values.iloc[0] if len(inside) else "nothing"
                ledger.material(
                    "drop", name, DROPPED, name, len(inside), f"{column} is {value} {where}"
                )
                break
    if all(channel.name in _dropped(ledger) for channel in job.channels):
        raise DataError([Problem("channels", f"no channel has any spend that changes {where}")])


def _dropped(ledger: Ledger) -> set[str]:
    return {change.where for change in ledger.changes if change.what == DROPPED}


def _holidays(dates: pd.Series, job: TrainingJob, interval: Period, ledger: Ledger) -> pd.DataFrame:
    table = holidays_table(job, dates)
    if interval != "day" and len(table):
        table = floor_to_week(table, dates.iloc[0]) if interval == "week" else floor_to_month(table)
        day = f"week ({dates.iloc[0]:%A})" if interval == "week" else "month"
        why = f"to the first day of their {day}, as rows are {interval}s"
        ledger.note("holidays moved", "holidays.csv", len(table), why)
    return table
