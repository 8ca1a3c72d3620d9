"""Properties of k-means, its number of clusters, and the clusters of candidates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from mmmlib.engines.native import clusters
from mmmlib.engines.native.clusters import find_clusters, number_of_clusters, partition
from mmmlib.engines.native.kmeans import kmeans_starts
from mmmlib.ground import columns as c
from tests.engines.native import golden

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def _squares(points: Floats, labels: Ints) -> float:
    parts = [points[labels == label] for label in np.unique(labels)]
    return float(sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts))


@settings(deadline=None, max_examples=50)
@given(st.integers(5, 40), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_no_single_point_can_lower_the_sum_of_squares(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.random((n, 3))
    starts = np.array([rng.permutation(n)[:k] for _ in range(3)])
    all_labels, all_squares = kmeans_starts(points, starts)
    for labels, squares in zip(all_labels, all_squares, strict=True):
        assert _squares(points, labels) == pytest.approx(squares, rel=1e-9)
        for i in range(n):
            if np.count_nonzero(labels == labels[i]) > 1:
                for other in set(labels.tolist()) - {int(labels[i])}:
                    moved = labels.copy()
                    moved[i] = other
                    assert _squares(points, moved) >= squares * (1 - 1e-9)


def _blobs(count: int) -> tuple[Floats, Ints]:
    rng = np.random.default_rng(count)
    centres = np.eye(count) * 10
    truth = np.repeat(np.arange(count), 12)
    return centres[truth] + rng.normal(0, 0.1, (truth.size, count)), truth


@pytest.mark.parametrize("count", [3, 4])
def test_clusters_that_are_there_are_found(count: int) -> None:
    points, truth = _blobs(count)
    labels = partition(points)
    assert len(set(zip(labels.tolist(), truth.tolist(), strict=True))) == count


def test_the_rule_for_the_number_of_clusters() -> None:
    assert number_of_clusters([100, 50, 30, 20, 13, 9]) == 5
    assert number_of_clusters([100, 95, 93, 92]) == 3  # nothing is worth a cluster
    assert number_of_clusters([100, 80, 79, 78, 70]) == 5  # the last one that is, not the first
    assert number_of_clusters([100, 20, 14.1, 14]) == 3


def _errors(count: int, seed: int = 0) -> Floats:
    return np.column_stack([np.random.default_rng(seed).random((count, 2)), np.zeros(count)])


def _values(count: int, columns: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((count, columns))


def test_neither_order_nor_what_is_on_no_front_matters() -> None:
    model = golden.model()
    values, errors = _values(80, len(model.space.names)), _errors(80)
    on_front = np.arange(80) < 60
    found = find_clusters(model, values, errors, on_front)
    assert not found.of_candidate[60:].any()
    assert found.of_candidate[:60].all()
    order = np.random.default_rng(5).permutation(80)
    shuffled = find_clusters(model, values[order], errors[order], on_front[order])
    np.testing.assert_array_equal(shuffled.of_candidate, found.of_candidate[order])
    assert [int(order[row]) for row in shuffled.winners] == list(found.winners)


def test_winners_have_the_lowest_score_and_clusters_are_numbered_by_it() -> None:
    model = golden.model()
    values, errors = _values(50, len(model.space.names)), _errors(50)
    found = find_clusters(model, values, errors, np.ones(50, dtype=bool))
    two = errors[:, :2]  # MAPE is 0 throughout
    scores = np.linalg.norm((two - two.min(axis=0)) / np.ptp(two, axis=0), axis=1)
    for number, winner in enumerate(found.winners, start=1):
        members = np.flatnonzero(found.of_candidate == number)
        assert winner == members[scores[members].argmin()]
    assert list(scores[list(found.winners)]) == sorted(scores[list(found.winners)])
    assert found.winners[0] == scores.argmin()


def test_repeats_share_a_cluster_and_lambda_is_no_feature() -> None:
    model = golden.model()
    values, errors = _values(40, len(model.space.names)), _errors(40)
    values[20:] = values[:20]
    values[20:, list(model.space.names).index(c.LAMBDA_HP)] = 0.5
    found = find_clusters(model, values, errors, np.ones(40, dtype=bool))
    np.testing.assert_array_equal(found.of_candidate[:20], found.of_candidate[20:])
    assert len(clusters.distinct_points(clusters.features(model, values))[0]) == 20


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_are_said(count: int) -> None:
    model = golden.model()
    values, errors = _values(10, len(model.space.names)), _errors(10)
    values[count:] = values[max(count - 1, 0)]  # repeats are no candidates of their own
    on_front = np.arange(10) < (10 if count else 0)
    found = find_clusters(model, values, errors, on_front)
    assert not found.of_candidate.any()
    table = found.table([str(i) for i in range(10)])
    assert table[c.CLUSTER].tolist() == [0]
    assert f"hold {count} different candidate" in table[c.NOTE][0]


def test_four_are_enough() -> None:
    model = golden.model()
    values, errors = _values(4, len(model.space.names)), _errors(4)
    found = find_clusters(model, values, errors, np.ones(4, dtype=bool))
    assert found.note == ""
    assert len(found.winners) == 3
