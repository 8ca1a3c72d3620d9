"""The table of runs."""

from __future__ import annotations

import datetime as dt

from mmmlib.archive import MANIFEST, PROGRESS, STATUS, Archive, now
from mmmlib.manifest import State, Status
from mmmlib.ui.runs.model import RunsModel


def test_each_end_has_its_row(ended, sample):
    rows = {row["id"]: row for row in RunsModel(ended["archive"]).rows()}

    good = rows[str(ended["succeeded"])]
    assert (good["status"], good["best"], good["who"]) == ("succeeded", sample.BEST, "ada")
    assert (good["nrmse"], good["rssd"]) == (0.0612, 0.2077)

    bad = rows[str(ended["failed"])]
    assert bad["status"] == "failed"
    assert sample.EVIL in bad["note"]
    assert (bad["best"], bad["nrmse"]) == ("", None)

    assert rows[str(ended["cancelled"])]["revision"] == "r099"


def test_newest_first(ended):
    times = [row["submitted"] for row in RunsModel(ended["archive"]).rows()]
    assert times == sorted(times, reverse=True)


def test_a_run_that_goes_on_shows_how_far_it_is(sample, tmp_path):
    archive = Archive(str(tmp_path))
    run = archive.claim(sample.job())
    model = RunsModel(archive)
    assert model.rows()[0]["status"] == "queued"

    state = State(status=Status.RUNNING, stage="train", heartbeat=now(), started=now(), who="emmy")
    run.save(STATUS, state.to_json())
    assert model.rows()[0]["note"] == "train"

    facts = {"stage": "train", "step": "search", "done": 30, "total": 120, "seconds_left": 9.0}
    run.save_json(PROGRESS, facts)
    (row,) = model.rows()
    assert (row["status"], row["share"]) == ("running", 25.0)
    assert row["note"] == "train · search · 25 % · 9.0 s left"


def test_a_silent_run_is_lost(sample, tmp_path):
    archive = Archive(str(tmp_path))
    run = archive.claim(sample.job())
    long_ago = now() - dt.timedelta(minutes=5)
    state = State(status=Status.RUNNING, heartbeat=long_ago, started=long_ago)
    run.save(STATUS, state.to_json())
    (row,) = RunsModel(archive).rows()
    assert row["status"] == "lost"
    assert "nothing was heard" in row["note"]


def test_a_run_that_cannot_be_read_does_not_hide_the_others(sample, tmp_path):
    archive = Archive(str(tmp_path))
    sample.succeeded(archive)
    broken = archive.claim(sample.job("uk"))
    broken.save(MANIFEST, b"{not json")
    rows = {row["country"]: row for row in RunsModel(archive).rows()}
    assert rows["uk"]["status"] == "unreadable"
    assert rows["de"]["status"] == "succeeded"


def test_what_has_ended_is_read_once(sample, tmp_path, monkeypatch):
    archive = Archive(str(tmp_path))
    sample.succeeded(archive)
    model = RunsModel(archive)
    before = model.rows()

    def refuse(self, key):
        raise AssertionError(f"read again: {key}")

    monkeypatch.setattr(type(archive.store), "get", refuse)
    assert model.rows() == before
