"""The second error of a refresh, compiled. Source: Robyn ``R/model.R: robyn_mmm`` (``refresh``)."""

from __future__ import annotations

import math

import numpy as np

from mmmlib.engines.native.compiled import compiled
from mmmlib.model import FloatArray


@compiled
def refresh_distance(
    totals: FloatArray,
    intercept: float,
    previous: FloatArray,
    first_paid: int,
    n_paid: int,
    freedom: float,
) -> float:
    """DECOMP.RSSD of a refresh: how far the decomposition has moved from the parent's.

    The root mean square difference of the paid channels' shares, plus that of all other rows
    divided by the share of the window that is not new. Infinite where it is no number.

    Parameters
    ----------
    totals : array, shape (p,)
        Contribution of each variable over the window, in the order of the design.
    intercept : float
        Contribution of the intercept over the window.
    previous : array, shape (1 + p,)
        The parent's shares, the intercept first.
    first_paid, n_paid : int
        Where the paid channels stand among ``totals``.
    freedom : float
        Share of the window that is new.
    """
    fitted = intercept + totals.sum()
    media, others = 0.0, (intercept / fitted - previous[0]) ** 2
    for j in range(totals.size):
        squared = (totals[j] / fitted - previous[1 + j]) ** 2
        if first_paid <= j < first_paid + n_paid:
            media += squared
        else:
            others += squared
    n_others = 1 + totals.size - n_paid
    distance = math.sqrt(media / n_paid) + math.sqrt(others / n_others) / (1.0 - freedom)
    return distance if math.isfinite(distance) else np.inf
