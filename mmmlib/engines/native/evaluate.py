"""Evaluate candidates: hyperparameters in, errors and coefficients out, compiled.

One call evaluates a batch with no Python inside and without the GIL. Formulas: Robyn
``R/model.R: robyn_mmm, model_refit, model_decomp`` and ``R/auxiliary.R: get_rsq``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.calibrate import Studies, lift_distance, study_effects
from mmmlib.engines.native.compiled import compiled
from mmmlib.engines.native.convolution import Spectra
from mmmlib.engines.native.refresh_distance import refresh_distance
from mmmlib.engines.native.ridge import fit_ridge
from mmmlib.engines.native.transforms import adstock_into, saturate_into
from mmmlib.model import FloatArray, splits

# Columns of the errors a batch returns.
NRMSE_TRAIN, NRMSE_VAL, NRMSE_TEST, RSQ_TRAIN, RSQ_VAL, RSQ_TEST, DECOMP_RSSD = range(7)
N_ERRORS = 7

split_sizes = compiled(splits.split_sizes)


class Fixed(NamedTuple):
    """What of a model is the same for all its candidates; ``m`` media, ``p`` variables.

    Attributes
    ----------
    media : array, shape (m, n)
        Exposure in units of money, all rows; paid channels first.
    spectra : Spectra
        Of the media up to the window's last row.
    base : array, shape (rows, p - m)
        Prophet components and context variables in the window.
    target : array, shape (rows,)
    first : int
        First row of the window within the n rows.
    family : int
        Adstock family.
    lower, upper : array, shape (p,)
        Limits of the coefficients in the order of the design: base, then media.
    trend : int
        Column of the trend, whose limits become [-1, 0] where its training rows sum to
        less than 0; -1 without a trend.
    spend_shares : array, shape (k,)
        Shares of the k paid channels.
    with_intercept, non_negative, zero_penalty : bool
        Whether to fit an intercept; to refit without one where it comes out negative; to
        penalise channels without effect in DECOMP.RSSD.
    studies : Studies
        Lift studies; there may be none.
    previous : array, shape (1 + p,) or (0,)
        In a refresh the shares of the parent's decomposition.
    freedom : float
        In a refresh the share of the window that is new.
    """

    media: FloatArray
    spectra: Spectra
    base: FloatArray
    target: FloatArray
    first: int
    family: int
    lower: FloatArray
    upper: FloatArray
    trend: int
    spend_shares: FloatArray
    with_intercept: bool
    non_negative: bool
    zero_penalty: bool
    studies: Studies
    previous: FloatArray
    freedom: float


class CandidateBatch(NamedTuple):
    """Candidates that are evaluated together.

    Attributes
    ----------
    hyperparameters : array, shape (b, m, 3 or 4)
    strengths, train_sizes : array, shape (b,)
        Glmnet's lambda and the share of training rows (1: no validation split).
    factors : array, shape (b, p)
        Penalty factors.
    """

    hyperparameters: FloatArray
    strengths: FloatArray
    train_sizes: FloatArray
    factors: FloatArray


@compiled
def fill_media(
    media: FloatArray,
    first: int,
    family: int,
    hyperparameters: FloatArray,
    adstocked: FloatArray,
    saturated: FloatArray,
    inflexions: FloatArray,
    immediate_shares: FloatArray,
    spectra: Spectra | None = None,
) -> None:
    """Adstock and saturate every medium on the window's rows.

    Parameters
    ----------
    media : array, shape (m, n)
        Exposure of every medium in units of money, all rows.
    first : int
        First row of the window.
    family : int
        Adstock family.
    hyperparameters : array, shape (m, 3 or 4)
        Alpha, gamma, then theta, or Weibull scale and shape.
    adstocked : array, shape (m, rows)
        Receives the adstock of the window.
    saturated : array, shape (m, rows)
        Receives the saturated adstock.
    inflexions : array, shape (m,)
        Receives gamma times the largest adstock of the window.
    immediate_shares : array, shape (m,)
        Receives the share of exposure that acts at once.
    spectra : Spectra, optional
        Of the media up to the window's last row; without them Weibull adstock is summed directly.
    """
    for medium in range(media.shape[0]):
        own = hyperparameters[medium]
        shape = own[3] if own.size > 3 else 0.0
        immediate_shares[medium] = adstock_into(
            media[medium], family, own[2], shape, first, adstocked[medium], spectra, medium
        )
        inflexions[medium] = own[1] * adstocked[medium].max()
        saturate_into(adstocked[medium], own[0], inflexions[medium], saturated[medium])


@compiled
def split_errors(
    actual: FloatArray, fitted: FloatArray, n_train: int, p: int, df_intercept: int
) -> tuple[float, float]:
    """NRMSE and adjusted R squared of one split; NaN where the split has no rows.

    The degrees of freedom are those of the training rows in every split, as in Robyn.
    """
    n = actual.size
    if n == 0:
        return np.nan, np.nan
    residual, total = 0.0, 0.0
    mean = actual.sum() / n
    for i in range(n):
        residual += (actual[i] - fitted[i]) ** 2
        total += (actual[i] - mean) ** 2
    nrmse = math.sqrt(residual / n) / (actual.max() - actual.min())
    rsq = 1.0 - residual / total * (n_train - df_intercept) / (n_train - p - 1)
    return nrmse, rsq


@compiled
def decomposition_distance(
    totals: FloatArray, spend_shares: FloatArray, zero_penalty: bool
) -> float:
    """DECOMP.RSSD: distance of effect shares from spend shares of the paid channels.

    Infinite where paid media have no effect at all. With the zero penalty it grows by the
    share of paid channels whose effect share rounds to 0.0000.

    Parameters
    ----------
    totals : array, shape (k,)
        Contribution of each paid channel over the window.
    spend_shares : array, shape (k,)
    zero_penalty : bool
    """
    total = totals.sum()
    if total == 0.0:
        return np.inf
    squares, zeros = 0.0, 0
    for channel in range(totals.size):
        effect = totals[channel] / total
        squares += (effect - spend_shares[channel]) ** 2
        zeros += np.rint(effect * 1e4) == 0.0
    distance = math.sqrt(squares)
    if zero_penalty:
        distance *= 1.0 + zeros / totals.size
    return distance if math.isfinite(distance) else np.inf


@compiled
def evaluate_batch(
    fixed: Fixed, batch: CandidateBatch
) -> tuple[FloatArray, FloatArray, NDArray[np.int64], FloatArray, FloatArray]:
    """Evaluate a batch of candidates.

    Returns
    -------
    errors : array, shape (b, N_ERRORS)
    coefficients : array, shape (b, 1 + p)
    passes : array, shape (b,)
        Passes of the last fit; -1 where there is none, whose errors are infinite.
    mape : array, shape (b,)
        Distance to the lift studies; 0 without any.
    effects : array, shape (b, s)
        What each study's channels are credited with in the study's days.
    """
    media, first, family = fixed.media, fixed.first, fixed.family
    base, target, trend = fixed.base, fixed.target, fixed.trend
    lower, upper, spend_shares = fixed.lower, fixed.upper, fixed.spend_shares
    studies, previous, spectra = fixed.studies, fixed.previous, fixed.spectra
    with_intercept, non_negative = fixed.with_intercept, fixed.non_negative
    hyperparameters, strengths, train_sizes, factors = batch
    n_candidates, rows, n_media = strengths.size, target.size, media.shape[0]
    p_base = base.shape[1]
    p = p_base + n_media
    errors = np.full((n_candidates, N_ERRORS), np.nan)
    coefficients = np.zeros((n_candidates, 1 + p))
    passes = np.zeros(n_candidates, dtype=np.int64)
    mape = np.zeros(n_candidates)
    effects = np.full((n_candidates, studies.lifts.size), np.nan)
    adstocked = np.empty((n_media, rows))
    saturated = np.empty((n_media, rows))
    inflexions = np.empty(n_media)
    immediate_shares = np.empty(n_media)
    design = np.empty((rows, p))
    design[:, :p_base] = base
    low, high = lower.copy(), upper.copy()
    for b in range(n_candidates):
        fill_media(
            media,
            first,
            family,
            hyperparameters[b],
            adstocked,
            saturated,
            inflexions,
            immediate_shares,
            spectra,
        )
        design[:, p_base:] = saturated.T
        n_train, n_val = split_sizes(rows, train_sizes[b])
        x, y = design[:n_train], target[:n_train]
        if trend >= 0:
            falling = x[:, trend].sum() < 0.0
            low[trend] = -1.0 if falling else lower[trend]
            high[trend] = 0.0 if falling else upper[trend]
        df_intercept = 1  # as Robyn counts, also where the job wants none
        fit, passed = fit_ridge(x, y, strengths[b], low, high, factors[b], with_intercept)
        if non_negative and fit[0] < 0.0:
            df_intercept = 0
            fit, passed = fit_ridge(x, y, strengths[b], low, high, factors[b], False)
        passes[b] = passed
        if passed < 0:
            errors[b, : NRMSE_TEST + 1] = np.inf
            errors[b, DECOMP_RSSD] = np.inf
            mape[b] = np.inf if studies.lifts.size else 0.0
            continue
        coefficients[b] = fit
        fitted = np.full(rows, fit[0])
        totals = np.zeros(p)
        for i in range(rows):
            for j in range(p):
                part = design[i, j] * fit[1 + j]
                fitted[i] += part
                totals[j] += part
        edges = (0, n_train, n_train + n_val, rows)
        for part_of in range(3):
            start, end = edges[part_of], edges[part_of + 1]
            errors[b, part_of], errors[b, 3 + part_of] = split_errors(
                target[start:end], fitted[start:end], n_train, p, df_intercept
            )
        paid = totals[p_base : p_base + spend_shares.size]
        if previous.size:
            errors[b, DECOMP_RSSD] = refresh_distance(
                totals, fit[0] * rows, previous, p_base, spend_shares.size, fixed.freedom
            )
        else:
            errors[b, DECOMP_RSSD] = decomposition_distance(paid, spend_shares, fixed.zero_penalty)
        study_effects(
            studies,
            media,
            first,
            family,
            hyperparameters[b],
            adstocked,
            saturated,
            inflexions,
            fit[1 + p_base :],
            effects[b],
        )
        mape[b] = lift_distance(effects[b], studies.lifts, studies.short_kernels)
    return errors, coefficients, passes, mape, effects
