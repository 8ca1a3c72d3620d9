"""Local steps: equal marginals, exchanges of money, and how far a split is from an optimum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmmlib.model import Curves, Floats
from mmmlib.plan.sigmoids.envelope import Limit


def exchange_gain(curves: Curves, low: Floats, high: Floats, spend: Floats) -> float:
    """Return how far ``spend`` is from first-order optimality (KKT), 0 to 1.

    The largest gain of moving one more unit of money from a channel that may go down to one
    that may go up, as a share of the largest marginal response among them: 0 when all
    channels inside their bounds share one marginal and none at a bound wants to leave it.
    """
    marginal, dust = curves.marginal(spend), 1e-9 * spend.sum()
    up, down = marginal[high - spend > dust], marginal[spend - low > dust]
    if not up.size or not down.size or up.max() <= down.min():
        return 0.0
    gain = 1 - down.min() / up.max() if np.isfinite(up.max()) else 1.0
    return float(gain)


def sharpened(curves: Curves, low: Floats, high: Floats, spend: Floats) -> Floats:
    """Newton's method on the equal marginals of the channels inside their bounds.

    At an optimum at most one channel stands on the convex part of its curve; a step with it
    and one without are both tried, because it only converges with it when it belongs there.
    """
    best = float(curves.response(spend).sum())
    for _ in range(30):
        free = (spend > low) & (spend < high)
        bend = curves.curvature(spend)
        trials = [
            _newton_step(curves, low, high, spend, moved & (np.abs(bend) > 1e-300), bend)
            for moved in (free, free & (bend < 0))
        ]
        responses = [float(curves.response(trial).sum()) for trial in trials]
        better = int(np.argmax(responses))
        if responses[better] < best or np.array_equal(trials[better], spend):
            break
        best, spend = responses[better], trials[better]
    return spend


def exchanged(curves: Curves, low: Floats, high: Floats, spend: Floats) -> Floats:
    """Move money pair by pair while that gains anything.

    Gains far below the tolerance of the branching still are visible in the marginals.
    """
    for _ in range(100):
        spend = sharpened(curves, low, high, spend)
        if exchange_gain(curves, low, high, spend) <= 1e-9:
            break
        marginal, dust = curves.marginal(spend), 1e-9 * spend.sum()
        taker = int(np.where(high - spend > dust, marginal, -np.inf).argmax())
        giver = int(np.where(spend - low > dust, marginal, np.inf).argmin())
        one_more = np.zeros_like(spend)
        one_more[taker], one_more[giver] = 1.0, -1.0
        least, most = 0.0, float(min(high[taker] - spend[taker], spend[giver] - low[giver]))
        for _ in range(60):
            middle = (least + most) / 2
            moved = curves.marginal(spend + middle * one_more)
            least, most = (middle, most) if moved[taker] > moved[giver] else (least, middle)
        trial = np.clip(spend + most * one_more, low, high)
        if (curves.response(trial) - curves.response(spend)).sum() <= 0:
            break
        spend = trial
    return spend


def poured(curves: Curves, low: Floats, high: Floats, spend: Floats, limit: Limit) -> Floats:
    """Spend what a limit on efficiency still allows on the channels inside their bounds.

    Newton's method on the excess; the money is shared so that marginals stay equal.
    """
    for _ in range(20):
        excess = limit.excess(spend, curves.response(spend))
        bend = curves.curvature(spend)
        free = (spend > low) & (spend < high) & (bend < -1e-300)
        if abs(excess) <= limit.dust_of(spend) or not free.any():
            break
        share = np.where(free, -1 / np.where(free, bend, -1.0), 0.0)
        share /= share.sum()
        fall = limit.spend - limit.response * float((share * curves.marginal(spend))[free].sum())
        if fall <= 0:
            break
        trial = np.clip(spend - excess / fall * share, low, high)
        if abs(limit.excess(trial, curves.response(trial))) >= abs(excess):
            break
        spend = trial
    return spend


def _newton_step(
    curves: Curves,
    low: Floats,
    high: Floats,
    spend: Floats,
    moved: npt.NDArray[np.bool_],
    bend: Floats,
) -> Floats:
    """One step of the ``moved`` channels that keeps their sum, cut where a bound is met."""
    if np.count_nonzero(moved) < 2:
        return spend
    weight = np.zeros_like(spend)
    weight[moved] = -1 / bend[moved]
    total = float(weight.sum())
    if not np.isfinite(weight).all() or total == 0:
        return spend
    slope = np.where(moved, curves.marginal(spend), 0.0)
    step = weight * (slope - float((weight * slope).sum()) / total)
    room = np.where(step > 0, high - spend, spend - low)[step != 0]
    reach = room / np.abs(step[step != 0])
    return np.clip(spend + min(1.0, float(reach.min(initial=1.0))) * step, low, high)
