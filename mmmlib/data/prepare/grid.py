"""One row a date, without gaps: countries, duplicates, missing dates, days to weeks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.roles import Column
from mmmlib.ground import DAYS, DataError, Period, Problem, period_of
from mmmlib.job import TrainingJob

ALL = "*"  # country_value: rows of all countries are added up


def only_country(
    frame: pd.DataFrame, column: str, job: TrainingJob, others: int, ledger: Ledger
) -> pd.DataFrame:
    """Keep the rows of the job's country in ``column``; the label counts whatever its case.

    ``others`` rows of other countries were not even read.
    """
    if not job.country_column:
        return frame
    wanted = job.country_value or job.country
    keep, labels = of_country(frame[column], job)
    if job.country_value == ALL:
        ledger.note("rows added up", column, len(frame), f"all {len(labels)} values: "
                    f"{', '.join(labels[:8])}{' …' if len(labels) > 8 else ''}")  # fmt: skip
        return frame
    if not keep.any():
        there = sorted(set(labels))
        shown = ", ".join(there[:20]) + (f" … ({len(there)})" if len(there) > 20 else "")
        raise DataError(
            [Problem("country_value" if job.country_value else "country",
                     f"{wanted!r} is not in the data; there is {shown or 'none'}")]
        )  # fmt: skip
    if left_out := int((~keep).sum()) + others:
        ledger.note("rows left out", job.country_column, left_out, f"not {wanted}")
    return frame[keep]


def of_country(column: pd.Series, job: TrainingJob) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Which rows are the job's country's, and the labels there are."""
    try:
        codes, labels = pd.factorize(column)  # few labels of many rows: each is read once
    except TypeError:  # lists and the like
        codes, labels = pd.factorize(column.astype(str))
    wanted = [
        code
        for code, label in enumerate(labels)
        if job.country_value == ALL
        or str(label).strip().casefold() == (job.country_value or job.country).strip().casefold()
    ]
    return np.isin(codes, wanted), [str(label) for label in labels]


def one_row_a_date(
    frame: pd.DataFrame, columns: dict[str, Column], job: TrainingJob, ledger: Ledger
) -> pd.DataFrame:
    """Sort by date, add up the rows of all countries where the job says so, drop repetitions."""
    date = job.date
    if job.country_value == ALL:
        frame = _added_up(frame, columns, date, ledger)
    if not frame[date].is_monotonic_increasing:
        ledger.note("rows sorted", date, len(frame), "the model needs dates in their order")
        frame = frame.sort_values(date, kind="stable")
    repeated = frame.duplicated()
    if count := int(repeated.sum()):
        ledger.note("rows left out", date, count, "each repeats another row in everything")
        frame = frame[~repeated]
    twice = frame[frame[date].duplicated(keep=False)]
    if len(twice):
        differing = [
            name for name in map(str, frame) if twice.groupby(date)[name].nunique().max() > 1
        ]
        raise DataError(
            [
                Problem(
                    date,
                    f"{twice[date].nunique()} dates have several rows, such as "
                    f"{twice[date].iloc[0].date()}, that differ in {', '.join(differing[:5])}; "
                    "sum them up in sql, name the country_column, or make columns of them with "
                    "pivot",
                )
            ]
        )
    return frame.reset_index(drop=True)


def _added_up(
    frame: pd.DataFrame, columns: dict[str, Column], date: str, ledger: Ledger
) -> pd.DataFrame:
    """One row a date: target and media summed, context averaged, the rarest level of a text."""
    parts = combined(frame, frame[date], columns, date)
    counts = frame.groupby(date).size()
    if counts.nunique() > 1:
        few = counts[counts < counts.max()]
        first = few.index[0]
        why = f"not every date has {counts.max()} rows; the first with fewer is {first:%Y-%m-%d}"
        ledger.material("rows", date, "sums of fewer rows", date, len(few), why)
    return parts.reset_index()


def combined(
    frame: pd.DataFrame, keys: pd.Series, columns: dict[str, Column], date: str
) -> pd.DataFrame:
    """Rows of one key made one row."""
    parts = {}
    groups = frame.groupby(keys, sort=True)
    for name in frame.columns.drop(date):
        role = columns[name].role
        if role == "text":
            rarity = frame[name].map(frame[name].value_counts())
            rarest = rarity.groupby(keys).idxmin()
            parts[name] = frame[name].loc[rarest].set_axis(rarest.index)
        elif role == "context":
            parts[name] = groups[name].mean()
        else:
            parts[name] = groups[name].sum(min_count=1)
    return pd.DataFrame(parts)[list(frame.columns.drop(date))]


