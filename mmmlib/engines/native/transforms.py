"""Adstock and saturation, compiled: the formulas of :mod:`mmmlib.model.adstock`.

See Robyn ``R/transformation.R: run_transformations``. Adstock runs over the whole series,
saturation over the window only.
"""

from __future__ import annotations

from mmmlib.engines.native.compiled import compiled
from mmmlib.engines.native.convolution import Spectra, convolve_into, sum_lags_into
from mmmlib.model import FloatArray, adstock

_GEOMETRIC, _PDF = adstock.FAMILIES["geometric"], adstock.FAMILIES["weibull_pdf"]

geometric_adstock = compiled(adstock.geometric)
weibull_weights = compiled(adstock.weibull)
hill = compiled(adstock.hill)


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
        A value of :data:`mmmlib.model.adstock.FAMILIES`.
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
