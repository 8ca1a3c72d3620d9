"""Calibration: how far a candidate's effects are from what lift studies found.

Source: Robyn ``R/calibration.R: lift_calibration``. A study names channels and dates; the model's
answer is what it credits these channels with on the study's rows:

- scope ``total``: the decomposition itself, ``sum coef * S(d[t])``;
- scope ``immediate``: ``sum coef * (S(d[t]) - S(o[t]))``, where ``o`` is the adstock that spend
  before the study still has in it. So carryover between the study's own rows counts.

Robyn counts days as differences of dates at both ends: it multiplies the answer by
``(end - start) / (last row - first row)``, although k weekly rows hold 7 k days and not
7 (k - 1). That is kept, as it decides which candidates are close to a study.

Departure for Weibull adstock: Robyn finds ``o`` by running the adstock afresh on the study's rows,
where the kernel is another one (its scale and its min-max scaling depend on the length of the
series), so that ``o`` may be negative and the study drops out of the mean. Here the kernel is that
of the model, ``o`` is never negative, and no study drops out. ``short_kernels`` asks for Robyn's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.compiled import compiled
from mmmlib.engines.native.transforms import hill, weibull_weights
from mmmlib.job import TrainingJob
from mmmlib.model import DAY, FloatArray, study_rows

if TYPE_CHECKING:
    from mmmlib.model import ModelInput

_GEOMETRIC, _PDF = 0, 2


class Studies(NamedTuple):
    """Lift studies as compiled code reads them; ``s`` studies, ``m`` media.

    Attributes
    ----------
    firsts, lasts : array, shape (s,)
        First and last row of each study within the window.
    members : array, shape (s, m)
        Whether the study is of this medium.
    immediate : array, shape (s,)
        Whether what older spend carries over is taken off.
    scales : array, shape (s,)
        Days of the study over days of its rows, as Robyn counts them.
    lifts : array, shape (s,)
        What the study found.
    short_kernels : bool
        Take the Weibull kernels of the studies' rows alone, and leave a study that has no number
        then out of the mean, as Robyn does.
    """

    firsts: NDArray[np.int64]
    lasts: NDArray[np.int64]
    members: NDArray[np.bool_]
    immediate: NDArray[np.bool_]
    scales: FloatArray
    lifts: FloatArray
    short_kernels: bool

    @classmethod
    def of(cls, data: ModelInput, job: TrainingJob, short_kernels: bool = False) -> Studies:
        """Lay out the job's studies; its data have no :func:`study_problems`."""
        studies = job.calibration
        rows = np.array([study_rows(data, study) for study in studies], dtype=np.int64)
        firsts, lasts = rows.reshape(-1, 2).T
        days = [(study.end - study.start).days for study in studies]
        covered = (data.dates[lasts] - data.dates[firsts]) / DAY
        return cls(
            firsts - data.first,
            lasts - data.first,
            np.array(
                [[medium.name in study.channels for medium in job.media] for study in studies],
                dtype=np.bool_,
            ).reshape(len(studies), len(job.media)),
            np.array([study.scope == "immediate" for study in studies], dtype=np.bool_),
            np.array(days, dtype=np.float64) / covered,
            np.array([study.lift for study in studies], dtype=np.float64),
            short_kernels,
        )


@compiled
def older_adstock(
    exposure: FloatArray,
    adstocked: FloatArray,
    family: int,
    decay: float,
    shape: float,
    first: int,
    short_kernel: bool,
) -> FloatArray:
    """Adstock of a study's rows that comes from spend before the study.

    Parameters
    ----------
    exposure : array, shape (n,)
        The whole series.
    adstocked : array, shape (k,)
        Adstock of the study's rows.
    family : int
        Adstock family.
    decay, shape : float
        Theta, or the Weibull scale and shape.
    first : int
        First row of the study within the whole series.
    short_kernel : bool
        Weibull: take off the adstock of the study's rows alone, with a kernel of their length.

    Returns
    -------
    array, shape (k,)
        Never negative, unless ``short_kernel``.
    """
    k = adstocked.size
    older = np.zeros(k)
    if family == _GEOMETRIC:
        carried = 0.0
        for t in range(first):
            carried = exposure[t] + decay * carried
        for i in range(k):
            carried *= decay
            older[i] = carried
        return older
    n = k if short_kernel else exposure.size
    weights = weibull_weights(n, decay, shape, family == _PDF)
    for i in range(k):
        if short_kernel:
            own = 0.0
            for lag in range(min(i + 1, weights.size)):
                own += weights[lag] * exposure[first + i - lag]
            older[i] = adstocked[i] - own
        else:
            for lag in range(i + 1, min(first + i + 1, weights.size)):
                older[i] += weights[lag] * exposure[first + i - lag]
    return older


@compiled
def study_effects(
    studies: Studies,
    media: FloatArray,
    first: int,
    family: int,
    hyperparameters: FloatArray,
    adstocked: FloatArray,
    saturated: FloatArray,
    inflexions: FloatArray,
    coefficients: FloatArray,
    effects: FloatArray,
) -> None:
    """What one candidate credits the channels of each study with, in the study's days.

    Parameters
    ----------
    studies : Studies
    media : array, shape (m, n)
        Exposure in units of money, all rows.
    first : int
        First row of the window.
    family : int
        Adstock family.
    hyperparameters : array, shape (m, 3 or 4)
    adstocked, saturated : array, shape (m, rows)
        Of the window.
    inflexions, coefficients : array, shape (m,)
    effects : array, shape (s,)
        Receives Robyn's ``decompAbsScaled``.
    """
    for s in range(studies.lifts.size):
        start, end = studies.firsts[s], studies.lasts[s] + 1
        effects[s] = 0.0
        for medium in range(media.shape[0]):
            if not studies.members[s, medium]:
                continue
            own = hyperparameters[medium]
            response = saturated[medium, start:end].sum()
            if studies.immediate[s]:
                older = older_adstock(
                    media[medium],
                    adstocked[medium, start:end],
                    family,
                    own[2],
                    own[3] if own.size > 3 else 0.0,
                    first + start,
                    studies.short_kernels,
                )
                for value in older:
                    response -= hill(value, own[0], inflexions[medium])
            effects[s] += coefficients[medium] * response
        effects[s] *= studies.scales[s]


@compiled
def lift_distance(effects: FloatArray, lifts: FloatArray, leave_out_nan: bool) -> float:
    """MAPE: mean over the studies of ``|effect - lift| / |lift|``.

    0 without studies. A study without a number makes it NaN, unless such are left out.
    """
    if not lifts.size:
        return 0.0
    total, count = 0.0, 0
    for s in range(lifts.size):
        if leave_out_nan and np.isnan(effects[s]):
            continue
        total += abs(effects[s] - lifts[s]) / abs(lifts[s])
        count += 1
    return total / count
