"""What was spent when: the periods that count as today."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmmlib.ground import AllocationError, Problem, columns as c
from mmmlib.job import Allocator


def spend_history(
    frame: pd.DataFrame, date: str, spends: dict[str, str], window: pd.Series | None = None
) -> pd.DataFrame:
    """Spend of each channel in each period of the window.

    Parameters
    ----------
    frame : DataFrame
        The dataset, one row a date.
    date : str
        Its column of dates.
    spends : dict
        Channel → its column of spend.
    window : Series of datetime64, optional
        Dates the model was fitted on; all rows without it.

    Returns
    -------
    DataFrame
        ``date`` and one column a channel, in currency per period, sorted by date.
    """
    dates = pd.to_datetime(frame[date])
    table = pd.DataFrame({c.DATE: dates, **{name: frame[of] for name, of in spends.items()}})
    if window is not None:
        first, last = window.min(), window.max()
        table = table[(table[c.DATE] >= first) & (table[c.DATE] <= last)]
    return table.sort_values(c.DATE, ignore_index=True)


def today(history: pd.DataFrame, settings: Allocator) -> pd.DataFrame:
    """The periods of the history whose average is today's spend; all of them by default.

    Raises
    ------
    AllocationError
        The history does not have these periods.
    """
    if problems := list(_outside(history[c.DATE], settings)):
        raise AllocationError(problems)
    if settings.last is not None:
        return history.tail(settings.last)
    dates, chosen = history[c.DATE], np.ones(len(history), dtype=bool)
    if settings.start:
        chosen &= (dates >= pd.Timestamp(settings.start)).to_numpy()
    if settings.end:
        chosen &= (dates <= pd.Timestamp(settings.end)).to_numpy()
    if not chosen.any():
        where = "allocator.start" if settings.start else "allocator.end"
        raise AllocationError(
            [Problem(where, f"no date of the window lies in it; {_reach(dates)}")]
        )
    return history[chosen]


def asks_for_dates(settings: Allocator) -> bool:
    """Whether today is less than the whole window."""
    return not (settings.last is None and settings.start is None and settings.end is None)


def _outside(dates: pd.Series, settings: Allocator) -> Iterator[Problem]:
    """Nothing is moved to the closest date in silence, as Robyn does."""
    step = dates.diff().median() if len(dates) > 1 else pd.Timedelta(days=1)
    if settings.last is not None and settings.last > len(dates):
        many = f"{settings.last} is more than the {len(dates)} periods of the window"
        yield Problem("allocator.last", f"{many}; choose fewer")
    if settings.start and pd.Timestamp(settings.start) <= dates.iloc[0] - step:
        yield Problem("allocator.start", f"{settings.start} is before the window; {_reach(dates)}")
    if settings.end and pd.Timestamp(settings.end) >= dates.iloc[-1] + step:
        yield Problem("allocator.end", f"{settings.end} is after the window; {_reach(dates)}")


def _reach(dates: pd.Series) -> str:
    return f"it reaches from {dates.iloc[0]:%Y-%m-%d} to {dates.iloc[-1]:%Y-%m-%d}"
