"""The least concave curves above those of a calendar's cells: what no calendar can exceed."""

from __future__ import annotations

import numpy as np

from mmmlib.model import FloatArray
from mmmlib.plan.effects import CalendarEffects

_HALVINGS = 40
_CLOSE_TO_ZERO = 1e-9  # of the inflexion: where the tangent of a curve with alpha < 1 is taken


class Majorant:
    """A concave function of money that is nowhere below what the money brings.

    Each period's response is a Hill curve of its adstock. Between the adstocks of the lowest and
    of the highest money the least concave curve above it is a chord, and then the curve itself.

    Parameters
    ----------
    effects : CalendarEffects
    low, high : array, shape (t, n)
        Money that every calendar lies between.
    """

    def __init__(self, effects: CalendarEffects, low: FloatArray, high: FloatArray) -> None:
        self.effects = effects
        models = effects.models
        self.lo, hi = effects.positions(low), effects.positions(high)
        self.least = models.saturated(self.lo)
        with np.errstate(invalid="ignore", divide="ignore"):
            bend = (models.alphas - 1) / (models.alphas + 1)
            turn = models.inflexions * np.where(bend > 0, bend, 0.0) ** (1 / models.alphas)
        left = np.clip(turn, self.lo, hi)
        right = hi.copy()
        for _ in range(_HALVINGS):
            middle = (left + right) / 2
            made = models.saturated(middle)
            above = self._slope(middle, made) * (middle - self.lo) > made - self.least
            left, right = np.where(above, middle, left), np.where(above, right, middle)
        # the chord to the right end stays above the curve also where the halving has not ended
        self.end = np.where(turn > self.lo, right, self.lo)
        wide = self.end - self.lo
        rise = models.saturated(self.end) - self.least
        self.chord = np.divide(rise, wide, out=np.zeros_like(wide), where=wide > 0)
        self.good = np.broadcast_to(models.coefficients > 0, wide.shape)

    def gained(self, money: FloatArray) -> tuple[float, FloatArray]:
        """As :meth:`CalendarEffects.gained`, by the concave curves."""
        effects, models = self.effects, self.effects.models
        at = effects.positions(money)
        safe = np.maximum(at, _CLOSE_TO_ZERO * models.inflexions)
        made = models.saturated(safe)
        slope = self._slope(safe, made)
        curve = made + slope * (at - safe)
        inside = at < self.end
        value = np.where(inside, self.least + self.chord * (at - self.lo), curve)
        slope = np.where(inside, self.chord, slope)
        value = np.where(self.good, value, self.least)  # a negative effect is never above its least
        slope = np.where(self.good, slope, 0.0)
        total = float((value - effects.unspent).sum(axis=(0, 2)).mean())
        return total, effects.next_unit(slope)

    def _slope(self, at: FloatArray, made: FloatArray) -> FloatArray:
        models = self.effects.models
        with np.errstate(divide="ignore", invalid="ignore"):
            share = made / models.coefficients
            slope = made * models.alphas * (1.0 - share) / at
        return np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)
