"""What is asked of a plan: bounds, budget and target, refused where they cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmmlib.ground import AllocationError, Problem, columns as c
from mmmlib.job import Allocator
from mmmlib.plan.allocation import TargetType, efficiency
from mmmlib.plan.sigmoids import Floats
from mmmlib.plan.solve import SLACK, Responses, floats

DEFAULT_TARGET = {"revenue": 0.8, "conversion": 1.2}  # times today's ROAS or CPA, as in Robyn


def unusable(channels: pd.DataFrame, settings: Allocator, periods: int) -> Iterator[Problem]:
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
        low, high = settings.bounds(row[c.CHANNEL])
        if low > high:
            yield Problem(f"allocator.{where}", f"its low {low:g} is above its high {high:g}")
        for name in (c.COEFFICIENT, c.CURRENT_SPEND):
            if not np.isfinite(row[name]):
                yield Problem(where, f"{name} is {row[name]}; the model cannot be planned with")
        if row[c.CURRENT_SPEND] < 0:
            yield Problem(where, f"its current spend {row[c.CURRENT_SPEND]:g} is negative")
        if row[c.COEFFICIENT] != 0:
            yield from _malformed(where, row)
    if not (floats(channels, c.CURRENT_SPEND) > 0).any():
        yield Problem("channels", "no channel has any spend; bounds are multiples of it")
    if not (floats(channels, c.COEFFICIENT) > 0).any():
        yield Problem("channels", "no channel has a positive effect: there is nothing to plan")


def bounds_of(
    channels: pd.DataFrame, settings: Allocator, current: Floats, base: Floats
) -> tuple[Floats, Floats]:
    """Lowest and highest spend of each channel, per period: multiples of ``base``.

    A locked channel stays at its current spend.
    """
    names = list(channels[c.CHANNEL])
    multiples = np.array([settings.bounds(name) for name in names])
    own = [settings.channels.get(name) for name in names]
    locked = np.array([each is not None and each.locked for each in own])
    base = np.where(locked, current, base)
    return multiples[:, 0] * base, multiples[:, 1] * base


def budget_of(
    current: Floats, low: Floats, high: Floats, settings: Allocator, periods: int
) -> float:
    """Budget per period; refused where the bounds cannot make it up."""
    given = settings.total_budget is not None
    budget = (settings.total_budget or 0.0) / periods if given else float(current.sum())
    least, most = float(low.sum()), float(high.sum())
    if least * (1 - SLACK) <= budget <= most * (1 + SLACK):
        return budget
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


def target_of(
    curves: Responses, current: Floats, settings: Allocator, target_type: TargetType
) -> float:
    """ROAS or CPA that is asked; Robyn's share of today's where none is."""
    if settings.target is not None:
        return settings.target
    response = float(curves.respond(current)[0].sum())
    if response <= 0:
        said = f"today's response is {response:g}, which makes no target"
        raise AllocationError([Problem("allocator.target", f"{said}; set one")])
    today = efficiency(response, float(current.sum()), target_type)
    return DEFAULT_TARGET[target_type] * today


def _malformed(where: str, row: pd.Series) -> Iterator[Problem]:
    for name in (c.ALPHA, c.INFLEXION):
        if not (np.isfinite(row[name]) and row[name] > 0):
            yield Problem(where, f"{name} is {row[name]}; a response curve needs it above 0")
    if not (np.isfinite(row[c.MEAN_CARRYOVER]) and row[c.MEAN_CARRYOVER] >= 0):
        yield Problem(where, f"mean_carryover is {row[c.MEAN_CARRYOVER]}; it cannot be below 0")
