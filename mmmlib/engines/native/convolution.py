"""Weighted sums of the past, compiled: lag by lag, or by a Fourier transform where that is faster.

The transform works modulo ``X^H - i``, not ``X^H - 1``: of two real series of up to H rows the
product's real part is rows 0 to H - 1 of their convolution, the imaginary part the rows after, and
nothing is padded to 2 H (Crandall and Pomerance, *Prime Numbers*, 9.5: right-angle convolution).
Each stage splits ``X^2k - r^2`` into ``X^k - r`` and ``X^k + r`` (Bernstein, *Multidigit
multiplication for mathematicians*, 2001). One table of roots serves all sizes; transforms stay in
the order in which the splits leave them, so that nothing is permuted.

A transform errs by 1e-16 of the largest values, which is too much for small ones: a Hill exponent
of 0.5 makes 1e-8 of it. Small rows are therefore summed lag by lag after all; that also keeps an
exact 0 before the first spend, and nothing comes out negative.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.compiled import compiled

FloatArray = NDArray[np.float64]

# Measured: below this many rows a transform never pays (weights of full length: 8.5 against 6.8 µs
# at 300 rows, 8.6 against 9.8 at 350, 17 against 75 at 1,024, 33 against 341 at 2,000) ...
FOURIER_ROWS = 350
# ... and each of its ``size * log2(size)`` steps takes as long as so many terms of a sum.
TERMS_A_STEP = 12
# Rows below this share of the product of both norms, which none exceeds, are small; the others
# are exact to 1e-10 of each value.
SMALL = 1e-5
BLOCK = 64  # rows summed lag by lag together where one of them is small


class Spectra(NamedTuple):
    """Transforms of the media, constant over candidates; ``m`` media, size 0 for direct sums.

    Attributes
    ----------
    roots : array, shape (2, size)
        Real and imaginary part of the root that splits each block; blocks 1, 2 to 3, 4 to 7, ...
    exposures : array, shape (m, 2, size)
        Transforms of the exposures divided by the size.
    norms : array, shape (m,)
        Euclidean norms of the exposures.
    """

    roots: FloatArray
    exposures: FloatArray
    norms: FloatArray

    @classmethod
    def of(cls, media: FloatArray, fewest: int = FOURIER_ROWS) -> Spectra:
        """Transform the media.

        Parameters
        ----------
        media : array, shape (m, n)
            Exposure from the first row to the window's last.
        fewest : int
            Shorter series are not transformed.
        """
        rows = media.shape[1]
        size = 1 << (rows - 1).bit_length() if rows >= fewest else 0
        # Block 1 is X^size - i, at pi / 2. Half an angle is a root; the other root is opposite.
        angles = [0.0, math.pi / 2]
        for block in range(2, size):
            angles.append(angles[block // 2] / 2 + math.pi * (block % 2))
        halves = [angle / 2 for angle in angles[:size]]
        # Not NumPy's: its last bit depends on the machine.
        roots = np.array([[math.cos(half) for half in halves], [math.sin(half) for half in halves]])
        exposures = np.zeros((len(media), 2, size))
        for exposure, values in zip(media, exposures, strict=True):
            values[0, :rows] = exposure / size if size else ()
            transform(values, roots)
        return cls(roots, exposures, np.sqrt((media**2).sum(axis=1)))


@compiled
def transform(values: FloatArray, roots: FloatArray) -> None:
    """Evaluate a polynomial at the roots of ``X^size = i``, in place.

    Parameters
    ----------
    values : array, shape (2, size)
        Real and imaginary parts of the coefficients.
    roots : array, shape (2, size)
        As in :class:`Spectra`.
    """
    half, blocks = values.shape[1] // 2, 1
    while half:
        for block in range(blocks):
            real, imaginary = roots[0, blocks + block], roots[1, blocks + block]
            start = 2 * half * block
            low, high = values[:, start : start + half], values[:, start + half : start + 2 * half]
            for i in range(half):
                turned = high[0, i] * real - high[1, i] * imaginary
                turned_i = high[0, i] * imaginary + high[1, i] * real
                high[0, i] = low[0, i] - turned
                high[1, i] = low[1, i] - turned_i
                low[0, i] += turned
                low[1, i] += turned_i
        half //= 2
        blocks *= 2


@compiled
def transform_back(values: FloatArray, roots: FloatArray) -> None:
    """Undo :func:`transform`, times the size."""
    half, blocks = 1, values.shape[1] // 2
    while blocks:
        for block in range(blocks):
            real, imaginary = roots[0, blocks + block], roots[1, blocks + block]
            start = 2 * half * block
            low, high = values[:, start : start + half], values[:, start + half : start + 2 * half]
            for i in range(half):
                apart, apart_i = low[0, i] - high[0, i], low[1, i] - high[1, i]
                low[0, i] += high[0, i]
                low[1, i] += high[1, i]
                high[0, i] = apart * real + apart_i * imaginary
                high[1, i] = apart_i * real - apart * imaginary
        half *= 2
        blocks //= 2


@compiled
def sum_lags_into(
    exposure: FloatArray,
    weights: FloatArray,
    first: int,
    summed: FloatArray,
) -> None:
    """Weighted sums of the rows from ``first`` on, lag by lag.

    Each row's sum has the same order as row by row, but rows are independent, so that the machine
    adds several at a time.

    Parameters
    ----------
    exposure : array, shape (n,)
        The whole series.
    weights : array, shape (k,)
        Weights of lags 0 to k - 1.
    first : int
        First row to sum.
    summed : array, shape (rows,)
        Receives the sums.
    """
    summed[:] = 0.0
    for lag in range(min(weights.size, first + summed.size)):
        weight, start = weights[lag], max(lag - first, 0)
        earlier = exposure[first + start - lag : first + summed.size - lag]
        for i in range(earlier.size):
            summed[start + i] += weight * earlier[i]


@compiled
def convolve_into(
    exposure: FloatArray,
    spectra: Spectra,
    medium: int,
    weights: FloatArray,
    first: int,
    summed: FloatArray,
) -> None:
    """Weighted sums of the rows from ``first`` on, by the faster way.

    Parameters
    ----------
    exposure, weights, first, summed
        As of :func:`sum_lags_into`.
    spectra : Spectra
        Of media up to the last row to sum.
    medium : int
        Which of them the exposure is.
    """
    size, lags = spectra.roots.shape[1], min(weights.size, first + summed.size)
    beyond = max(lags - first, 0)  # lags that reach before the first row, for some rows
    terms = lags * summed.size - beyond * (beyond - 1) // 2
    if not size or terms <= TERMS_A_STEP * size * math.log2(size):
        sum_lags_into(exposure, weights, first, summed)
        return
    product = np.zeros((2, size))
    product[0, :lags] = weights[:lags]
    transform(product, spectra.roots)
    other = spectra.exposures[medium]
    for i in range(size):
        real = product[0, i] * other[0, i] - product[1, i] * other[1, i]
        product[1, i] = product[0, i] * other[1, i] + product[1, i] * other[0, i]
        product[0, i] = real
    transform_back(product, spectra.roots)
    summed[:] = product[0, first : first + summed.size]
    small = SMALL * spectra.norms[medium] * math.sqrt((weights[:lags] ** 2).sum())
    for start in range(0, summed.size, BLOCK):
        block = summed[start : start + BLOCK]
        if block.min() <= small:
            sum_lags_into(exposure, weights, first + start, block)
