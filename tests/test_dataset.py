"""A dataset keeps its contract, or the data are refused with the column and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.dataset import Dataset, prepare
from mmmlib.errors import DataError
from mmmlib.job import TrainingJob


def changes(dataset: Dataset) -> dict[str, str]:
    return {change.what: change.where for change in dataset.changes}


def test_the_shipped_data(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = prepare(weekly, job)
    frame = dataset.frame
    assert dataset.interval == "week"
    assert len(frame) == 208
    assert frame.columns[0] == "DATE"
    assert frame["DATE"].dtype == "datetime64[ns]"
    numbers = frame.drop(columns=["DATE", "events"])
    assert (numbers.dtypes == np.float64).all()
    assert set(frame["events"]) == {"na", "event1", "event2"}  # "na" is a level, not a gap
    assert set(changes(dataset)) == {"holidays moved"}


def test_holidays_fall_on_the_data_s_weeks(weekly: pd.DataFrame, job: TrainingJob) -> None:
    holidays = prepare(weekly, job).holidays.set_index("date")["holiday"]
    assert (holidays.index.dayofweek == 0).all()
    assert "Christmas" in holidays["2015-12-21"]


def test_unused_columns_and_sorting_are_in_the_ledger(
    weekly: pd.DataFrame, job: TrainingJob
) -> None:
    shuffled = weekly.assign(note="x").sample(frac=1, random_state=0)
    dataset = prepare(shuffled, job)
    assert changes(dataset) == {
        "column left out": "note",
        "rows sorted": "DATE",
        "holidays moved": "holidays.csv",
    }
    pd.testing.assert_frame_equal(dataset.frame, prepare(weekly, job).frame)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("revenue", {5: np.nan}, "revenue: 1 values are missing"),
        ("revenue", {5: np.inf}, "revenue: holds infinite values"),
        ("tv_S", {5: "much"}, "tv_S: 1 values are no numbers, such as 'much'"),
        ("tv_S", {5: -1.0}, "tv_S: 1 values are negative"),
        ("DATE", {5: "2015-11-23"}, "DATE: 1 dates occur twice, such as 2015-11-23"),
        ("DATE", {5: "30.02.2016"}, "DATE: holds something that is no date"),
        ("DATE", {5: None}, "DATE: 1 values are missing"),
    ],
)
def test_bad_values_are_refused(
    weekly: pd.DataFrame, job: TrainingJob, column: str, values: dict[int, Any], message: str
) -> None:
    bad = weekly.astype({column: object})
    for row, value in values.items():
        bad.loc[row, column] = value
    with pytest.raises(DataError, match=message):
        prepare(bad, job)


def test_all_bad_columns_at_once(weekly: pd.DataFrame, job: TrainingJob) -> None:
    bad = weekly.assign(revenue="x", tv_S=-1.0)
    with pytest.raises(DataError) as refused:
        prepare(bad, job)
    assert [problem.where for problem in refused.value.problems] == ["revenue", "tv_S"]


def test_a_missing_column_proposes_the_nearest(weekly: pd.DataFrame, job: TrainingJob) -> None:
    with pytest.raises(DataError, match=r"channels\[0\]\.spend.*did you mean 'tv_Sp'"):
        prepare(weekly.rename(columns={"tv_S": "tv_Sp"}), job)


def test_a_gap_is_named(weekly: pd.DataFrame, job: TrainingJob) -> None:
    with pytest.raises(DataError, match="the week before 2016-02-08 is missing"):
        prepare(weekly.drop(index=10), job)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (pd.date_range("2015-01-01", periods=208, freq="MS"), "days apart"),
        (pd.date_range("2015-01-01", periods=208, freq="7D", tz="UTC"), "time zone"),
        (range(208), "holds numbers, not dates"),
    ],
)
def test_dates_that_are_no_grid(
    weekly: pd.DataFrame, job: TrainingJob, dates: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        prepare(weekly.assign(DATE=dates), job)


def test_one_row_is_no_series(weekly: pd.DataFrame, job: TrainingJob) -> None:
    with pytest.raises(DataError, match="one row is no series"):
        prepare(weekly.head(1), job)


def test_a_window_outside_the_data(
    weekly: pd.DataFrame, make_job: Callable[..., TrainingJob]
) -> None:
    with pytest.raises(DataError, match="lies outside the data"):
        prepare(weekly, make_job(window=["2030-01-01", "2031-01-01"]))


def test_holidays_by_label_code_and_file(
    weekly: pd.DataFrame, make_job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    british = prepare(weekly, make_job(country="uk")).holidays
    assert british.equals(prepare(weekly, make_job(holidays="GB")).holidays)
    table = tmp_path / "own.csv"
    table.write_text("ds,holiday\n2016-05-18,Founders' day\n2050-01-01,later\n")
    own = prepare(weekly, make_job(holidays=str(table))).holidays
    assert own.to_dict("records") == [
        {"date": pd.Timestamp("2016-05-16"), "holiday": "Founders' day"}
    ]
    assert prepare(weekly, make_job(prophet=["trend"], country="xx")).holidays.empty


def test_unknown_holidays_are_refused(
    weekly: pd.DataFrame, make_job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no holidays are known for 'xx'"):
        prepare(weekly, make_job(country="xx"))
    with pytest.raises(DataError, match="cannot be read"):
        prepare(weekly, make_job(holidays="nowhere.csv"))
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="needs the columns"):
        prepare(weekly, make_job(holidays=str(tmp_path / "odd.csv")))
