"""NSGA2 is the native engine's own optimizer because its fronts are at least as good."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.hypervolume import SEEDS, SETS, dataset, hypervolumes


def _medians(name: str, seeds: int, budget: int, cores: int) -> tuple[float, float]:
    job, data = dataset(name)
    ours, nevergrads = (
        float(np.median(hypervolumes(job, data, optimizer, seeds, budget, cores)))
        for optimizer in ("NSGA2", "TwoPointsDE")
    )
    return ours, nevergrads


def test_better_fronts_with_a_small_budget() -> None:
    ours, nevergrads = _medians("weekly demo", seeds=3, budget=300, cores=1)
    assert ours >= nevergrads > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_at_least_as_good_fronts_with_the_standard_budget(name: str) -> None:
    ours, nevergrads = _medians(name, seeds=SEEDS, budget=2000, cores=2)
    print(f"\n{name}: NSGA2 {ours:.4f}, TwoPointsDE {nevergrads:.4f}")
    assert ours >= nevergrads > 0.1
