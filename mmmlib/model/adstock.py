"""The formulas of adstock and saturation, in plain Python: the one text of each.

:mod:`mmmlib.engines.native.transforms` compiles these very functions; figures, the form and the
response function call them as they are. Formulas: Robyn ``R/transformation.R: adstock_geometric,
adstock_weibull, saturation_hill``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mmmlib.job import Adstock

FloatArray = NDArray[np.float64]


FAMILIES: dict[Adstock, int] = {"geometric": 0, "weibull_cdf": 1, "weibull_pdf": 2}


def weights(family: Adstock, rows: int, decay: float, shape: float) -> FloatArray:
    """Weight of each lag in an adstock over a series, without the trailing zeros.

    Parameters
    ----------
    family : str
    rows : int
        Length of the whole series.
    decay, shape : float
        Theta (geometric; shape is not used), or the Weibull scale and shape.

    Returns
    -------
    array, shape (k,)
        Adstock is the convolution of the exposure with them.

    Examples
    --------
    >>> weights("geometric", 3, 0.5, 0.0).tolist()
    [1.0, 0.5, 0.25]
    """
    if family == "geometric":
        return np.asarray(decay ** np.arange(rows))
    return weibull(rows, decay, shape, family == "weibull_pdf")


def adstocked(exposure: FloatArray, family: Adstock, decay: float, shape: float) -> FloatArray:
    """Adstock a whole series; shape and unit as ``exposure``.

    Examples
    --------
    >>> adstocked(np.array([100.0, 0.0, 10.0]), "geometric", 0.3, 0.0).tolist()
    [100.0, 30.0, 19.0]
    """
    if family == "geometric":
        return geometric(exposure, decay)
    lags = weights(family, exposure.size, decay, shape)
    return np.convolve(exposure, lags)[: exposure.size]


def geometric(exposure: FloatArray, theta: float) -> FloatArray:
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


def weibull(n: int, scale: float, shape: float, density: bool) -> FloatArray:
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


def hill(adstocked: float, alpha: float, inflexion: float) -> float:
    """Saturation ``z^alpha / (z^alpha + inflexion^alpha)``; 0 where nothing is adstocked.

    Robyn leaves 0/0 where the whole window's adstock is 0; the response to nothing is 0.
    """
    if adstocked == 0.0:
        return 0.0
    power = adstocked**alpha
    return float(power / (power + inflexion**alpha))
