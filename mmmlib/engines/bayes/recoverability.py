"""What could be known at all: worlds simulated on the job's own spend, and each fitted again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mmmlib.data import Dataset
from mmmlib.engines.bayes.chains import sample_of
from mmmlib.engines.bayes.design import Design
from mmmlib.engines.bayes.sampler import (
    LINEAR,
    OWN,
    POOLED,
    Data,
    coefficient,
    column_into,
    studied_into,
)
from mmmlib.engines.bayes.tables import LEVEL, known
from mmmlib.ground import columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import FloatArray

WORLDS = 8
CHAINS, SWEEPS = 2, 1500
TRIES = 200  # draws from the priors until one fits the target's own movement
SHARE_SD = 0.5  # of the prior's own: no error is told where media bring next to nothing
CURVES = (0.2, 0.8)  # between the ranges' bounds: what stands for each medium to tell the noise


def recoverability(dataset: Dataset, job: TrainingJob, worlds: int = WORLDS) -> pd.DataFrame:
    """What error to expect of each medium, before any model of it is believed.

    Media are drawn from the job's priors and ranges and act by its own spend, on the target's own
    baseline and below its own noise, and move it by no more than the target moves. The posterior of
    each such world says how sure it would be.

    Parameters
    ----------
    dataset : Dataset
    job : TrainingJob
        Of any engine; its seed makes the worlds.
    worlds : int, optional

    Returns
    -------
    DataFrame
        A row a medium, medians over the worlds: ``channel``, ``error`` (by which its contribution
        is missed as often as not, a share), ``high`` (by which it is missed one time in ten),
        ``factor`` (how far apart the ends of its 90 % interval lie, high over low) and
        ``known``, what that is called.

    Raises
    ------
    DataError
        The data cannot be modelled.
    """
    design, each = Design.of(dataset, job), []
    for world in range(worlds):
        rng = np.random.default_rng([job.seed, 16, world])
        data = _world(design.arrays, rng)
        draws = sample_of(data, int(rng.integers(2**31)), CHAINS, SWEEPS)
        each.append(_uncertain(data, draws.logs.reshape(-1, draws.logs.shape[2])))
    error, high, factor = np.median(each, axis=0)
    return pd.DataFrame(
        {
            c.CHANNEL: [medium.name for medium in job.media],
            c.ERROR: error,
            c.HIGH: high,
            c.FACTOR: factor,
            c.KNOWN: [known(1.0, apart) for apart in factor],
        }
    )


def _uncertain(data: Data, logs: FloatArray) -> FloatArray:
    """How far each medium's draws lie off their median: half, nine in ten; interval's factor.

    Shape (3, m). Over worlds from the prior a posterior's own error is the error to expect, and
    varies less from world to world than the distance to one truth.
    """
    paid = data.media.shape[0]
    found = np.where(data.prior[:paid] == LINEAR, logs[:, :paid], np.exp(logs[:, :paid]))
    off = np.abs(found / np.median(found, axis=0) - 1.0)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    apart = np.where(low > 0, high / np.where(low > 0, low, 1.0), np.inf)
    return np.array([*np.quantile(off, [0.5, 0.9], axis=0), apart])


def _world(data: Data, rng: np.random.Generator) -> Data:
    """The data of a world drawn from the priors."""
    z = data.z * np.where(data.group < 0, 1.0, 0.5)
    scaled = np.linalg.pinv(z, rcond=1e-8)
    baseline = z @ (scaled @ data.y)
    moves = float(np.var(data.y - baseline)) or 1e-6
    for _ in range(TRIES):
        logs, positions = _drawn(data, rng)
        media, seen = _effects(data, logs, positions)
        if np.var(media - z @ (scaled @ media)) <= moves:
            break
    y = baseline + media + np.sqrt(_noise(data)) * rng.standard_normal(data.y.size)
    lifts = seen + data.study_error * rng.standard_normal(seen.size)
    return data._replace(y=y - y.mean(), study_lift=lifts)


def _noise(data: Data) -> float:
    """Variance of what neither the baseline nor some curves of each medium explain."""
    n, media, size = data.y.size, *data.low.shape
    adstocked, columns = np.empty(n), np.empty((len(CURVES) * media, n))
    for i, column in enumerate(columns):
        position = np.full(size, CURVES[i // media])
        column_into(data, i % media, position, adstocked, column)
    x = np.hstack([data.z, columns.T])
    rank = int(np.linalg.matrix_rank(x, rtol=1e-8))
    left = data.y - x @ (np.linalg.pinv(x, rcond=1e-8) @ data.y)
    return float(left @ left) / max(n - rank, 1)


def _drawn(data: Data, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Free parameters of the terms, and positions of the media's shapes, from their priors."""
    mean = rng.normal(data.pooled_mean, SHARE_SD * data.pooled_mean_sd)
    spread = np.exp(rng.normal(data.spread_log, data.spread_log_sd))
    normal = rng.standard_normal(data.prior.size)
    own = np.where(np.isin(data.prior, (OWN, LINEAR)), data.prior_mean, -2.0)
    logs = np.where(data.prior == POOLED, mean + spread * normal, own + data.prior_sd * normal)
    return logs, rng.random(data.low.shape)


def _effects(data: Data, logs: FloatArray, positions: FloatArray) -> tuple[FloatArray, Any]:
    """What all terms bring a row, and what each study would see of them."""
    n, media = data.y.size, data.media.shape[0]
    adstocked, column, total = np.empty(n), np.empty(n), np.zeros(n)
    seen, studied = np.zeros(data.study_lift.size), np.empty(data.study_lift.size)
    for medium in range(media):
        inflexion = column_into(data, medium, positions[medium], adstocked, column)
        by = coefficient(data, medium, logs[medium], column.sum())
        studied_into(data, medium, positions[medium], adstocked, column, inflexion, studied)
        total += by * column
        seen += by * studied
    for term in range(media, logs.size):
        total += coefficient(data, term, logs[term], 1.0) * data.fixed[term - media]
    return total, seen
