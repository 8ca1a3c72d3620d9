"""What nevergrad is told, counted from outside, with real optimizers."""

from __future__ import annotations

import nevergrad
import numpy as np
import pytest

from mmmlib.engines.robyn.tells import watched_tells

Told = tuple[int, tuple[float, ...]]


def _search(name: str, budget: int) -> list[float]:
    """As Robyn does it: reference point, weights, ask, tell a pair of errors."""
    np.random.seed(124)
    cube = nevergrad.p.Array(shape=(3,), lower=0, upper=1)
    optimizer = nevergrad.optimizers.registry[name](cube, budget=budget, num_workers=1)
    optimizer.tell(nevergrad.p.MultiobjectiveReference(), (1.0, 1.0))
    optimizer.set_objective_weights((1.0, 1.0))
    tried = []
    for i in range(budget):
        candidate = optimizer.ask()
        tried += candidate.value.tolist()
        rssd = float("inf") if i == 0 else float(candidate.value.max())
        optimizer.tell(candidate, (float(candidate.value.sum()), rssd))
    return tried


def test_every_candidate_counts_once_with_the_least_errors() -> None:
    told: list[Told] = []
    with watched_tells(lambda *report: told.append(report), 0.0):
        tried = np.array(_search("TwoPointsDE", 40)).reshape(-1, 3)
    assert [done for done, _ in told] == [*range(1, 41), 40]
    assert told[0][1][1] == np.inf
    assert told[-1][1] == (tried.sum(axis=1).min(), tried[1:].max(axis=1).min())


def test_watching_changes_nothing_and_ends() -> None:
    alone = _search("TwoPointsDE", 60)
    tell = nevergrad.optimization.base.Optimizer.tell
    with watched_tells(lambda *report: None, 0.0):
        assert _search("TwoPointsDE", 60) == alone
    assert nevergrad.optimization.base.Optimizer.tell is tell


def test_reports_are_not_more_frequent_than_asked_and_the_last_one_comes() -> None:
    told: list[Told] = []
    with watched_tells(lambda *report: told.append(report), 3600.0):
        _search("TwoPointsDE", 30)
    assert [done for done, _ in told] == [1, 30]


def test_an_error_of_the_search_goes_through() -> None:
    with pytest.raises(ZeroDivisionError), watched_tells(lambda *report: None, 0.0):
        raise ZeroDivisionError
