"""Maximise a sum of saturation curves at a fixed budget: globally, with a certificate.

A Hill curve with alpha > 1 is S-shaped, so the sum has local optima in which a gradient method
stops. The problem is separable, which makes the global optimum affordable: over the concave
envelopes of the curves one price (the marginal response all channels share) solves it exactly,
and branching on the few channels whose envelope lies above their curve closes the gap.

Source: Udell and Boyd (2013), Maximizing a Sum of Sigmoids, sections 3 and 4. The curve itself
is Robyn's ``R/allocator.R: fx_objective``.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RELATIVE_GAP = 1e-9  # of the best response; smaller differences are rounding in the inputs
MOST_NODES = 400  # seconds; many equal S-curves would branch for ever, and gain 1e-4 at most


@dataclass(frozen=True)
class Curves:
    """Hill curves ``coefficient * z^alpha / (z^alpha + inflexion^alpha)``, ``z = x + carryover``.

    All fields have shape (n,) and are positive, ``carryover`` may be 0. Spend ``x``, inflexion
    and carryover are in currency per period, coefficient in target per period.
    """

    coefficient: Floats
    alpha: Floats
    inflexion: Floats
    carryover: Floats

    def response(self, spend: Floats) -> Floats:
        """Response per period, shape (n,)."""
        with np.errstate(divide="ignore", over="ignore"):
            ratio = self.inflexion / (spend + self.carryover)
            return self.coefficient / (1 + ratio**self.alpha)

    def marginal(self, spend: Floats) -> Floats:
        """Derivative of the response by spend; infinite at 0 where alpha < 1."""
        position = spend + self.carryover
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            power = (position / self.inflexion) ** self.alpha
            slope = self.coefficient * self.alpha / position / (1 + power) / (1 + 1 / power)
        at_zero = np.select(
            [self.alpha < 1, self.alpha == 1], [np.inf, self.coefficient / self.inflexion], 0.0
        )
        return np.where(position > 0, slope, at_zero)

    def curvature(self, spend: Floats) -> Floats:
        """Second derivative of the response by spend; 0, a stand-in, at position 0."""
        position = spend + self.carryover
        with np.errstate(over="ignore"):
            saturation = self.response(spend) / self.coefficient
        bend = np.zeros_like(position)
        inside = position > 0
        numerator = self.marginal(spend)[inside] * (self.alpha * (1 - 2 * saturation) - 1)[inside]
        bend[inside] = numerator / position[inside]
        return bend

    def turning(self) -> Floats:
        """Spend above which each curve is concave: minus the carryover where it always is."""
        power = np.maximum(self.alpha - 1, 0) / (self.alpha + 1)
        return self.inflexion * power ** (1 / self.alpha) - self.carryover

    def spend_at(self, log_price: float, least: Floats) -> Floats:
        """Spend on the concave branch, from ``least`` on, at which the marginal is the price.

        In ``u = alpha log(z / inflexion)`` the logarithm of the marginal is concave and falling,
        and lies below its asymptote: Newton's method started on the asymptote converges
        from one side, without safeguards.
        """
        rate = np.log(self.coefficient * self.alpha / self.inflexion)
        rise = 1 - 1 / self.alpha
        with np.errstate(divide="ignore"):
            floor = self.alpha * np.log((least + self.carryover) / self.inflexion)
        floor = np.maximum(floor, -600.0)
        u = np.maximum((rate - log_price) / (1 + 1 / self.alpha), floor)
        for _ in range(80):
            slope = np.minimum(rise - 2 / (1 + np.exp(-np.minimum(u, 600.0))), -1e-12)
            error = rate + rise * u - 2 * np.logaddexp(0, u) - log_price
            step = np.where((u > floor) & (error < 0), error / slope, 0.0)
            u = np.maximum(u - step, floor)
            if np.max(step, initial=0.0) < 1e-14:
                break
        return self.inflexion * np.exp(u / self.alpha) - self.carryover


class Optimum(NamedTuple):
    """Spend (n,) of the best point found, and how far above it the optimum may be, relative."""

    spend: Floats
    gap: float


class _Envelope(NamedTuple):
    """Concave envelopes on ``[low, high]``: a chord from low to touch, then the curve."""

    low: Floats
    high: Floats
    touch: Floats
    slope: Floats  # of the chord; infinite where there is none


def maximise(curves: Curves, low: Floats, high: Floats, budget: float) -> Optimum:
    """Split ``budget`` over the channels so that the total response is the largest possible.

    Parameters
    ----------
    curves
        One Hill curve a channel.
    low, high
        Bounds of each channel's spend, shape (n,); ``sum(low) <= budget <= sum(high)``.
    budget
        Spend of all channels together, per period.
    """
    order = count()
    best, best_spend = -np.inf, low
    heap: list[tuple[float, int, _Envelope, Floats]] = []

    def consider(low: Floats, high: Floats) -> None:
        nonlocal best, best_spend
        if low.sum() > budget or high.sum() < budget:
            return
        envelope = _envelope(curves, low, high)
        relaxed = _split(curves, envelope, budget)
        spend = _sharpened(curves, low, high, relaxed)
        response = float(curves.response(spend).sum())
        if response > best:
            best, best_spend = response, spend
        bound = float(_height(curves, envelope, relaxed).sum())
        heapq.heappush(heap, (-bound, next(order), envelope, relaxed))

    consider(np.minimum(low, high), high)
    for _ in range(MOST_NODES):
        if not heap or -heap[0][0] <= best + RELATIVE_GAP * abs(best):
            break
        _, _, envelope, relaxed = heapq.heappop(heap)
        above = _height(curves, envelope, relaxed) - curves.response(relaxed)
        worst = int(above.argmax())
        for side in (0, 1):
            bounds = [envelope.low.copy(), envelope.high.copy()]
            bounds[1 - side][worst] = relaxed[worst]
            consider(*bounds)
    best_spend = _exchanged(curves, low, high, best_spend)  # no longer held by a branch's bounds
    best = float(curves.response(best_spend).sum())
    bound = max(-heap[0][0], best) if heap else best
    return Optimum(best_spend, (bound - best) / abs(best) if best else 0.0)


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


def _envelope(curves: Curves, low: Floats, high: Floats) -> _Envelope:
    """Where the chord from ``low`` touches each curve, by bisection."""
    turning = curves.turning()
    bowed = (turning > low) & (high > low)
    base = curves.response(low)

    def chord_is_flatter(at: Floats) -> npt.NDArray[np.bool_]:
        slope = np.where(bowed, curves.marginal(at), 0.0)  # elsewhere it may be infinite
        flatter: npt.NDArray[np.bool_] = slope * (at - low) > curves.response(at) - base
        return flatter

    left, right = np.clip(turning, low, high), high.copy()
    chord_throughout = chord_is_flatter(high)
    for _ in range(70):
        middle = (left + right) / 2
        flatter = chord_is_flatter(middle)
        left, right = np.where(flatter, middle, left), np.where(flatter, right, middle)
    touch = np.where(bowed, np.where(chord_throughout | (turning >= high), high, right), low)
    slope = np.full_like(touch, np.inf)
    width = touch - low
    np.divide(curves.response(touch) - base, width, out=slope, where=width > 0)
    return _Envelope(low, high, touch, slope)


def _height(curves: Curves, envelope: _Envelope, spend: Floats) -> Floats:
    """Value of the envelopes at ``spend``."""
    on_chord = spend < envelope.touch
    slope = np.where(on_chord, envelope.slope, 0.0)
    chord = curves.response(envelope.low) + slope * (spend - envelope.low)
    response = curves.response(spend)
    return np.where(on_chord, np.maximum(chord, response), response)


def _split(curves: Curves, envelope: _Envelope, budget: float) -> Floats:
    """Split the budget optimally over the envelopes: bisection on the shared price."""
    low, high = envelope.low, envelope.high

    def at(log_price: float) -> Floats:
        branch = np.clip(curves.spend_at(log_price, envelope.touch), envelope.touch, high)
        with np.errstate(divide="ignore"):
            return np.where(log_price >= np.log(envelope.slope), low, branch)

    rate = np.log(curves.coefficient * curves.alpha / curves.inflexion)
    dear, cheap = float(rate.max()) + 1.0, float(rate.min()) - 1.0
    while (most := at(dear)).sum() > budget and dear < 600:
        dear += 8.0
    while (least := at(cheap)).sum() < budget and cheap > -600:
        cheap -= 8.0
    for _ in range(100):
        middle = (dear + cheap) / 2
        if not cheap < middle < dear:
            break
        spend = at(middle)
        if spend.sum() > budget:
            cheap, least = middle, spend
        else:
            dear, most = middle, spend
    # What the last two prices still leave open lies on a chord (or is rounding): share it.
    open_ = least.sum() - most.sum()
    part = (budget - most.sum()) / open_ if open_ > 0 else 0.0
    spend = np.clip(most + min(max(part, 0.0), 1.0) * (least - most), low, high)
    dust = 1e-13 * budget
    return np.where(spend - low < dust, low, np.where(high - spend < dust, high, spend))


def _sharpened(curves: Curves, low: Floats, high: Floats, spend: Floats) -> Floats:
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


def _exchanged(curves: Curves, low: Floats, high: Floats, spend: Floats) -> Floats:
    """Move money pair by pair while that gains anything.

    Gains far below the tolerance of the branching still are visible in the marginals.
    """
    for _ in range(100):
        spend = _sharpened(curves, low, high, spend)
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
