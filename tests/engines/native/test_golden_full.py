"""The standard run, 2,000 × 5: errors, coefficients, fronts, scores and the best model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native import decompose, results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.pareto import pareto_fronts
from mmmlib.engines.native.search import Trial
from mmmlib.ground import columns as c
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same

CANDIDATES = 10_000


@pytest.fixture(scope="module")
def run() -> tuple[Model, list[Trial], pd.DataFrame]:
    """Robyn's candidates, evaluated anew."""
    expected = golden.read("full_candidates.parquet")
    model = golden.model(trials=5)
    trials = []
    for number, part in expected.groupby("trial"):
        values = golden.values_of(part, model)
        trials.append(Trial(int(str(number)), values, model.evaluate(values)))
    return model, trials, expected


def test_errors_and_coefficients(run: tuple[Model, list[Trial], pd.DataFrame]) -> None:
    model, trials, expected = run
    errors = np.concatenate([trial.fits.errors for trial in trials])
    assert len(errors) == CANDIDATES
    wanted = golden.errors_of(expected)
    # the validation and test errors are NaN: there is no validation split
    given = [i for i in range(wanted.shape[1]) if not np.isnan(wanted[:, i]).all()]
    assert len(given) == 3
    assert_each_same(errors[:, given], wanted[:, given])
    coefficients = np.concatenate([trial.fits.coefficients for trial in trials])
    table = golden.read("full_coefficients.parquet")
    wanted = golden.coefficients_of(table, expected["solID"], model)
    assert_same(coefficients.T, wanted.T)
    without_intercept = wanted[:, 0] == 0
    assert 0.1 < without_intercept.mean() < 0.5
    np.testing.assert_array_equal(coefficients[:, 0] == 0, without_intercept)


def test_fronts_scores_and_best_model(run: tuple[Model, list[Trial], pd.DataFrame]) -> None:
    model, trials, _ = run
    tables = results.tables(model, trials)
    expected = golden.read("full_pareto.parquet").set_index("solID")
    candidates = tables["candidates"].set_index(c.CANDIDATE)
    on_front = candidates.loc[candidates[c.PARETO_FRONT] > 0]
    assert set(on_front.index) == set(expected.index)
    assert (on_front[c.PARETO_FRONT] == expected["robynPareto"].loc[on_front.index]).all()
    assert_same(on_front[c.ERROR_SCORE], expected["error_score"].loc[on_front.index])
    assert tables["best"] == "3_1686_1"
    assert candidates[c.ERROR_SCORE].idxmin() == "3_1686_1"


def test_fronts_of_errors_as_robyn_gave_them() -> None:
    full = golden.read("full_candidates.parquet")
    expected = golden.read("full_pareto.parquet").set_index("solID")["robynPareto"]
    fronts = pareto_fronts(full["nrmse"].to_numpy(), full["decomp.rssd"].to_numpy(), 0, 100)
    wanted = expected.reindex(full["solID"], fill_value=0)
    np.testing.assert_array_equal(fronts, wanted)
    assert (fronts > 0).sum() >= 100


def test_decomposition_and_roas(run: tuple[Model, list[Trial], pd.DataFrame]) -> None:
    model, trials, _ = run
    ours = results.tables(model, trials)["decomposition"].set_index([c.CANDIDATE, c.VARIABLE])
    theirs = golden.read("full_decomposition.parquet").set_index(["solID", "rn"])
    assert set(ours.index) == set(theirs.index)
    theirs = theirs.loc[ours.index]
    for column, golden_column in {
        c.COEFFICIENT: "coef",
        c.CONTRIBUTION: "xDecompAgg",
        c.CONTRIBUTION_SHARE: "xDecompPerc",
        c.SPEND: "total_spend",
        c.SPEND_SHARE: "spend_share",
        c.EFFECT_SHARE: "effect_share",
        c.ROAS: "roi_total",
    }.items():
        assert_each_same(ours[column], theirs[golden_column])
    finite = np.isfinite(ours[c.CPA])
    assert finite.sum() > 100
    assert_each_same(ours[c.CPA][finite], theirs["cpa_total"][finite])


def test_over_time_adds_up(run: tuple[Model, list[Trial], pd.DataFrame]) -> None:
    model, trials, _ = run
    tables = results.tables(model, trials)
    time = tables["decomposition_over_time"]
    time = time[time[c.CANDIDATE] == tables["best"]]
    wide = time.pivot(index=c.DATE, columns=c.VARIABLE, values=c.CONTRIBUTION)
    variables = [c.INTERCEPT, *model.data.variables]
    assert_same(wide[variables].sum(axis=1), wide[c.FITTED])
    totals = tables["decomposition"].set_index(c.CANDIDATE).loc[tables["best"]]
    assert_each_same(wide[variables].sum(), totals.set_index(c.VARIABLE)[c.CONTRIBUTION][variables])
    media = [medium.name for medium in model.job.media]
    of_media = time.loc[time[c.VARIABLE].isin(media)]
    assert_same(of_media[c.IMMEDIATE] + of_media[c.CARRYOVER], of_media[c.CONTRIBUTION])
    assert (of_media[[c.IMMEDIATE, c.CARRYOVER]].to_numpy() >= 0).all()
    assert time.loc[~time[c.VARIABLE].isin(media), [c.IMMEDIATE, c.CARRYOVER]].isna().all(axis=None)
    assert_same(wide[c.ACTUAL], model.data.target[model.data.window])
    assert decompose.split_labels(model.data.rows, 1.0) == time[c.SPLIT].tolist()[: model.data.rows]
