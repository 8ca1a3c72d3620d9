"""Refresh around the engine: data of before, the job that continues, what has changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError, JobError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.json import ExportedModel, read_model, write_model
from mmmlib.run.preflight import refusals
from mmmlib.run.refresh import (
    ParentModel,
    compare_past,
    continued_job,
    find_parent,
    refresh_changes,
    shown_changes,
)
from mmmlib.run.supervisor import Supervisor
from tests.engines.native import golden
from tests.tampering import rewrite


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    return read_model((golden.FOLDER / "RobynModel-3_1998_1.json").read_bytes())


@pytest.fixture
def robyns_run(archive: Archive, model: ExportedModel) -> ParentModel:
    """A run as Robyn's engine leaves it: its JSON by columns, its modelling table, no more."""
    run = archive.claim(golden.job(root=archive.store.root, revision="r1"))
    with Supervisor(run):
        run.save_table("dataset", golden.dataset().frame)
        run.save_table("model_input", golden.modelling_table())
        run.save("best_model_id.txt", b"3_1998_1\n")
        run.save(
            "RobynModel-3_1998_1.json",
            (golden.FOLDER / "RobynModel-3_1998_1.json").read_bytes(),
        )
    return find_parent(archive.store, str(run))


@pytest.fixture
def frame() -> pd.DataFrame:
    return golden.dataset().frame


def test_a_parent_from_robyns_json(robyns_run: ParentModel) -> None:
    """The engine needs lambda's position, values, shares and the window's end."""
    parent = robyns_run.parent(golden.job())
    assert parent.values["tv_S_thetas"] == 0.30278022248
    largest = 65481090.2533626
    assert parent.values[c.LAMBDA_HP] == pytest.approx(45142.8259913395 / (0.9999 * largest))
    assert "lambda" not in parent.values
    assert sum(parent.shares.values()) == pytest.approx(1, abs=1e-9)
    assert parent.window == (dt.date(2016, 1, 4), dt.date(2018, 12, 31))
    spent = robyns_run.model.summary.set_index(c.VARIABLE)[c.SPEND]
    assert spent.sum() == pytest.approx(12576779.0131033)  # of the window, not of all rows


def test_names_of_the_job_that_continues(robyns_run: ParentModel) -> None:
    channels = [item.model_dump() for item in golden.job().channels]
    for i, channel in enumerate(channels):
        channel["name"] = f"channel_{i}"
    parent = robyns_run.parent(golden.job(channels=channels))
    assert "channel_3_alphas" in parent.values
    assert {"channel_0", "newsletter", "(Intercept)"} < set(parent.shares)


