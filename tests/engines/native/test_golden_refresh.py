"""Robyn's refresh: its bounds, its second error, its search; to 1e-9."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.engine import Event, LogLine
from mmmlib.engines.native import results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.native.refresh import Continuation
from mmmlib.engines.native.search import search_trial
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError, JobError
from mmmlib.model.inputs import ModelInput
from mmmlib.model.parent import Parent
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same

WINDOW = ["2016-04-04", "2018-09-24"]


@pytest.fixture(scope="module")
def parent() -> Parent:
    """The model Robyn refreshed: ``1_81_1``, fitted up to 2018-06-25."""
    values = golden.read("more/refresh_bounds.csv").set_index("hyper")["previous"].to_dict()
    meta = json.loads((golden.FOLDER / "more" / "refresh_meta.json").read_text())
    values[c.LAMBDA_HP] = values.pop("lambda") / (0.9999 * meta["previous_lambda_max"])
    shares = golden.read("more/refresh_previous_decomp.csv").set_index("rn")["xDecompPerc"]
    window = (dt.date(2016, 1, 4), dt.date(2018, 6, 25))
    return Parent("r1/de/20260101_000000", "1_81_1", values, shares.to_dict(), window)


@pytest.fixture(scope="module")
def data() -> ModelInput:
    table = golden.read("more/refresh_dt_mod.parquet")
    table = table.rename(columns={"ds": c.DATE, "dep_var": c.TARGET})
    table = table.assign(**{c.DATE: pd.to_datetime(table[c.DATE])})
    return ModelInput.of_table(table, golden.spends(), golden.job(window=WINDOW))


def refreshed(data: ModelInput, parent: Parent, **values: Any) -> Model:
    job = golden.job(**{"window": WINDOW, "trials": 1, "iterations": 60} | values)
    return Model(data, job, continuation=Continuation.of(data, job, parent))


def test_bounds(data: ModelInput, parent: Parent) -> None:
    expected = golden.read("more/refresh_bounds.csv").set_index("hyper")
    model = refreshed(data, parent)
    assert model.continuation is not None
    assert (model.continuation.new_rows, model.continuation.freedom) == (13, 0.1)
    for name, bounds in model.continuation.bounds.items():
        wanted = expected.loc["lambda" if name == c.LAMBDA_HP else name, ["used_low", "used_high"]]
        np.testing.assert_allclose(bounds, wanted.astype(float), rtol=0, atol=1e-15)
    assert len(model.space.searched) == 19


def test_replay(data: ModelInput, parent: Parent) -> None:
    expected = golden.read("more/refresh_candidates.parquet")
    model = refreshed(data, parent)
    trial = search_trial(model, 1, lambda done, best: None)
    wanted = golden.values_of(expected, model)
    np.testing.assert_allclose(trial.values, wanted, rtol=1e-14, atol=1e-14)
    errors = golden.errors_of(expected)
    for column in (0, 3, 6):  # nrmse_train, rsq_train, decomp_rssd; there is no split
        assert_each_same(trial.fits.errors[:, column], errors[:, column])
    coefficients = golden.coefficients_of(
        golden.read("more/refresh_coefficients.parquet"), expected["solID"], model
    )
    assert_each_same(trial.fits.coefficients, coefficients)
    table = results.candidate_table(model, [trial])
    assert_same(table[c.LAMBDA], expected["lambda"])


def test_the_best_model_is_not_the_one_of_the_smallest_rssd(
    data: ModelInput, parent: Parent
) -> None:
    """Robyn takes the smallest DECOMP.RSSD of its front, whatever the fit; we the error score."""
    front = golden.read("more/refresh_pareto.csv")
    model = refreshed(data, parent, pareto_fronts=1)
    trial = search_trial(model, 1, lambda done, best: None)
    tables = results.tables(model, [trial])
    robyns = front.loc[front["decomp.rssd"].astype(float).idxmin()]
    assert robyns["bestModRF"] in (True, "TRUE")
    assert tables["best"] != robyns["solID"]
    errors = tables["candidates"].set_index(c.CANDIDATE)[c.NRMSE]
    assert errors[tables["best"]] < 0.5 * errors[robyns["solID"]]
    assert "distance from the decomposition of the refreshed model" in tables["rule"]


def test_nothing_new_and_only_new_are_refused(data: ModelInput, parent: Parent) -> None:
    same = replace(parent, window=(dt.date(2016, 1, 4), dt.date(2018, 9, 24)))
    with pytest.raises(DataError, match="nothing new to refresh on"):
        refreshed(data, same)
    old = replace(parent, window=(dt.date(2014, 1, 6), dt.date(2016, 3, 28)))
    with pytest.raises(DataError, match="lies wholly after"):
        refreshed(data, old)


def test_other_variables_are_refused(data: ModelInput, parent: Parent) -> None:
    shares = {name: share for name, share in parent.shares.items() if name != "tv_S"}
    with pytest.raises(DataError, match=r"differ in tv_S; a refresh keeps the variables"):
        refreshed(data, replace(parent, shares=shares))


def test_values_outside_the_ranges_are_refused(data: ModelInput, parent: Parent) -> None:
    values = dict(parent.values) | {"tv_S_thetas": 0.05}
    with pytest.raises(JobError, match=r"tv_S_thetas 0.05, outside the job's range \[0.3, 0.8\]"):
        refreshed(data, replace(parent, values=values))


def test_what_is_fixed_is_loosened_within_the_limits(parent: Parent) -> None:
    job = golden.job()
    channels = [item.model_dump() for item in job.channels]
    channels[0]["ranges"] |= {"gammas": [0.98, 0.98], "thetas": [0.0, 0.0]}
    bounds = parent.bounds(golden.job(channels=channels), 0.1)
    assert bounds["tv_S_gammas"] == (pytest.approx(0.882), 1.0)
    assert bounds["tv_S_thetas"] == (0.0, 0.0)


def test_penalty_factors_are_narrowed_too(data: ModelInput, parent: Parent) -> None:
    factors = {f"{name}_penalty": 0.95 for name in data.variables}
    penalised = replace(parent, values=dict(parent.values) | factors)
    model = refreshed(data, penalised, penalty_factors=True)
    assert len(model.space.searched) == 19 + 11
    assert model.space.bounds["trend_penalty"] == (pytest.approx(0.85), 1.0)
    with pytest.raises(JobError, match="has no trend_penalty; keep channels and adstock"):
        refreshed(data, parent, penalty_factors=True)


def test_the_engine_refreshes_from_raw_data(parent: Parent) -> None:
    events: list[Event] = []
    job = golden.job(window=WINDOW, trials=1, iterations=40, refresh_of=parent.run)
    result = NativeEngine().refresh(golden.dataset(), job, parent, events.append)
    lines = [event.text for event in events if isinstance(event, LogLine)]
    assert "13 of 130 rows are new" in lines[0]
    thetas = result.candidates["tv_S_thetas"]
    assert thetas.between(0.345, 0.446).all()
    assert result.candidates[c.DECOMP_RSSD].max() < 1
