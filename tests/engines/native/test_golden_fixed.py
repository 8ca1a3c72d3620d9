"""Fixed hyperparameter vectors: every intermediate number Robyn reports, to 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native import decompose
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.results import ERROR_COLUMNS
from mmmlib.ground import columns as c
from mmmlib.model.adstock import FloatArray
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same

VECTORS = [
    pytest.param(vector, id=f"{adstock}-{vector['k']}")
    for adstock in golden.ADSTOCKS
    for vector in golden.fixed(adstock)
]


def _model(vector: dict[str, Any]) -> tuple[Model, FloatArray]:
    model = golden.model(adstock=vector["adstock"], ts_validation=vector["ts_validation"])
    named = vector["hyperparameters"] | {
        c.LAMBDA_HP: vector["lambda_hp01"],
        c.TRAIN_SIZE: vector["train_size"],
    }
    return model, np.array([named[name] for name in model.space.names], dtype=np.float64)


@pytest.mark.parametrize("vector", VECTORS)
def test_fit(vector: dict[str, Any]) -> None:
    model, values = _model(vector)
    fits = model.evaluate(values[None])
    names = [c.INTERCEPT, *model.data.variables]
    for actual, name in zip(fits.coefficients[0], names, strict=True):
        assert_same([actual], [vector["coefs"][name]])
    for actual, name in zip(fits.errors[0], ERROR_COLUMNS, strict=True):
        expected = vector[name]
        if expected is None:
            assert np.isnan(actual)
        else:
            assert_same([actual], [expected])
    assert fits.passes[0] == vector["glmnet_npasses"]
    assert_same(model.strengths(values[None]), [vector["lambda"]])
    assert_same([model.data.lambda_max], [vector["lambda_max"]])


@pytest.mark.parametrize("vector", VECTORS)
def test_decomposition(vector: dict[str, Any]) -> None:
    model, values = _model(vector)
    coefficients = model.evaluate(values[None]).coefficients[0]
    table = decompose.totals(model, "1_1_1", values, coefficients)
    expected = pd.DataFrame(vector["xDecompAgg"]).set_index("rn").loc[table[c.VARIABLE]]
    for ours, theirs in {
        c.COEFFICIENT: "coef",
        c.CONTRIBUTION: "xDecompAgg",
        c.CONTRIBUTION_SHARE: "xDecompPerc",
        c.SPEND: "total_spend",
        c.SPEND_SHARE: "spend_share",
        c.EFFECT_SHARE: "effect_share",
    }.items():
        assert_each_same(table[ours], expected[theirs])
    time = decompose.over_time(model, "1_1_1", values, coefficients)
    fitted = time.loc[time[c.VARIABLE] == c.FITTED]
    assert_same(fitted[c.CONTRIBUTION], vector["y_pred"])
    sizes = fitted[c.SPLIT].value_counts().reindex(["train", "val", "test"], fill_value=0)
    assert sizes.tolist() == [vector["n_train"], vector["n_val"], vector["n_test"]]


@pytest.mark.parametrize("vector", VECTORS)
def test_inflexions(vector: dict[str, Any]) -> None:
    model, values = _model(vector)
    names = [medium.name for medium in model.job.media]
    expected = [vector["inflexions"][f"{name}_inflexion"] for name in names]
    for actual, wanted in zip(model.transform(values).inflexions, expected, strict=True):
        assert_same([actual], [wanted])


@pytest.mark.parametrize("adstock", golden.ADSTOCKS)
@pytest.mark.parametrize("number", [1, 2])
def test_transformations(adstock: str, number: int) -> None:
    vector = golden.fixed(adstock)[number - 1]
    assert vector["k"] == number
    model, values = _model(vector)
    media = model.transform(values)
    expected = golden.read(f"design_{adstock}_0{number}.parquet")
    assert_same(
        decompose.design_matrix(model, media).T, expected[list(model.data.variables)].to_numpy().T
    )
    assert_same(model.data.target[model.data.window], expected["dep_var"])
    carryover = golden.read(f"satcarryover_{adstock}_0{number}.parquet")
    names = [medium.name for medium in model.job.media]
    assert_same(media.saturated_carryover.T, carryover[names].to_numpy().T)


def test_the_vectors_reach_the_paths_that_matter() -> None:
    vectors = [vector for adstock in golden.ADSTOCKS for vector in golden.fixed(adstock)]
    assert any(vector["ts_validation"] for vector in vectors)
    assert {vector["df_int"] for vector in vectors} == {0, 1}
    assert max(vector["glmnet_npasses"] for vector in vectors) > 300
