"""One row a date, without gaps: countries, duplicates, missing dates, days to weeks."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.roles import Column
from mmmlib.ground import DataError, Problem
from mmmlib.job import TrainingJob

Interval = Literal["day", "week"]
DAYS: dict[Interval, int] = {"day": 1, "week": 7}


def only_country(
    frame: pd.DataFrame, column: str, job: TrainingJob, others: int, ledger: Ledger
) -> pd.DataFrame:
    """Keep the rows of the job's country in ``column``; the label counts whatever its case.

    ``others`` rows of other countries were not even read.
    """
    if not job.country_column:
        return frame
    keep, labels = of_country(frame[column], job)
    if not keep.any():
        there = sorted(set(labels))
        shown = ", ".join(there[:20]) + (f" … ({len(there)})" if len(there) > 20 else "")
        raise DataError(
            [Problem("country", f"{job.country!r} is not in the data; there is {shown or 'none'}")]
        )
    if left_out := int((~keep).sum()) + others:
        ledger.note("rows left out", job.country_column, left_out, f"not {job.country}")
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
        if str(label).strip().casefold() == job.country.casefold()
    ]
    return np.isin(codes, wanted), [str(label) for label in labels]


def one_row_a_date(frame: pd.DataFrame, date: str, ledger: Ledger) -> pd.DataFrame:
    """Sort by date and drop rows that repeat another one in everything."""
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
                    "sum them up in sql, or name the country_column",
                )
            ]
        )
    return frame.reset_index(drop=True)


def interval_of(dates: pd.Series, name: str) -> Interval:
    """Whether rows are days or weeks."""
    if len(dates) < 2:
        raise DataError([Problem(name, "one row is no series; give two years of weeks or days")])
    step = dates.diff().dropna().dt.days.median()
    for interval, days in DAYS.items():
        if step == days:
            return interval
    raise DataError([Problem(name, f"rows are {step:g} days apart; give one row a week or a day")])


def without_gaps(
    frame: pd.DataFrame, date: str, interval: Interval, ledger: Ledger
) -> pd.DataFrame:
    """Add a row, empty but for its date, for every date that is missing."""
    days = DAYS[interval]
    first, last = frame[date].iloc[0], frame[date].iloc[-1]
    offsets = (frame[date] - first).dt.days % days
    if (offsets != 0).any():
        at = frame[date][offsets != 0].iloc[0]
        why = f"{at.date()} is no {first:%A} as the first row is; weeks start on one day"
        raise DataError([Problem(date, why)])
    grid = pd.date_range(first, last, freq=f"{days}D")
    if len(grid) > max(10 * len(frame), 1000):
        raise DataError(
            [Problem(date, f"{len(frame)} rows between {first.date()} and {last.date()}; most "
                           f"{interval}s are missing")]
        )  # fmt: skip
    if missing := len(grid) - len(frame):
        gap = grid.difference(pd.DatetimeIndex(frame[date]))[0]
        why = f"every {interval} needs a row; the first gap is {gap.date()}"
        ledger.material("rows", date, "rows added", date, missing, why)
        frame = frame.set_index(date).reindex(grid).rename_axis(date).reset_index()
    return frame


def to_weeks(
    frame: pd.DataFrame, columns: dict[str, Column], date: str, ledger: Ledger
) -> pd.DataFrame:
    """Days to weeks from Monday: target and media summed, context averaged.

    A week's text is the rarest of its days' levels, so that an event of one day is not lost.
    Weeks at the ends that are not whole are left out.
    """
    week = (frame[date] - pd.to_timedelta(frame[date].dt.dayofweek, unit="D")).rename(date)
    groups = frame.groupby(week, sort=True)
    whole = groups.size() == 7
    parts = {}
    for name in frame.columns.drop(date):
        role = columns[name].role
        if role == "text":
            rarity = frame[name].map(frame[name].value_counts())
            rarest = rarity.groupby(week).idxmin()
            parts[name] = frame[name].loc[rarest].set_axis(rarest.index)
        else:
            parts[name] = groups[name].mean() if role == "context" else groups[name].sum()
    weeks = pd.DataFrame(parts)[list(frame.columns.drop(date))]
    ledger.note(
        "days to weeks", date, len(frame), "target and media summed, context averaged, from Monday"
    )
    if cut := int(frame.shape[0] - 7 * whole.sum()):
        ledger.note("rows left out", date, cut, "days of weeks at the ends that are not whole")
    return weeks[whole].reset_index()
