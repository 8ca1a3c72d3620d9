"""Concave envelopes of saturation curves, and the best split of money over them.

One price, the marginal response all channels share, solves the split exactly: what it finds is
an upper bound of the true optimum, and equal to it where no channel stands on a chord.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmmlib.model import Curves, Floats


class Limit(NamedTuple):
    """What a split must keep: ``spend * sum(x) - response * sum(f(x)) <= constant``.

    ``Limit.budget`` and ``Limit.efficiency`` are the two there are.
    """

    spend: float
    response: float
    constant: float

    @classmethod
    def budget(cls, total: float) -> Limit:
        """Spend of all channels together is ``total``."""
        return cls(1.0, 0.0, total)

    @classmethod
    def efficiency(cls, least: float, spend: float = 0.0, response: float = 0.0) -> Limit:
        """Response a unit of spend is at least ``least``.

        ``spend`` and ``response`` are those of channels that are not split over.
        """
        return cls(least, 1.0, response - least * spend)

    def excess(self, spend: Floats, response: Floats) -> float:
        """How far a split is beyond the limit; above 0 it spends too much."""
        used = self.spend * float(spend.sum()) - self.response * float(response.sum())
        return used - self.constant

    def dust_of(self, spend: Floats) -> float:
        """What of the excess of a split is rounding."""
        return 1e-12 * self.spend * float(spend.sum())


class Envelope(NamedTuple):
    """Concave envelopes on ``[low, high]``: a chord from low to touch, then the curve."""

    low: Floats
    high: Floats
    touch: Floats
    slope: Floats  # of the chord; infinite where there is none


def envelope_of(curves: Curves, low: Floats, high: Floats) -> Envelope:
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
    return Envelope(low, high, touch, slope)


def height(curves: Curves, envelope: Envelope, spend: Floats) -> Floats:
    """Value of the envelopes at ``spend``."""
    on_chord = spend < envelope.touch
    slope = np.where(on_chord, envelope.slope, 0.0)
    chord = curves.response(envelope.low) + slope * (spend - envelope.low)
    response = curves.response(spend)
    return np.where(on_chord, np.maximum(chord, response), response)


def split(curves: Curves, envelope: Envelope, limit: Limit) -> Floats | None:
    """Split money optimally over the envelopes, by bisection on the shared price.

    Returns
    -------
    array or None
        Spend (n,); ``None`` where no split within the bounds keeps the limit.

    Notes
    -----
    Under a limit on efficiency the price lies between 0 and that efficiency: there the excess
    rises as the price falls, and above it nothing would be bought that pays for itself.
    """
    low, high = envelope.low, envelope.high

    def at(log_price: float) -> Floats:
        branch = np.clip(curves.spend_at(log_price, envelope.touch), envelope.touch, high)
        with np.errstate(divide="ignore"):
            return np.where(log_price >= np.log(envelope.slope), low, branch)

    def excess(spend: Floats) -> float:
        if not limit.response:
            return limit.excess(spend, spend)
        return limit.excess(spend, height(curves, envelope, spend))

    if excess(high) <= 0:
        return high.copy()
    rate = np.log(curves.coefficient * curves.alpha / curves.inflexion)
    dear, cheap = float(rate.max()) + 1.0, float(rate.min()) - 1.0
    if limit.response:
        dear = float(np.log(limit.spend))
        cheap = min(cheap, dear - 1.0)
    while excess(most := at(dear)) > 0 and dear < 600 and not limit.response:
        dear += 8.0
    if limit.response and excess(most) > 0:
        return None
    while excess(least := at(cheap)) < 0 and cheap > -600:
        cheap -= 8.0
    for _ in range(100):
        middle = (dear + cheap) / 2
        if not cheap < middle < dear:
            break
        spend = at(middle)
        if excess(spend) > 0:
            cheap, least = middle, spend
        else:
            dear, most = middle, spend
    # What the last two prices still leave open lies on a chord (or is rounding): share it.
    over, under = excess(least), -excess(most)
    part = under / (over + under) if over + under > 0 else 0.0
    spend = np.clip(most + min(max(part, 0.0), 1.0) * (least - most), low, high)
    dust = 1e-13 * float(spend.sum())
    return np.where(spend - low < dust, low, np.where(high - spend < dust, high, spend))
