"""Maximise a sum of saturation curves under one limit: globally, with a certificate."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from mmmlib.model import Curves, Floats
from mmmlib.plan.sigmoids.envelope import Envelope, Limit, envelope_of, height, split
from mmmlib.plan.sigmoids.local import exchanged, poured, sharpened

RELATIVE_GAP = 1e-9  # of the best response; smaller differences are rounding in the inputs
MOST_NODES = 400  # seconds; many equal S-curves would branch for ever, and gain 1e-4 at most


class Optimum(NamedTuple):
    """Spend (n,) of the best point found, and how far above it the optimum may be, relative."""

    spend: Floats
    gap: float


def maximise(curves: Curves, low: Floats, high: Floats, limit: Limit) -> Optimum | None:
    """Split money over the channels so that the total response is the largest possible.

    Parameters
    ----------
    curves
        One Hill curve a channel.
    low, high
        Bounds of each channel's spend, shape (n,).
    limit
        A budget (``sum(low) <= budget <= sum(high)``), or the least response a unit of spend.

    Returns
    -------
    Optimum or None
        ``None`` where no split within the bounds keeps the limit.
    """
    order = count()
    best, best_spend = -np.inf, None
    heap: list[tuple[float, int, Envelope, Floats]] = []

    def consider(low: Floats, high: Floats) -> None:
        nonlocal best, best_spend
        if not limit.response and not low.sum() <= limit.constant <= high.sum():
            return
        envelope = envelope_of(curves, low, high)
        relaxed = split(curves, envelope, limit)
        if relaxed is None:
            return
        for spend in _real(curves, envelope, relaxed, limit):
            response = float(curves.response(spend).sum())
            if response > best:
                best, best_spend = response, spend
        bound = float(height(curves, envelope, relaxed).sum())
        heapq.heappush(heap, (-bound, next(order), envelope, relaxed))

    consider(np.minimum(low, high), high)
    for _ in range(MOST_NODES):
        if not heap or -heap[0][0] <= best + RELATIVE_GAP * abs(best):
            break
        _, _, envelope, relaxed = heapq.heappop(heap)
        above = height(curves, envelope, relaxed) - curves.response(relaxed)
        worst = int(above.argmax())
        for side in (0, 1):
            bounds = [envelope.low.copy(), envelope.high.copy()]
            bounds[1 - side][worst] = relaxed[worst]
            consider(*bounds)
    if best_spend is None:
        return None
    best_spend = _polished(curves, low, high, best_spend, limit)
    best = float(curves.response(best_spend).sum())
    bound = max(-heap[0][0], best) if heap else best
    return Optimum(best_spend, (bound - best) / abs(best) if best else 0.0)


def best_ratio(
    curves: Curves, low: Floats, high: Floats, spend: float = 0.0, response: float = 0.0
) -> float:
    """Return the largest response a unit of spend within the bounds; infinite at no spend.

    Parameters
    ----------
    curves, low, high
        As in :func:`maximise`.
    spend, response
        Of channels that are not split over.

    Notes
    -----
    Dinkelbach (1967): at a price, the best spend of each channel is known exactly; the ratio it
    reaches is the next price. It rises, and stops at the largest ratio.
    """
    envelope = envelope_of(curves, low, high)
    chosen, ratio = high, 0.0  # at price 0 everything is bought
    for _ in range(200):
        money, whole = float(chosen.sum()) + spend, float(curves.response(chosen).sum()) + response
        if whole <= 0 or money <= 0:
            return ratio if whole <= 0 else float("inf")
        if whole / money <= ratio * (1 + 1e-15):
            break
        ratio = whole / money
        price = float(np.log(ratio))
        branch = np.clip(curves.spend_at(price, envelope.touch), envelope.touch, high)
        with np.errstate(divide="ignore"):
            chosen = np.where(price >= np.log(envelope.slope), low, branch)
    return ratio


def _real(curves: Curves, envelope: Envelope, relaxed: Floats, limit: Limit) -> Iterator[Floats]:
    """Splits that keep the limit on the curves themselves, near the relaxed one.

    Under a limit on efficiency, what stands on a chord promises too much: there the channel is
    put to either end of its chord, and the others are split again.
    """
    if not limit.response:
        yield sharpened(curves, envelope.low, envelope.high, relaxed)
        return
    chord = (relaxed > envelope.low) & (relaxed < envelope.touch)
    if not chord.any():
        yield relaxed
        return
    for slope in (0.0, np.inf):
        ends = envelope._replace(slope=np.where(chord, slope, envelope.slope))
        spend = split(curves, ends, limit)
        if spend is None:
            continue
        if limit.excess(spend, curves.response(spend)) <= limit.dust_of(spend):
            yield spend


def _polished(curves: Curves, low: Floats, high: Floats, spend: Floats, limit: Limit) -> Floats:
    """What a branch's bounds held back; a gain under a limit on efficiency is spent again."""
    for _ in range(8):
        moved = exchanged(curves, low, high, spend)
        if not limit.response:
            return moved
        spend = poured(curves, low, high, moved, limit)
        if np.array_equal(spend, moved):
            break
    return spend
