"""Budget allocation: where the money of one period goes so that the response is largest.

The optimum is global and carries its own certificates (first-order residual, gap to an upper
bound). Departures from Robyn's ``R/allocator.R: robyn_allocator``, all on purpose:

- Robyn's gradient method can stop in a local optimum of the S-shaped curves; ours cannot.
- A budget outside the bounds is refused. Robyn returns a point that misses it, silently.
- A channel without effect (coefficient 0) stays in the plan, at its lower bound, as Robyn does
  with ``keep_zero_coefs = TRUE``. Its default drops the channel, spends the money elsewhere
  and so breaks the channel's lower bound without a word.
- A channel with a negative coefficient gets its lower bound, and the request is refused when
  only such channels could take the rest of the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mmmlib import columns as c
from mmmlib.errors import AllocationError, Problem
from mmmlib.job_parts import Allocator, ChannelBounds
from mmmlib.sigmoids import Curves, Floats, exchange_gain, maximise

TargetType = Literal["revenue", "conversion"]

SLACK = 1e-9  # relative; a budget typed with fewer digits than the bounds still fits them


@dataclass(frozen=True)
class Allocation:
    """A plan for one period, and how good it is known to be.

    Attributes
    ----------
    table : DataFrame
        One row a paid channel in the order given: ``channel, current_spend, current_response,
        current_marginal, planned_spend, planned_response, planned_marginal, spend_low,
        spend_high, binding``, per period, in currency and units of the target. ``binding`` is
        ``low``, ``high`` or empty: the bound the planned spend stands on.
    budget : float
        Planned spend of all channels, per period.
    periods : int
        Periods the plan covers; totals are per period times this.
    scenario : str
        What was optimised.
    target_type : str
        ``revenue`` (efficiency is ROAS) or ``conversion`` (CPA).
    kkt_residual : float
        What moving one more unit of money could still gain, as a share of the largest marginal
        response: 0 at an optimum.
    gap : float
        The largest response possible is at most this share above the planned one.
    """

    table: pd.DataFrame
    budget: float
    periods: int
    scenario: str
    target_type: TargetType
    kkt_residual: float
    gap: float

    def metrics(self) -> pd.DataFrame:
        """Figures of ``allocator_metrics.csv``, one row a metric.

        Columns ``metric, current, planned, lift_percent``. ``roas`` is response over spend and
        ``cpa`` spend over response of all paid channels; the response of a period includes
        what earlier spend carries into it, as in Robyn.
        """
        table = self.table
        spend = [float(table[name].sum()) for name in (c.CURRENT_SPEND, c.PLANNED_SPEND)]
        response = [float(table[name].sum()) for name in (c.CURRENT_RESPONSE, c.PLANNED_RESPONSE)]
        if self.target_type == "revenue":
            efficiency = (c.ROAS, [_ratio(r, s) for r, s in zip(response, spend, strict=True)])
        else:
            efficiency = (c.CPA, [_ratio(s, r) for r, s in zip(response, spend, strict=True)])
        rows = [
            ("spend_per_period", spend),
            ("response_per_period", response),
            ("total_spend", [value * self.periods for value in spend]),
            ("total_response", [value * self.periods for value in response]),
            efficiency,
        ]
        return pd.DataFrame(
            [(name, now, then, 100 * _ratio(then - now, now)) for name, (now, then) in rows],
            columns=[c.METRIC, c.CURRENT, c.PLANNED, c.LIFT_PERCENT],
        )


def allocate(
    channels: pd.DataFrame, settings: Allocator, periods: int, target_type: TargetType = "revenue"
) -> Allocation:
    """Split the budget over the paid channels so that the total response is largest.

    Parameters
    ----------
    channels
        ``TrainingResult.channels``: one row a paid channel, spend per period.
    settings
        Scenario, budget (of all periods together; without one, the current spend is kept)
        and bounds as multiples of the current spend.
    periods
        Periods the plan covers, at least 1.
    target_type
        ``revenue`` or ``conversion``.

    Raises
    ------
    AllocationError
        The response curves are not usable, no channel has an effect, or the budget does not
        fit the bounds; each problem says what would.
    """
    if problems := list(_unusable(channels, settings, periods)):
        raise AllocationError(problems)
    current = _floats(channels, c.CURRENT_SPEND)
    low, high = _bounds(channels, settings, current)
    budget = current.sum() if settings.total_budget is None else settings.total_budget / periods
    _fits(budget, low, high, settings, periods)
    coefficient = _floats(channels, c.COEFFICIENT)
    spend, residual, gap = _best_spend(channels, coefficient, low, high, float(budget))
    table = pd.DataFrame(
        {
            c.CHANNEL: channels[c.CHANNEL].to_numpy(),
            c.CURRENT_SPEND: current,
            c.CURRENT_RESPONSE: _signed(channels, current)[0],
            c.CURRENT_MARGINAL: _signed(channels, current)[1],
            c.PLANNED_SPEND: spend,
            c.PLANNED_RESPONSE: _signed(channels, spend)[0],
            c.PLANNED_MARGINAL: _signed(channels, spend)[1],
            c.SPEND_LOW: low,
            c.SPEND_HIGH: high,
            c.BINDING: np.select([spend <= low, spend >= high], ["low", "high"], ""),
        }
    )
    return Allocation(table, float(budget), periods, settings.scenario, target_type, residual, gap)


def _best_spend(
    channels: pd.DataFrame, coefficient: Floats, low: Floats, high: Floats, budget: float
) -> tuple[Floats, float, float]:
    """Spend (n,), first-order residual and gap.

    Channels without effect stay at their low unless the others cannot take the whole budget.
    """
    active, idle = coefficient > 0, coefficient == 0
    spend = low.copy()
    rest = min(max(budget - low[~active].sum(), low[active].sum()), high[active].sum())
    curves = _curves(channels[active])
    optimum = maximise(curves, low[active], high[active], float(rest))
    spend[active] = optimum.spend
    surplus = budget - low[~active].sum() - high[active].sum()
    if surplus > SLACK * budget:
        room = high[idle] - low[idle]
        if surplus > room.sum() * (1 + SLACK):
            raise AllocationError([_only_harm(channels, coefficient, low, high)])
        spend[idle] = low[idle] + room * min(1.0, surplus / room.sum())
    residual = exchange_gain(curves, low[active], high[active], optimum.spend)
    return spend, residual, optimum.gap


def _curves(channels: pd.DataFrame) -> Curves:
    return Curves(
        *(
            _floats(channels, name)
            for name in (c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER)
        )
    )


def _signed(channels: pd.DataFrame, spend: Floats) -> tuple[Floats, Floats]:
    """Response and marginal response of all channels, 0 for those without effect."""
    response, marginal = np.zeros_like(spend), np.zeros_like(spend)
    acts = _floats(channels, c.COEFFICIENT) != 0
    curves = _curves(channels[acts])
    response[acts], marginal[acts] = curves.response(spend[acts]), curves.marginal(spend[acts])
    return response, marginal


def _bounds(channels: pd.DataFrame, settings: Allocator, current: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest spend of each channel, per period."""
    own = [settings.channels.get(name, ChannelBounds()) for name in channels[c.CHANNEL]]
    low = [settings.low if bounds.low is None else bounds.low for bounds in own]
    high = [settings.high if bounds.high is None else bounds.high for bounds in own]
    return np.array(low) * current, np.array(high) * current