def interval_of(dates: pd.Series, name: str) -> Period:
    """Whether rows are days, weeks or months."""
    if len(dates) < 2:
        raise DataError([Problem(name, "one row is no series; give two years of weeks or days")])
    step = dates.diff().dropna().dt.days.median()
    if period := period_of(step):
        return period
    raise DataError(
        [Problem(name, f"rows are {step:g} days apart; give one row a day, a week or a month")]
    )


def week_starts(
    frame: pd.DataFrame, job: TrainingJob, interval: Period, ledger: Ledger
) -> pd.DataFrame:
    """Dates that name the last day of a week, or any day of a month, made its first."""
    date = job.date
    if interval == "month":
        first = frame[date].dt.to_period("M").dt.to_timestamp()
        if count := int((first != frame[date]).sum()):
            ledger.note("dates moved", date, count, "to the first day of their month")
        if (twice := first.duplicated()).any():
            why = f"{first[twice].iloc[0]:%Y-%m} has several rows; give one row a month"
            raise DataError([Problem(date, why)])
        return frame.assign(**{date: first})
    if job.week_label != "end":
        return frame
    if interval != "week":
        raise DataError([Problem("week_label", f"is for weeks; rows are {interval}s. Remove it")])
    ledger.note("dates moved", date, len(frame), "each names the last day of its week: 6 days back")
    return frame.assign(**{date: frame[date] - pd.Timedelta(days=6)})


def without_gaps(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    job: TrainingJob,
    interval: Period,
    ledger: Ledger,
) -> pd.DataFrame:
    """Add a row, empty but for its date, for every date that is missing.

    Where the job says that no row means nothing happened, target and media are 0 in it.
    """
    date, days = job.date, DAYS[interval]
    first, last = frame[date].iloc[0], frame[date].iloc[-1]
    if interval != "month" and ((offsets := (frame[date] - first).dt.days % days) != 0).any():
        at = frame[date][offsets != 0].iloc[0]
        why = f"{at.date()} is no {first:%A} as the first row is; weeks start on one day"
        raise DataError([Problem(date, why)])
    grid = pd.date_range(first, last, freq="MS" if interval == "month" else f"{days}D")
    if len(grid) > max(10 * len(frame), 1000):
        raise DataError(
            [Problem(date, f"{len(frame)} rows between {first.date()} and {last.date()}; most "
                           f"{interval}s are missing")]
        )  # fmt: skip
    if not (missing := len(grid) - len(frame)):
        return frame
    gaps = grid.difference(pd.DatetimeIndex(frame[date]))
    frame = frame.set_index(date).reindex(grid).rename_axis(date)
    if job.no_row == "zero":
        zeros = [name for name in frame if columns[str(name)].role in ("target", "media")]
        frame.loc[gaps, zeros] = 0.0
        why = f"no row means nothing was sold or bought: 0; the first is {gaps[0].date()}"
        ledger.note("rows of 0 added", date, missing, why)
    else:
        closed = sorted({f"{day:%A}" for day in gaps}) if interval == "day" else []
        ask = (
            f"; all of them are {' and '.join(closed)}: if nothing is sold then, write no_row: zero"
            if 0 < len(closed) <= 2 and missing > 8
            else ""
        )
        why = f"every {interval} needs a row; the first gap is {gaps[0].date()}{ask}"
        ledger.material("rows", date, "rows added", date, missing, why)
    return frame.reset_index()


def to_weeks(
    frame: pd.DataFrame, columns: dict[str, Column], date: str, ledger: Ledger
) -> pd.DataFrame:
    """Days to weeks from Monday: target and media summed, context averaged.

    A week's text is the rarest of its days' levels, so that an event of one day is not lost.
    Weeks at the ends that are not whole are left out.
    """
    week = (frame[date] - pd.to_timedelta(frame[date].dt.dayofweek, unit="D")).rename(date)
    whole = frame.groupby(week, sort=True).size() == 7
    weeks = combined(frame, week, columns, date)
    ledger.note(
        "days to weeks", date, len(frame), "target and media summed, context averaged, from Monday"
    )
    if cut := int(frame.shape[0] - 7 * whole.sum()):
        ledger.note("rows left out", date, cut, "days of weeks at the ends that are not whole")
    return weeks[whole].reset_index()
