"""Candidates of one model: from hyperparameters to their fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmmlib import columns as c
from mmmlib.engines.native.evaluate import (
    DECOMP_RSSD,
    NRMSE_TRAIN,
    NRMSE_VAL,
    evaluate_batch,
    fill_media,
)
from mmmlib.engines.native.inputs import ModelInput
from mmmlib.engines.native.space import PENALTY_SUFFIX, Space, media_columns
from mmmlib.engines.native.transforms import FAMILIES, FloatArray
from mmmlib.job import TrainingJob


@dataclass(frozen=True)
class Fits:
    """Fits of a batch of candidates.

    Attributes
    ----------
    errors : array, shape (b, N_ERRORS)
        Columns as :mod:`mmmlib.engines.native.evaluate` numbers them.
    coefficients : array, shape (b, 1 + p)
        The intercept first.
    passes : array, shape (b,)
        Passes of the coordinate descent; -1 where there is no fit.
    """

    errors: FloatArray
    coefficients: FloatArray
    passes: NDArray[np.int64]


@dataclass(frozen=True)
class Transformed:
    """The media of one candidate in the window; ``m`` media, in the order of the design.

    Attributes
    ----------
    saturated, saturated_carryover : array, shape (rows, m)
        Saturated adstock, and the saturated part that earlier periods carried over.
    immediate, carryover : array, shape (rows, m)
        Adstock in units of money, by when it was spent.
    inflexions : array, shape (m,)
    alphas : array, shape (m,)
    """

    saturated: FloatArray
    saturated_carryover: FloatArray
    immediate: FloatArray
    carryover: FloatArray
    inflexions: FloatArray
    alphas: FloatArray


@dataclass(frozen=True)
class Model:
    """A job on its input: evaluates candidates of its space."""

    data: ModelInput
    job: TrainingJob

    @cached_property
    def space(self) -> Space:
        """The search space."""
        return Space.of(self.job, self.data.variables)

    def strengths(self, values: FloatArray) -> FloatArray:
        """Glmnet's lambda of each candidate: ``lambda_hp`` placed between its bounds."""
        high = self.data.lambda_max
        low = 1e-4 * high
        share: FloatArray = values[:, self.space.names.index(c.LAMBDA_HP)]
        return low + (high - low) * share

    def evaluate(self, values: FloatArray) -> Fits:
        """Fit candidates.

        Parameters
        ----------
        values : array, shape (b, len(space.names))
            Hyperparameters, one row a candidate.
        """
        names = self.space.names
        penalties = [i for i, name in enumerate(names) if name.endswith(PENALTY_SUFFIX)]
        factors = np.ones((len(values), len(self.data.variables)))
        if self.job.penalty_factors:
            factors = values[:, penalties[-len(self.data.variables) :]]
        own = (
            self._media_values(values),
            self.strengths(values),
            np.ascontiguousarray(values[:, names.index(c.TRAIN_SIZE)]),
            np.ascontiguousarray(factors),
        )
        return Fits(*evaluate_batch(*self._fixed_arguments, *own))

    def compile(self) -> None:
        """Compile, or load from the cache; worker processes then load from the cache."""
        low = [bounds[0] for bounds in self.space.bounds.values()]
        self.evaluate(np.array([low]))
        self.transform(np.array(low))

    def objectives(self, fits: Fits) -> FloatArray:
        """What the search minimises: shape (b, 2), nrmse and DECOMP.RSSD.

        The nrmse is that of validation where there is a validation split.
        """
        nrmse = NRMSE_VAL if self.job.ts_validation else NRMSE_TRAIN
        return fits.errors[:, [nrmse, DECOMP_RSSD]]

    def transform(self, values: FloatArray) -> Transformed:
        """Adstock and saturate the media of one candidate.

        Parameters
        ----------
        values : array, shape (len(space.names),)
        """
        own = self._media_values(values[None])[0]
        media, first, rows = self.data.media, self.data.first, self.data.rows
        adstocked, saturated = np.empty((2, len(media), rows))
        inflexions, shares = np.empty((2, len(media)))
        family = FAMILIES[self.job.adstock]
        fill_media(media, first, family, own, adstocked, saturated, inflexions, shares)
        immediate = media[:, first : first + rows] * shares[:, None]
        carryover = adstocked - immediate
        alphas, thresholds = own[:, [0]], inflexions[:, None]
        return Transformed(
            saturated.T,
            saturation(carryover, alphas, thresholds).T,
            immediate.T,
            carryover.T,
            inflexions,
            own[:, 0],
        )

    def _media_values(self, values: FloatArray) -> FloatArray:
        chosen = values[:, media_columns(self.job, self.space.names)]
        return np.ascontiguousarray(chosen)

    @cached_property
    def _fixed_arguments(self) -> tuple[Any, ...]:
        job, data = self.job, self.data
        window = slice(data.first, data.first + data.rows)
        lower, upper = data.limits(job)
        trend = data.variables.index("trend") if "trend" in job.prophet else -1
        spend = data.spends[window].sum(axis=0)
        return (
            data.media,
            np.ascontiguousarray(data.values[window, : -len(job.media)]),
            data.target[window].copy(),
            data.first,
            FAMILIES[job.adstock],
            lower,
            upper,
            trend,
            spend / spend.sum(),
            job.intercept,
            job.intercept_sign == "non_negative",
            job.rssd_zero_penalty,
        )


def saturation(adstocked: FloatArray, alpha: FloatArray, inflexion: FloatArray) -> FloatArray:
    """Hill saturation of arrays that broadcast; 0 where nothing is adstocked."""
    power = np.asarray(adstocked) ** alpha
    with np.errstate(invalid="ignore"):
        return np.where(power == 0.0, 0.0, power / (power + inflexion**alpha))
