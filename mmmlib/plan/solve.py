"""The best spend within bounds, for a budget or for a target, with its certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from mmmlib.ground import AllocationError, Problem, columns as c
from mmmlib.plan.allocation import TargetType
from mmmlib.plan.separable import Separable, Split
from mmmlib.plan.series import OwnSeries
from mmmlib.plan.sigmoids import Curves, Floats, Limit, best_ratio, exchange_gain, maximise

SLACK = 1e-9  # relative; a budget typed with fewer digits than the bounds still fits them


class Solution(NamedTuple):
    """Spend (n,) of the channels, first-order residual and gap, both relative."""

    spend: Floats
    residual: float
    gap: float


class Responses(Protocol):
    """What a plan is made on: response by mean spend per period, and the best split of it."""

    def respond(self, spend: Floats) -> tuple[Floats, Floats]:
        """Response and marginal response per period, shape (n,) each."""

    def for_budget(self, low: Floats, high: Floats, budget: float) -> Solution:
        """Most response for a budget per period; ``AllocationError`` where there is no plan."""

    def for_target(
        self, low: Floats, high: Floats, target: float, target_type: TargetType
    ) -> Solution:
        """Most response at a ROAS or CPA; ``AllocationError`` where none reaches it."""


@dataclass(frozen=True)
class MeanSpend:
    """Robyn's definition: the curve at one spend that is the same in every period."""

    channels: pd.DataFrame

    def respond(self, spend: Floats) -> tuple[Floats, Floats]:
        """See :class:`Responses`."""
        return responses(self.channels, spend)

    def for_budget(self, low: Floats, high: Floats, budget: float) -> Solution:
        """See :class:`Responses`."""
        return best_for_budget(self.channels, low, high, budget)

    def for_target(
        self, low: Floats, high: Floats, target: float, target_type: TargetType
    ) -> Solution:
        """See :class:`Responses`."""
        return best_for_target(self.channels, low, high, target, target_type)


@dataclass(frozen=True)
class SeriesSpend:
    """What really happens: each channel's own series, made larger or smaller."""

    series: OwnSeries

    def respond(self, spend: Floats) -> tuple[Floats, Floats]:
        """See :class:`Responses`."""
        return self.series.respond(spend)

    def for_budget(self, low: Floats, high: Floats, budget: float) -> Solution:
        """See :class:`Responses`."""
        curves = Separable(self.respond, low, high)
        budget = float(np.clip(budget, low.sum(), high.sum()))
        split = curves.best(budget)
        assert split is not None  # the budget lies between the bounds
        return self._solution(curves.polished(split.spend, budget), split, low, high)

    def for_target(
        self, low: Floats, high: Floats, target: float, target_type: TargetType
    ) -> Solution:
        """See :class:`Responses`."""
        least = target if target_type == "revenue" else 1 / target
        curves = Separable(self.respond, low, high)
        split = curves.best(None, least)
        if split is None or not split.spend.sum() > 0:
            most = curves.most_efficient()
            raise AllocationError([_unreachable(target, target_type, most)])
        return self._solution(curves.polished(split.spend, None, least), split, low, high)

    def _solution(self, spend: Floats, split: Split, low: Floats, high: Floats) -> Solution:
        made, marginal = self.respond(spend)
        total, dust = float(made.sum()), 1e-9 * spend.sum()
        up, down = marginal[high - spend > dust], marginal[spend - low > dust]
        residual = 0.0
        if up.size and down.size and up.max() > max(down.min(), 0.0):
            residual = 1 - down.min() / up.max() if np.isfinite(up.max()) else 1.0
        gap = max(0.0, split.bound - total) / abs(total) if total else 0.0
        return Solution(spend, float(residual), gap)


@dataclass(frozen=True)
class GivenSplit(SeriesSpend):
    """A split that was decided on other grounds, made larger or smaller to fit a budget.

    Attributes
    ----------
    spend : array, shape (n,)
    """

    spend: Floats

    def for_budget(self, low: Floats, high: Floats, budget: float) -> Solution:
        """See :class:`Responses`; the gap says what the best split would have above it."""
        best = super().for_budget(low, high, budget)
        most = float(self.respond(best.spend)[0].sum()) * (1 + best.gap)
        given = np.clip(self.spend * (budget / self.spend.sum()), low, high)
        return self._solution(given, Split(given, most), low, high)


