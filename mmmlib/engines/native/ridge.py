"""Ridge regression as glmnet 4.1 computes it, its stopping rule included.

Robyn calls ``glmnet(alpha = 0, lambda = one value, thresh = 1e-7)`` (``R/model.R: model_refit``).
Cyclic coordinate descent in covariance form (Friedman, Hastie, Tibshirani 2010, Journal of
Statistical Software 33(1), section 2.2) stops early at this threshold: the exact minimum differs
from Robyn's coefficients by up to a factor of four. The stopping rule is part of the method.
"""

from __future__ import annotations

import math

import numpy as np

from mmmlib.engines.native.compiled import compiled
from mmmlib.model import FloatArray

ROUNDING = 1e-9  # ground.ROUNDING, written out as it is compiled

THRESHOLD = 1e-7
MAX_PASSES = 100_000


@compiled
def standardise(
    x: FloatArray, y: FloatArray, intercept: bool
) -> tuple[FloatArray, FloatArray, FloatArray, float, FloatArray, float]:
    """Scale the training rows as glmnet's ``standard1`` does.

    With an intercept columns and target are centred. Without one nothing is centred, but columns
    are still divided by their standard deviation about the mean, and the target by its root mean
    square.

    Returns
    -------
    scaled : array, shape (n, p)
        Columns divided by ``scale * sqrt(n)``; a constant column is 0.
    target : array, shape (n,)
        The target with length 1.
    scale : array, shape (p,)
        Population standard deviations; 0 for a constant column.
    target_scale : float
        Length of the target before scaling; 0 when it is constant.
    means : array, shape (p,)
    target_mean : float
    """
    n, p = x.shape
    root = math.sqrt(n)
    means = np.zeros(p)
    scale = np.zeros(p)
    scaled = np.zeros((n, p))
    for j in range(p):
        low = high = x[0, j]
        for i in range(n):
            low = min(low, x[i, j])
            high = max(high, x[i, j])
        if high - low <= ROUNDING * max(abs(low), abs(high)):
            continue
        means[j] = x[:, j].sum() / n
        total = 0.0
        for i in range(n):
            total += (x[i, j] - means[j]) ** 2
        scale[j] = math.sqrt(total / n)
        centre = means[j] if intercept else 0.0
        for i in range(n):
            scaled[i, j] = (x[i, j] - centre) / (scale[j] * root)
    target_mean = y.sum() / n if intercept else 0.0
    target = (y - target_mean) / root
    target_scale = math.sqrt((target * target).sum())
    if target_scale > 0.0:
        target /= target_scale
    return scaled, target, scale, target_scale, means, target_mean


@compiled
def covariances(x: FloatArray) -> FloatArray:
    """Compute ``x' x``; rows outside so that the inner loop adds independent sums."""
    n, p = x.shape
    products = np.zeros((p, p))
    for i in range(n):
        for j in range(p):
            for k in range(p):
                products[j, k] += x[i, j] * x[i, k]
    return products


@compiled
def descend(
    products: FloatArray,
    gradient: FloatArray,
    curvature: FloatArray,
    penalty: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[FloatArray, int]:
    """Coordinate descent within limits, in glmnet's schedule.

    A full pass over all columns; columns that move join the active list in the order of
    joining; then passes over the active list until it stands still, and a full pass again.
    Ends when a full pass moves nothing by more than the threshold.

    Parameters
    ----------
    products : array, shape (p, p)
        ``x' x`` of the standardised columns.
    gradient : array, shape (p,)
        ``x' y``; is changed.
    curvature : array, shape (p,)
        Diagonal of ``products``; 0 leaves a column out.
    penalty, lower, upper : array, shape (p,)
        Ridge penalty and limits of each column, on the standardised scale.

    Returns
    -------
    coefficients : array, shape (p,)
    passes : int
        Passes of either kind; above :data:`MAX_PASSES` when there was no convergence.
    """
    p = gradient.size
    solution = np.zeros(p)
    active = np.zeros(p, dtype=np.int64)
    joined = np.zeros(p, dtype=np.bool_)
    n_active = 0
    passes = 0
    full = True
    while passes <= MAX_PASSES:
        passes += 1
        largest = 0.0
        for position in range(p if full else n_active):
            j = position if full else active[position]
            if curvature[j] == 0.0:
                continue
            old = solution[j]
            moved = (gradient[j] + old * curvature[j]) / (curvature[j] + penalty[j])
            moved = max(lower[j], min(upper[j], moved))
            if moved == old:
                continue
            if not joined[j]:
                joined[j] = True
                active[n_active] = j
                n_active += 1
            change = moved - old
            solution[j] = moved
            largest = max(largest, curvature[j] * change * change)
            for k in range(p):
                gradient[k] -= products[j, k] * change
        still = largest < THRESHOLD
        if still and full:
            break
        full = still
    return solution, passes


@compiled
def fit_ridge(
    x: FloatArray,
    y: FloatArray,
    strength: float,
    lower: FloatArray,
    upper: FloatArray,
    factors: FloatArray,
    intercept: bool,
) -> tuple[FloatArray, int]:
    """Fit one ridge regression within limits.

    Parameters
    ----------
    x : array, shape (n, p)
        Training rows. A constant column gets coefficient 0.
    y : array, shape (n,)
        Target of these rows.
    strength : float
        Glmnet's lambda, in units of the target.
    lower, upper : array, shape (p,)
        Limits of the coefficients; infinite where there is none.
    factors : array, shape (p,)
        Penalty factors; glmnet scales them to sum to p, constant columns counted.
    intercept : bool
        Whether to fit an intercept, which is never penalised or limited.

    Returns
    -------
    coefficients : array, shape (1 + p,)
        The intercept (0 without one), then the columns.
    passes : int
        Glmnet's ``npasses``; -1 when there is no fit: the target is constant, no penalty
        factor is positive or the descent did not converge.
    """
    p = x.shape[1]
    coefficients = np.zeros(1 + p)
    scaled, target, scale, target_scale, means, target_mean = standardise(x, y, intercept)
    total = factors.sum()
    if target_scale == 0.0 or not total > 0.0:
        return coefficients, -1
    products = covariances(scaled)
    gradient = np.zeros(p)
    for i in range(x.shape[0]):
        for j in range(p):
            gradient[j] += scaled[i, j] * target[i]
    curvature = np.zeros(p)
    for j in range(p):
        if scale[j] > 0.0:
            curvature[j] = 1.0 if intercept else 1.0 + (means[j] / scale[j]) ** 2
            products[j, j] = curvature[j]
    solution, passes = descend(
        products,
        gradient,
        curvature,
        strength / target_scale * factors * (p / total),
        lower * (scale / target_scale),
        upper * (scale / target_scale),
    )
    if passes > MAX_PASSES:
        return coefficients, -1
    offset = target_mean
    for j in range(p):
        if scale[j] > 0.0:
            coefficients[1 + j] = solution[j] * target_scale / scale[j]
            offset -= means[j] * coefficients[1 + j]
    coefficients[0] = offset if intercept else 0.0
    return coefficients, passes
