"""The best calendar: money between periods and channels under limits, and how good it must be.

The response is no concave function of the money, so the search goes uphill from several calendars
by small linear programs, and what it finds is compared with the maximum of a concave function
above it (:class:`Majorant`), which is bounded by one more linear program: the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmmlib.ground import AllocationError, Problem
from mmmlib.model import FloatArray
from mmmlib.plan.calendar import Calendar
from mmmlib.plan.calendar_request import CalendarRequest, ChannelLimits
from mmmlib.plan.effects import CalendarEffects
from mmmlib.plan.majorant import Majorant

_STEPS = 40  # of one climb
_ENOUGH = 1e-6  # of what is reached: a climb ends where its next step promises less
_CLOSE = 3e-3  # to the bound: a second climb, from the given calendar, is not worth its time
_HALVINGS = 18  # of a budget
_SLACK = 1e-9

Gained = Callable[[FloatArray], tuple[float, FloatArray]]


@dataclass(frozen=True)
class FoundCalendar:
    """Money (t, n), what it brings, and what no calendar within the limits exceeds."""

    money: FloatArray
    brought: float
    bound: float


@dataclass
class Limits:
    """What calendars may be: cells (t, n), and sums of channels over the plan.

    Attributes
    ----------
    low, high : array, shape (t, n)
    sums : list of (str, array of bool (n,), float, float)
        Where it was asked, the channels, the least and the most of their sum.
    """

    low: FloatArray
    high: FloatArray
    sums: list[tuple[str, FloatArray, float, float]] = field(default_factory=list)

    @classmethod
    def of(cls, calendar: Calendar, request: CalendarRequest) -> Limits:
        """From a request; refuses what contradicts itself, everything at once."""
        names, money = calendar.channels, calendar.money
        problems = [
            Problem(
                f"channels.{name}", f"is no paid channel of the plan; it has {', '.join(names)}"
            )
            for name in request.channels
            if name not in names
        ]
        lower = 1.0 if request.extra is not None else request.low
        if request.extra is not None and request.high < 1:
            problems.append(Problem("high", f"{request.high:g} is below the fixed plan; raise it"))
        low, high = lower * money, max(request.high, lower) * money
        if request.low > request.high:
            problems.append(Problem("low", f"{request.low:g} is above high, {request.high:g}"))
        made = cls(low, high)
        for i, name in enumerate(names):
            own = request.channels.get(name, ChannelLimits())
            problems += made._of_channel(i, name, own, calendar, request.extra is not None)
        for name, group in request.groups.items():
            where = f"groups.{name}"
            unknown = [each for each in group.channels if each not in names]
            if unknown:
                said = f"{', '.join(unknown)}: no paid channel of the plan"
                problems.append(Problem(f"{where}.channels", said))
            members = np.array([each in group.channels for each in names], dtype=np.float64)
            made.sums.append((where, members, group.least or 0.0, _or(group.most, np.inf)))
        problems += made._impossible()
        if problems:
            raise AllocationError(problems)
        return made

    def _of_channel(
        self, i: int, name: str, own: ChannelLimits, calendar: Calendar, fixed: bool
    ) -> list[Problem]:
        where, money, dates = f"channels.{name}", calendar.money[:, i], calendar.dates
        problems = []
        if own.low is not None:
            self.low[:, i] = np.maximum(own.low, money) if fixed else own.low
        if own.high is not None:
            self.high[:, i] = own.high
        if own.locked:
            self.low[:, i] = self.high[:, i] = money
        for day in own.pauses:
            paused = np.flatnonzero(dates == np.datetime64(day))
            if not paused.size:
                said = f"no period of the plan begins on {day}; they begin on {dates[0]:%Y-%m-%d}"
                problems.append(Problem(f"{where}.pauses", f"{said} to {dates[-1]:%Y-%m-%d}"))
            self.low[paused, i] = self.high[paused, i] = 0.0
        crossed = np.flatnonzero(self.low[:, i] > self.high[:, i])
        if crossed.size:
            at = int(crossed[0])
            said = f"on {dates[at]:%Y-%m-%d} its least {self.low[at, i]:,.2f} is above its most"
            problems.append(Problem(where, f"{said} {self.high[at, i]:,.2f}"))
        if own.least is not None or own.most is not None:
            members = np.zeros(self.low.shape[1])
            members[i] = 1.0
            self.sums.append((where, members, own.least or 0.0, _or(own.most, np.inf)))
        return problems

    def _impossible(self) -> list[Problem]:
        """Sums that the cells cannot make up."""
        problems = []
        for where, members, least, most in self.sums:
            lowest, highest = float((self.low @ members).sum()), float((self.high @ members).sum())
            if least > most:
                said = f"its least {least:,.2f} is above its most {most:,.2f}"
            elif lowest > most * (1 + _SLACK):
                said = f"at most {most:,.2f} is asked, but its cells need {lowest:,.2f}"
            elif highest < least * (1 - _SLACK):
                said = f"at least {least:,.2f} is asked, but its cells allow {highest:,.2f}"
            else:
                continue
            problems.append(Problem(where, said))
        return problems


class _Space:
    """The free figures of a calendar: its cells, or a multiple of each channel's pattern."""

    def __init__(self, calendar: FloatArray, limits: Limits, by_channel: bool) -> None:
        self.shape, self.pattern = calendar.shape, calendar if by_channel else None
        if self.pattern is None:
            self.low, self.high = limits.low.ravel(), limits.high.ravel()
            self.cost = np.ones(self.low.size)
            members = [np.tile(each, self.shape[0]) for _, each, _, _ in limits.sums]
        else:
            spent = self.pattern > 0
            if (limits.low[~spent] > 0).any():
                said = "a lowest spend is asked where the given pattern has no money"
                raise AllocationError([Problem("by", f"{said}; plan by period")])
            with np.errstate(divide="ignore", invalid="ignore"):
                self.low = np.where(spent, limits.low / self.pattern, 0.0).max(axis=0)
                self.high = np.where(spent, limits.high / self.pattern, np.inf).min(axis=0)
            self.high = np.where(np.isfinite(self.high), self.high, 0.0)
            self.cost = self.pattern.sum(axis=0)
            members = [each * self.cost for _, each, _, _ in limits.sums]
        self.rows: list[FloatArray] = []
        self.most: list[float] = []
        for row, (_, _, least, most) in zip(members, limits.sums, strict=True):
            if np.isfinite(most):
                self.rows, self.most = [*self.rows, row], [*self.most, most]
            if least > 0:
                self.rows, self.most = [*self.rows, -row], [*self.most, -least]

    def money(self, y: FloatArray) -> FloatArray:
        return y.reshape(self.shape) if self.pattern is None else self.pattern * y

    def slope(self, cells: FloatArray) -> FloatArray:
        return cells.ravel() if self.pattern is None else (cells * self.pattern).sum(axis=0)

    def best(
        self,
        slope: FloatArray,
        budget: float | None,
        near: tuple[FloatArray, FloatArray] | None = None,
    ) -> FloatArray | None:
        """Where a linear response is largest; within reach of a place, where one is given."""
        from scipy.optimize import linprog

        low, high = self.low, self.high
        if near is not None:
            place, reach = near
            low, high = np.maximum(low, place - reach), np.minimum(high, place + reach)
        if (low > high + _SLACK * np.abs(high)).any():
            return None
        asked: Any = {
            "c": -slope / (np.abs(slope).max() or 1.0),
            "A_ub": np.array(self.rows) if self.rows else None,
            "b_ub": self.most or None,
            "A_eq": None if budget is None else self.cost[None, :],
            "b_eq": None if budget is None else [budget],
            "bounds": np.column_stack([low, np.maximum(low, high)]),
        }
        found = linprog(**asked)
        return None if found.x is None else np.clip(found.x, self.low, self.high)

    def reach(self) -> tuple[float, float]:
        """Least and most money in all."""
        ends = [self.best(sign * self.cost, None) for sign in (-1.0, 1.0)]
        if ends[0] is None or ends[1] is None:
            said = "the limits of channels and groups contradict each other; loosen one of them"
            raise AllocationError([Problem("groups", said)])
        return float(ends[0] @ self.cost), float(ends[1] @ self.cost)


