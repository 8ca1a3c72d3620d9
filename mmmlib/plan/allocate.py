"""From a request to a plan: what is asked, whether it can be, and the table of the answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.ground import AllocationError, Problem, columns as c, period_name
from mmmlib.job import Allocator
from mmmlib.plan import evidence
from mmmlib.plan.allocation import Allocation, TargetType, efficiency
from mmmlib.plan.history import asks_for_dates, today
from mmmlib.plan.request import bounds_of, budget_of, target_of, unusable
from mmmlib.plan.sigmoids import Floats
from mmmlib.plan.solve import SLACK, MeanSpend, Responses, Solution, floats

Flags = NDArray[np.bool_]


def allocate(
    channels: pd.DataFrame,
    settings: Allocator,
    periods: int,
    target_type: TargetType = "revenue",
    history: pd.DataFrame | None = None,
    modelled: pd.DataFrame | None = None,
    curves: Responses | None = None,
) -> Allocation:
    """Split money over the paid channels so that the total response is largest.

    Parameters
    ----------
    channels
        ``TrainingResult.channels`` of one model: one row a paid channel, spend per period.
    settings
        Scenario, budget or target, dates and bounds; see :class:`mmmlib.job.parts.Allocator`.
    periods
        Periods the plan covers, at least 1; where the settings ask for dates, it covers those.
    target_type
        ``revenue`` or ``conversion``.
    history
        ``date`` and one column a channel: spend per period of the window
        (:func:`spend_history`). Needed for dates, and for warnings about what was never seen.
    modelled
        The same of the modelling table: a channel's exposure in units of money, where it has one.
        Needed where ``today`` is ``exposure``.
    curves
        What the plan's response is; Robyn's definition, the curve at the mean spend, without.

    Raises
    ------
    AllocationError
        The response curves are not usable, no channel has an effect, the budget does not fit
        the bounds, no spend reaches the target, or the dates are not in the window; each
        problem says what would be possible.

    Notes
    -----
    The carryover that earlier periods leave stays the average of the window whatever the dates,
    as in Robyn (``R/allocator.R: robyn_allocator``).
    """
    notes: list[str] = []
    base = floats(channels, c.CURRENT_SPEND)
    if asks_for_dates(settings):
        channels, base, periods, notes = _on_dates(
            channels, settings, history if settings.today != "exposure" else modelled
        )
    if problems := list(unusable(channels, settings, periods)):
        raise AllocationError(problems)
    current = floats(channels, c.CURRENT_SPEND)
    low, high = bounds_of(channels, settings, current, base)
    curves = MeanSpend(channels) if curves is None else curves
    rested = base > current
    if rested.any() and settings.scenario == "max_response":
        low, freed = _within_budget(channels, settings, low, rested, periods)
        notes += freed
    target = None
    if settings.scenario == "max_response":
        budget = budget_of(current, low, high, settings, periods)
        solution = curves.for_budget(low, high, budget)
    else:
        target = target_of(curves, current, settings, target_type)
        solution = curves.for_target(low, high, target, target_type)
        budget = float(solution.spend.sum())
    table = _table(channels, curves, current, low, high, solution, target_type, history)
    _name_locked(table, settings)
    if target is not None:
        notes += _beyond_target(table, target, target_type)
    if history is not None:
        notes += evidence.of_channels(table, history)
    notes += evidence.of_plan(table, floats(channels, c.COEFFICIENT), history, solution.gap)
    return Allocation(
        table, budget, periods, settings.scenario, target_type, solution.residual, solution.gap,
        target, tuple(notes),
    )  # fmt: skip


def _on_dates(
    channels: pd.DataFrame, settings: Allocator, history: pd.DataFrame | None
) -> tuple[pd.DataFrame, Floats, int, list[str]]:
    """The channels with the average spend of the chosen periods, what bounds are multiples of, and
    how many periods these are.

    Bounds of a channel that rested then are multiples of its average of the window, as in Robyn.
    """
    if history is None:
        where = "allocator.last" if settings.last is not None else "allocator.start"
        said = "needs the history of spend, which is not there; plan with all periods"
        raise AllocationError([Problem(where, said)])
    names = list(channels[c.CHANNEL])
    chosen = today(history, settings)
    current = chosen[names].mean().to_numpy(dtype=np.float64)
    rested = current == 0
    notes = [
        f"{name}: nothing was spent in the chosen {period_name(history[c.DATE])}s; its bounds are"
        f" multiples of its average of the window ({average:,.0f})"
        for name, average, is_rested in zip(names, history[names].mean(), rested, strict=True)
        if is_rested and not _is_locked(settings, name)
    ]
    base = np.where(rested, history[names].mean().to_numpy(dtype=np.float64), current)
    return channels.assign(**{c.CURRENT_SPEND: current}), base, len(chosen), notes


def _is_locked(settings: Allocator, name: str) -> bool:
    own = settings.channels.get(name)
    return own is not None and own.locked


def _within_budget(
    channels: pd.DataFrame, settings: Allocator, low: Floats, rested: Flags, periods: int
) -> tuple[Floats, list[str]]:
    """Lowest spends that what is spent today can pay: a channel that rested may go on resting."""
    asked = settings.total_budget
    current = float(floats(channels, c.CURRENT_SPEND).sum())
    budget = current if asked is None else asked / periods
    if low.sum() <= budget * (1 + SLACK):
        return low, []
    names = list(channels[c.CHANNEL])
    own = [settings.channels.get(name) for name in names]
    free = rested & np.array([each is None or each.low is None for each in own]) & (low > 0)
    said = "its lowest spend is 0 and not a multiple of that average, as the budget is too small"
    freed = [f"{name}: {said}" for name, is_free in zip(names, free, strict=True) if is_free]
    return np.where(free, 0.0, low), freed


def _table(
    channels: pd.DataFrame,
    curves: Responses,
    current: Floats,
    low: Floats,
    high: Floats,
    solution: Solution,
    target_type: TargetType,
    history: pd.DataFrame | None,
) -> pd.DataFrame:
    spend = solution.spend
    before, after = curves.respond(current), curves.respond(spend)
    names = list(channels[c.CHANNEL])
    most = np.nan if history is None else history[names].max().to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            c.CHANNEL: channels[c.CHANNEL].to_numpy(),
            c.CURRENT_SPEND: current,
            c.CURRENT_RESPONSE: before[0],
            c.CURRENT_MARGINAL: before[1],
            c.CURRENT_EFFICIENCY: _efficiencies(before[0], current, target_type),
            c.PLANNED_SPEND: spend,
            c.PLANNED_RESPONSE: after[0],
            c.PLANNED_MARGINAL: after[1],
            c.PLANNED_EFFICIENCY: _efficiencies(after[0], spend, target_type),
            c.SPEND_LOW: low,
            c.SPEND_HIGH: high,
            c.BINDING: np.select([spend <= low, spend >= high], ["low", "high"], ""),
            c.MOST_EVER: most,
        }
    )


def _efficiencies(response: Floats, spend: Floats, target_type: TargetType) -> list[float]:
    pairs = zip(response.tolist(), spend.tolist(), strict=True)
    return [efficiency(r, s, target_type) for r, s in pairs]


def _name_locked(table: pd.DataFrame, settings: Allocator) -> None:
    """A channel with no room is on both of its bounds: it is locked, not held by one."""
    locked = [name for name, own in settings.channels.items() if own.locked]
    table.loc[table[c.CHANNEL].isin(locked), c.BINDING] = "locked"


def _beyond_target(table: pd.DataFrame, target: float, target_type: TargetType) -> list[str]:
    reached = efficiency(
        float(table[c.PLANNED_RESPONSE].sum()), float(table[c.PLANNED_SPEND].sum()), target_type
    )
    name = "ROAS" if target_type == "revenue" else "CPA"
    if abs(reached - target) <= 1e-6 * target:
        return []
    return [
        f"even the highest bounds reach {name} {reached:,.4g}, better than the target"
        f" {target:,.4g}: every channel stands on its highest; the target allows more"
    ]