@pytest.mark.parametrize(
    ("refresh_of", "message"),
    [
        ("r1/DE/20200101_000000", "refresh_of: there is no run r1/DE/20200101_000000"),
        ("nonsense", "'nonsense' is no run"),
    ],
)
def test_a_parent_that_is_not_there(archive: Archive, refresh_of: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        find_parent(archive.store, refresh_of)


def test_a_run_that_has_not_succeeded_is_no_parent(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    with pytest.raises(RunError, match="is queued; only one that succeeded is refreshed"):
        find_parent(archive.store, str(run))


def test_a_json_of_another_run_is_no_parent(robyns_run: ParentModel, model: ExportedModel) -> None:
    run = robyns_run.run
    fewer = tuple(v for v in model.variables if v.name != "print_S")
    rewrite(run, "RobynModel-3_1998_1.json", write_model(replace(model, variables=fewer)))
    with pytest.raises(DataError, match=r"is the model of another run: .* differ in print_S"):
        find_parent(run.store, str(run))


def test_the_window_moves_by_the_new_rows(robyns_run: ParentModel) -> None:
    base = golden.job(iterations=50, trials=1)
    job, notes = continued_job(robyns_run, base, golden.dataset())
    assert notes == []
    assert job.window == (dt.date(2016, 11, 14), dt.date(2019, 11, 11))
    assert job.refresh_of == f"{robyns_run.run}/3_1998_1"
    assert job.iterations == 50
    assert job.ranges() == base.ranges()
    some, _ = continued_job(robyns_run, base, golden.dataset(), steps=4)
    assert some.window == (dt.date(2016, 2, 1), dt.date(2019, 1, 28))


def test_a_refresh_of_a_refresh_starts_from_its_narrowed_ranges(robyns_run: ParentModel) -> None:
    ranges = dict(robyns_run.model.ranges) | {"tv_S_thetas": (0.31, 0.42), "lambda": (0.0, 0.2)}
    chosen = ParentModel(robyns_run.run, replace(robyns_run.model, ranges=ranges))
    job, _ = continued_job(chosen, golden.job(), golden.dataset())
    assert job.ranges()["tv_S_thetas"] == (0.31, 0.42)
    assert job.lambda_range == (0.0, 0.2)


def test_studies_that_fall_out_of_the_window_are_left_out_and_named(
    robyns_run: ParentModel,
) -> None:
    def study(start: str, end: str) -> dict[str, Any]:
        return {"channels": ["tv_S"], "start": start, "end": end, "lift": 1000.0}

    studies = [study("2016-02-01", "2016-05-02"), study("2018-01-01", "2018-03-05")]
    job, notes = continued_job(robyns_run, golden.job(calibration=studies), golden.dataset())
    assert [item.start for item in job.calibration] == [dt.date(2018, 1, 1)]
    assert len(notes) == 1
    assert "the lift study of tv_S (2016-02-01 to 2016-05-02) lies outside" in notes[0]


def test_no_new_rows_too_few_and_too_many(robyns_run: ParentModel) -> None:
    dataset = golden.dataset()
    with pytest.raises(DataError, match="steps: 46 are asked for, there are 45"):
        continued_job(robyns_run, golden.job(), dataset, steps=46)
    ended = ParentModel(
        robyns_run.run,
        replace(robyns_run.model, window=(dt.date(2017, 1, 2), dt.date(2019, 11, 11))),
    )
    with pytest.raises(DataError, match="has nothing new: the model was fitted up to 2019-11-11"):
        continued_job(ended, golden.job(), dataset)
    early = ParentModel(
        robyns_run.run,
        replace(robyns_run.model, window=(dt.date(2016, 1, 4), dt.date(2016, 12, 26))),
    )
    with pytest.raises(DataError, match="none of it would stay; train a new model"):
        continued_job(early, golden.job(), dataset)


def test_data_of_before_that_changed_are_listed(frame: pd.DataFrame) -> None:
    assert compare_past(frame, frame, "DATE").empty
    restated = frame.copy()
    restated.loc[[3, 9], "tv_S"] += 100.0
    restated.loc[5, "events"] = "event1"
    table = compare_past(frame, restated, "DATE").set_index(c.NAME)
    assert set(table.index) == {"tv_S", "events"}
    assert table.loc["tv_S", c.COUNT] == 2
    assert table.loc["tv_S", "first"] == pd.Timestamp("2015-12-14")
    assert table.loc["tv_S", c.REFRESHED] - table.loc["tv_S", c.PARENT] == pytest.approx(200)
    assert np.isnan(table.loc["events", c.PARENT])


def test_missing_weeks_of_before_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"lacks 10 dates of before \(2015-11-23, .* …\)"):
        compare_past(frame, frame.iloc[10:], "DATE")
    inner = frame.drop(index=[20, 21])
    with pytest.raises(DataError, match=r"lacks 2 dates of before \(2016-04-11, 2016-04-18\)"):
        compare_past(frame, inner, "DATE")


def test_weeks_begun_on_another_day_are_refused(frame: pd.DataFrame) -> None:
    moved = frame.assign(DATE=frame["DATE"] + pd.Timedelta(days=1))
    with pytest.raises(DataError, match=r"shares no date .* are weeks begun on another day"):
        compare_past(frame, moved, "DATE")


def test_a_gap_before_the_new_weeks_is_refused(frame: pd.DataFrame) -> None:
    """New weeks alone, with weeks missing between: the old rows are asked for."""
    with pytest.raises(DataError, match="begins 2019-07-15, but the refreshed model saw"):
        compare_past(frame.iloc[:170], frame.iloc[190:], "DATE")


def test_changes(model: ExportedModel) -> None:
    spend = pd.Series([np.nan] * 6 + [10.0, 20.0, 30.0, 40.0, 50.0, np.nan])
    before = replace(model, summary=model.summary.assign(**{c.SPEND: spend}))
    coefficient = before.summary[c.COEFFICIENT] * 2
    after = replace(before, summary=before.summary.assign(**{c.COEFFICIENT: coefficient}))
    past = pd.DataFrame(
        [["tv_S", 2, pd.Timestamp("2016-01-04"), pd.Timestamp("2016-02-01"), 5.0, 7.0]],
        columns=[c.NAME, c.COUNT, "first", "last", c.PARENT, c.REFRESHED],
    )
    table = refresh_changes(before, after, past, c.ROAS).set_index([c.PART, c.NAME])
    assert table.loc[("coefficient", "trend"), c.CHANGE] == pytest.approx(0.27913206413)
    assert table.loc[("roas", "tv_S"), c.PARENT] == pytest.approx(13426473.3934734 / 10)
    assert table.loc[("roas", "tv_S"), c.CHANGE] == 0
    assert table.loc[("data", "tv_S"), c.CHANGE] == 2
    assert "restated on 2 dates" in table.loc[("data", "tv_S"), c.NOTE]
    assert "not comparable" in table.loc[("error", c.DECOMP_RSSD), c.NOTE]
    parts = table.index.get_level_values(0)
    assert (parts == "coefficient").sum() == (parts == "share").sum() == 12
    assert (parts == "effect_share").sum() == 5


def test_a_run_that_is_no_refresh_says_so(archive: Archive, job: TrainingJob) -> None:
    shown = shown_changes(archive.claim(job))
    assert "continues no other one" in shown.data  # type: ignore[union-attr]


def test_refresh_of_must_be_a_run() -> None:
    for good in ("r1/de/20260101_000000", "r1/de/20260101_000000/3_1998_1"):
        assert golden.job(refresh_of=good).refresh_of == good
    with pytest.raises(JobError, match="refresh_of: 'latest' is no run; write revision/country"):
        golden.job(refresh_of="latest")


def test_an_engine_that_does_not_refresh_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmmlib.engines.native.engine import NativeEngine
    from mmmlib.ground import names

    class Other:
        """An engine without ``refresh``."""

        name = "other"
        version = NativeEngine.version
        refusals = NativeEngine.refusals
        train = NativeEngine.train

    monkeypatch.setattr(names, "load", lambda path: Other)
    job = golden.job(refresh_of="r1/de/20260101_000000")
    (problem,) = refusals(job)
    assert "the engine other does not refresh; engine native continues" in problem.message
    assert refusals(golden.job()) == []
