"""A plan as a calendar: how much money each channel gets in each period, past or ahead."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmmlib.ground import AllocationError, Problem, Shown, columns as c, period_name
from mmmlib.model import FloatArray

A_YEAR = {"day": 364, "week": 52, "month": 12}  # periods; 364 days keep their weekdays
MOST_PERIODS = 1100  # three years of days


@dataclass(frozen=True, repr=False)
class Calendar(Shown):
    """Money by period and channel.

    Attributes
    ----------
    table : DataFrame
        ``date`` (first day of each period, equally far apart) and one column a channel: money.
    notes : tuple of str
        What was assumed when it was made.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = pd.date_range("2025-01-06", periods=2, freq="7D")
    >>> Calendar(pd.DataFrame({"date": weeks, "tv": [100.0, 0.0], "search": [20.0, 20.5]}))
    Calendar of 2 weeks, 2025-01-06 to 2025-01-13: 140.50
    tv 100.00, search 40.50
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(str(name) for name in self.table if name != c.DATE)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """First day of each period."""
        return pd.DatetimeIndex(self.table[c.DATE])

    @property
    def money(self) -> FloatArray:
        """Shape (periods, channels)."""
        return self.table[list(self.channels)].to_numpy(dtype=np.float64)

    @property
    def total(self) -> float:
        """Of all channels and periods, to the cent."""
        return round(math.fsum(self.money.ravel()), 2)

    def scaled(self, factor: float) -> Calendar:
        """Every cell times a factor, in whole cents.

        Raises
        ------
        AllocationError
            The factor is negative or no number.
        """
        _refuse(_not_money("scale", factor))
        return self.with_money(np.round(self.money * factor, 2))

    def with_money(self, money: FloatArray) -> Calendar:
        """The same periods and channels with other money, shape (periods, channels)."""
        table = self.table.copy()
        table[list(self.channels)] = money
        return Calendar(table, self.notes)

    def _said(self) -> tuple[str, str]:
        dates, names = self.dates, self.channels
        period = period_name(dates) if len(dates) > 1 else "period"
        reach = f"{dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}"
        many = "" if len(dates) == 1 else "s"
        sums = (math.fsum(column) for column in self.money.T)
        return (
            f"Calendar of {len(dates)} {period}{many}, {reach}: {self.total:,.2f}",
            ", ".join(f"{name} {spend:,.2f}" for name, spend in zip(names, sums, strict=True)),
        )

    def _tabled(self) -> pd.DataFrame:
        return self.table


def periods_between(history: pd.DatetimeIndex, start: str, end: str) -> pd.DatetimeIndex:
    """First days of the periods that begin from ``start`` to ``end``, in step with the data.

    Parameters
    ----------
    history : DatetimeIndex
        Dates of the data.
    start, end : str
        ISO dates, both included.

    Raises
    ------
    AllocationError
        With what is wrong of both: no date, before the data, no end, none or too many periods.
    """
    problems: list[Problem] = []
    found = [_date("start", start, problems), _date("end", end, problems)]
    first, last = found
    if first is not None and first < history[0]:
        where = f"{first:%Y-%m-%d} is before the data, which begin on {history[0]:%Y-%m-%d}"
        problems.append(Problem("start", where))
    if first is not None and last is not None and last < first:
        said = f"{last:%Y-%m-%d} is before the start {first:%Y-%m-%d}"
        problems.append(Problem("end", f"{said}; name a later day"))
    _refuse(problems)
    assert first is not None
    assert last is not None
    dates = steps_from(history, last)
    dates = dates[(dates >= first) & (dates <= last)]
    if not len(dates):
        following = steps_from(history, last + pd.Timedelta(days=62))
        begin = following[following >= first][0]
        said = f"no {period_name(history)} begins from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        _refuse([Problem("end", f"{said}; the next begins on {begin:%Y-%m-%d}")])
    if len(dates) > MOST_PERIODS:
        said = f"{len(dates):,} {period_name(history)}s are more than a plan may have"
        _refuse([Problem("end", f"{said} ({MOST_PERIODS:,}); choose an earlier day")])
    return dates


