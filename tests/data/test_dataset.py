"""A dataset keeps its contract, or the data are refused with the column and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.dataset import Dataset, needed, prepare_dataset
from mmmlib.ground.errors import DataError
from mmmlib.job.parse import TrainingJob

MakeJob = Callable[..., TrainingJob]


def changes(dataset: Dataset) -> dict[str, str]:
    return {change.what: change.where for change in dataset.changes}


def with_values(weekly: pd.DataFrame, column: str, values: dict[int, Any]) -> pd.DataFrame:
    changed = weekly.astype({column: object})
    for row, value in values.items():
        changed.loc[row, column] = value
    return changed


def test_the_shipped_data(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = prepare_dataset(weekly, job)
    frame = dataset.frame
    assert dataset.interval == "week"
    assert len(frame) == 208
    assert frame.columns[0] == "DATE"
    assert frame["DATE"].dtype == "datetime64[ns]"
    numbers = frame.drop(columns=["DATE", "events"])
    assert (numbers.dtypes == np.float64).all()
    assert set(frame["events"]) == {"na", "event1", "event2"}  # "na" is a level, not a gap
    assert set(changes(dataset)) == {"holidays moved"}
    assert dataset.dropped == ()


def test_holidays_fall_on_the_weeks_of_the_data(weekly: pd.DataFrame, job: TrainingJob) -> None:
    holidays = prepare_dataset(weekly, job).holidays
    assert (holidays["date"].dt.dayofweek == 0).all()
    turn = holidays[holidays["date"] == "2016-12-26"]["holiday"].tolist()
    # as in Robyn, the old year's and the new one's stay two regressors of one week
    assert turn == ["Second Day of Christmas", "New Year's Day"]


def test_unused_columns_and_sorting_are_in_the_ledger(
    weekly: pd.DataFrame, job: TrainingJob
) -> None:
    shuffled = weekly.assign(note="x").sample(frac=1, random_state=0)
    dataset = prepare_dataset(shuffled, job, left_out=["more"])
    assert changes(dataset) == {
        "columns left out": "note, more",
        "rows sorted": "DATE",
        "holidays moved": "holidays.csv",
    }
    pd.testing.assert_frame_equal(dataset.frame, prepare_dataset(weekly, job).frame)


def test_only_what_is_needed_is_read(job: TrainingJob) -> None:
    assert needed(job, ["date", "other", "TV_S ", "events"]) == ["date", "TV_S ", "events"]


class TestNames:
    def test_upper_case_is_found_and_said(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        dataset = prepare_dataset(weekly.rename(columns=str.upper), job)
        pd.testing.assert_frame_equal(dataset.frame, prepare_dataset(weekly, job).frame)
        renamed = {c.where for c in dataset.changes if c.what == "column renamed"}
        assert "tv_S" in renamed
        assert "DATE" not in renamed

    def test_a_missing_column_proposes_the_nearest(
        self, weekly: pd.DataFrame, job: TrainingJob
    ) -> None:
        with pytest.raises(DataError, match=r"channels\[0\]\.spend.*did you mean 'tv_Sp'"):
            prepare_dataset(weekly.rename(columns={"tv_S": "tv_Sp"}), job)

    def test_all_missing_columns_at_once(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        with pytest.raises(DataError) as refused:
            prepare_dataset(weekly[["DATE", "revenue"]], job)
        assert len(refused.value.problems) == 10

    def test_a_column_that_is_there_twice(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        twice = pd.concat([weekly, weekly[["tv_S"]]], axis=1)
        with pytest.raises(DataError, match="have 'tv_S' more than once"):
            prepare_dataset(twice, job)

    @pytest.mark.parametrize("name", ["a b", 'quo"te', "émoji 🎉", "<img src=x>", "n" * 300, "$x"])
    def test_any_name_will_do(self, weekly: pd.DataFrame, make_job: MakeJob, name: str) -> None:
        job = make_job(channels=[{"name": name, "spend": name}], organic=[], context=[])
        dataset = prepare_dataset(weekly.rename(columns={"tv_S": name}), job)
        assert name in dataset.frame


class TestValues:
    @pytest.mark.parametrize(
        ("column", "values", "message"),
        [
            ("revenue", {5: np.inf}, "revenue: 1 values are infinite"),
            ("tv_S", {5: "much"}, "tv_S: 1 values are no numbers, such as 'much'"),
            ("tv_S", {5: [1]}, r"tv_S: 1 values are no numbers, such as \[1\]"),
            ("tv_S", {5: -1.0}, "tv_S: 1 values are negative"),
            ("DATE", {5: "30.02.2016"}, "207 dates are written as %Y-%m-%d, but 1 are not"),
            ("DATE", {5: "soon"}, "but 1 are not, such as 'soon'"),
            ("DATE", {5: None}, "DATE: 1 dates are missing"),
            ("DATE", {5: "0216-01-04"}, "1 are not, such as '0216-01-04'|reaches from"),
        ],
    )
    def test_bad_values_are_refused(
        self, weekly: pd.DataFrame, job: TrainingJob, column: str, values: dict[int, Any],
        message: str,
    ) -> None:  # fmt: skip
        with pytest.raises(DataError, match=message):
            prepare_dataset(with_values(weekly, column, values), job)

    def test_all_bad_columns_at_once(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        with pytest.raises(DataError) as refused:
            prepare_dataset(weekly.assign(revenue="x", tv_S=-1.0), job)
        assert [problem.where for problem in refused.value.problems] == ["revenue", "tv_S"]

    @pytest.mark.parametrize(
        "write",
        [
            lambda x: f"{x:,.4f}",
            lambda x: f"{x:.4f}".replace(".", ","),
            lambda x: f"{x:,.4f}".translate(str.maketrans(",.", ".,")),
            lambda x: f"€ {x:,.4f}",
            lambda x: f"{x:,.4f}".replace(",", " "),
            lambda x: f"{x:,.4f}".replace(",", "'"),
            lambda x: Decimal(f"{x:.4f}"),
        ],
    )
    def test_numbers_in_many_writings(
        self, weekly: pd.DataFrame, job: TrainingJob, write: Callable[[float], Any]
    ) -> None:
        dataset = prepare_dataset(weekly.assign(tv_S=weekly["tv_S"].map(write)), job)
        np.testing.assert_allclose(dataset.frame["tv_S"], weekly["tv_S"], atol=1e-4)

    def test_a_thousand_or_a_decimal_is_not_guessed(
        self, weekly: pd.DataFrame, job: TrainingJob
    ) -> None:
        with pytest.raises(DataError, match="'1,234' is a thousand or a decimal"):
            prepare_dataset(weekly.assign(tv_S="1,234"), job)

    @pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y/%m/%d", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%d %X"])
    def test_dates_in_many_writings(
        self, weekly: pd.DataFrame, job: TrainingJob, form: str
    ) -> None:
        written = pd.to_datetime(weekly["DATE"]).dt.strftime(form)
        dataset = prepare_dataset(weekly.assign(DATE=written), job)
        assert dataset.frame["DATE"].equals(prepare_dataset(weekly, job).frame["DATE"])

    def test_days_or_months_are_not_guessed(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        few = weekly.head(12).assign(
            DATE=pd.date_range("2016-01-01", periods=12).strftime("%d/%m/%Y")
        )
        with pytest.raises(DataError, match="can be read as %d/%m/%Y and %m/%d/%Y"):
            prepare_dataset(few, make_job(window=[], prophet=["trend"], context=[]))
        job = make_job(window=[], prophet=["trend"], context=[], date_format="%d/%m/%Y")
        assert prepare_dataset(few, job).interval == "day"

    def test_dates_in_three_formats(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        dates = weekly["DATE"].astype(object)
        dates[5], dates[6] = "28/12/2015", "Jan 4, 2016"
        with pytest.raises(DataError, match="but 2 are not, such as '28/12/2015'"):
            prepare_dataset(weekly.assign(DATE=dates), job)


class TestGrid:
    def test_a_country_is_picked(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        both = pd.concat([weekly.assign(land="DE"), weekly.assign(land="fr", tv_S=1.0)])
        dataset = prepare_dataset(both, make_job(country_column="land"))
        pd.testing.assert_frame_equal(dataset.frame, prepare_dataset(weekly, make_job()).frame)
        assert changes(dataset)["rows left out"] == "land"
        with pytest.raises(DataError, match="'it' is not in the data; there is DE, fr"):
            prepare_dataset(both, make_job(country_column="land", country="it"))

    def test_repeated_rows_are_left_out(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        dataset = prepare_dataset(pd.concat([weekly, weekly.iloc[3:5]]), job)
        assert len(dataset.frame) == 208
        assert "rows left out" in changes(dataset)

    def test_dates_that_differ_are_refused(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        with pytest.raises(DataError, match=r"1 dates have several rows.*differ in revenue, tv_S"):
            prepare_dataset(with_values(weekly, "DATE", {1: "2015-11-23"}), job)

    def test_a_gap_needs_the_word_of_the_job(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        gap = weekly.drop(index=10)
        with pytest.raises(DataError) as refused:
            prepare_dataset(gap, make_job())
        assert {problem.where for problem in refused.value.problems} == {"DATE", "revenue"}
        assert "the first gap is 2016-02-01" in str(refused.value)
        assert "acknowledge: ['rows:DATE']" in str(refused.value)
        dataset = prepare_dataset(gap, make_job(acknowledge=["rows:DATE", "fill:revenue"]))
        assert len(dataset.frame) == 208
        assert dataset.frame["tv_S"][10] == 0
        assert dataset.frame["revenue"][10] == pytest.approx(
            (weekly["revenue"][9] + weekly["revenue"][11]) / 2
        )

    @pytest.mark.parametrize(
        ("dates", "message"),
        [
            (pd.date_range("2015-01-01", periods=208, freq="10D"), "days apart"),
            (pd.date_range("2015-01-01", periods=208, freq="7D", tz="UTC"), "time zone"),
            (range(208), "holds numbers, not dates"),
            ([*pd.date_range("2015-01-05", periods=207, freq="7D"), "2019-01-01"], "weeks start"),
        ],
    )
    def test_dates_that_are_no_grid(
        self, weekly: pd.DataFrame, job: TrainingJob, dates: Any, message: str
    ) -> None:
        with pytest.raises(DataError, match=message):
            prepare_dataset(weekly.assign(DATE=pd.Series(dates)), job)

    def test_one_row_and_none(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        with pytest.raises(DataError, match="one row is no series"):
            prepare_dataset(weekly.head(1), job)
        with pytest.raises(DataError, match="has no rows"):
            prepare_dataset(weekly.head(0), job)

    def test_days_become_weeks_by_role(self, make_job: MakeJob) -> None:
        days = pd.date_range("2020-01-01", periods=40)  # a Wednesday
        raw = pd.DataFrame(
            {
                "day": days,
                "sales": 1.0,
                "cost": np.arange(40.0),
                "price": np.arange(40.0),
                "event": np.where(days == "2020-01-08", "launch", "none"),
            }
        )
        job = make_job(
            date="day", target="sales", interval="week", window=[], organic=[],
            channels=[{"name": "c", "spend": "cost"}],
            context=[{"name": "price"}, {"name": "event", "factor": True}],
        )  # fmt: skip
        dataset = prepare_dataset(raw, job)
        assert dataset.interval == "week"
        assert dataset.frame["day"].tolist() == list(
            pd.date_range("2020-01-06", periods=5, freq="7D")
        )
        assert dataset.frame["cost"][0] == sum(range(5, 12))
        assert dataset.frame["price"][0] == np.mean(range(5, 12))
        assert dataset.frame["event"].tolist() == ["launch", "none", "none", "none", "none"]
        assert "days to weeks" in changes(dataset)
        with pytest.raises(DataError, match="days cannot be made of weeks"):
            prepare_dataset(dataset.frame, job.model_copy(update={"interval": "day"}))

    def test_a_window_outside_the_data(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        with pytest.raises(DataError, match="lies outside the data"):
            prepare_dataset(weekly, make_job(window=["2030-01-01", "2031-01-01"]))


class TestMissing:
    def test_media_are_zero_and_context_is_interpolated(
        self, weekly: pd.DataFrame, job: TrainingJob
    ) -> None:
        raw = weekly.copy()
        raw.loc[5, ["tv_S", "competitor_sales_B"]] = np.nan
        dataset = prepare_dataset(raw, job)
        assert dataset.frame["tv_S"][5] == 0
        near = weekly["competitor_sales_B"]
        assert dataset.frame["competitor_sales_B"][5] == (near[4] + near[6]) / 2
        assert changes(dataset) | {"filled with 0": "tv_S"} == changes(dataset)

    def test_many_missing_media_need_a_word(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        raw = weekly.copy()
        raw.loc[20:60, "tv_S"] = np.nan
        with pytest.raises(DataError, match=r"tv_S: filled with 0 .*\['fill:tv_S'\]"):
            prepare_dataset(raw, make_job())
        prepare_dataset(raw, make_job(acknowledge=["fill:tv_S"]))

    def test_the_target_always_needs_a_word(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        gap = with_values(weekly, "revenue", {5: "n/a"})
        with pytest.raises(DataError, match=r"revenue: interpolated \(1"):
            prepare_dataset(gap, make_job())
        prepare_dataset(gap, make_job(acknowledge=["fill:revenue"]))
        tail = with_values(weekly, "revenue", {206: None, 207: None})
        with pytest.raises(DataError, match=r"rows left out \(2; the target is missing at"):
            prepare_dataset(tail, make_job())
        assert len(prepare_dataset(tail, make_job(acknowledge=["rows:revenue"])).frame) == 206

    def test_an_empty_column_is_refused(self, weekly: pd.DataFrame, job: TrainingJob) -> None:
        with pytest.raises(DataError, match="tv_S: is empty; take it out"):
            prepare_dataset(weekly.assign(tv_S=np.nan), job)

    def test_a_channel_without_spend_is_dropped_when_the_job_says_so(
        self, weekly: pd.DataFrame, make_job: MakeJob
    ) -> None:
        silent = weekly.assign(tv_S=0.0)
        with pytest.raises(DataError, match=r"tv: variable dropped .*tv_S is 0.0 throughout"):
            prepare_dataset(silent, make_job())
        job = make_job(acknowledge=["drop:tv"])
        dataset = prepare_dataset(silent, job)
        assert dataset.dropped == ("tv",)
        assert [c.name for c in job.without(dataset.dropped).channels] == [
            "ooh", "print", "facebook", "search",
        ]  # fmt: skip

    def test_no_spend_at_all_is_refused(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        job = make_job(channels=[{"name": "tv", "spend": "tv_S"}], acknowledge=["drop:tv"])
        with pytest.raises(DataError, match="no channel has any spend"):
            prepare_dataset(weekly.assign(tv_S=0.0), job)


class TestFeatures:
    def test_each_operation(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        job = make_job(
            features=[
                {"name": "offline_S", "operation": "sum", "columns": ["tv_S", "ooh_S", "print_S"]},
                {"name": "price", "operation": "ratio", "columns": ["revenue", "newsletter"]},
                {"name": "price_before", "operation": "lag", "columns": ["price"], "periods": 2},
                {"name": "is", "operation": "one_hot", "columns": ["events"]},
            ],
            channels=[{"name": "offline", "spend": "offline_S", "kind": "offline"}],
            organic=[],
            context=[{"name": "price_before"}, {"name": "is_event1"}],
            window=[],
        )  # fmt: skip
        raw = weekly.assign(newsletter=weekly["newsletter"] + 1)
        frame = prepare_dataset(raw, job).frame
        assert frame["offline_S"].equals(weekly[["tv_S", "ooh_S", "print_S"]].sum(axis=1))
        assert frame["price"].equals(raw["revenue"] / raw["newsletter"])
        assert frame["price_before"][2:].tolist() == frame["price"][:-2].tolist()
        assert frame["is_event1"].sum() == 1
        assert sum(c.what == "column made" for c in prepare_dataset(raw, job).changes) == 4

    @pytest.mark.parametrize(
        ("feature", "message"),
        [
            ({"name": "x", "operation": "ratio", "columns": ["revenue", "tv_S"]}, "tv_S is 0 in"),
            ({"name": "x", "operation": "lag", "columns": ["tv_S"], "periods": 300}, "longer than"),
            ({"name": "tv_S", "operation": "sum", "columns": ["ooh_S"]}, "already have 'tv_S'"),
            ({"name": "x", "operation": "one_hot", "columns": ["DATE"]}, "levels; at most 30"),
            ({"name": "x", "operation": "sum", "columns": ["nothing"]}, "no column 'nothing'"),
        ],
    )
    def test_what_cannot_be_made(
        self, weekly: pd.DataFrame, make_job: MakeJob, feature: dict[str, Any], message: str
    ) -> None:
        if feature["columns"] == ["DATE"]:
            weekly = weekly.assign(weekday=weekly["DATE"])
            feature = feature | {"columns": ["weekday"]}
        with pytest.raises(DataError, match=message):
            prepare_dataset(weekly, make_job(features=[feature]))

    def test_a_level_that_is_not_there(self, weekly: pd.DataFrame, make_job: MakeJob) -> None:
        job = make_job(
            features=[{"name": "is", "operation": "one_hot", "columns": ["events"]}],
            context=[{"name": "is_strike"}],
        )
        with pytest.raises(DataError, match="no feature has made 'is_strike'"):
            prepare_dataset(weekly, job)


class TestHolidays:
    def test_by_label_code_and_file(
        self, weekly: pd.DataFrame, make_job: MakeJob, tmp_path: Path
    ) -> None:
        british = prepare_dataset(weekly, make_job(country="uk")).holidays
        assert british.equals(prepare_dataset(weekly, make_job(holidays="GB")).holidays)
        table = tmp_path / "own.csv"
        table.write_text("ds,holiday\n2016-05-18,Founders' day\n2050-01-01,later\n")
        own = prepare_dataset(weekly, make_job(holidays=str(table))).holidays
        assert own.to_dict("records") == [
            {"date": pd.Timestamp("2016-05-16"), "holiday": "Founders' day"}
        ]
        assert prepare_dataset(weekly, make_job(prophet=["trend"], country="xx")).holidays.empty

    def test_unknown_ones_are_refused(
        self, weekly: pd.DataFrame, make_job: MakeJob, tmp_path: Path
    ) -> None:
        with pytest.raises(DataError, match="no holidays are known for 'xx'"):
            prepare_dataset(weekly, make_job(country="xx"))
        with pytest.raises(DataError, match="cannot be read"):
            prepare_dataset(weekly, make_job(holidays="nowhere.csv"))
        (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
        with pytest.raises(DataError, match="needs the columns"):
            prepare_dataset(weekly, make_job(holidays=str(tmp_path / "odd.csv")))
