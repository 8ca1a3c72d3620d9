"""Response function: Robyn's numbers to 1e-9, slopes, steady states, histories."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError
from mmmlib.model.adstock import FloatArray
from mmmlib.model.json import ExportedModel, read_model
from mmmlib.model.response import Response
from tests.engines.native import golden
from tests.engines.native.golden import assert_same

MEDIA = (*golden.PAID, "newsletter")


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    """The model of Robyn's response functions, in the frame of another one of the same data."""
    frame = read_model((golden.FOLDER / "RobynModel-3_1998_1.json").read_bytes())
    row = golden.read("alloc_model_hyperparameters.csv").iloc[0]
    values = {name: float(row.get(name, value)) for name, value in frame.values.items()}
    fitted = golden.read("alloc_model_coefficients.csv").set_index("rn")["coef"].astype(float)
    summary = frame.summary.assign(
        **{c.COEFFICIENT: [float(fitted[name]) for name in frame.summary[c.VARIABLE]]}
    )
    return replace(frame, values=values, summary=summary)


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    points: dict[str, dict[str, Any]]
    points = json.loads((golden.FOLDER / "response_functions.json").read_text())
    return points


@pytest.fixture(scope="module")
def television(model: ExportedModel) -> Response:
    return Response.of(model, golden.model().data, "tv_S")


def of_adstock(television: Response, adstock: str) -> Response:
    """Television under another adstock, the inflexion as before."""
    if adstock == "geometric":
        return television
    return replace(television, adstock=adstock, decay=0.02, shape=2.5)


@pytest.mark.parametrize("name", MEDIA)
def test_robyns_response(
    name: str, model: ExportedModel, expected: dict[str, dict[str, Any]]
) -> None:
    wanted = expected[name]
    response = Response.of(model, golden.model().data, name)
    point = response.mean_response()
    assert_same([response.inflexion], [wanted["inflexion"]])
    assert_same([point.spend], [wanted["mean_input_immediate"]])
    assert_same([point.carryover], [wanted["mean_input_carryover"]])
    assert_same([point.response], [wanted["mean_response_total"]])
    assert_same([point.response_carryover], [wanted["mean_response_carryover"]])
    assert_same([point.mean_response], [wanted["mean_response"]])


@pytest.mark.parametrize("name", MEDIA)
def test_robyns_response_to_another_budget(
    name: str, model: ExportedModel, expected: dict[str, dict[str, Any]]
) -> None:
    """80,000 over the last ten weeks of the window."""
    wanted = expected[name]["sim80000_last10"]
    response = Response.of(model, golden.model().data, name)
    point = response.mean_response(("2018-10-29", "2018-12-31"), total=80_000)
    assert_same([point.spend], [wanted["sim_mean_spend"]])
    assert_same([point.carryover], [wanted["sim_mean_carryover"]])
    assert_same([point.response], [wanted["sim_mean_response"]])


@pytest.mark.parametrize("adstock", golden.ADSTOCKS)
def test_marginal_is_the_slope(television: Response, adstock: str) -> None:
    response = of_adstock(television, adstock)
    spend = np.array([500.0, 16_000.0, 90_000.0])
    step = 1e-4 * spend
    for carryover in (0.0, 8_000.0):
        rise = response.response(spend + step, carryover) - response.response(
            spend - step, carryover
        )
        assert response.marginal(spend, carryover) == pytest.approx(rise / (2 * step), rel=1e-6)
    rise = response.steady(spend + step) - response.steady(spend - step)
    assert response.steady_marginal(spend) == pytest.approx(rise / (2 * step), rel=1e-6)


@pytest.mark.parametrize("adstock", golden.ADSTOCKS)
def test_the_steady_state_is_what_constant_spend_comes_to(
    television: Response, adstock: str
) -> None:
    response = of_adstock(television, adstock)
    spend = np.full(response.spend.size, 12_000.0)
    table = response.over_time(spend)
    assert table[c.CARRYOVER].iloc[-1] == pytest.approx(
        float(response.steady_carryover(12_000.0)), rel=1e-9
    )
    assert table[c.RESPONSE].iloc[-1] == pytest.approx(float(response.steady(12_000.0)), rel=1e-9)


@pytest.mark.parametrize("adstock", golden.ADSTOCKS)
def test_a_history_carries_over_as_in_the_data(television: Response, adstock: str) -> None:
    response = of_adstock(television, adstock)
    table = response.over_time()
    for row in (0, 1, 40, 207):
        state = response.carryover_after(response.spend[:row])
        assert state == pytest.approx(table[c.CARRYOVER].iloc[row], rel=1e-9, abs=1e-6)
        own = response.response(response.spend[row], state)
        assert float(own) == pytest.approx(table[c.RESPONSE].iloc[row], rel=1e-9)
    if adstock == "geometric":  # a Weibull kernel depends on the length of its series
        next_week = response.dates[-1] + np.timedelta64(7, "D")
        longer = replace(
            response,
            spend=np.append(response.spend, 0.0),
            dates=np.append(response.dates, next_week),
        )
        after = longer.over_time()[c.CARRYOVER].iloc[-1]
        assert response.carryover_state() == pytest.approx(after, rel=1e-12)
    assert response.carryover_after([]) == 0


def test_over_time_is_the_decomposition(television: Response) -> None:
    """The window's responses are the model's own contributions."""
    model = golden.model()
    values = golden.values_of(golden.read("alloc_model_hyperparameters.csv"), model)[0]
    media = model.transform(values)
    place = [medium.name for medium in model.job.media].index("tv_S")
    table = television.over_time().iloc[television.window]
    own: FloatArray = media.saturated[:, place] * television.coefficient
    assert_same(table[c.RESPONSE], own)
    carried = media.saturated_carryover[:, place] * television.coefficient
    assert_same(table[c.IMMEDIATE], own - carried)


def test_no_effect_is_flat_and_nothing_spent_brings_nothing(television: Response) -> None:
    flat = replace(television, coefficient=0.0)
    assert (flat.response(np.array([0.0, 10.0])) == 0).all()
    assert (flat.marginal(np.array([0.0, 10.0])) == 0).all()
    assert float(television.response(0.0)) == 0
    assert float(television.marginal(0.0)) == np.inf  # alpha is below 1
    assert float(replace(television, alpha=2.0).marginal(0.0)) == 0


def test_bad_questions_are_refused(television: Response, model: ExportedModel) -> None:
    with pytest.raises(DataError, match="'radio' is none of tv_S, ooh_S"):
        Response.of(model, golden.model().data, "radio")
    with pytest.raises(DataError, match="holds no row; the data reach from 2015-11-23"):
        television.mean_response(("2030-01-01", "2030-02-01"))
    with pytest.raises(DataError, match="3 values for 208 rows"):
        television.over_time(np.ones(3))
    quiet = replace(television, spend=np.zeros(208))
    with pytest.raises(DataError, match="nothing was spent on tv_S in it"):
        quiet.mean_response(("2018-01-01", "2018-02-01"), total=1000)