def steps_from(history: pd.DatetimeIndex, last: pd.Timestamp) -> pd.DatetimeIndex:
    """The data's dates and those that follow in the same step, as far as ``last``."""
    ahead = pd.date_range(history[-1], max(last, history[-1]), freq=_step(history))
    return pd.DatetimeIndex(history.append(ahead[ahead > history[-1]]))


def split_evenly(total: float, cells: int) -> FloatArray:
    """Money in whole cents whose sum is the total to the cent.

    Examples
    --------
    >>> split_evenly(100.0, 3).tolist()
    [33.34, 33.33, 33.33]
    """
    cents = round(total * 100)
    each, left = divmod(cents, cells)
    return np.array([(each + (i < left)) / 100 for i in range(cells)])


def in_cents(money: FloatArray, total: float) -> FloatArray:
    """Money in whole cents whose sum is the total to the cent: the largest remainders go up."""
    cents = money.ravel() * 100
    whole = np.floor(cents + 1e-6)
    left = round(total * 100) - int(whole.sum())
    order = np.argsort(whole - cents, kind="stable")
    whole[order[: max(left, 0)]] += 1
    return np.asarray(whole.reshape(money.shape) / 100)


def flat(dates: pd.DatetimeIndex, totals: Mapping[str, float]) -> Calendar:
    """Each channel's money spread evenly, to the cent.

    Raises
    ------
    AllocationError
        A total is negative or no number.
    """
    _refuse([problem for name, total in totals.items() for problem in _not_money(name, total)])
    columns = {name: split_evenly(total, len(dates)) for name, total in totals.items()}
    return Calendar(pd.DataFrame({c.DATE: dates, **columns}))


def last_years(dates: pd.DatetimeIndex, spent: pd.DataFrame, scale: float = 1.0) -> Calendar:
    """What was spent in the same periods a year before, times ``scale``, in whole cents.

    Parameters
    ----------
    dates : DatetimeIndex
        First days of the plan's periods.
    spent : DataFrame
        ``date`` and one column a channel.
    scale : float

    Raises
    ------
    AllocationError
        There is less than a year of data before a period, or the scale is no factor.
    """
    problems = list(_not_money("scale", scale))
    history = pd.DatetimeIndex(spent[c.DATE])
    rows = year_before(history, dates)
    if (rows < 0).any():
        short = dates[rows < 0][0]
        said = f"the data begin on {history[0]:%Y-%m-%d}, less than a year before {short:%Y-%m-%d}"
        problems.append(Problem("start", f"{said}; plan later dates, or a flat split"))
    _refuse(problems)
    names = [name for name in spent if name != c.DATE]
    money = np.round(spent[names].to_numpy(dtype=np.float64)[rows] * scale, 2)
    return Calendar(pd.DataFrame(money, columns=names).assign(**{c.DATE: dates})[[c.DATE, *names]])


def year_before(history: pd.DatetimeIndex, dates: pd.DatetimeIndex) -> np.ndarray:
    """Rows of the data that lie whole years before the dates, the latest there are; else -1."""
    every = steps_from(history, dates[-1])
    year = A_YEAR[_period(history)]
    at = every.get_indexer(dates) - year
    beyond = np.maximum(0, np.ceil((at - len(history) + 1) / year)).astype(int)
    return np.where(at < 0, -1, at - beyond * year)


def _period(history: pd.DatetimeIndex) -> str:
    period = period_name(history)
    if period not in A_YEAR:
        _refuse([Problem("calendar", "the data have no regular days, weeks or months")])
    return period


def _step(history: pd.DatetimeIndex) -> str | pd.DateOffset:
    days = {"day": "D", "week": "7D"}
    return days.get(_period(history)) or pd.DateOffset(months=1)


def _date(where: str, given: str, problems: list[Problem]) -> pd.Timestamp | None:
    if not given:
        problems.append(Problem(where, "is not given; a plan goes from a day to a day"))
        return None
    try:
        return pd.Timestamp(dt.date.fromisoformat(given))
    except ValueError:
        problems.append(Problem(where, f"{given!r} is no date; write it as 2025-01-31"))
        return None


def _not_money(where: str, amount: float) -> Iterator[Problem]:
    if not (math.isfinite(amount) and amount >= 0):
        yield Problem(where, f"{amount:g} must be a number that is not below 0")


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise AllocationError(found)
