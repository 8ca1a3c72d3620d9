"""Properties of the Pareto fronts and the error score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from mmmlib.engines.native.pareto import error_scores, pareto_fronts, smallest_score
from tests.engines.native import golden

Floats = npt.NDArray[np.float64]

points = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=60)


def _dominated(errors: Floats, by: Floats) -> npt.NDArray[np.bool_]:
    no_worse = (by[None] <= errors[:, None]).all(axis=2)
    better = (by[None] < errors[:, None]).any(axis=2)
    dominated: npt.NDArray[np.bool_] = (no_worse & better).any(axis=1)
    return dominated


@settings(deadline=None)
@given(points)
def test_the_first_front_is_exactly_what_nothing_dominates(pairs: list[tuple[int, int]]) -> None:
    errors = np.array(pairs, dtype=np.float64)
    kept = (errors <= np.quantile(errors, 0.9, axis=0)).all(axis=1)
    fronts = pareto_fronts(errors[:, 0], errors[:, 1], 1, 1)
    expected = np.zeros(len(errors), dtype=np.int64)
    expected[kept] = ~_dominated(errors[kept], errors[kept])
    np.testing.assert_array_equal(fronts, expected)


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 120), st.integers(0, 2**32 - 1))
def test_the_automatic_number_is_the_smallest_that_suffices(n: int, wanted: int, seed: int) -> None:
    nrmse, rssd = np.random.default_rng(seed).random((2, n))
    fronts = pareto_fronts(nrmse, rssd, 0, wanted)
    on_front = np.count_nonzero(fronts)
    everything = np.count_nonzero(pareto_fronts(nrmse, rssd, n, 1))
    assert on_front == everything or on_front >= wanted
    last = fronts.max()
    if last > 1:
        assert np.count_nonzero((fronts > 0) & (fronts < last)) < wanted
    explicit = pareto_fronts(nrmse, rssd, int(last), 1) if last else fronts
    np.testing.assert_array_equal(fronts, explicit)


def test_equals_share_the_best_front() -> None:
    nrmse = np.array([1.0, 1.0, 2.0, 3.0, *[9.0] * 10, *range(50, 60)])
    rssd = np.array([3.0, 3.0, 2.0, 1.0, *[8.0] * 10, *range(50, 60)])
    fronts = pareto_fronts(nrmse, rssd, 1, 1)
    assert fronts[:4].tolist() == [1, 1, 1, 1]
    assert not fronts[4:].any()


def test_what_is_not_finite_is_on_no_front() -> None:
    nrmse = np.array([0.1, 0.2, 0.05, np.inf])
    rssd = np.array([0.2, 0.1, np.inf, np.inf])
    assert pareto_fronts(nrmse, rssd, 0, 100).tolist() == [1, 1, 0, 0]
    scores = error_scores(nrmse, rssd, np.zeros(4))
    assert np.isfinite(scores).all()
    assert smallest_score(scores, nrmse, rssd) == 0
    idle = np.array([3.0, np.inf])  # counts as 1, the least here, and is still not the best
    assert error_scores(np.array([1.0, 0.5]), idle).argmin() == 1
    assert smallest_score(error_scores(np.array([1.0, 0.5]), idle), idle) == 0
    assert not pareto_fronts(np.full(3, np.inf), np.full(3, np.inf), 0, 1).any()
    assert error_scores(np.full(3, np.inf), np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert smallest_score(np.zeros(3), np.full(3, np.inf)) is None
    assert error_scores(np.array([1.0, np.nan]), np.zeros(2)).tolist() == [1 / 3, np.inf]


def test_an_infinite_rssd_counts_as_one_in_the_score() -> None:
    """Robyn's scores of a short search in which every second candidate has no media effect."""
    robyns = golden.read("infinite_rssd.csv")
    errors = [robyns[name].to_numpy() for name in ("nrmse_train", "decomp.rssd", "mape")]
    assert np.isinf(errors[1]).sum() == 6
    golden.assert_same(error_scores(*errors), robyns["error_score"])


def test_error_score_weighs_scaled_errors() -> None:
    nrmse, rssd = np.array([0.1, 0.2, 0.3]), np.array([5.0, 3.0, 1.0])
    expected = [1 / 3, np.hypot(0.5, 0.5) / 3, 1 / 3]
    assert error_scores(nrmse, rssd, np.zeros(3)) == pytest.approx(expected)
