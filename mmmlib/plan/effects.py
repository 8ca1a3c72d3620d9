"""What a calendar's money brings in, and the next euro in each cell, in one model or in many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmmlib.model import FloatArray, adstock
from mmmlib.plan.series import Models

FORGOTTEN = 1e-6  # share of a spend that is still carried over when a plan's effect counts as ended


@dataclass(frozen=True)
class CalendarEffects:
    """Response of ``n`` channels over a plan of ``t`` periods and the ``k`` after it.

    Attributes
    ----------
    models : Models
    periods : int
        Of the plan.
    before : array, shape (b, n)
        Exposure in units of money before the plan.
    per_money : array, shape (t, n)
        Exposure in units of money that one unit of money buys.
    """

    models: Models
    periods: int
    before: FloatArray
    per_money: FloatArray

    @cached_property
    def tail(self) -> int:
        """Periods after the plan in which what it spent still works: at most the model's rows."""
        models = self.models
        if models.family == "geometric":
            largest = float(models.decays.max(initial=0.0))
            if largest <= 0:
                return 0
            lasts = np.ceil(np.log(FORGOTTEN) / np.log(largest)) if largest < 1 else np.inf
            return int(min(lasts, models.rows))
        return max(len(lags) - 1 for each in self._lags for lags in each)

    @cached_property
    def _lags(self) -> list[list[FloatArray]]:
        """Weights of each lag of a Weibull, by model and channel, without what is forgotten."""
        models, made = self.models, []
        for decays, shapes in zip(models.decays, models.shapes, strict=True):
            row = []
            for decay, shape in zip(decays, shapes, strict=True):
                lags = adstock.weights(models.family, models.rows, float(decay), float(shape))
                kept = np.flatnonzero(lags > FORGOTTEN)
                row.append(lags[: kept[-1] + 1] if kept.size else lags[:1])
            made.append(row)
        return made

    @cached_property
    def carried(self) -> FloatArray:
        """Adstock of what was before the plan, in it and after it; (t + k, d, n)."""
        rows = self.periods + self.tail
        nothing = np.zeros((rows, self.before.shape[1]))
        return self.models.adstocked(np.vstack([self.before, nothing]))[len(self.before) :]

    def positions(self, money: FloatArray) -> FloatArray:
        """Adstock of money (t, n) and of what was before it; (t + k, d, n)."""
        nothing = np.zeros((self.tail, money.shape[1]))
        return self.carried + self.models.adstocked(np.vstack([money * self.per_money, nothing]))

    def responses(self, money: FloatArray) -> FloatArray:
        """Response by period, model and channel; (t + k, d, n)."""
        return self.models.saturated(self.positions(money))

    @cached_property
    def unspent(self) -> FloatArray:
        """Response to what was before the plan, were nothing spent in it; (t + k, d, n)."""
        return self.models.saturated(self.carried)

    def brought(self, money: FloatArray) -> FloatArray:
        """What the money brings, in the plan's periods and after them; by model, (d, n)."""
        return np.asarray((self.responses(money) - self.unspent).sum(axis=0))

    def gained(self, money: FloatArray) -> tuple[float, FloatArray]:
        """What all money brings, and the next unit in each cell (t, n); means over the models."""
        positions = self.positions(money)
        made = self.models.saturated(positions)
        total = float((made - self.unspent).sum(axis=(0, 2)).mean())
        return total, self.next_unit(self.slopes(positions, made))

    def slopes(self, positions: FloatArray, made: FloatArray) -> FloatArray:
        """Slope of each curve where it stands; (t + k, d, n). Infinite where alpha < 1 begins."""
        models = self.models
        with np.errstate(divide="ignore", invalid="ignore"):
            share = made / models.coefficients
            slope = made * models.alphas * (1.0 - share) / positions
        begin = np.select(
            [models.alphas < 1, models.alphas == 1],
            [np.inf * np.sign(models.coefficients), models.coefficients / models.inflexions],
            0.0,
        )
        slope = np.where(positions > 0, slope, begin)
        return np.asarray(np.where(models.coefficients == 0, 0.0, slope))

    def next_unit(self, slopes: FloatArray) -> FloatArray:
        """What one more unit of money in each cell brings, from the slopes; (t, n)."""
        models, t = self.models, self.periods
        made = np.empty((t, *models.decays.shape))
        if models.family == "geometric":
            later = np.zeros_like(models.decays)
            for at in range(len(slopes) - 1, -1, -1):
                with np.errstate(invalid="ignore"):
                    passed = np.where(models.decays > 0, models.decays * later, 0.0)
                later = slopes[at] + passed
                if at < t:
                    made[at] = later
        else:
            for d, i in np.ndindex(*models.decays.shape):
                lags = self._lags[d][i]
                whole = np.concatenate([slopes[:, d, i], np.zeros(len(lags) - 1)])
                with np.errstate(invalid="ignore"):
                    made[:, d, i] = np.convolve(whole, lags[::-1], "valid")[:t]
        return np.asarray(made.mean(axis=1) * self.per_money)

    def next_unit_by_pattern(self, money: FloatArray) -> FloatArray:
        """What one more unit of money brings when each channel's calendar grows as a whole; (n,).

        A channel without money grows evenly.
        """
        positions = self.positions(money)
        slopes = self.slopes(positions, self.models.saturated(positions))
        spent = money.sum(axis=0)
        resting = self.next_unit(slopes).mean(axis=0)
        slopes = np.where((positions > 0) | (spent == 0), slopes, 0.0)
        cells = self.next_unit(np.where(spent > 0, slopes, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            own = (cells * money).sum(axis=0) / spent
        return np.asarray(np.where(spent > 0, own, resting))