def best_for_budget(channels: pd.DataFrame, low: Floats, high: Floats, budget: float) -> Solution:
    """Most response for a budget per period.

    Channels without effect stay at their low unless the others cannot take the whole budget.

    Raises
    ------
    AllocationError
        Only channels with a negative effect could take the rest of the budget.
    """
    coefficient = floats(channels, c.COEFFICIENT)
    active, idle = coefficient > 0, coefficient == 0
    spend = low.copy()
    rest = min(max(budget - low[~active].sum(), low[active].sum()), high[active].sum())
    curves = _curves(channels[active])
    optimum = maximise(curves, low[active], high[active], Limit.budget(float(rest)))
    assert optimum is not None  # the rest lies between the bounds
    spend[active] = optimum.spend
    surplus = budget - low[~active].sum() - high[active].sum()
    if surplus > SLACK * budget:
        room = high[idle] - low[idle]
        if surplus > room.sum() * (1 + SLACK):
            raise AllocationError([_only_harm(channels, coefficient, low, high)])
        spend[idle] = low[idle] + room * min(1.0, surplus / room.sum())
    residual = exchange_gain(curves, low[active], high[active], optimum.spend)
    return Solution(spend, residual, optimum.gap)


def best_for_target(
    channels: pd.DataFrame, low: Floats, high: Floats, target: float, target_type: TargetType
) -> Solution:
    """Most response whose ROAS is at least the target, or whose CPA is at most it.

    Channels without effect, or with a negative one, stay at their low.

    Raises
    ------
    AllocationError
        No spend within the bounds reaches the target, or only none at all; the message says
        what can be reached.
    """
    least = target if target_type == "revenue" else 1 / target
    active = floats(channels, c.COEFFICIENT) > 0
    curves = _curves(channels[active])
    fixed = float(low[~active].sum()), float(responses(channels, low)[0][~active].sum())
    limit = Limit.efficiency(least, *fixed)
    optimum = maximise(curves, low[active], high[active], limit)
    if optimum is None or not (fixed[0] + optimum.spend.sum() > 0):
        ratio = best_ratio(curves, low[active], high[active], *fixed)
        raise AllocationError([_unreachable(target, target_type, ratio)])
    spend = low.copy()
    spend[active] = optimum.spend
    residual = exchange_gain(curves, low[active], high[active], optimum.spend)
    reached, open_ = curves.response(optimum.spend), optimum.spend < high[active]
    unspent = -limit.excess(optimum.spend, reached) / least
    if unspent < 0:
        residual = max(residual, -unspent / float(spend.sum()))
    elif open_.any():  # at the foot of an S-curve, more money may buy nothing
        gain = unspent * float(curves.marginal(optimum.spend)[open_].max())
        residual = max(residual, gain / float(reached.sum()))
    return Solution(spend, residual, optimum.gap)


def responses(channels: pd.DataFrame, spend: Floats) -> tuple[Floats, Floats]:
    """Response and marginal response of all channels, 0 for those without effect."""
    response, marginal = np.zeros_like(spend), np.zeros_like(spend)
    acts = floats(channels, c.COEFFICIENT) != 0
    curves = _curves(channels[acts])
    response[acts], marginal[acts] = curves.response(spend[acts]), curves.marginal(spend[acts])
    return response, marginal


def floats(table: pd.DataFrame, name: str) -> Floats:
    """A column as an array."""
    return table[name].to_numpy(dtype=np.float64)


def _curves(channels: pd.DataFrame) -> Curves:
    names = (c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER)
    return Curves(*(floats(channels, name) for name in names))


def _only_harm(channels: pd.DataFrame, coefficient: Floats, low: Floats, high: Floats) -> Problem:
    harmful = coefficient < 0
    most = float(low[harmful].sum() + high[~harmful].sum())
    names = ", ".join(map(str, channels[c.CHANNEL][harmful]))
    return Problem(
        "allocator.total_budget",
        f"above {most:,.2f} per period the money could only go to channels with a negative"
        f" effect ({names}); lower the budget or raise the high of the others",
    )


def _unreachable(target: float, target_type: TargetType, ratio: float) -> Problem:
    if ratio <= 0:
        return Problem("allocator.target", "no spend within the bounds has any response")
    if target_type == "revenue":
        said = f"no spend within the bounds has a ROAS of {target:,.6g}; the best is {ratio:,.6g}"
        return Problem("allocator.target", f"{said}: lower the target or the lower bounds")
    said = f"no spend within the bounds has a CPA of {target:,.6g}; the best is {1 / ratio:,.6g}"
    return Problem("allocator.target", f"{said}: raise the target or lower the lower bounds")
