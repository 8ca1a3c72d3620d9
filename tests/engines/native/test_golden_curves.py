"""Robyn's response functions of one model (``robyn_response``), to 1e-9."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native import curves
from mmmlib.engines.native.candidates import Model
from mmmlib.ground import columns as c
from mmmlib.model.adstock import FloatArray
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    responses: dict[str, dict[str, Any]]
    responses = json.loads((golden.FOLDER / "response_functions.json").read_text())
    return responses


@pytest.fixture(scope="module")
def fitted() -> tuple[Model, FloatArray, FloatArray]:
    """The model, its hyperparameters and coefficients."""
    model = golden.model()
    values = golden.values_of(golden.read("alloc_model_hyperparameters.csv"), model)
    return model, values[0], model.evaluate(values).coefficients[0]


def test_the_model_itself(fitted: tuple[Model, FloatArray, FloatArray]) -> None:
    model, _, coefficients = fitted
    wanted = golden.read("alloc_model_coefficients.csv").set_index("rn")["coef"]
    assert_each_same(coefficients, wanted[[c.INTERCEPT, *model.data.variables]])


def test_responses(
    fitted: tuple[Model, FloatArray, FloatArray], expected: dict[str, dict[str, Any]]
) -> None:
    model, values, coefficients = fitted
    table = curves.channel_table(model, "1_194_1", values, coefficients).set_index(c.CHANNEL)
    media = model.transform(values)
    for i, medium in enumerate(model.job.media):
        golden_point = expected[medium.name]
        assert_same([media.inflexions[i]], [golden_point["inflexion"]])
        assert_same([media.immediate[:, i].mean()], [golden_point["mean_input_immediate"]])
        assert_same([media.carryover[:, i].mean()], [golden_point["mean_input_carryover"]])
        response = (media.saturated[:, i] * coefficients[i - len(model.job.media)]).mean()
        assert_same([response], [golden_point["mean_response"]])
        if medium.name in table.index:
            row = table.loc[medium.name]
            assert_same([row[c.INFLEXION]], [golden_point["inflexion"]])
            assert_same([row[c.MEAN_CARRYOVER]], [golden_point["mean_input_carryover"]])
            assert_same([row[c.CURRENT_SPEND]], [golden_point["mean_input_immediate"]])
            assert_same([row[c.CURRENT_RESPONSE]], [golden_point["mean_response_total"]])


def test_marginal_is_the_slope_and_the_grid_passes_the_current_point(
    fitted: tuple[Model, FloatArray, FloatArray],
) -> None:
    model, values, coefficients = fitted
    channels = curves.channel_table(model, "1_194_1", values, coefficients)
    of_channels = curves.of_channels(channels)
    spend = channels[c.CURRENT_SPEND].to_numpy()
    step = 1e-5 * spend
    slope = (of_channels.response(spend + step) - of_channels.response(spend - step)) / (2 * step)
    assert_each_same(channels[c.CURRENT_MARGINAL], slope, tolerance=1e-6)
    grid = curves.response_curves(model, channels)
    assert isinstance(grid.index, pd.RangeIndex)
    for row in channels.itertuples():
        own = grid.loc[grid[c.CHANNEL] == row.channel]
        assert own[c.SPEND].iloc[0] == 0
        assert (own[c.RESPONSE].diff().dropna() > 0).all()
        at_current = np.interp(row.current_spend, own[c.SPEND], own[c.RESPONSE])
        assert at_current == pytest.approx(row.current_response, rel=1e-2)


def test_a_channel_without_effect_has_a_flat_curve() -> None:
    flat = curves.Curves(*(np.array([value]) for value in (0.0, 0.5, 100.0, 0.0)))
    spend = np.array([[0.0], [50.0]])
    assert (flat.response(spend) == 0).all()
    assert (curves.marginal(flat, spend) == 0).all()
