"""NSGA-II: exact budgets, the same numbers however they are computed, fronts worth having."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mmmlib.engines.engine import CandidatesDone, Event, ignore, optimizer_of
from mmmlib.engines.native import results
from mmmlib.engines.native.nsga2 import POPULATION, WORST, Nsga2
from mmmlib.engines.native.search import Trial
from mmmlib.engines.native.trials import search_trials
from mmmlib.ground import columns as c
from tests.engines.native import golden


def _search(cores: int = 2, **values: Any) -> list[Trial]:
    return search_trials(golden.model(optimizer="NSGA2", **values), ignore, cores)


def _assert_same(one: Trial, other: Trial) -> None:
    assert one.number == other.number
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.fits.errors, other.fits.errors)
    np.testing.assert_array_equal(one.fits.coefficients, other.fits.coefficients)
    np.testing.assert_array_equal(one.fits.passes, other.fits.passes)


def test_neither_cores_nor_other_trials_change_a_trial() -> None:
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    three = _search(1, iterations=130, trials=3)
    for cores in (2, 5):
        for one, other in zip(three, _search(cores, iterations=130, trials=3), strict=True):
            _assert_same(one, other)
    (alone,) = _search(2, iterations=130, trials=1, seed=125)
    np.testing.assert_array_equal(alone.values, three[2].values)  # seed + trial: 125 + 1
    assert not np.array_equal(three[0].values, three[1].values)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]


@pytest.mark.parametrize("iterations", [1, 7, POPULATION, POPULATION + 1, 3 * POPULATION - 1])
def test_a_trial_has_exactly_its_iterations(iterations: int) -> None:
    events: list[Event] = []
    model = golden.model(optimizer="NSGA2", iterations=iterations, trials=2)
    trials = search_trials(model, events.append, 2)
    assert [len(trial.values) for trial in trials] == [iterations] * 2
    told = [event for event in events if isinstance(event, CandidatesDone)]
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 2 * iterations, 2 * iterations)
    table = results.candidate_table(model, trials)
    assert table[c.CANDIDATE].tolist()[-1] == f"2_{iterations}_1"
    assert table[c.CANDIDATE].is_unique
    assert (table[c.WORKER] == 1).all()
    best = np.concatenate([model.objectives(trial.fits) for trial in trials]).min(axis=0)
    assert (told[-1].best_nrmse, told[-1].best_rssd) == tuple(best)
    assert told[-1].best_mape is None


def test_a_longer_search_begins_like_a_shorter_one() -> None:
    (short,), (long,) = (_search(iterations=n, trials=1) for n in (95, 140))
    np.testing.assert_array_equal(short.values, long.values[:95])


def test_candidates_stay_within_their_ranges_and_fixed_ones_are_not_searched() -> None:
    model = golden.model(optimizer="NSGA2", iterations=300, trials=1)
    (trial,) = search_trials(model, ignore, 2)
    low, high = np.array(list(model.space.bounds.values())).T
    assert ((trial.values >= low) & (trial.values <= high)).all()
    assert c.TRAIN_SIZE not in model.space.searched
    assert (trial.values[:, model.space.names.index(c.TRAIN_SIZE)] == 1).all()
    assert len(np.unique(trial.values, axis=0)) == 300


def test_studies_make_a_third_objective() -> None:
    study = {"channels": ["tv_S"], "start": "2018-05-01", "end": "2018-06-10", "lift": 400_000}
    model = golden.model(optimizer="NSGA2", iterations=600, trials=1, calibration=[study])
    events: list[Event] = []
    (trial,) = search_trials(model, events.append, 2)
    mape = trial.fits.mape
    assert mape[-200:].mean() < mape[:POPULATION].min()
    assert isinstance(events[-1], CandidatesDone)
    assert events[-1].best_mape == mape.min()


def test_what_cannot_be_fitted_does_not_live_on() -> None:
    """An infinite error makes a candidate worse than all others, whatever its other error is."""
    search = Nsga2(2, 20, seed=1)
    for _ in range(30):
        points = search.ask()
        unfit = points[:, 0] < 0.5
        errors = np.column_stack([points[:, 0], 1 - points[:, 0] + points[:, 1]])
        errors[unfit, 0] = math.inf
        errors[unfit, 1] = -1
        search.tell(errors)
    assert (search.errors < WORST).all()
    assert (search.points[:, 0] >= 0.5).all()
    assert search.points[:, 1].mean() < 0.05  # and it still minimises
    search = Nsga2(2, 20, seed=1)
    for _ in range(3):  # none has finite errors: it goes on proposing
        points = search.ask()
        assert ((points >= 0) & (points <= 1)).all()
        search.tell(np.full((20, 3), math.inf))


def test_what_an_engine_searches_with() -> None:
    assert optimizer_of(golden.job(optimizer="")) == "NSGA2"
    assert optimizer_of(golden.job(optimizer="DE")) == "DE"
    robyn = golden.job(optimizer="").model_copy(update={"engine": "robyn"})
    assert optimizer_of(robyn) == "TwoPointsDE"
