"""The sets hold what they claim, and the scores are right where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench import truth, truth_sets as sets


@pytest.mark.parametrize("name", list(sets.SIMULATED))
def test_simulated_sets_know_their_truth(name: str) -> None:
    made = sets.of_simulator(name)
    assert made.series.sum(axis=0) == pytest.approx(made.contribution)
    assert 0.05 < made.contribution.sum() / made.frame["revenue"].sum() < 0.6


@pytest.mark.parametrize("make", [sets.logistic, sets.geos, sets.sparse])
def test_other_generators_are_repeatable_and_their_truth_is_a_part(make: object) -> None:
    assert callable(make)
    made, again = make(1), make(1)
    assert made.frame.equals(again.frame)
    assert made.series.sum(axis=0) == pytest.approx(made.contribution)
    assert (np.diff(made.responses, axis=1) >= 0).all()
    assert made.contribution.sum() < made.frame["revenue"].sum()


def test_the_best_plan_moves_money_to_where_more_is_gained() -> None:
    spend = np.array([100.0, 50.0, 50.0])
    linear = np.array([[rate * money * at for at in sets.MULTIPLES]
                       for rate, money in zip((1.0, 3.0, 2.0), spend, strict=True)])  # fmt: skip
    multiples = truth.plan(spend, linear)
    assert multiples @ spend == pytest.approx(spend.sum())
    assert multiples == pytest.approx([0.7, 1.3, 1.3], abs=0.01)
    concave = np.log(np.array([sets.MULTIPLES * money for money in spend]))
    best = truth.plan(spend, concave) * spend
    assert best[0] == pytest.approx(70, abs=1)  # equal marginals are out of reach
    assert best[1] == pytest.approx(best[2], abs=0.5)


@pytest.mark.slow
def test_scores_of_a_posterior() -> None:
    made = sets.sparse(1)
    alone, studied = (truth.score_of(made, "bayes", given) for given in (False, True))
    assert alone.error < 0.3
    assert alone.uplift > 0.8
    assert studied.error < 0.08
