"""The engine on small worlds: right, repeatable, and unsure where it must be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.bayes import chains
from mmmlib.engines.bayes.engine import BayesEngine, second_opinion
from mmmlib.engines.engine import Engine, Event, LogLine, ignore
from mmmlib.ground import columns as c, names
from mmmlib.ground.errors import DataError, JobError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import ADDED_TABLES, TrainingResult
from mmmlib.report import select
from tests.engines.bayes.worlds import TRUE, world

FAST = {"sweeps": 1600}


@pytest.fixture(scope="module")
def trained() -> TrainingResult:
    return BayesEngine().train(*world(posterior=FAST), ignore)


def test_it_is_registered_and_keeps_the_protocol() -> None:
    engine: Engine = names.load(names.ENGINES["bayes"])()
    assert engine.version().startswith("bayes ")
    assert engine.refusals(world()[1]) == []
    asked = world(ts_validation=True, optimizer="OnePlusOne")[1]
    assert {problem.where for problem in engine.refusals(asked)} == {"ts_validation", "optimizer"}
    with pytest.raises(JobError, match="ts_validation"):
        BayesEngine().train(*world(ts_validation=True), ignore)


def test_the_interval_holds_the_truth(trained: TrainingResult) -> None:
    rows = trained.posterior.set_index(c.CHANNEL)
    assert rows[c.CONVERGED].all()
    assert (rows[c.R_HAT] < 1.05).all()
    for channel, true in TRUE.items():
        assert rows.loc[channel, c.LOW] < true < rows.loc[channel, c.HIGH]
    assert rows.loc["tv", c.MEAN] == pytest.approx(TRUE["tv"], rel=0.15)


def test_the_tables_agree(trained: TrainingResult) -> None:
    decomposition = trained.decomposition
    fitted = select.over_time(trained)
    assert decomposition[c.CONTRIBUTION].sum() == pytest.approx(fitted[c.FITTED].sum())
    assert decomposition[c.CONTRIBUTION_SHARE].sum() == pytest.approx(1)
    by_channel = decomposition.set_index(c.VARIABLE)[c.CONTRIBUTION]
    posterior = trained.posterior.set_index(c.CHANNEL)[c.CONTRIBUTION]
    assert by_channel[list(TRUE)].to_numpy() == pytest.approx(posterior.to_numpy(), rel=0.02)
    assert trained.errors()[c.RSQ_TRAIN] > 0.95
    assert list(trained.posterior) == list(ADDED_TABLES["posterior"])
    assert set(ADDED_TABLES["posterior_draws"]) <= set(trained.posterior_draws)


def test_twice_the_same_to_the_last_bit(trained: TrainingResult) -> None:
    again = BayesEngine().train(*world(posterior=FAST), ignore)
    for name, table in trained.tables().items():
        assert table.equals(again.tables()[name]), name


def test_a_study_is_evidence(trained: TrainingResult) -> None:
    """An exact study of search narrows its interval around the truth."""
    dataset, _ = world(posterior=FAST)
    spend = dataset.frame["search_S"].sum()
    start, end = (dataset.frame["date"].iloc[i].date().isoformat() for i in (0, -1))
    study = {
        "channels": ["search"], "start": start, "end": end, "lift": TRUE["search"] * spend,
        "scope": "total", "standard_error": 0.02 * spend,
    }  # fmt: skip
    result = BayesEngine().train(*world(posterior=FAST, calibration=[study]), ignore)
    after = result.posterior.set_index(c.CHANNEL).loc["search"]
    before = trained.posterior.set_index(c.CHANNEL).loc["search"]
    assert after[c.MEAN] == pytest.approx(TRUE["search"], rel=0.03)
    assert after[c.HIGH] - after[c.LOW] < before[c.HIGH] - before[c.LOW]
    assert after[c.KNOWN] == "well known"


def test_a_prior_is_taken_and_shown() -> None:
    channels = [
        {"name": "tv", "spend": "tv_S", "prior": {"low": 1.9, "high": 2.1}},
        {"name": "search", "spend": "search_S", "prior": {"mean": 4.0, "spread": 0.1}},
    ]
    result = BayesEngine().train(*world(posterior=FAST, channels=channels, noise=1.0), ignore)
    rows = result.posterior.set_index(c.CHANNEL)
    assert rows.loc["tv", [c.PRIOR_LOW, c.PRIOR_HIGH]].tolist() == pytest.approx([1.9, 2.1], 1e-3)
    assert rows.loc["search", c.MEAN] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prior": {"low": 3.0, "high": 1.0}}, "is not below its high"),
        ({"prior": {"low": 3.0}}, "low and high, or mean and spread"),
        ({"prior": {"low": 1, "high": 2, "mean": 1, "spread": 1}}, "not both"),
        ({"prior": {"mean": 1, "spread": 1}, "sign": "default"}, "with a sign"),
    ],
)
def test_a_prior_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(JobError, match=said):
        world(channels=[{"name": "tv", "spend": "tv_S"} | changes])


def test_a_prior_that_the_data_contradict_is_named() -> None:
    channels = [
        {"name": "tv", "spend": "tv_S", "kind": "tv", "prior": {"low": 6.0, "high": 8.0}},
        {"name": "search", "spend": "search_S"},
    ]
    result = BayesEngine().train(*world(posterior=FAST, channels=channels), ignore)
    verdict = result.posterior[c.VERDICT].iloc[0]
    assert "contradict the prior of tv" in verdict
    assert "search" not in verdict


def test_a_prior_beyond_the_whole_target_is_refused() -> None:
    channels = [{"name": "tv", "spend": "tv_S", "prior": {"low": 500.0, "high": 900.0}}]
    with pytest.raises(DataError, match="more than the whole target") as raised:
        BayesEngine().train(*world(channels=channels), ignore)
    assert raised.value.problems[0].where == "channels[0].prior"


def test_the_prior_s_own_prediction_is_told() -> None:
    said: list[str] = []
    BayesEngine().train(
        *world(posterior=FAST | {"sweeps": 200}),
        lambda event: said.append(event.text) if isinstance(event, LogLine) else None,
    )
    low, high = (
        float(found) / 100
        for found in re.search(r"bring (\d+) % to (\d+) %", said[0].replace("%", " %")).groups()
    )
    assert low < 0.1
    assert 0.8 < high < 3.0


@pytest.mark.slow
def test_ten_thousand_rows() -> None:
    dataset, job = world(rows=10_000, posterior={"sweeps": 200, "chains": 2})
    days = dataset.frame.assign(date=pd.date_range("1995-01-01", periods=10_000))
    result = BayesEngine().train(replace(dataset, frame=days, interval="day"), job, ignore)
    assert len(result.posterior) == 2
    assert np.isfinite(result.posterior[c.MEAN]).all()


def test_channels_that_spend_alike_are_not_told_apart() -> None:
    dataset, job = world(posterior=FAST)
    twin = dataset.frame.assign(search_S=dataset.frame["tv_S"])
    result = BayesEngine().train(replace(dataset, frame=twin), job, ignore)
    assert set(result.posterior[c.KNOWN]) & {"roughly known", "not identified: needs a lift study"}
    assert "cannot be told apart" in select.message(result, "revenue")


def test_one_channel_and_one_week_of_spend() -> None:
    dataset, job = world(posterior=FAST, channels=[{"name": "tv", "spend": "tv_S"}])
    once = np.where(np.arange(len(dataset.frame)) == 50, 80.0, 0.0)
    result = BayesEngine().train(
        replace(dataset, frame=dataset.frame.assign(tv_S=once)), job, ignore
    )
    assert len(result.posterior) == 1
    assert result.posterior[c.KNOWN].iloc[0].startswith("not identified")


def test_a_constant_target_is_refused() -> None:
    dataset, job = world()
    with pytest.raises(DataError, match="constant"):
        BayesEngine().train(replace(dataset, frame=dataset.frame.assign(revenue=5.0)), job, ignore)


def test_a_study_outside_the_window_is_refused() -> None:
    study = {"channels": ["tv"], "start": "2019-01-07", "end": "2019-03-04", "lift": 10.0}
    with pytest.raises(DataError, match="outside the window"):
        BayesEngine().train(*world(calibration=[study]), ignore)


def test_more_columns_than_rows_are_refused() -> None:
    with pytest.raises(DataError, match="rows"):
        BayesEngine().train(*world(rows=5), ignore)


def test_chains_that_do_not_agree_say_so_and_get_no_headline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chains, "MOST_ROUNDS", 1)  # three might do after all
    bad = {"sweeps": 200, "chains": 2}
    result = BayesEngine().train(*world(posterior=bad, noise=1.0), ignore)
    assert not result.posterior[c.CONVERGED].any()
    assert "do not agree" in result.posterior[c.VERDICT].iloc[0]
    assert "not converged" in select.message(result, "revenue")


@pytest.mark.parametrize("adstock", ["weibull_cdf", "weibull_pdf"])
def test_weibull_heavy_tails_conversions_and_signs(adstock: str) -> None:
    dataset, job = world(
        adstock=adstock,
        target_type="conversion",
        posterior=FAST | {"noise": "heavy_tailed", "sweeps": 600},
        channels=[{"name": "tv", "spend": "tv_S", "sign": "default"}],
        organic=[{"name": "search", "column": "search_S"}],
        context=[{"name": "price", "sign": "negative"}],
    )
    frame = dataset.frame.assign(price=np.linspace(1, 2, len(dataset.frame)) ** 2)
    frame.loc[30, "revenue"] *= 3.0
    result = BayesEngine().train(replace(dataset, frame=frame), job, ignore)
    rows = result.posterior.set_index(c.CHANNEL)
    assert rows.loc["tv", c.EFFICIENCY] == "cpa"
    assert rows.loc["search", c.ROLE] == "organic"
    slopes = result.decomposition.set_index(c.VARIABLE)[c.COEFFICIENT]
    assert slopes["price"] <= 0


def test_a_second_opinion_stands_beside_a_model(trained: TrainingResult) -> None:
    dataset, job = world(posterior=FAST)
    events: list[Event] = []
    bare = replace(trained, posterior=trained.posterior.iloc[:0], engine="native 1")
    result = second_opinion(bare, dataset, job, events.append)
    assert len(result.posterior) == 2
    assert result.candidates is bare.candidates
    assert any("90 % interval" in event.text for event in events if isinstance(event, LogLine))


def test_old_jobs_are_read() -> None:
    values = world()[1].to_values()
    del values["posterior"]
    for channel in values["channels"]:
        del channel["prior"]
    assert TrainingJob.parse(values) == world()[1]
