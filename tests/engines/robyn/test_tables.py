"""Tables from R are checked before anybody reads them. The native engine's stand in for Robyn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.engine import ignore
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.robyn import tables as robyn_tables
from mmmlib.engines.robyn.tables import Tables, best_candidate, in_full, searched
from mmmlib.ground import columns as c
from mmmlib.ground.errors import EngineError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import TrainingResult
from tests.engines.native import golden

OF_SEARCH = (
    "candidates", "coefficients", "decomposition", "clusters", "cluster_intervals", "model_input",
)  # fmt: skip
IN_FULL = ("decomposition_over_time", "channels", "response_curves")


@pytest.fixture(scope="module")
def job() -> TrainingJob:
    return golden.job(iterations=60, trials=2)


@pytest.fixture(scope="module")
def native(job: TrainingJob) -> TrainingResult:
    return NativeEngine().train(golden.dataset(), job, ignore)


@pytest.fixture
def from_r(native: TrainingResult) -> Tables:
    """What R would return for the same search."""
    tables = {name: getattr(native, name).copy() for name in OF_SEARCH}
    tables["candidates"] = tables["candidates"].drop(columns=[c.ERROR_SCORE, c.PASSES])
    return tables


@pytest.fixture
def full_from_r(native: TrainingResult) -> Tables:
    tables = {name: getattr(native, name).copy() for name in IN_FULL}
    today = [c.CURRENT_RESPONSE, c.CURRENT_MARGINAL]
    tables["channels"] = tables["channels"].drop(columns=today)
    tables["response_curves"] = tables["response_curves"].drop(columns=[c.MARGINAL_RESPONSE])
    shown = tables["channels"][c.CANDIDATE].unique()
    decomposition = native.decomposition
    return tables | {"decomposition": decomposition[decomposition[c.CANDIDATE].isin(shown)]}


def test_the_tables_are_those_of_every_engine(
    native: TrainingResult, job: TrainingJob, from_r: Tables, full_from_r: Tables
) -> None:
    tables = searched(from_r, job)
    best, rule = best_candidate(tables["candidates"], job)
    assert (best, rule) == (native.best, native.rule)
    shown = native.channels[c.CANDIDATE].unique().tolist()
    tables |= in_full(full_from_r, tables["decomposition"], shown)
    for name, table in native.tables().items():
        if name.startswith("posterior"):  # computed beside either engine, not by it
            continue
        wanted = table.assign(passes=np.nan) if name == "candidates" else table
        pd.testing.assert_frame_equal(tables[name], wanted, rtol=1e-12)
    lines = robyn_tables.describe(tables | {"best": best, "rule": rule})
    assert any(best in line for line in lines)


def test_a_best_model_on_no_front_brings_its_decomposition(
    native: TrainingResult, full_from_r: Tables
) -> None:
    totals = native.decomposition[native.decomposition[c.CANDIDATE] != native.best]
    shown = native.channels[c.CANDIDATE].unique().tolist()
    made = in_full(full_from_r, totals, shown)["decomposition"]
    assert len(made) == len(native.decomposition)
    assert made[c.CANDIDATE].iloc[0] == native.best


def test_missing_candidates_are_no_success(job: TrainingJob, from_r: Tables) -> None:
    from_r["candidates"] = from_r["candidates"].iloc[:-1]
    with pytest.raises(EngineError, match="119 candidates where 120 were searched"):
        searched(from_r, job)


@pytest.mark.parametrize("name", OF_SEARCH)
def test_a_table_without_a_column_is_an_error(job: TrainingJob, from_r: Tables, name: str) -> None:
    lost = robyn_tables.COLUMNS[name][-1]
    from_r[name] = from_r[name].drop(columns=[lost])
    with pytest.raises(EngineError, match=f"table {name} lacks {lost}"):
        searched(from_r, job)


def test_no_finite_error_is_no_model(job: TrainingJob, from_r: Tables) -> None:
    from_r["candidates"][c.DECOMP_RSSD] = np.inf
    candidates = searched(from_r, job)["candidates"]
    with pytest.raises(EngineError, match="no candidate has finite errors"):
        best_candidate(candidates, job)


@pytest.mark.parametrize(
    ("name", "column", "change", "said"),
    [
        ("response_curves", c.RESPONSE, lambda v: v * 1.001, "response curve of"),
        ("response_curves", c.RESPONSE, lambda v: v * np.nan, "response curve of"),
        ("channels", c.ALPHA, lambda v: v * 1.1, "response curve of"),
        ("decomposition_over_time", c.CONTRIBUTION, lambda v: v * 1.001, "does not sum up"),
        ("channels", c.CANDIDATE, lambda v: "other", "lacks"),
    ],
)
def test_tables_that_contradict_each_other(
    native: TrainingResult, full_from_r: Tables, name: str, column: str, change: Any, said: str
) -> None:
    full_from_r[name][column] = change(full_from_r[name][column])
    shown = native.channels[c.CANDIDATE].unique().tolist()
    with pytest.raises(EngineError, match=said):
        in_full(full_from_r, native.decomposition, shown)
