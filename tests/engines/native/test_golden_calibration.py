"""Lift studies as Robyn computed them, and what becomes of studies that Robyn loses."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from mmmlib.engines.engine import ignore
from mmmlib.engines.native import results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.native.pareto import error_scores, pareto_fronts
from mmmlib.engines.native.search import Trial, search_trial
from mmmlib.engines.native.transforms import hill
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError, JobError
from mmmlib.model.inputs import ModelInput
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same

SAME_POINT = 1e-14  # of the range: the golden hyperparameters are decimal
COUNTS = {"geometric": 150, "weibull_pdf": 40}
LOST_CELLS = {"geometric": 0, "weibull_pdf": 55}

Floats = npt.NDArray[np.float64]


@cache
def studies() -> list[dict[str, Any]]:
    """Robyn's calibration input as a job's studies."""
    table = golden.read("more/calibration_input.csv")
    return [
        {
            "channels": row["channel_selected"].split("+"),
            "start": row["liftStartDate"],
            "end": row["liftEndDate"],
            "lift": float(row["liftAbs"]),
            "spend": float(row["spend"]),
            "confidence": float(row["confidence"]),
            "scope": row["calibration_scope"],
        }
        for row in table.to_dict("records")
    ]


def _model(adstock: str, **values: Any) -> Model:
    """The calibrated model, with the kernels Robyn takes."""
    calibrated = {"adstock": adstock, "calibration": studies(), **values}
    return dataclasses.replace(golden.model(**calibrated), short_kernels=True)


def _lift_cells(adstock: str, ids: pd.Series, column: str) -> Floats:
    table = golden.read(f"more/calibration_{adstock}_lift.parquet")
    wide = table.pivot(index="solID", columns="liftMedia", values=column)
    order = ["+".join(study["channels"]) for study in studies()]
    cells: Floats = wide.loc[list(ids), order].to_numpy(dtype=np.float64)
    return cells


@pytest.mark.parametrize("adstock", COUNTS)
def test_every_candidate(adstock: str) -> None:
    expected = golden.read(f"more/calibration_{adstock}.parquet")
    assert len(expected) == COUNTS[adstock]
    model = _model(adstock)
    fits = model.evaluate(golden.values_of(expected, model))
    cells = _lift_cells(adstock, expected["solID"], "decompAbsScaled")
    assert np.isnan(cells).sum() == LOST_CELLS[adstock]
    assert_each_same(fits.effects, cells)
    assert_each_same(fits.mape, expected["mape"])
    for actual, errors in zip(fits.errors.T, golden.errors_of(expected).T, strict=True):
        np.testing.assert_array_equal(np.isnan(actual), np.isnan(errors))
        if not np.isnan(errors).all():
            assert_each_same(actual, errors)
    table = golden.read(f"more/calibration_{adstock}_coefficients.parquet")
    assert_each_same(fits.coefficients, golden.coefficients_of(table, expected["solID"], model))


@pytest.mark.parametrize("adstock", COUNTS)
def test_total_scope(adstock: str) -> None:
    """Robyn reports the total beside the immediate effect of every study."""
    expected = golden.read(f"more/calibration_{adstock}.parquet")
    totals = [{**study, "scope": "total"} for study in studies()]
    model = golden.model(adstock=adstock, calibration=totals)
    fits = model.evaluate(golden.values_of(expected, model))
    cells = _lift_cells(adstock, expected["solID"], "decompAbsTotalScaled")
    assert_each_same(fits.effects, cells)


@pytest.mark.parametrize("adstock", COUNTS)
def test_search_is_replayed(adstock: str) -> None:
    expected = golden.read(f"more/calibration_{adstock}.parquet")
    model = _model(adstock, seed=123, trials=1, iterations=len(expected))
    best: list[Floats] = []
    trial = search_trial(model, 1, lambda done, errors: best.append(errors))
    wanted = golden.values_of(expected, model)
    np.testing.assert_allclose(trial.values, wanted, rtol=SAME_POINT, atol=SAME_POINT)
    assert_each_same(trial.fits.mape, expected["mape"])
    assert_each_same(best[-1], expected[["nrmse", "decomp.rssd", "mape"]].min())


def test_calibration_is_another_search() -> None:
    expected = golden.read("more/calibration_geometric.parquet")
    model = golden.model(iterations=len(expected))
    trial = search_trial(model, 1, lambda done, best: None)
    assert not np.allclose(trial.values, golden.values_of(expected, model))
    assert (trial.fits.mape == 0).all()
    assert trial.fits.effects.shape == (len(expected), 0)


def test_geometric_needs_no_switch() -> None:
    expected = golden.read("more/calibration_geometric.parquet")
    model = golden.model(calibration=studies())
    fits = model.evaluate(golden.values_of(expected, model))
    assert_each_same(fits.mape, expected["mape"])


def _study(start: str, end: str, **values: Any) -> dict[str, Any]:
    return {"channels": ["facebook_I"], "start": start, "end": end, "lift": 100_000, **values}


def test_two_rows_are_enough() -> None:
    edges = golden.read("more/calibration_edge_cases.csv").set_index("case")
    expected = edges.loc["two_rows_midweek"].set_index("solID")
    candidates = golden.read("more/calibration_geometric.parquet").set_index("solID")
    chosen = candidates.loc[expected.index]
    model = golden.model(calibration=[_study("2018-05-08", "2018-05-16")])
    fits = model.evaluate(golden.values_of(chosen, model))
    assert_each_same(fits.effects[:, 0], expected["decompAbsScaled"].astype(float))
    assert_each_same(fits.mape, expected["mape_lift"].astype(float))


ALL: dict[str, Any] = {"window": []}


@pytest.mark.parametrize(
    ("study", "values", "where", "message"),
    [
        (_study("2018-05-07", "2018-05-09"), {}, "calibration[1]", "covers 1 row"),
        (_study("2018-05-08", "2018-05-10"), {}, "calibration[1]", "covers 1 row"),
        (_study("2016-01-02", "2016-02-01"), {}, "calibration[1]", "outside the window"),
        (_study("2019-11-01", "2019-11-18"), ALL, "calibration[1]", "outside the window"),
        (_study("2015-11-20", "2015-12-18"), ALL, "calibration[1]", "outside the window"),
        (_study("2024-01-01", "2024-02-01"), ALL, "calibration[1]", "outside the window"),
    ],
)
def test_studies_the_data_cannot_answer(
    study: dict[str, Any], values: dict[str, Any], where: str, message: str
) -> None:
    good = _study("2018-05-08", "2018-05-16")
    with pytest.raises(DataError) as caught:
        golden.model(calibration=[good, study], **values)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert message in problem.message


def test_the_last_row_holds_its_whole_week() -> None:
    model = golden.model(calibration=[_study("2019-11-01", "2019-11-17")], window=[])
    assert model.n_objectives == 3


def test_a_channel_that_the_data_dropped() -> None:
    """A job may lose a channel after its rules were checked."""
    left = golden.job(calibration=studies()).without(["newsletter"])
    table, spends = golden.modelling_table(), golden.spends()
    with pytest.raises(DataError, match=r"calibration\[3\]\.channels: newsletter is not in"):
        ModelInput.of_table(table, spends, left)


@pytest.mark.parametrize(
    ("values", "where", "message"),
    [
        ({"calibration": [_study("2018-05-07", "2018-05-07")]}, "calibration[0].start", "one day"),
        ({"calibration": [_study("2015-05-07", "2016-05-07")]}, "calibration[0]", "outside"),
        (
            {"calibration": [_study("2018-05-07", "2018-06-07", lift=0)]},
            "calibration[0].lift",
            "is 0",
        ),
        (
            {"calibration": [_study("2018-05-07", "2018-06-07", channels=["competitor_sales_B"])]},
            "calibration[0].channels",
            "is no channel",
        ),
        (
            {"calibration": [_study("2018-05-07", "2018-06-07", channels=["tv_S", "tv_S"])]},
            "calibration[0].channels",
            "twice",
        ),
        (
            {"calibration": studies(), "objective_weights": [1, 2]},
            "objective_weights",
            "three weights",
        ),
    ],
)
def test_contradictions(values: dict[str, Any], where: str, message: str) -> None:
    with pytest.raises(JobError) as caught:
        golden.job(**values)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert message in problem.message


def test_calibration_is_not_refused() -> None:
    job = golden.job(calibration=studies(), objective_weights=[1, 1, 2])
    assert NativeEngine().refusals(job) == []


def _older(model: Model, values: Floats, first: int) -> Floats:
    """Adstock in the window of what was spent before a row, by leaving out all later spend."""
    data = model.data
    exposures = data.values.copy()
    exposures[first:, -len(model.job.media) :] = 0
    before = Model(dataclasses.replace(data, values=exposures), model.job).transform(values)
    adstock: Floats = before.immediate + before.carryover
    return adstock


@pytest.mark.parametrize("adstock", golden.ADSTOCKS)
def test_immediate_is_all_but_what_older_spend_leaves(adstock: str) -> None:
    study = _study("2018-04-30", "2018-06-10", channels=["facebook_I", "tv_S"])
    model = golden.model(adstock=adstock, calibration=[study])
    points = np.random.default_rng(5).random((30, len(model.space.searched)))
    values = model.space.values(points)
    fits = model.evaluate(values)
    first = int(np.flatnonzero(model.data.dates == np.datetime64("2018-04-30"))[0])
    rows = slice(first - model.data.first, first - model.data.first + 6)
    names = [medium.name for medium in model.job.media]
    expected = []
    for candidate, coefficients in zip(values, fits.coefficients, strict=True):
        media, older = model.transform(candidate), _older(model, candidate, first)[rows]
        effect = 0.0
        for medium in (names.index("facebook_I"), names.index("tv_S")):
            alpha, inflexion = media.alphas[medium], media.inflexions[medium]
            carried = [hill(max(value, 0.0), alpha, inflexion) for value in older[:, medium]]
            response = media.saturated[rows, medium].sum() - sum(carried)
            effect += coefficients[-len(names) + medium] * response
        expected.append(effect * 41 / 35)
    assert np.count_nonzero(expected) > 10
    np.testing.assert_allclose(fits.effects[:, 0], expected, rtol=1e-6)
    distances = np.abs(fits.effects[:, 0] - 100_000) / 100_000
    np.testing.assert_allclose(fits.mape, distances, rtol=1e-12)


def test_no_study_drops_out_under_weibull() -> None:
    """Robyn's kernel of the study's rows alone loses 55 of these 160 cells."""
    expected = golden.read("more/calibration_weibull_pdf.parquet")
    model = golden.model(adstock="weibull_pdf", calibration=studies())
    fits = model.evaluate(golden.values_of(expected, model))
    assert np.isfinite(fits.effects).all()
    assert np.isfinite(fits.mape).all()
    lifts = np.array([study["lift"] for study in studies()])
    distances = np.abs(fits.effects - lifts) / lifts
    np.testing.assert_allclose(fits.mape, distances.mean(axis=1), rtol=1e-12)
    totals = _lift_cells("weibull_pdf", expected["solID"], "decompAbsTotalScaled")
    assert (fits.effects <= totals * (1 + 1e-12)).all()  # only carryover is taken off
    lost = np.isnan(_lift_cells("weibull_pdf", expected["solID"], "decompAbsScaled"))
    assert (fits.effects[lost] < totals[lost]).mean() > 0.5


def test_what_was_not_fitted_is_told_as_infinite() -> None:
    model = golden.model(calibration=studies())
    fits = model.evaluate(model.space.values(np.full((2, len(model.space.searched)), 0.5)))
    objectives = model.objectives(dataclasses.replace(fits, mape=np.array([np.nan, 0.3])))
    assert objectives.shape == (2, 3)
    assert objectives[0, 2] == np.inf
    assert objectives[1, 2] == 0.3


def test_only_the_closest_tenth_is_on_fronts() -> None:
    expected = golden.read("more/calibration_geometric.parquet")
    nrmse, rssd, mape = expected[["nrmse", "decomp.rssd", "mape"]].to_numpy().T
    fronts = pareto_fronts(nrmse, rssd, 0, 100, mape)
    kept = mape <= np.quantile(mape, 0.1)
    assert 0 < np.count_nonzero(fronts) <= 15
    assert kept[fronts > 0].all()
    passing = kept & (nrmse <= np.quantile(nrmse, 0.9)) & (rssd <= np.quantile(rssd, 0.9))
    np.testing.assert_array_equal(fronts > 0, passing)  # all fronts: there are fewer than 100
    unknown = np.where(np.arange(len(mape)) < 100, np.nan, mape)
    assert not pareto_fronts(nrmse, rssd, 0, 100, unknown)[:100].any()


def test_the_table_of_candidates_tells_the_distance() -> None:
    expected = golden.read("more/calibration_geometric.parquet")
    model = golden.model(calibration=studies(), trials=1)
    values = golden.values_of(expected, model)
    table = results.candidate_table(model, [Trial(1, values, model.evaluate(values))])
    assert_each_same(table[c.MAPE], expected["mape"])
    scores = error_scores(*expected[["nrmse", "decomp.rssd", "mape"]].to_numpy().T)
    assert_each_same(table[c.ERROR_SCORE], scores)
    assert (table.loc[table[c.PARETO_FRONT] > 0, c.MAPE] <= table[c.MAPE].quantile(0.1)).all()
    assert "mape" in results.rule(model)


def test_a_calibrated_run() -> None:
    job = golden.job(calibration=studies(), iterations=60, trials=2)
    result = NativeEngine().train(golden.dataset(), job, ignore)
    assert (result.candidates[c.MAPE] > 0).all()
    assert result.candidates.loc[result.candidates[c.PARETO_FRONT] > 0, c.MAPE].max() <= (
        result.candidates[c.MAPE].quantile(0.1)
    )
