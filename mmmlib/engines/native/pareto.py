"""Pareto fronts, the error score and the best model.

Source: Robyn ``R/pareto.R: robyn_pareto, pareto_front, error_score``. One departure: where fewer
candidates survive the cuts than the automatic number of fronts wants, Robyn stops; here every
front that exists is kept, so that a short run still gives a result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmmlib.model import FloatArray

IntArray = NDArray[np.int64]

ERROR_QUANTILE = 0.9  # candidates above this quantile of an error are on no front
MIN_MAX_PARTS = 3  # nrmse, decomp_rssd and mape weigh a third each, mape also where it is 0


def pareto_fronts(
    nrmse: FloatArray,
    decomp_rssd: FloatArray,
    fronts: int,
    min_candidates: int,
    mape: FloatArray | None = None,
    calibration_constraint: float = 0.1,
) -> IntArray:
    """Number the fronts; 1 is the best, 0 means on no kept front.

    Candidates with an error that is not finite or above its 90 % quantile (over all candidates)
    are on no front (Robyn lets an infinite DECOMP.RSSD onto one where more than a tenth of the
    candidates have it: media that explain nothing); with lift studies neither are those whose
    distance to them is above its ``calibration_constraint`` quantile. The fronts are those of
    the other two errors.

    Parameters
    ----------
    nrmse, decomp_rssd : array, shape (n,)
        The errors the search minimised.
    fronts : int
        Fronts to keep; 0 keeps the smallest number that holds ``min_candidates``, or all of
        them where there are not so many.
    min_candidates : int
        Candidates wanted on the kept fronts together.
    mape : array, shape (n,), optional
        Distance to the lift studies.
    calibration_constraint : float
        Robyn's: which share of the candidates is close enough to the studies.

    Returns
    -------
    array, shape (n,)
    """
    finite = np.isfinite(nrmse) & np.isfinite(decomp_rssd)
    kept = finite & (nrmse <= _cut(nrmse)) & (decomp_rssd <= _cut(decomp_rssd))
    if mape is not None:
        kept &= np.isfinite(mape) & (mape <= _cut(mape, calibration_constraint))
    order = np.flatnonzero(kept)
    order = order[np.lexsort((decomp_rssd[order], nrmse[order]))]
    numbers = np.zeros(nrmse.size, dtype=np.int64)
    front = 0
    while order.size:
        front += 1
        on_front = _first_front(decomp_rssd[order])
        numbers[order[on_front]] = front
        order = order[~on_front]
        if front == fronts:
            break
        if not fronts and np.count_nonzero(numbers) >= min_candidates:
            break
    return _shared_by_equals(nrmse, decomp_rssd, kept, numbers)


def error_scores(*errors: FloatArray) -> FloatArray:
    """Robyn's ``error_score``: each error min-max scaled over all, root of the sum of squares.

    A constant error stays as it is. An infinite one counts as 1, as in Robyn: DECOMP.RSSD is
    infinite where no paid channel has an effect. Candidates with an error that is no number
    (they could not be fitted) score infinity.

    Parameters
    ----------
    errors : arrays, shape (n,)
        The test error under time-series validation, else the training error; DECOMP.RSSD; the
        distance to lift studies (all 0 without calibration).
    """
    there = ~np.logical_or.reduce([np.isnan(error) for error in errors])
    squares = np.where(there, 0.0, np.inf)
    for error in errors:
        finite = np.isfinite(error)
        counted = np.where(np.isinf(error), float(finite.any()), error)
        least, most = (counted[there].min(), counted[there].max()) if there.any() else (0, 0)
        scaled = (counted - least) / (most - least) if most > least else counted
        squares += np.where(there, scaled / MIN_MAX_PARTS, 0.0) ** 2
    return np.asarray(np.sqrt(squares))


def smallest_score(scores: FloatArray, *errors: FloatArray) -> int | None:
    """Row of the smallest score among those with finite errors; ``None`` where there is none."""
    finite = np.logical_and.reduce([np.isfinite(error) for error in errors])
    return int(np.where(finite, scores, np.inf).argmin()) if finite.any() else None


def _cut(errors: FloatArray, quantile: float = ERROR_QUANTILE) -> float:
    """Quantile (R's type 7) over all candidates, infinite ones too."""
    present = np.sort(errors[~np.isnan(errors)])
    if not present.size:
        return np.inf
    with np.errstate(invalid="ignore"):
        cut = float(np.quantile(present, quantile))
    return np.inf if np.isnan(cut) else cut


def _first_front(decomp_rssd: FloatArray) -> NDArray[np.bool_]:
    """Mark the first front of rows sorted by nrmse: where the running minimum is new."""
    lowest = np.minimum.accumulate(decomp_rssd)
    return np.concatenate([[True], lowest[1:] < lowest[:-1]])


def _shared_by_equals(
    nrmse: FloatArray, decomp_rssd: FloatArray, kept: NDArray[np.bool_], numbers: IntArray
) -> IntArray:
    """Give candidates with the same errors the best front among them.

    Robyn joins the fronts to the candidates by the values of both errors.
    """
    best: dict[tuple[float, float], int] = {}
    for i in np.flatnonzero(numbers):
        pair = (nrmse[i], decomp_rssd[i])
        best[pair] = min(best.get(pair, numbers[i]), numbers[i])
    shared = numbers.copy()
    for i in np.flatnonzero(kept):
        shared[i] = best.get((nrmse[i], decomp_rssd[i]), 0)
    return shared
