"""What media bring on a real calendar: spend by channel and period through a model's curves.

A model here is adstock, saturation and coefficient of each channel; there may be one, or many that
are equally probable (draws of a posterior), and every figure is then the mean over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c
from mmmlib.job import Adstock
from mmmlib.model import FloatArray, adstock


@dataclass(frozen=True)
class Models:
    """Curves of ``n`` channels in ``d`` equally probable models.

    Attributes
    ----------
    channels : tuple of str
    family : str
        Of the adstock.
    rows : int
        Length of the series that the models were fitted on: Weibull kernels depend on it.
    decays, shapes, alphas, inflexions, coefficients : array, shape (d, n)
        Theta, or the Weibull scale and shape; inflexions are in units of money.
    """

    channels: tuple[str, ...]
    family: Adstock
    rows: int
    decays: FloatArray
    shapes: FloatArray
    alphas: FloatArray
    inflexions: FloatArray
    coefficients: FloatArray

    @classmethod
    def of_draws(
        cls, draws: pd.DataFrame, channels: tuple[str, ...], family: Adstock, rows: int
    ) -> Models:
        """Models of rows ``draw, channel, coefficient, inflexion`` and the hyperparameters."""

        def table(name: str) -> FloatArray:
            wide = draws.pivot_table(name, c.DRAW, c.CHANNEL)
            return wide[list(channels)].to_numpy(dtype=np.float64)

        geometric = family == "geometric"
        decays = table("thetas" if geometric else "scales")
        shapes = np.zeros_like(decays) if geometric else table("shapes")
        figures = (table(name) for name in ("alphas", c.INFLEXION, c.COEFFICIENT))
        return cls(channels, family, rows, decays, shapes, *figures)

    def adstocked(self, calendar: FloatArray) -> FloatArray:
        """Carry exposures over; ``(t, n)`` in units of money to ``(t, d, n)``."""
        if self.family == "geometric":
            made = np.empty((len(calendar), *self.decays.shape))
            carried = np.zeros_like(self.decays)
            for t, exposure in enumerate(calendar):
                carried = exposure + self.decays * carried
                made[t] = carried
            return made
        made = np.zeros((len(calendar), *self.decays.shape))
        for d, i in np.ndindex(*self.decays.shape):
            decay, shape = float(self.decays[d, i]), float(self.shapes[d, i])
            lags = adstock.weights(self.family, self.rows, decay, shape)
            made[:, d, i] = np.convolve(calendar[:, i], lags)[: len(calendar)]
        return made

    def saturated(self, adstocked: FloatArray) -> FloatArray:
        """Contribution of adstocked exposures; shape as they have, channels last."""
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(
                self.coefficients / (1.0 + (self.inflexions / adstocked) ** self.alphas)
            )

    def contributions(self, calendar: FloatArray, before: FloatArray | None = None) -> FloatArray:
        """What every cell of a calendar brings in.

        Parameters
        ----------
        calendar : array, shape (t, n)
            Exposure in units of money. Rows of 0 after the last spend show what it leaves behind.
        before : array, shape (k, n), optional
            What was there before the calendar begins, and carries over into it.

        Returns
        -------
        array, shape (t, d, n)
            In units of the target.

        Examples
        --------
        >>> one = np.ones((1, 1))
        >>> models = Models(("tv",), "geometric", 9, 0.5 * one, one, one, 10 * one, 30 * one)
        >>> models.contributions(np.array([[10.0], [0.0]])).ravel().tolist()
        [15.0, 10.0]
        """
        whole = calendar if before is None else np.vstack([before, calendar])
        return self.saturated(self.adstocked(whole)[len(whole) - len(calendar) :])


@dataclass(frozen=True)
class OwnSeries:
    """Response of each channel to its own series, made larger or smaller: flights stay flights.

    Attributes
    ----------
    models : Models
    pattern : array, shape (t, n)
        Exposure in units of money of the plan's periods.
    before : array, shape (k, n)
        Exposure before them, which stays what it was.
    unit : array, shape (n,)
        Mean spend per period that the pattern stands for.
    """

    models: Models
    pattern: FloatArray
    before: FloatArray
    unit: FloatArray

    @cached_property
    def _carried(self) -> tuple[FloatArray, FloatArray]:
        """Adstock of the pattern, and of what was before it; shape (t, d, n)."""
        models, k = self.models, len(self.before)
        nothing = np.zeros_like(self.pattern)
        own = models.adstocked(np.vstack([np.zeros_like(self.before), self.pattern]))[k:]
        return own, models.adstocked(np.vstack([self.before, nothing]))[k:]

    def by_model(self, spend: FloatArray) -> FloatArray:
        """Response per period, shape (d, n), at a mean spend per period, shape (n,)."""
        own, older = self._carried
        return np.asarray(self.models.saturated(older + self._multiple(spend) * own).mean(axis=0))

    def respond(self, spend: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean response and marginal response per period over the models, shape (n,) each."""
        own, older = self._carried
        models, unit = self.models, np.where(self.unit > 0, self.unit, 1.0)
        position = older + self._multiple(spend) * own
        made = models.saturated(position)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = made / models.coefficients
            slope = made * models.alphas * (1.0 - share) * own / (position * unit)
        at_zero = np.select(
            [models.alphas < 1, models.alphas == 1],
            [np.inf, models.coefficients / models.inflexions],
            0.0,
        )
        with np.errstate(invalid="ignore"):
            steep = np.where(own > 0, at_zero * own / unit, 0.0)
        slope = np.where(models.coefficients == 0, 0.0, np.where(position > 0, slope, steep))
        return made.mean(axis=(0, 1)), slope.mean(axis=(0, 1))

    def _multiple(self, spend: FloatArray) -> FloatArray:
        return np.divide(spend, self.unit, out=np.zeros_like(spend), where=self.unit > 0)
