"""The best calendar beside the given one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmmlib.ground import Shown, columns as c, figure
from mmmlib.plan.calendar import Calendar
from mmmlib.plan.score import BROUGHT, Score


@dataclass(frozen=True, repr=False)
class BestCalendar(Shown):
    """What an optimizer made of a calendar.

    Attributes
    ----------
    calendar : Calendar
        In whole cents.
    given, score : Score
        Of the given calendar and of this one.
    gap : float
        No calendar within the limits brings more than this share above it, by the model (the mean
        of the posterior's draws, where these are the model).
    held : int
        Cells that stand on one of their limits.
    warnings : tuple of str

    Examples
    --------
    >>> import mmmlib
    >>> ahead = mmmlib.open("latest").ahead()
    >>> quarter = ahead.calendar(*ahead.next_periods(13))
    >>> best = ahead.optimize(quarter, **{"channels.tv.locked": True})
    >>> round(best.calendar.total - quarter.total, 2)
    0.0
    """

    calendar: Calendar
    given: Score
    score: Score
    gap: float
    held: int
    warnings: tuple[str, ...] = ()

    def _said(self) -> tuple[str, str]:
        before, after = self.given.total.iloc[0], self.score.total.iloc[0]
        name = self.score.efficiency
        return (
            f"Best calendar: {self.calendar.total:,.2f} (given {self.given.calendar.total:,.2f}) "
            f"brings {figure(after[BROUGHT])} (given {figure(before[BROUGHT])}), {name.upper()} "
            f"{figure(after[name])} (given {figure(before[name])})",
            f"no calendar within the limits brings {self.gap:.2%} more; {self.held} of "
            f"{self.calendar.money.size} cells stand on a limit",
        )

    @property
    def channels(self) -> pd.DataFrame:
        """A row a channel: spend, brought and marginal response, given and planned."""
        shown = [c.SPEND, BROUGHT, c.MARGINAL_RESPONSE]
        sides = [each.channels.set_index(c.CHANNEL)[shown] for each in (self.given, self.score)]
        return pd.concat(
            [sides[0].add_prefix("given_"), sides[1].add_prefix("planned_")], axis=1
        ).reset_index()

    def _tabled(self) -> pd.DataFrame:
        return self.channels

    def text(self) -> str:
        """Both calendars by channel, and the warnings, for people."""
        shown = self.channels.set_index(c.CHANNEL).map(figure).to_string()
        warned = (f"  ! {warning}" for warning in self.warnings)
        return "\n".join([*self._said(), "", shown, "", *warned])


def held_cells(calendar: Calendar, low: np.ndarray, high: np.ndarray) -> int:
    """Cells that stand on a limit, to the cent."""
    money = calendar.money
    return int(((money <= low + 0.005) | (money >= high - 0.005)).sum())
