"""Plans as calendars, by one run's model: made, read, scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mmmlib.archive import DATASET, Run
from mmmlib.ground import AllocationError, Problem, RunError, Shown, columns as c, period_name
from mmmlib.model import FloatArray
from mmmlib.plan.allocation import TargetType
from mmmlib.plan.basis import basis_of
from mmmlib.plan.best_calendar import CalendarSearch, Limits
from mmmlib.plan.calendar import (
    Calendar,
    flat,
    in_cents,
    last_years,
    periods_between,
    steps_from,
    year_before,
)
from mmmlib.plan.calendar_file import read_calendar
from mmmlib.plan.calendar_request import CalendarRequest
from mmmlib.plan.effects import CalendarEffects
from mmmlib.plan.history import spend_history
from mmmlib.plan.optimized import BestCalendar, held_cells
from mmmlib.plan.score import BROUGHT, Score, score_of
from mmmlib.plan.series import Models

Pattern = Literal["last_year", "flat"]
_RARELY = 1 + 1e-9


@dataclass(frozen=True, repr=False)
class Ahead(Shown):
    """One model's curves on a real calendar, past or ahead; nothing is read or written.

    Attributes
    ----------
    candidate : str
        The model.
    spent, exposures : DataFrame
        ``date`` and one column a paid channel: money, and what the model saw in units of money.
    models : Models
        The model; the posterior's draws where its engine is ``bayes``.
    posterior : Models or None
        The draws of a posterior that has converged: the intervals.
    target_type : str
        ``revenue`` or ``conversion``.

    Examples
    --------
    >>> import mmmlib
    >>> ahead = mmmlib.open("latest").ahead()
    >>> plan = ahead.calendar(*ahead.next_periods(13), scale=1.1)
    >>> len(plan.dates)
    13
    """

    candidate: str
    spent: pd.DataFrame
    exposures: pd.DataFrame
    models: Models
    posterior: Models | None
    target_type: TargetType

    @property
    def channels(self) -> tuple[str, ...]:
        """Paid channels of the model."""
        return self.models.channels

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Of the data."""
        return pd.DatetimeIndex(self.spent[c.DATE])

    def next_periods(self, count: int) -> tuple[str, str]:
        """First and last of the periods that follow the data.

        Raises
        ------
        AllocationError
            The count is below 1.
        """
        if count < 1:
            raise AllocationError(
                [Problem("periods", f"{count} is too few; a plan has at least 1")]
            )
        dates = self.dates
        ahead = steps_from(dates, dates[-1] + count * pd.Timedelta(days=31))[len(dates) :]
        return f"{ahead[0]:%Y-%m-%d}", f"{ahead[count - 1]:%Y-%m-%d}"

    def calendar(
        self,
        start: str = "",
        end: str = "",
        by: Pattern = "last_year",
        scale: float = 1.0,
        total: float | None = None,
    ) -> Calendar:
        """A calendar from a day to a day: last year's pattern, or a flat split.

        Parameters
        ----------
        start, end : str
            ISO dates; the periods that begin between them, both included.
        by : str
            ``last_year``: what each channel spent in the same periods a year before. ``flat``: what
            each spent on average, in every period.
        scale : float
            Times this.
        total : float, optional
            Scaled to this, to the cent, instead.

        Raises
        ------
        AllocationError
            The dates are no plan's, there is no year of data before them, or the total is no money.
        """
        if by not in ("last_year", "flat"):
            said = f"{by!r} is no way to make a calendar; use last_year or flat"
            raise AllocationError([Problem("by", said)])
        dates = periods_between(self.dates, start, end)
        if by == "last_year":
            made = last_years(dates, self.spent, scale)
        else:
            mean = self.spent[list(self.channels)].mean() * len(dates)
            made = flat(dates, {str(name): each * scale for name, each in mean.items()})
        return made if total is None else _of_total(made, total)

    def read(self, file: str | Path, sheet: str = "") -> Calendar:
        """Read a media plan (xlsx, csv) in the layout of the template.

        Raises
        ------
        AllocationError
            Everything that is wrong with it, by sheet and cell.
        StoreError
            The file cannot be read.
        """
        return read_calendar(Path(file), self.channels, self.dates, sheet)

    def score(self, calendar: Calendar) -> Score:
        """What a calendar brings, with what is carried into it and out of it.

        Raises
        ------
        AllocationError
            The calendar is not of this model's channels, or not in step with its data.
        """
        calendar = self._fitting(calendar)
        before, assumed = self._before(calendar.dates[0])
        effects = self._effects(self.models, calendar.dates, before)
        posterior = None
        if self.posterior is not None:
            posterior = self._effects(self.posterior, calendar.dates, before)
        warnings = (*calendar.notes, *assumed, *self._evidence(calendar))
        if self.posterior is None:
            warnings += ("the model has no posterior that has converged: there are no intervals",)
        return score_of(calendar, effects, posterior, self.target_type, warnings)

    def optimize(self, calendar: Calendar, **settings: Any) -> BestCalendar:
        """The calendar of most response, under limits in money.

        Parameters
        ----------
        calendar : Calendar
            The periods, the pattern, and what limits are multiples of.
        **settings
            Keys of :class:`CalendarRequest`, those within others with dots: ``by``, ``total``,
            ``extra``, ``response`` or ``marginal``; ``low``, ``high``;
            ``channels.NAME.low``, ``high``, ``least``, ``most``, ``locked``, ``pauses``;
            ``groups.NAME.channels``, ``least``, ``most``. The words of ``mmm plan optimize -p``.

        Raises
        ------
        AllocationError
            No calendar is within the limits; says what would be possible.
        """
        request = CalendarRequest.of(settings.items())
        calendar = self._fitting(calendar)
        given, limits = self.score(calendar), Limits.of(calendar, request)
        before, _ = self._before(calendar.dates[0])
        effects = self._effects(self.models, calendar.dates, before)
        search = CalendarSearch(calendar.money, effects, limits, request.by == "channel")
        asked = calendar.total if request.total is None else request.total
        if request.extra is not None:
            asked = calendar.total + request.extra
        budget = None
        if request.response is not None:
            found = search.for_response(request.response)
        elif request.marginal is not None:
            found = search.until(request.marginal)
        else:
            budget = round(asked, 2)
            found = search.for_budget(budget)
        cents = np.round(found.money, 2) if budget is None else in_cents(found.money, budget)
        made = calendar.with_money(cents)
        score = self.score(made)
        brought = float(score.total[BROUGHT].iloc[0])
        gap = max(0.0, found.bound / brought - 1) if brought > 0 else float("nan")
        held = held_cells(made, limits.low, limits.high)
        warnings = list(score.warnings)
        if held > 0.8 * cents.size:
            warnings.insert(
                0,
                f"{held} of {cents.size} cells stand on a limit: the limits, more than the"
                " curves, make this plan",
            )
        return BestCalendar(made, given, score, gap, held, tuple(warnings))

    def _fitting(self, calendar: Calendar) -> Calendar:
        """The calendar with the model's order of channels."""
        missing = set(self.channels) ^ set(calendar.channels)
        problems = [
            Problem(
                f"calendar.{name}",
                "is missing" if name in self.channels else "is no paid channel of the model",
            )
            for name in sorted(missing)
        ]
        dates = calendar.dates
        if not len(dates):
            raise AllocationError([*problems, Problem("calendar", "has no periods")])
        if dates[0] < self.dates[0]:
            said = f"begins on {dates[0]:%Y-%m-%d}, before the data ({self.dates[0]:%Y-%m-%d})"
            problems.append(Problem("calendar", said))
        steps = steps_from(self.dates, dates[-1])
        wanted = steps[(steps >= dates[0]) & (steps <= dates[-1])]
        if not wanted.equals(dates):
            said = f"its dates are not the data's {period_name(self.dates)}s, one after the other"
            problems.append(Problem("calendar", said))
        money = calendar.money
        if not (np.isfinite(money) & (money >= 0)).all():
            problems.append(Problem("calendar", "has cells that are below 0 or no numbers"))
        if problems:
            raise AllocationError(problems)
        return Calendar(calendar.table[[c.DATE, *self.channels]], calendar.notes)

    def _before(self, first: pd.Timestamp) -> tuple[FloatArray, tuple[str, ...]]:
        """Exposure in units of money before a plan, and what was assumed of it."""
        names, dates = list(self.channels), self.dates
        seen = self.exposures[names].to_numpy(dtype=np.float64)
        if first <= dates[-1]:
            return seen[: int(np.flatnonzero(dates == first)[0])], ()
        steps = steps_from(dates, first)
        between = steps[(steps > dates[-1]) & (steps < first)]
        if not len(between):
            return seen, ()
        rows = year_before(dates, between)
        known = (rows >= 0).all()
        filled = seen[rows] if known else np.tile(seen.mean(axis=0), (len(between), 1))
        how = "what was spent a year before" if known else "the average spend"
        period = period_name(dates)
        note = (
            f"the plan begins {len(between)} {period}{'s' if len(between) > 1 else ''} after the"
            f" data end ({dates[-1]:%Y-%m-%d}); for those {how} is assumed"
        )
        return np.vstack([seen, filled]), (note,)

    def _effects(
        self, models: Models, dates: pd.DatetimeIndex, before: FloatArray
    ) -> CalendarEffects:
        """In the past money buys what it bought then; ahead, what it bought on average."""
        names = list(self.channels)
        spent, seen = (
            table.set_index(c.DATE)[names].reindex(dates).to_numpy(dtype=np.float64)
            for table in (self.spent, self.exposures)
        )
        per_money = np.ones_like(spent)
        np.divide(seen, spent, out=per_money, where=(spent > 0) & (seen > 0))
        return CalendarEffects(models, len(dates), before, per_money)

    def _evidence(self, calendar: Calendar) -> tuple[str, ...]:
        """Spend that the data never saw."""
        period, made = period_name(self.dates), []
        for name, column in zip(calendar.channels, calendar.money.T, strict=True):
            most = float(self.spent[name].max())
            above = int((column > most * _RARELY).sum())
            if above:
                made.append(
                    f"{name}: in {above} of {len(column)} {period}s the plan spends more than was"
                    f" ever spent in one ({most:,.0f}); nothing was observed there"
                )
        return tuple(made)

    def _said(self) -> tuple[str, str]:
        dates = self.dates
        return (
            f"Ahead: plans by model {self.candidate}, {len(self.channels)} channels",
            f"data {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}, a row a {period_name(dates)}",
        )

    def _tabled(self) -> pd.DataFrame:
        return self.spent.tail(13)


