"""What a calendar brings: by period and channel, with what is carried into it and out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.ground import Shown, columns as c, figure
from mmmlib.model import FloatArray
from mmmlib.plan.allocation import TargetType, efficiency
from mmmlib.plan.calendar import Calendar
from mmmlib.plan.effects import CalendarEffects
from mmmlib.plan.uplift import LEVEL

CARRIED_IN = "carried_in"
CARRIED_OUT = "carried_out"
BROUGHT = "brought"


@dataclass(frozen=True, repr=False)
class Score(Shown):
    """A calendar's response.

    Attributes
    ----------
    calendar : Calendar
    table : DataFrame
        A row a period and channel: ``date, channel, spend, response, low, high``. Response is
        what media bring in that period, also by what was spent before; units of the target.
    channels : DataFrame
        A row a channel: ``channel, spend, response`` (of the plan's periods), ``carried_in`` (the
        part that would come were nothing spent), ``carried_out`` (what comes after the plan
        because of it), ``brought`` (response − carried_in + carried_out: what this money
        brings), ``low, high`` of brought, ``roas`` or ``cpa`` (of brought), and
        ``marginal_response`` (to one more unit of money in the channel's own pattern).
    total : DataFrame
        One row: the same sums, with their own interval.
    target_type : str
    tail : int
        Periods after the plan that ``carried_out`` counts.
    warnings : tuple of str
        What was assumed, and what the data do not support.

    Examples
    --------
    >>> import mmmlib
    >>> ahead = mmmlib.open("latest").ahead()
    >>> score = ahead.score(ahead.calendar(*ahead.next_periods(13)))
    >>> bool(score.channels["brought"].sum() > 0)
    True
    """

    calendar: Calendar
    table: pd.DataFrame
    channels: pd.DataFrame
    total: pd.DataFrame
    target_type: TargetType
    tail: int
    warnings: tuple[str, ...] = ()

    @property
    def efficiency(self) -> str:
        """What efficiency means here: ``roas`` or ``cpa``."""
        return c.ROAS if self.target_type == "revenue" else c.CPA

    def _said(self) -> tuple[str, str]:
        dates, row = self.calendar.dates, self.total.iloc[0]
        sure = ""
        if np.isfinite(row[c.LOW]):
            low, high = row[c.LOW], row[c.HIGH]
            outside = not low <= row[BROUGHT] <= high
            doubt = ", which does not hold the model's figure" if outside else ""
            interval = f"{LEVEL:.0%} interval {figure(low)} to {figure(high)}"
            sure = f" by the model ({interval} by the posterior{doubt})"
        return (
            f"Score of {self.calendar.total:,.2f}, {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}: "
            f"brings {figure(row[BROUGHT])}{sure}, {self.efficiency.upper()} "
            f"{figure(row[self.efficiency])}",
            f"response in these periods {figure(row[c.RESPONSE])}, of it carried in "
            f"{figure(row[CARRIED_IN])}; carried out after them {figure(row[CARRIED_OUT])}",
        )

    def _tabled(self) -> pd.DataFrame:
        return self.channels

    def text(self) -> str:
        """The score, by channel, and its warnings, for people."""
        shown = self.channels.set_index(c.CHANNEL).map(figure)
        lines = [*self._said(), "", shown.to_string(), ""]
        return "\n".join([*lines, *(f"  ! {warning}" for warning in self.warnings)])


def score_of(
    calendar: Calendar,
    effects: CalendarEffects,
    posterior: CalendarEffects | None,
    target_type: TargetType,
    warnings: tuple[str, ...],
) -> Score:
    """Score a calendar by a model; its intervals are the posterior's, NaN where there is none."""
    t, money, names = effects.periods, calendar.money, list(calendar.channels)
    by_period = effects.responses(money).mean(axis=1)
    unspent = effects.unspent.mean(axis=1)
    low, high = _intervals(posterior.responses(money)[:t]) if posterior else _none((t, len(names)))
    table = pd.DataFrame(
        {
            c.DATE: calendar.dates.repeat(len(names)),
            c.CHANNEL: names * t,
            c.SPEND: money.ravel(),
            c.RESPONSE: by_period[:t].ravel(),
            c.LOW: low.ravel(),
            c.HIGH: high.ravel(),
        }
    )
    sums = {
        c.SPEND: money.sum(axis=0),
        c.RESPONSE: by_period[:t].sum(axis=0),
        CARRIED_IN: unspent[:t].sum(axis=0),
        CARRIED_OUT: (by_period - unspent)[t:].sum(axis=0),
    }
    draws = posterior.brought(money) if posterior else None
    marginal = effects.next_unit_by_pattern(money)
    spent = float(money.sum())
    with np.errstate(invalid="ignore"):
        marginals = float(np.where(money.sum(axis=0) > 0, marginal * money.sum(axis=0), 0).sum())
    channels = _figures(pd.DataFrame(sums, index=names), draws, marginal, target_type)
    whole = pd.DataFrame({name: [values.sum()] for name, values in sums.items()}, index=["all"])
    total = _figures(
        whole,
        None if draws is None else draws.sum(axis=1, keepdims=True),
        np.array([marginals / spent if spent else np.nan]),
        target_type,
    )
    return Score(calendar, table, channels, total, target_type, effects.tail, warnings)


def _figures(
    sums: pd.DataFrame, draws: FloatArray | None, marginal: FloatArray, target_type: TargetType
) -> pd.DataFrame:
    low, high = _none((len(sums),)) if draws is None else _intervals(draws)
    brought = sums[c.RESPONSE] - sums[CARRIED_IN] + sums[CARRIED_OUT]
    pairs = zip(brought, sums[c.SPEND], strict=True)
    made: dict[str, Any] = {
        BROUGHT: brought,
        c.LOW: low,
        c.HIGH: high,
        (c.ROAS if target_type == "revenue" else c.CPA): [
            efficiency(float(r), float(s), target_type) for r, s in pairs
        ],
        c.MARGINAL_RESPONSE: marginal,
    }
    return sums.assign(**made).rename_axis(c.CHANNEL).reset_index()


def _intervals(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Over the models, which are the axis before the channels."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=-2)
    return low, high


def _none(shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    return np.full(shape, np.nan), np.full(shape, np.nan)
