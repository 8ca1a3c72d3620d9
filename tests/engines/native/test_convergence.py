"""The verdict on the search."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native.convergence import convergence, verdicts
from mmmlib.ground import columns as c


def _candidates(nrmse: np.ndarray, rssd: np.ndarray, trials: int = 2) -> pd.DataFrame:
    numbers = np.repeat(np.arange(1, trials + 1), len(nrmse) // trials)
    return pd.DataFrame({c.TRIAL: numbers, c.NRMSE: nrmse, c.DECOMP_RSSD: rssd, c.MAPE: 0.0})


def _falling(count: int, seed: int = 1) -> np.ndarray:
    position = np.tile(np.arange(count // 2) / count * 2, 2)
    noise = np.random.default_rng(seed).normal(0, 0.05, count)
    return np.asarray(1 - 0.8 * position + noise * (1.2 - position))


def _row(table: pd.DataFrame, objective: str) -> pd.Series:
    return table[table[c.OBJECTIVE] == objective].iloc[-1]


def test_falling_and_calmer_is_converged_and_constant_is_not() -> None:
    level = 1 + np.random.default_rng(2).normal(0, 0.05, 400)
    table = convergence(_candidates(_falling(400), level))
    assert _row(table, c.NRMSE)[c.CONVERGED]
    assert not _row(table, c.DECOMP_RSSD)[c.CONVERGED]
    first, second = verdicts(table)
    assert first.startswith("NRMSE converged")
    assert second.startswith("DECOMP.RSSD did not converge")
    assert "median" in second
    assert table[c.OBJECTIVE].nunique() == 2  # MAPE is 0 throughout


def test_the_limits_are_those_of_the_formula() -> None:
    values = _falling(400)
    table = convergence(_candidates(values, values))
    by_trial = values.reshape(2, 20, 10).transpose(1, 0, 2).reshape(20, 20)
    spread, median = by_trial.std(axis=1, ddof=1), np.median(by_trial, axis=1)
    mine = table[table[c.OBJECTIVE] == c.NRMSE]
    np.testing.assert_allclose(mine[c.SD], spread)
    np.testing.assert_allclose(mine[c.MEDIAN], median)
    np.testing.assert_allclose(mine[c.SD_LIMIT], spread[:3].mean())
    np.testing.assert_allclose(mine[c.MEDIAN_LIMIT], abs(median[0] - 2 * spread[:3].mean()))
    assert mine[c.ITERATION].tolist() == list(range(10, 201, 10))


def test_lift_studies_are_an_objective_of_their_own() -> None:
    table = _candidates(_falling(400), _falling(400, 2)).assign(**{c.MAPE: _falling(400, 3)})
    assert convergence(table)[c.OBJECTIVE].unique().tolist() == [c.NRMSE, c.DECOMP_RSSD, c.MAPE]


def test_what_is_infinite_or_not_positive_counts_nowhere() -> None:
    values = _falling(400)
    dirty = values.copy()
    dirty[[3, 50, 399]] = np.inf, 0.0, np.nan
    table = convergence(_candidates(dirty, values))
    assert table[table[c.OBJECTIVE] == c.NRMSE][c.COUNT].sum() == 397
    assert np.isfinite(table[[c.MEDIAN, c.SD]]).all(axis=None)


@pytest.mark.parametrize("count", [2, 6, 20])
def test_a_search_that_is_too_short_is_not_judged(count: int) -> None:
    """One candidate a cut has no spread."""
    values = _falling(count)
    table = convergence(_candidates(values, values, trials=1))
    assert not table[c.CONVERGED].any()
    assert all("too short" in verdict for verdict in verdicts(table))
