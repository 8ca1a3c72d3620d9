"""The engine from a dataset to a result."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.dataset import Dataset
from mmmlib.engines.engine import CandidatesDone, Engine, Event, LogLine, StepStarted, ignore
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.ground import columns as c, names
from mmmlib.ground.errors import DataError, EngineError, JobError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import ADDED_TABLES, TrainingResult
from tests.engines.native import golden

SMALL: dict[str, Any] = {"iterations": 60, "trials": 2, "optimizer": ""}


def _train(job: TrainingJob) -> tuple[TrainingResult, list[Event]]:
    events: list[Event] = []
    return NativeEngine().train(golden.dataset(), job, events.append), events


@pytest.fixture(scope="module")
def trained() -> tuple[TrainingResult, list[Event]]:
    return _train(golden.job(**SMALL))


def test_it_is_registered_and_keeps_the_protocol() -> None:
    engine: Engine = names.load(names.ENGINES["native"])()
    assert engine.name == "native"
    assert engine.version().startswith("native ")
    assert engine.refusals(golden.job()) == []


def test_events(trained: tuple[TrainingResult, list[Event]]) -> None:
    result, events = trained
    steps = [event.step for event in events if isinstance(event, StepStarted)]
    assert steps == ["prophet", "compile", "search", "results"]
    assert list(result.seconds) == steps
    assert min(result.seconds.values()) > 0
    last = [event for event in events if isinstance(event, CandidatesDone)][-1]
    assert (last.trials, last.total) == ((60, 60), 120)
    assert last.best_nrmse == result.candidates[c.NRMSE].min()
    lines = [event.text for event in events if isinstance(event, LogLine)]
    assert any(result.best in line for line in lines)
    assert any("with NSGA2, seed 123, generations of 40" in line for line in lines)
    assert result.optimizer == "NSGA2"
    assert result.rule.startswith("smallest error score of all candidates NSGA2 tried")


def test_twice_the_same_to_the_last_bit(trained: tuple[TrainingResult, list[Event]]) -> None:
    first, _ = trained
    second, _ = _train(golden.job(**SMALL))
    for name, table in first.tables().items():
        pd.testing.assert_frame_equal(table, second.tables()[name], check_exact=True)
    assert first.best == second.best


def test_another_seed_is_another_search(trained: tuple[TrainingResult, list[Event]]) -> None:
    other, _ = _train(golden.job(**SMALL, seed=124))
    assert (other.candidates[c.NRMSE] != trained[0].candidates[c.NRMSE]).any()


def test_tables(trained: tuple[TrainingResult, list[Event]]) -> None:
    result, _ = trained
    for name, table in result.tables().items():
        assert isinstance(table.index, pd.RangeIndex)
        assert (len(table) > 0) is not name.startswith("posterior")  # computed beside the engine
    candidates = result.candidates
    assert len(candidates) == 120
    assert candidates[c.CANDIDATE].is_unique
    assert candidates[c.CANDIDATE].iloc[[0, -1]].tolist() == ["1_1_1", "2_60_1"]
    assert result.best == candidates.loc[candidates[c.ERROR_SCORE].idxmin(), c.CANDIDATE]
    assert len(result.coefficients) == 120 * 12
    on_front = candidates.loc[candidates[c.PARETO_FRONT] > 0, c.CANDIDATE]
    assert set(result.decomposition[c.CANDIDATE]) == {*on_front, result.best}
    in_full = {result.best, *result.winners().values()}
    assert len(in_full) >= 3
    for table, rows in (
        (result.channels, 5),
        (result.response_curves, 5 * 201),
        (result.decomposition_over_time, 14 * 157),
    ):
        assert table[c.CANDIDATE].iloc[0] == result.best
        assert table[c.CANDIDATE].value_counts().to_dict() == dict.fromkeys(in_full, rows)
    assert len(result.best_channels()) == len(result.channel_table()) == 5
    clustered = candidates[candidates[c.CLUSTER] > 0]
    assert set(clustered[c.CANDIDATE]) == set(on_front)
    sizes = clustered[c.CLUSTER].value_counts().to_dict()
    assert result.clusters.set_index(c.CLUSTER)[c.SIZE].to_dict() == sizes
    assert set(result.convergence[c.OBJECTIVE]) == {c.NRMSE, c.DECOMP_RSSD}
    assert len(result.model_input) == 208
    shares = result.channel_table()
    assert shares[c.SPEND_SHARE].sum() == pytest.approx(1)
    assert shares[c.EFFECT_SHARE].sum() == pytest.approx(1)
    assert result.errors()[c.RSQ_TRAIN] < 1


def test_another_candidate_in_the_place_of_the_best(
    trained: tuple[TrainingResult, list[Event]],
) -> None:
    result, _ = trained
    for seen in result.of_winners_apart():
        assert seen.best != result.best
        assert seen.errors()[c.CANDIDATE] == seen.best
        totals = result.decomposition[result.decomposition[c.CANDIDATE] == seen.best]
        table = seen.channel_table().set_index(c.CHANNEL)
        assert len(table) == 5
        assert (table[c.ROAS] == totals.set_index(c.VARIABLE)[c.ROAS][table.index]).all()
        assert "smallest error score in cluster" in seen.rule
    apart = [seen.best for seen in result.of_winners_apart()]
    assert len(apart) >= 2
    assert {*apart, result.best} == {*result.winners().values(), result.best}
    with pytest.raises(ValueError, match="9_9_9 is not stored in full"):
        result.with_best("9_9_9", "")


def test_too_few_candidates_on_the_fronts_make_no_clusters() -> None:
    result, events = _train(golden.job(iterations=4, trials=1))
    assert result.winners() == {}
    assert list(result.of_winners_apart()) == []
    (note,) = result.clusters[c.NOTE]
    assert "clusters need more than 3" in note
    assert note in [event.text for event in events if isinstance(event, LogLine)]
    assert (result.candidates[c.CLUSTER] == 0).all()
    assert set(result.channels[c.CANDIDATE]) == {result.best}
    for name, columns in ADDED_TABLES.items():
        assert list(result.tables()[name]) == list(columns)
    assert result.cluster_intervals.empty
    assert not result.convergence[c.CONVERGED].any()
    assert result.convergence[c.VERDICT].str.contains("too short").all()


@pytest.mark.parametrize("adstock", ["weibull_cdf", "weibull_pdf"])
def test_weibull_with_validation(adstock: str) -> None:
    values = SMALL | {"trials": 1, "adstock": adstock, "ts_validation": True}
    result, _ = _train(golden.job(**values))
    errors = result.candidates
    assert errors[[c.NRMSE_VAL, c.NRMSE_TEST]].notna().all(axis=None)
    assert (errors[c.NRMSE] == errors[c.NRMSE_VAL]).all()
    assert errors[c.TRAIN_SIZE].between(0.5, 0.8).all()
    assert "nrmse_test" in result.rule
    assert set(result.decomposition_over_time[c.SPLIT]) == {"train", "val", "test"}


def test_no_intercept_and_no_prophet() -> None:
    values = {
        "iterations": 20,
        "trials": 1,
        "intercept": False,
        "prophet": [],
        "context": [{"name": "competitor_sales_B"}],
    }
    result, _ = _train(golden.job(**values))
    fitted = result.coefficients.set_index(c.VARIABLE)[c.COEFFICIENT]
    assert (fitted[c.INTERCEPT] == 0).all()
    assert "trend" not in fitted.index
    assert result.candidates[c.RSQ_TRAIN].max() > 0
    # adjusted as Robyn does: an intercept is counted, also where the job wants none
    one = result.decomposition_over_time.query("candidate == @result.best")
    one = one.pivot(index=c.DATE, columns=c.VARIABLE, values=c.CONTRIBUTION)
    actual, n, p = one[c.ACTUAL], len(one), len(fitted.index.unique()) - 1
    left = ((actual - one[c.FITTED]) ** 2).sum() / ((actual - actual.mean()) ** 2).sum()
    best = result.candidates.set_index(c.CANDIDATE)[c.RSQ_TRAIN][result.best]
    assert best == pytest.approx(1 - left * (n - 1) / (n - p - 1), rel=1e-9)


def test_refusals() -> None:
    fixed = [{"name": "tv", "spend": "tv_S", "ranges": {"alphas": 1, "gammas": 0.5, "thetas": 0.4}}]
    values = {"channels": fixed, "organic": [], "lambda_range": 0.1, "optimizer": "TwoPointDE"}
    job = golden.job(**values)
    problems = NativeEngine().refusals(job)
    assert [problem.where for problem in problems] == ["channels", "optimizer"]
    assert "TwoPointsDE" in problems[1].message
    with pytest.raises(JobError, match="every hyperparameter is fixed"):
        NativeEngine().train(golden.dataset(), job, ignore)


@pytest.mark.parametrize(
    ("values", "wheres"),
    [
        ({"workers": 3}, ["workers"]),
        ({"optimizer": "NSGA2", "objective_weights": [1, 2]}, ["objective_weights"]),
        ({"optimizer": "DE", "workers": 3, "objective_weights": [1, 2]}, []),
        ({"optimizer": "CMA", "workers": 3}, []),
        ({"optimizer": "CMA", "objective_weights": [1, 2]}, ["objective_weights"]),
        ({"optimizer": "Cobyla", "workers": 3}, ["workers"]),
    ],
)
def test_what_an_optimizer_can_do(values: dict[str, Any], wheres: list[str]) -> None:
    job = golden.job(**SMALL | {"trials": 1} | values)
    assert [problem.where for problem in NativeEngine().refusals(job)] == wheres
    if not wheres:
        result, _ = _train(job)
        assert result.optimizer == job.optimizer
        assert result.candidates[c.NRMSE].min() < 0.3


@pytest.mark.parametrize("name", ["actual", "fitted"])
def test_names_of_rows_of_the_results_are_no_variables(name: str) -> None:
    with pytest.raises(JobError, match=name):
        golden.job(context=[{"name": name, "column": "competitor_sales_B"}])


def test_media_that_may_not_act_are_no_result() -> None:
    """With no effect of any paid channel DECOMP.RSSD is infinite throughout, as in Robyn."""
    channels = [{"name": "tv", "spend": "tv_S", "sign": "negative"}]
    frame = golden.dataset().frame
    frame["revenue"] = 1e6 + 10 * frame["tv_S"]
    data = dataclasses.replace(golden.dataset(), frame=frame)
    job = golden.job(channels=channels, organic=[], prophet=[], context=[], **SMALL)
    with pytest.raises(EngineError, match="no candidate has finite errors"):
        NativeEngine().train(data, job, ignore)


def _changed(column: str, change: Any) -> Dataset:
    data = golden.dataset()
    frame = data.frame.copy()
    frame[column] = change(frame[column].to_numpy())
    return dataclasses.replace(data, frame=frame)


@pytest.mark.parametrize(
    ("column", "change", "where", "message"),
    [
        ("tv_S", lambda v: v * 0, "channels[0].spend", "0 throughout the window"),
        ("facebook_I", lambda v: v * 0, "channels[3].exposure", "0 throughout the window"),
        ("search_S", lambda v: -v, "channels[4].spend", "negative"),
        ("print_S", lambda v: np.where(np.arange(208) == 50, np.nan, v), "channels[2]", "finite"),
        ("newsletter", lambda v: v * 0 + 5, "organic[0]", "constant in the window"),
        ("competitor_sales_B", lambda v: v * 0 + 1, "context[0]", "constant in the window"),
        ("revenue", lambda v: v * 0 + 1, "target", "constant in the window"),
        ("revenue", lambda v: np.where(np.arange(208) == 3, np.inf, v), "target", "finite"),
    ],
)
def test_data_that_cannot_be_modelled(column: str, change: Any, where: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        NativeEngine().train(_changed(column, change), golden.job(**SMALL), ignore)
    places = [(problem.where, problem.message) for problem in caught.value.problems]
    assert any(place.startswith(where) and message in text for place, text in places), places


YEARS = ["2016-01-01", "2018-01-01"]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"window": ["2016-01-01", "2016-03-01"]}, "window"),
        ({"window": ["2024-01-01", "2024-03-01"]}, "window"),
        ({"ts_validation": True, "train_size": [0.1, 0.5], "window": YEARS}, "train_size"),
        ({"ts_validation": True, "train_size": [0.5, 0.98]}, "train_size"),
    ],
)
def test_too_few_rows(values: dict[str, Any], where: str) -> None:
    with pytest.raises(DataError) as caught:
        NativeEngine().train(golden.dataset(), golden.job(**SMALL, **values), ignore)
    assert where in [problem.where for problem in caught.value.problems]


def test_lift_studies_are_searched_judged_and_scored() -> None:
    study = {"channels": ["tv_S"], "start": "2018-05-01", "end": "2018-06-10", "lift": 400_000}
    study |= {"confidence": 0.9, "spend": 100_000, "scope": "immediate"}
    result, _ = _train(golden.job(**SMALL, calibration=[study], min_candidates=1))
    candidates = result.candidates
    assert candidates[c.MAPE].nunique() > 10
    assert set(result.convergence[c.OBJECTIVE]) == {c.NRMSE, c.DECOMP_RSSD, c.MAPE}
    on_front = candidates[candidates[c.PARETO_FRONT] > 0]
    assert (on_front[c.MAPE] <= candidates[c.MAPE].quantile(0.1)).all()
    assert "nrmse_train, decomp_rssd and mape" in result.rule
    errors = candidates[[c.NRMSE_TRAIN, c.DECOMP_RSSD, c.MAPE]]
    errors = errors[np.isfinite(errors).all(axis=1)]
    scaled = (errors - errors.min()) / (errors.max() - errors.min())
    best = ((scaled / 3) ** 2).sum(axis=1).idxmin()
    assert candidates.loc[best, c.CANDIDATE] == result.best
