"""Exported models fitted again: Robyn's to 1e-9, and those of other data refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError
from mmmlib.model.inputs import ModelInput
from mmmlib.model.json import ExportedModel, read_model
from mmmlib.run.recreation import job_of, recreate, recreate_on
from tests.engines.native import golden


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    return read_model((golden.FOLDER / "RobynModel-3_1998_1.json").read_bytes())


@pytest.fixture(scope="module")
def data() -> ModelInput:
    return golden.model().data


def test_robyns_model_is_recreated(model: ExportedModel, data: ModelInput) -> None:
    """From Robyn's own modelling table; the file holds ten decimals."""
    made = recreate(model, golden.job(), data)
    assert made.largest <= 1e-9
    assert made.same(1e-9)
    assert len(made.table) == 5 + 3 * 12
    assert made.table[c.RECREATED].notna().all()
    assert made.notes == ()


def test_the_job_of_a_file_is_that_of_the_model(model: ExportedModel, data: ModelInput) -> None:
    job = job_of(model, "example:weekly")
    assert [channel.name for channel in job.channels] == list(golden.PAID)
    assert job.holidays == "DE"
    assert recreate(model, job, data).same(1e-9)


def test_from_raw_data_prophet_decides(model: ExportedModel) -> None:
    """Two builds of prophet: the same model, but not to 1e-6, and it says why."""
    job = job_of(model, "example:weekly")
    made = recreate_on(model, job, golden.dataset())
    assert 1e-6 < made.largest < 1e-2
    assert not made.same()
    assert "prophet has split the target anew" in made.notes[-1]


def test_a_window_that_ends_within_a_week_keeps_its_rows(model: ExportedModel) -> None:
    """Robyn moves its end to the last day of the week, and says the row in the file."""
    start, _ = model.window
    moved = replace(model, window=(start, dt.date(2019, 1, 6)))  # of the week from 2018-12-31
    made = recreate_on(moved, job_of(moved, "example:weekly"), golden.dataset())
    expected = recreate_on(model, job_of(model, "example:weekly"), golden.dataset())
    pd.testing.assert_frame_equal(made.table, expected.table, check_exact=True)


def test_a_number_that_was_changed_is_found(model: ExportedModel, data: ModelInput) -> None:
    summary = model.summary.copy()
    row = summary[c.VARIABLE] == "tv_S"
    summary.loc[row, c.COEFFICIENT] *= 1 + 1e-5
    made = recreate(replace(model, summary=summary), golden.job(), data)
    assert not made.same()
    worst = made.table.loc[made.table[c.DIFFERENCE].idxmax()]
    assert (worst[c.QUANTITY], worst[c.VARIABLE]) == ("coefficient", "tv_S")
    assert worst[c.DIFFERENCE] == pytest.approx(1e-5, rel=1e-3)


def test_a_number_that_is_missing_differs(model: ExportedModel, data: ModelInput) -> None:
    summary = model.summary.copy()
    summary.loc[3, c.COEFFICIENT] = np.nan
    made = recreate(replace(model, summary=summary), golden.job(), data)
    assert made.largest == np.inf
    assert not made.same(1e9)


def test_other_rows_are_refused(model: ExportedModel) -> None:
    table = golden.modelling_table().iloc[:-3]
    data = ModelInput.of_table(table, golden.spends().iloc[:-3], golden.job())
    with pytest.raises(DataError, match=r"there are 205 rows .* was made of 208 rows"):
        recreate(model, golden.job(), data)


def test_other_dates_are_refused(model: ExportedModel) -> None:
    table = golden.modelling_table()
    table = table.assign(**{c.DATE: table[c.DATE] + pd.Timedelta(days=70)})
    data = ModelInput.of_table(table, golden.spends(), golden.job())
    with pytest.raises(DataError, match="0 before it; the model was made"):
        recreate(model, golden.job(), data)


def test_other_totals_are_refused(model: ExportedModel, data: ModelInput) -> None:
    with pytest.raises(DataError, match=r"their spend in the window sums to 12,576,779\.01"):
        recreate(replace(model, spend_total=1e6), golden.job(), data)
    with pytest.raises(DataError, match=r"their target in the window sums to"):
        recreate(replace(model, target_total=1e6), golden.job(), data)


def test_a_refresh_without_its_parent_says_what_it_leaves_out(
    model: ExportedModel, data: ModelInput
) -> None:
    search = replace(model.search, refresh_of="r/de/20260101_000000/1_1_1")
    made = recreate(replace(model, search=search), golden.job(), data)
    assert c.DECOMP_RSSD not in set(made.table[c.VARIABLE])
    assert "decomp_rssd is not compared" in made.notes[0]
