"""The saturation curve of a channel: its response, its derivatives and their inverse.

Source: Robyn's ``R/allocator.R: fx_objective, fx_gradient``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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
