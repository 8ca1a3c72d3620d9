"""A whole run of Meta's Robyn, as `engine: robyn` returned it, computed again by this engine.

Every Pareto model of the run has the same coefficients, errors, contributions and response curves,
given its hyperparameters; and the same job searches the same candidates.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native import curves, decompose, results
from mmmlib.engines.native.candidates import Fits, Model
from mmmlib.engines.native.search import Trial, search_trial
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput
from mmmlib.model.result import TABLES
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same

FOLDER = Path(__file__).parents[2] / "golden" / "robyn_run"
NOT_SEARCHED = {c.CANDIDATE, c.TRIAL, c.ITERATION, c.WORKER}


class Run:
    """The stored tables of Robyn's run, and the model on what Robyn saw."""

    def __init__(self) -> None:
        self.job = TrainingJob.load(FOLDER / "job.yaml")
        self.tables = {name: pd.read_parquet(FOLDER / f"{name}.parquet") for name in stored()}
        raw = golden.read("dt_simulated_weekly.csv")
        spends = pd.DataFrame({item.name: raw[item.spend] for item in self.job.channels})
        self.model = Model(
            ModelInput.of_table(self.tables["model_input"], spends, self.job), self.job
        )
        self.ids = self.tables["candidates"][c.CANDIDATE].tolist()
        self.values = golden.values_of(self.tables["candidates"], self.model)
        self.fits: Fits = self.model.evaluate(self.values)

    def on_fronts(self) -> list[int]:
        """Rows of the Pareto models."""
        return np.flatnonzero(self.tables["candidates"][c.PARETO_FRONT] > 0).tolist()


def stored() -> list[str]:
    """Tables that Robyn gives; convergence follows from the candidates."""
    ours = ("convergence", "posterior", "posterior_draws")
    return [name for name in TABLES if name not in ours]


@pytest.fixture(scope="module")
def run() -> Run:
    return Run()


def test_errors_and_coefficients_of_every_candidate(run: Run) -> None:
    expected = run.tables["candidates"]
    assert len(expected) == run.job.iterations * run.job.trials
    for name, errors in zip(results.ERROR_COLUMNS, run.fits.errors.T, strict=True):
        if expected[name].isna().all():
            assert np.isnan(errors).all()
        else:
            assert_each_same(errors, expected[name])
    assert_same(run.model.strengths(run.values), expected[c.LAMBDA])
    wide = run.tables["coefficients"].pivot(
        index=c.CANDIDATE, columns=c.VARIABLE, values=c.COEFFICIENT
    )
    wanted = wide.loc[run.ids, [c.INTERCEPT, *run.model.data.variables]].to_numpy()
    assert_same(run.fits.coefficients.T, wanted.T)


def test_fronts_best_model_and_decomposition(run: Run) -> None:
    tables = results.tables(run.model, [Trial(1, run.values, run.fits)])
    ours, theirs = tables["candidates"], run.tables["candidates"]
    assert set(theirs) < set(ours)
    np.testing.assert_array_equal(ours[c.PARETO_FRONT], theirs[c.PARETO_FRONT])
    assert tables["best"] == "1_194_1"
    keys = [c.CANDIDATE, c.VARIABLE]
    expected = run.tables["decomposition"].set_index(keys)
    assert len(expected) == len(run.on_fronts()) * (1 + len(run.model.data.variables))
    actual = tables["decomposition"].set_index(keys).loc[expected.index]
    assert (actual[c.ROLE] == expected[c.ROLE]).all()
    for name in (c.COEFFICIENT, c.CONTRIBUTION, c.CONTRIBUTION_SHARE):
        assert_each_same(actual[name], expected[name])
    paid = (expected[c.ROLE] == "paid").to_numpy()
    for name in (c.SPEND, c.SPEND_SHARE, c.EFFECT_SHARE, c.ROAS):
        assert_each_same(actual[name][paid], expected[name][paid])
        assert expected[name][~paid].isna().all()


def test_contributions_over_time(run: Run) -> None:
    table = run.tables["decomposition_over_time"]
    winners = run.tables["clusters"][c.CANDIDATE]
    assert set(table[c.CANDIDATE]) == {"1_194_1", *winners}
    for candidate, expected in table.groupby(c.CANDIDATE):
        i = run.ids.index(str(candidate))
        actual = decompose.over_time(
            run.model, str(candidate), run.values[i], run.fits.coefficients[i]
        )
        assert list(actual) == list(expected)
        for name in (c.DATE, c.VARIABLE, c.SPLIT):
            assert actual[name].tolist() == expected[name].tolist()
        for name in (c.CONTRIBUTION, c.IMMEDIATE, c.CARRYOVER):
            assert_same(actual[name], expected[name])


def test_response_curves_of_every_pareto_model(run: Run) -> None:
    channels = run.tables["channels"].set_index(c.CANDIDATE)
    points = run.tables["response_curves"].set_index(c.CANDIDATE)
    assert set(channels.index) == {run.ids[i] for i in run.on_fronts()}
    for i in run.on_fronts():
        expected = channels.loc[run.ids[i]]
        actual = curves.channel_table(
            run.model, run.ids[i], run.values[i], run.fits.coefficients[i]
        )
        assert actual[c.CHANNEL].tolist() == expected[c.CHANNEL].tolist()
        for name in (c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER, c.CURRENT_SPEND):
            assert_each_same(actual[name], expected[name])
        curve = points.loc[run.ids[i]]
        assert len(curve) == 11 * len(expected)
        spend = curve[c.SPEND].to_numpy().reshape(len(expected), -1).T
        response = curve[c.RESPONSE].to_numpy().reshape(spend.T.shape).T
        assert_each_same(curves.of_channels(actual).response(spend), response)


def test_the_search_is_the_same(run: Run) -> None:
    trial = search_trial(run.model, 1, lambda done, best: None)
    np.testing.assert_allclose(trial.values, run.values, rtol=1e-14, atol=1e-14)
    table = results.candidate_table(run.model, [trial])
    assert table[c.CANDIDATE].tolist() == run.ids
    searched = [name for name in run.model.space.names if name not in NOT_SEARCHED]
    assert list(table)[4 : 4 + len(searched)] == searched
