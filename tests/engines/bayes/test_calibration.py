"""Simulation-based calibration: where the truth lies among the draws is uniform."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmmlib.engines.bayes.chains import sample
from mmmlib.engines.bayes.design import Design
from mmmlib.engines.bayes.sampler import Data, column_into
from tests.engines.bayes.worlds import world

WORLDS, BINS = 160, 8
NOISE = 0.15


def _simulated(data: Data, rng: np.random.Generator) -> tuple[Data, np.ndarray]:
    """A target drawn from the model, its parameters from their priors; and log ROAS."""
    media, size = data.low.shape
    mean = rng.normal(data.pooled_mean, data.pooled_mean_sd)
    spread = math.exp(rng.normal(data.spread_log, data.spread_log_sd))
    logs = rng.normal(mean, spread, media)
    n = data.y.size
    y, adstocked, column = np.zeros((3, n))
    for medium in range(media):
        column_into(data, medium, rng.random(size), adstocked, column)
        y += math.exp(logs[medium]) * data.unit[medium] / column.sum() * column
    sizes = data.group_scale * np.abs(rng.standard_cauchy(data.group_scale.size))
    slopes = np.where(
        data.group < 0, rng.normal(size=data.group.size), 0.0
    )  # flat: any value is as good
    for j, group in enumerate(data.group):
        if group >= 0:
            slopes[j] = NOISE * sizes[group] * rng.normal()
    y += data.z @ slopes + NOISE * rng.standard_normal(n)
    return data._replace(y=y), logs


@pytest.mark.slow
def test_ranks_are_uniform() -> None:
    dataset, job = world(rows=104)
    design = Design.of(dataset, job)
    arrays = design.arrays
    ranks = []
    for number in range(WORLDS):
        made, logs = _simulated(arrays, np.random.default_rng([11, number]))
        design.__dict__["arrays"] = made
        drawn = sample(design, number, chains=2, sweeps=1200).logs.reshape(-1, logs.size)
        ranks.append((drawn < logs).mean(axis=0))
    for column in np.array(ranks).T:
        counts = np.histogram(column, BINS, (0, 1))[0]
        chi = ((counts - WORLDS / BINS) ** 2 / (WORLDS / BINS)).sum()
        assert chi < 24.3, counts  # 0.1 % of a chi-squared with 7 degrees of freedom