class CalendarSearch:
    """Calendars by one model within limits.

    Parameters
    ----------
    calendar : array, shape (t, n)
        The given one: the pattern, and where the search begins.
    effects : CalendarEffects
    limits : Limits
    by_channel : bool
        Money moves between channels only.
    """

    def __init__(
        self, calendar: FloatArray, effects: CalendarEffects, limits: Limits, by_channel: bool
    ) -> None:
        self.given, self.effects = calendar, effects
        self.space = _Space(calendar, limits, by_channel)
        if (self.space.low > self.space.high * (1 + _SLACK)).any():
            said = "the given pattern fits no multiple between a channel's limits; plan by period"
            raise AllocationError([Problem("by", said)])
        self.least, self.most = self.space.reach()

    def for_budget(self, budget: float) -> FoundCalendar:
        """Most response for a budget.

        Raises
        ------
        AllocationError
            The limits do not allow it; says what they do.
        """
        self._check("total", budget)
        return self._solved(budget, 0.0)

    def until(self, marginal: float) -> FoundCalendar:
        """Spend as long as one more unit of money brings at least so much."""
        return self._solved(None, marginal)

    def for_response(self, response: float) -> FoundCalendar:
        """The least money that brings a response.

        Raises
        ------
        AllocationError
            No calendar within the limits does; says what the best brings.
        """
        low, high = self.least, self.most
        best = self._solved(high, 0.0)
        if best.brought < response * (1 - 1e-6):
            said = f"{response:,.0f} is beyond the limits: {high:,.2f} brings {best.brought:,.0f}"
            raise AllocationError([Problem("response", f"{said}; ask for less, or raise limits")])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            tried = self._climb(self.effects.gained, middle, 0.0, self._nearest(middle))
            if self._value(tried, 0.0) >= response:
                high = middle
            else:
                low = middle
        return self._solved(high, 0.0)

    def _check(self, where: str, budget: float) -> None:
        if not self.least * (1 - _SLACK) <= budget <= self.most * (1 + _SLACK):
            said = f"{budget:,.2f} does not fit the limits, which allow {self.least:,.2f} to"
            raise AllocationError([Problem(where, f"{said} {self.most:,.2f}; change it or them")])

    def _solved(self, budget: float | None, marginal: float) -> FoundCalendar:
        low, high = (self.space.money(y) for y in (self.space.low, self.space.high))
        if budget is not None:  # no cell can have more than what the others leave it
            high = np.minimum(high, low + max(budget - float(low.sum()), 0.0))
        above = Majorant(self.effects, low, high)
        begin = self._nearest(budget)
        top = self._climb(above.gained, budget, marginal, begin)
        value, slope = self._read(above.gained, top, marginal)
        best = self.space.best(slope, budget)
        bound = value if best is None else value + max(0.0, float(slope @ (best - top)))
        gained = self.effects.gained
        found = self._climb(gained, budget, marginal, top, 0.1)
        made = self._value(found, marginal)
        if bound - made > _CLOSE * abs(made):
            other = self._climb(gained, budget, marginal, begin, 0.1)
            found = max(found, other, key=lambda y: self._value(y, marginal))
        money = self.space.money(found)
        brought = self._value(found, 0.0)
        return FoundCalendar(money, brought, max(bound + marginal * float(money.sum()), brought))

    def _nearest(self, budget: float | None) -> FloatArray:
        """The given calendar, moved as little as the limits and the budget ask."""
        space = self.space
        given = np.ones(self.given.shape[1]) if space.pattern is not None else self.given.ravel()
        inside = np.clip(given, space.low, space.high)
        asked = budget is None or abs(float(inside @ space.cost) - budget) <= _SLACK * budget
        if asked and all(
            float(row @ inside) <= most + _SLACK * abs(most)
            for row, most in zip(space.rows, space.most, strict=True)
        ):
            return inside
        ends = [space.best(sign * space.cost, None) for sign in (-1.0, 1.0)]
        assert ends[0] is not None
        assert ends[1] is not None
        if budget is None:
            return ends[0]
        wide = self.most - self.least
        share = min(1.0, max(0.0, (budget - self.least) / wide)) if wide > 0 else 0.0
        return np.asarray(ends[0] + share * (ends[1] - ends[0]))

    def _value(self, y: FloatArray, marginal: float) -> float:
        brought, _ = self.effects.gained(self.space.money(y))
        return brought - marginal * float(y @ self.space.cost)

    def _read(self, gained: Gained, y: FloatArray, marginal: float) -> tuple[float, FloatArray]:
        value, cells = gained(self.space.money(y))
        steep = np.nan_to_num(cells, posinf=1e12, neginf=-1e12)
        slope = self.space.slope(steep) - marginal * self.space.cost
        return value - marginal * float(y @ self.space.cost), slope

    def _climb(
        self,
        gained: Gained,
        budget: float | None,
        marginal: float,
        y: FloatArray,
        first: float = 0.3,
    ) -> FloatArray:
        """Each figure has its own step: smaller where it turns back, larger where it goes on."""
        space = self.space
        reach = first * (space.high - space.low)
        last = np.zeros_like(y)
        value, slope = self._read(gained, y, marginal)
        for _ in range(_STEPS):
            tried = space.best(slope, budget, (y, reach))
            if tried is None:
                break
            hoped = float(slope @ (tried - y))
            if hoped <= _ENOUGH * abs(value):
                break
            made, then = self._read(gained, tried, marginal)
            way = np.sign(tried - y)
            reach = np.where(
                way * last < 0, 0.5 * reach, np.where(way * last > 0, 1.2 * reach, reach)
            )
            last = way
            if made > value:
                y, value, slope = tried, made, then
            else:
                reach, last = 0.4 * reach, np.zeros_like(y)
        return y


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
