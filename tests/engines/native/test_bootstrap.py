"""Intervals by cluster: the closed form against resampling, and what cannot be computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from mmmlib.engines.native.bootstrap import cluster_intervals, interval
from mmmlib.ground import columns as c


def test_the_standard_error_is_that_of_resampling() -> None:
    rng = np.random.default_rng(3)
    values = rng.gamma(2.0, 1.5, 25)
    means = rng.choice(values, (40_000, 25)).mean(axis=1)
    mean, error, low, high, count = (float(part[0]) for part in interval(values[:, None]))
    assert count == 25
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(means.std(), rel=0.02)
    reach = t.ppf(0.975, 24) * error * 5
    assert (low, high) == pytest.approx((max(values.mean() - reach, 0), values.mean() + reach))


def test_the_low_end_is_clipped_only_where_no_model_is_negative() -> None:
    values = np.array([[0.0, 0.0], [0.1, -0.1], [3.0, 3.0]])
    _, _, low, _, _ = interval(values)
    assert low[0] == 0
    assert low[1] < 0


def _decomposition(values: dict[str, list[float]], column: str) -> pd.DataFrame:
    parts = [
        pd.DataFrame({c.CANDIDATE: name, c.VARIABLE: ["tv", "ooh"], c.ROLE: "paid", column: pair})
        for name, pair in values.items()
    ]
    other = pd.DataFrame({c.CANDIDATE: ["a"], c.VARIABLE: ["trend"], c.ROLE: "prophet"})
    return pd.concat([*parts, other], ignore_index=True)


def test_small_clusters_and_costs_without_effect_are_left_out() -> None:
    values = {
        "a": [1.0, np.inf], "b": [2.0, 7.0], "c": [3.0, np.inf], "d": [9.0, 9.0], "e": [9.0, 9.0],
    }  # fmt: skip
    cluster_of = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}
    table = cluster_intervals(_decomposition(values, c.CPA), cluster_of, c.CPA)
    assert table[c.CLUSTER].tolist() == [1, 1]  # cluster 2 has two models
    assert table[c.CHANNEL].tolist() == ["tv", "ooh"]
    assert table[c.COUNT].tolist() == [3, 1]
    assert table[c.MEAN].tolist() == [2.0, 7.0]
    one_value = table.iloc[1]
    assert np.isnan(one_value[[c.STANDARD_ERROR, c.LOW, c.HIGH]].astype(float)).all()


def test_no_finite_value_is_no_number() -> None:
    mean, error, low, high, count = interval(np.full((3, 1), np.inf))
    assert count[0] == 0
    assert np.isnan([mean[0], error[0], low[0], high[0]]).all()
