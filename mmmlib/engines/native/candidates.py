"""Candidates of one model: from hyperparameters to their fits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.calibrate import Studies
from mmmlib.engines.native.compiled import interruptible
from mmmlib.engines.native.convolution import Spectra
from mmmlib.engines.native.evaluate import (
    DECOMP_RSSD,
    N_ERRORS,
    NRMSE_TRAIN,
    NRMSE_VAL,
    CandidateBatch,
    Fixed,
    evaluate_batch,
    fill_media,
)
from mmmlib.engines.native.refresh import Continuation
from mmmlib.engines.native.space import Space, media_columns
from mmmlib.ground import columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import FloatArray, ModelInput, adstock


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
    mape : array, shape (b,)
        Distance to the lift studies; 0 without any.
    effects : array, shape (b, s)
        What each of the job's lift studies would have found; NaN where there is no fit.
    """

    errors: FloatArray
    coefficients: FloatArray
    passes: NDArray[np.int64]
    mape: FloatArray
    effects: FloatArray

    @classmethod
    def empty(cls, size: int, model: Model) -> Fits:
        """Room for the fits of so many candidates."""
        return cls(
            np.empty((size, N_ERRORS)),
            np.empty((size, 1 + len(model.data.variables))),
            np.empty(size, dtype=np.int64),
            np.empty(size),
            np.empty((size, len(model.job.calibration))),
        )

    def put(self, rows: slice, fits: Fits) -> None:
        """Write the fits of a batch into these rows."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(fits, field.name)

    def of(self, rows: slice) -> Fits:
        """Fits of these rows."""
        return Fits(*(getattr(self, field.name)[rows] for field in fields(self)))


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
    """A job on its input: evaluates candidates of its space.

    Attributes
    ----------
    data : ModelInput
    job : TrainingJob
    short_kernels : bool
        Calibrate Weibull adstock as Robyn does, see :mod:`mmmlib.engines.native.calibrate`;
        only for comparison with Robyn's numbers.
    continuation : Continuation or None
        The parent of a refresh.
    """

    data: ModelInput
    job: TrainingJob
    short_kernels: bool = False
    continuation: Continuation | None = None

    @cached_property
    def space(self) -> Space:
        """The search space."""
        narrowed = self.continuation.bounds if self.continuation else {}
        return Space.of(self.job, self.data.variables, narrowed)

    def strengths(self, values: FloatArray) -> FloatArray:
        """Glmnet's lambda of each candidate: ``lambda_hp`` placed between its bounds."""
        high = self.data.lambda_max
        low = 1e-4 * high
        share: FloatArray = values[:, self._lambda]
        return low + (high - low) * share

    def evaluate(self, values: FloatArray) -> Fits:
        """Fit candidates.

        Parameters
        ----------
        values : array, shape (b, len(space.names))
            Hyperparameters, one row a candidate.
        """
        n_variables = len(self.data.variables)
        penalised = self.job.penalty_factors  # their factors are the last hyperparameters
        factors = values[:, -n_variables:] if penalised else np.ones((len(values), n_variables))
        batch = CandidateBatch(
            self._media_values(values),
            self.strengths(values),
            np.ascontiguousarray(values[:, self._train_size]),
            np.ascontiguousarray(factors),
        )
        with interruptible():
            return Fits(*evaluate_batch(self._fixed, batch))

    def compile(self) -> None:
        """Compile, or load from the cache; worker processes then load from the cache."""
        low = [bounds[0] for bounds in self.space.bounds.values()]
        self.evaluate(np.array([low]))
        self.transform(np.array(low))

    @property
    def n_objectives(self) -> int:
        """Number of errors the search minimises."""
        return 3 if self.job.calibration else 2

    def objectives(self, fits: Fits) -> FloatArray:
        """What the search minimises: shape (b, n_objectives).

        That is nrmse, DECOMP.RSSD and, with lift studies, MAPE. The nrmse is that of validation
        where there is a validation split. What is no number is infinite, as Robyn tells its
        optimizer.
        """
        nrmse = NRMSE_VAL if self.job.ts_validation else NRMSE_TRAIN
        errors = fits.errors[:, [nrmse, DECOMP_RSSD]]
        if self.job.calibration:
            errors = np.column_stack([errors, fits.mape])
        return np.where(np.isnan(errors), np.inf, errors)

    def transform(self, values: FloatArray) -> Transformed:
        """Adstock and saturate the media of one candidate.

        Always summed directly: carryover is what adstock leaves after the immediate part, and a
        transform's error could make it negative.

        Parameters
        ----------
        values : array, shape (len(space.names),)
        """
        own = self._media_values(values[None])[0]
        media, first, rows = self.data.media, self.data.first, self.data.rows
        adstocked, saturated = np.empty((2, len(media), rows))
        inflexions, shares = np.empty((2, len(media)))
        family = adstock.FAMILIES[self.job.adstock]
        with interruptible():
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
        return np.ascontiguousarray(values[:, self._media])

    # Where these hyperparameters stand; looked up once, as a model of 50 channels has 200 of them.

    @cached_property
    def _media(self) -> NDArray[np.int64]:
        return np.array(media_columns(self.job, self.space.names))

    @cached_property
    def _lambda(self) -> int:
        return self.space.names.index(c.LAMBDA_HP)

    @cached_property
    def _train_size(self) -> int:
        return self.space.names.index(c.TRAIN_SIZE)

    @cached_property
    def _fixed(self) -> Fixed:
        job, data, before = self.job, self.data, self.continuation
        lower, upper = data.limits(job)
        spend = data.spends[data.window].sum(axis=0)
        return Fixed(
            media=data.media,
            spectra=Spectra.of(data.media[:, : data.window.stop]),
            base=np.ascontiguousarray(data.values[data.window, : -len(job.media)]),
            target=data.target[data.window].copy(),
            first=data.first,
            family=adstock.FAMILIES[job.adstock],
            lower=lower,
            upper=upper,
            trend=data.variables.index("trend") if "trend" in job.prophet else -1,
            spend_shares=spend / spend.sum(),
            with_intercept=job.intercept,
            non_negative=job.intercept_sign == "non_negative",
            zero_penalty=job.rssd_zero_penalty,
            studies=Studies.of(data, job, self.short_kernels),
            previous=before.shares if before else np.empty(0),
            freedom=before.freedom if before else 0.0,
        )


def saturation(adstocked: FloatArray, alpha: FloatArray, inflexion: FloatArray) -> FloatArray:
    """Hill saturation of arrays that broadcast; 0 where nothing is adstocked."""
    power = np.asarray(adstocked) ** alpha
    with np.errstate(invalid="ignore"):
        return np.where(power == 0.0, 0.0, power / (power + inflexion**alpha))
