"""Robyn's searches, replayed: the same candidates in the same order, the same errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmmlib.engines.engine import ignore
from mmmlib.engines.native import results
from mmmlib.engines.native.search import search_trial
from mmmlib.engines.native.trials import search_trials
from mmmlib.ground import columns as c
from tests.engines.native import golden
from tests.engines.native.golden import assert_each_same, assert_same

SAME_POINT = 1e-14  # of the range: the golden hyperparameters are decimal

SEARCHES: dict[str, dict[str, Any]] = {
    "one_worker": {},
    "two_workers": {"workers": 2},
    "ts_validation": {"ts_validation": True},
    "penalty_geometric": {"penalty_factors": True},
    "lambda_given_ts": {"ts_validation": True, "lambda_range": [0, 0.2]},
    "search_weibull_pdf": {"adstock": "weibull_pdf"},
    "search_weibull_cdf": {"adstock": "weibull_cdf"},
}


@pytest.mark.parametrize("name", SEARCHES)
def test_replay(name: str) -> None:
    expected = golden.read(f"trace_{name}.parquet")
    model = golden.model(seed=123, trials=1, iterations=len(expected), **SEARCHES[name])
    trial = search_trial(model, 1, lambda done, best: None)
    wanted = golden.values_of(expected, model)
    np.testing.assert_allclose(trial.values, wanted, rtol=SAME_POINT, atol=SAME_POINT)
    for actual, errors in zip(trial.fits.errors.T, golden.errors_of(expected).T, strict=True):
        if np.isnan(errors).all():
            assert np.isnan(actual).all()
        else:
            assert_each_same(actual, errors)
    table = results.candidate_table(model, [trial])
    assert table[c.CANDIDATE].tolist() == expected["solID"].tolist()
    assert_same(table[c.NRMSE], expected["nrmse"])
    assert_same(table[c.LAMBDA], expected["lambda"])


@pytest.mark.parametrize("name", list(SEARCHES)[3:])
def test_coefficients(name: str) -> None:
    expected = golden.read(f"trace_{name}.parquet")
    model = golden.model(**SEARCHES[name])
    fits = model.evaluate(golden.values_of(expected, model))
    table = golden.read(f"trace_{name}_coefficients.parquet")
    wanted = golden.coefficients_of(table, expected["solID"], model)
    assert_each_same(fits.coefficients, wanted)


def test_workers_are_another_search() -> None:
    one, two = (golden.read(f"trace_{name}.parquet") for name in ("one_worker", "two_workers"))
    model = golden.model()
    assert not np.allclose(golden.values_of(one, model), golden.values_of(two, model))


@pytest.mark.slow
def test_full_run_is_replayed() -> None:
    expected = golden.read("full_candidates.parquet")
    model = golden.model(seed=123, trials=5, iterations=2000)
    trials = search_trials(model, ignore, cores=2)
    values = np.concatenate([trial.values for trial in trials])
    wanted = golden.values_of(expected, model)
    np.testing.assert_allclose(values, wanted, rtol=SAME_POINT, atol=SAME_POINT)
    tables = results.tables(model, trials)
    assert tables["candidates"][c.CANDIDATE].tolist() == expected["solID"].tolist()
    assert tables["best"] == "3_1686_1"
