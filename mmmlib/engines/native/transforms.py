"""Adstock and saturation, compiled.

Formulas: Robyn ``R/transformation.R: adstock_geometric, adstock_weibull, saturation_hill,
run_transformations``. Adstock runs over the whole series, saturation over the window only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.compiled import compiled
from mmmlib.engines.native.convolution import Spectra, convolve_into, sum_lags_into
from mmmlib.ranges import Adstock

FloatArray = NDArray[np.float64]

FAMILIES: dict[Adstock, int] = {"geometric": 0, "weibull_cdf": 1, "weibull_pdf": 2}
_GEOMETRIC, _CDF, _PDF = 0, 1, 2


@compiled
def geometric_adstock(exposure: FloatArray, theta: float) -> FloatArray:
    """Carry the share ``theta`` of each period's adstock into the next.

    Parameters
    ----------
    exposure : array, shape (n,)
        Exposure in units of money, one value a period.
    theta : float
        Share carried over, in [0, 1).

    Returns
    -------
    array, shape (n,)
        ``d[t] = exposure[t] + theta * d[t - 1]``.
    """
    adstocked = np.empty_like(exposure)
    carried = 0.0
    for t in range(exposure.size):
        carried = exposure[t] + theta * carried
        adstocked[t] = carried
    return adstocked


@compiled
def weibull_weights(n: int, scale: float, shape: float, density: bool) -> FloatArray:
    """Weight of each lag in a Weibull adstock, without the trailing zeros.

    Parameters
    ----------
    n : int
        Length of the whole series; the kernel depends on it.
    scale : float
        Quantile of ``1..n`` (type 7, rounded half to even) that is the Weibull scale.
    shape : float
        Weibull shape. Where scale or shape is 0 there is no adstock.
    density : bool
        Weights from the density, min-max scaled (``weibull_pdf``), or else the running product
        of the survival function (``weibull_cdf``).

    Returns
    -------
    array, shape (k,)
        Weights of lags 0 to k - 1; all later ones are exactly 0.
    """
    weights = np.zeros(n)
    if scale == 0.0 or shape == 0.0 or n == 1:
        weights[0] = 1.0
        return weights[:1]
    rounded = float(np.rint(1.0 + (n - 1) * scale))
    if density:
        for lag in range(n):
            ratio = (lag + 1) / rounded
            power = ratio ** (shape - 1.0)
            survival = math.exp(-power * ratio)
            if survival == 0.0:  # and so are all later ones
                break
            weights[lag] = shape * power * survival / rounded
        least, most = weights.min(), weights.max()
        if most == least:
            weights[:] = 0.0
            weights[0] = 1.0
        else:
            weights = (weights - least) / (most - least)
    else:
        weights[0] = 1.0
        for lag in range(1, n):
            share = -math.expm1(-((lag / rounded) ** shape))
            weights[lag] = weights[lag - 1] * (1.0 - share)
            if weights[lag] == 0.0:  # and so are all later ones
                break
    last = n
    while last > 1 and weights[last - 1] == 0.0:
        last -= 1
    return weights[:last]


@compiled
def adstock_into(
    exposure: FloatArray,
    family: int,
    decay: float,
    shape: float,
    first: int,
    adstocked: FloatArray,
    spectra: Spectra | None = None,
    medium: int = 0,
) -> float:
    """Adstock the rows from ``first`` on, as many as ``adstocked`` holds.

    Parameters
    ----------
    exposure : array, shape (n,)
        The whole series; rows before ``first`` carry over into the window.
    family : int
        A value of :data:`FAMILIES`.
    decay, shape : float
        Theta (geometric; shape is not used), or the Weibull scale and shape.
    first : int
        First row of the window.
    adstocked : array, shape (rows,)
        Receives the adstocked exposure of the window.
    spectra : Spectra, optional
        Of all media up to the window's last row, and which of them this ``medium`` is; without
        them Weibull adstock is summed directly.
    medium : int, optional

    Returns
    -------
    float
        Immediate share: ``exposure * share`` acts at once, the rest of adstock is carryover.
    """
    if family == _GEOMETRIC:
        adstocked[:] = geometric_adstock(exposure[: first + adstocked.size], decay)[first:]
        return 1.0
    weights = weibull_weights(exposure.size, decay, shape, family == _PDF)
    if spectra is None:
        sum_lags_into(exposure, weights, first, adstocked)
    else:
        convolve_into(exposure, spectra, medium, weights, first, adstocked)
    return float(weights[0])


@compiled
def hill(adstocked: float, alpha: float, inflexion: float) -> float:
    """Saturation ``z^alpha / (z^alpha + inflexion^alpha)``; 0 where nothing is adstocked.

    Robyn leaves 0/0 where the whole window's adstock is 0; the response to nothing is 0.
    """
    if adstocked == 0.0:
        return 0.0
    power = adstocked**alpha
    return float(power / (power + inflexion**alpha))


@compiled
def saturate_into(
    adstocked: FloatArray, alpha: float, inflexion: float, saturated: FloatArray
) -> None:
    """Apply :func:`hill` to each row; ``saturated`` receives the result (same shape)."""
    threshold = inflexion**alpha
    for row in range(adstocked.size):
        if adstocked[row] == 0.0:
            saturated[row] = 0.0
        else:
            power = adstocked[row] ** alpha
            saturated[row] = power / (power + threshold)