def _fits(budget: float, low: Floats, high: Floats, settings: Allocator, periods: int) -> None:
    """Refuse a budget that the bounds cannot make up."""
    least, most = float(low.sum()), float(high.sum())
    if least * (1 - SLACK) <= budget <= most * (1 + SLACK):
        return
    given = settings.total_budget is not None
    possible = (
        f"{least:,.2f} to {most:,.2f} per period"
        f" ({least * periods:,.2f} to {most * periods:,.2f} over {periods} periods)"
    )
    below = budget < least
    edge = "low" if below else "high"
    advice = f"{'lower' if below else 'raise'} allocator.{edge} or the channels' own {edge}"
    raise AllocationError(
        [
            Problem(
                "allocator.total_budget" if given else f"allocator.{edge}",
                f"the budget {budget:,.2f} per period ({budget * periods:,.2f} over {periods}"
                f" periods) is {'below' if below else 'above'} what the bounds allow:"
                f" {possible}; {'choose a budget in that range, or ' if given else ''}{advice}",
            )
        ]
    )


def _only_harm(channels: pd.DataFrame, coefficient: Floats, low: Floats, high: Floats) -> Problem:
    harmful = coefficient < 0
    most = float(low[harmful].sum() + high[~harmful].sum())
    names = ", ".join(map(str, channels[c.CHANNEL][harmful]))
    return Problem(
        "allocator.total_budget",
        f"above {most:,.2f} per period the money could only go to channels with a negative"
        f" effect ({names}); choose a smaller budget or raise the other channels' high",
    )


def _unusable(channels: pd.DataFrame, settings: Allocator, periods: int) -> Iterator[Problem]:
    """What of the response curves or the settings no plan can be made with."""
    if periods < 1:
        yield Problem("periods", f"{periods} is too small; a plan covers at least 1 period")
    known = list(channels[c.CHANNEL])
    for name in settings.channels:
        if name not in known:
            yield Problem(
                f"allocator.channels.{name}",
                f"is no paid channel of the model; use one of: {', '.join(map(str, known))}",
            )
    for _, row in channels.iterrows():
        where = f"channels.{row[c.CHANNEL]}"
        own = settings.channels.get(row[c.CHANNEL], ChannelBounds())
        low = settings.low if own.low is None else own.low
        high = settings.high if own.high is None else own.high
        if low > high:
            yield Problem(f"allocator.{where}", f"its low {low:g} is above its high {high:g}")
        for name in (c.COEFFICIENT, c.CURRENT_SPEND):
            if not np.isfinite(row[name]):
                yield Problem(where, f"{name} is {row[name]}; the model cannot be planned with")
        if row[c.CURRENT_SPEND] < 0:
            yield Problem(where, f"its current spend {row[c.CURRENT_SPEND]:g} is negative")
        if row[c.COEFFICIENT] != 0:
            yield from _malformed(where, row)
    if not (_floats(channels, c.CURRENT_SPEND) > 0).any():
        yield Problem("channels", "no channel has any spend; bounds are multiples of it")
    if not (_floats(channels, c.COEFFICIENT) > 0).any():
        yield Problem("channels", "no channel has a positive effect: there is nothing to plan")


def _malformed(where: str, row: pd.Series) -> Iterator[Problem]:
    for name in (c.ALPHA, c.INFLEXION):
        if not (np.isfinite(row[name]) and row[name] > 0):
            yield Problem(where, f"{name} is {row[name]}; a response curve needs it above 0")
    if not (np.isfinite(row[c.MEAN_CARRYOVER]) and row[c.MEAN_CARRYOVER] >= 0):
        yield Problem(where, f"mean_carryover is {row[c.MEAN_CARRYOVER]}; it cannot be below 0")


def _floats(table: pd.DataFrame, name: str) -> Floats:
    return table[name].to_numpy(dtype=np.float64)


def _ratio(above: float, below: float) -> float:
    """A quotient that is NaN, not an error, where there is nothing to divide by."""
    return above / below if below else float("nan")