def _of_total(calendar: Calendar, total: float) -> Calendar:
    if not (np.isfinite(total) and total >= 0):
        said = f"{total:g} must be a number that is not below 0"
        raise AllocationError([Problem("total", said)])
    if calendar.total == 0 and total > 0:
        said = "nothing was spent in these periods a year before; use a flat split"
        raise AllocationError([Problem("total", said)])
    money = calendar.money * (total / calendar.total if calendar.total else 0.0)
    return calendar.with_money(in_cents(money, total))


def ahead_of(run: Run, candidate: str = "") -> Ahead:
    """Read what calendars of a run's model are scored by; its best model when none is named.

    Raises
    ------
    RunError
        The run has not trained, or lacks the series that its model saw.
    """
    basis = basis_of(run, candidate)
    if basis.exposures is None or basis.models is None or not run.has(DATASET):
        raise RunError(
            f"run {run} lacks the series that its model saw, or its adstock; train its job again"
        )
    names = list(basis.models.channels)
    spends: Mapping[str, str] = {item.name: item.spend for item in basis.job.channels}
    spent = spend_history(
        run.load_table("dataset"), basis.job.date, {name: spends[name] for name in names}
    )
    both = spent[c.DATE].isin(basis.exposures[c.DATE])
    spent = spent[both].reset_index(drop=True)
    seen = basis.exposures.set_index(c.DATE).loc[spent[c.DATE], names].reset_index()
    return Ahead(basis.candidate, spent, seen, basis.models, basis.posterior, basis.target_type)
