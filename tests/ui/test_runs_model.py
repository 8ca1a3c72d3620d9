"""The table of runs."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.archive.manifest import State, Status
from mmmlib.archive.run import MANIFEST, PROGRESS, STATUS, now
from mmmlib.ui.runs.model import AT_ONCE, Question, RunsModel


def asked(archive, **question):
    """Rows of a fresh look at an archive."""
    model = RunsModel(archive)
    model.look()
    return model.answer(Question(**question)).rows


def test_each_end_has_its_row(ended, sample):
    rows = {row["id"]: row for row in asked(ended["archive"])}

    good = rows[str(ended["succeeded"])]
    assert (good["status"], good["best"], good["who"]) == ("succeeded", sample.BEST, "ada")
    assert (good["nrmse"], good["rssd"]) == (0.0612, 0.2077)

    bad = rows[str(ended["failed"])]
    assert bad["status"] == "failed"
    assert sample.EVIL in bad["note"]
    assert (bad["best"], bad["nrmse"]) == ("", None)

    assert rows[str(ended["cancelled"])]["revision"] == "r099"


@pytest.mark.parametrize(
    ("question", "countries"),
    [
        ({"status": "failed"}, ["uk"]),
        ({"revision": "r099"}, ["fr"]),
        ({"country": "de"}, ["de"]),
        ({"search": "GRACE failed"}, ["uk"]),
        ({"search": "nothing"}, []),
        ({"sort": "who"}, ["uk", "fr", "de"]),
        ({"sort": "who", "descending": False}, ["de", "fr", "uk"]),
        ({"sort": "nrmse"}, ["de", "fr", "uk"]),
        ({"sort": "nrmse", "descending": False}, ["de", "fr", "uk"]),
    ],
)
def test_filters_and_order(ended, question, countries):
    found = [row["country"] for row in asked(ended["archive"], **question)]
    if question.get("sort") == "nrmse":  # only one has it: it comes first, whatever the direction
        assert found[0] == countries[0]
    else:
        assert found == countries


def test_newest_first_in_pages(ended):
    newest = [str(run) for run in ended["archive"].runs()]

    def page(**question):
        return [row["id"] for row in asked(ended["archive"], **question)]

    assert page() == newest
    assert page(descending=False) == newest[::-1]
    assert page(size=2) == newest[:2]
    assert page(size=2, page=2) == newest[2:]


def test_a_run_that_goes_on_shows_how_far_it_is(sample, tmp_path):
    archive = Archive(str(tmp_path))
    run = archive.claim(sample.job())
    model = RunsModel(archive)
    model.look()
    assert model.going()[0]["status"] == "queued"

    state = State(status=Status.RUNNING, stage="train", heartbeat=now(), started=now(), who="emmy")
    run.save(STATUS, state.to_json())
    assert model.going()[0]["note"] == "train"

    facts = {"stage": "train", "step": "search", "done": 30, "total": 120, "seconds_left": 9.0}
    run.save_json(PROGRESS, facts)
    (row,) = model.going()
    assert (row["status"], row["share"]) == ("running", 25.0)
    assert row["note"] == "train · search · 25 % · 9.0 s left"


def test_what_waits_comes_after_what_goes_on(sample, tmp_path):
    archive = Archive(str(tmp_path))
    first, second = archive.claim(sample.job()), archive.claim(sample.job())
    state = State(status=Status.RUNNING, heartbeat=now(), started=now())
    second.save(STATUS, state.to_json())
    model = RunsModel(archive)
    model.look()
    assert [row["id"] for row in model.going()] == [str(second), str(first)]


def test_a_silent_run_is_lost(sample, tmp_path):
    archive = Archive(str(tmp_path))
    run = archive.claim(sample.job())
    long_ago = now() - dt.timedelta(minutes=5)
    state = State(status=Status.RUNNING, heartbeat=long_ago, started=long_ago)
    run.save(STATUS, state.to_json())
    (row,) = asked(archive)
    assert row["status"] == "lost"
    assert "nothing was heard" in row["note"]


def test_a_run_that_cannot_be_read_does_not_hide_the_others(sample, tmp_path):
    archive = Archive(str(tmp_path))
    sample.succeeded(archive)
    broken = archive.claim(sample.job("uk"))
    broken.save(MANIFEST, b"{not json")
    rows = {row["country"]: row for row in asked(archive)}
    assert rows["uk"]["status"] == "unreadable"
    assert rows["de"]["status"] == "succeeded"


def test_a_promoted_model_is_the_one_shown(sample, tmp_path):
    archive = Archive(str(tmp_path))
    promote(sample.succeeded(archive), "1_1_1", "ada", "plausible")
    (row,) = asked(archive)
    assert (row["best"], row["promoted"]) == ("1_1_1", True)
    assert (row["nrmse"], row["rssd"]) == (0.09, 0.4)


def test_what_has_ended_is_read_once(sample, tmp_path, monkeypatch):
    archive = Archive(str(tmp_path))
    sample.succeeded(archive)
    model = RunsModel(archive)
    model.look()
    before = model.answer(Question())

    def refuse(self, key):
        raise AssertionError(f"read again: {key}")

    monkeypatch.setattr(type(archive.store), "get", refuse)
    assert model.answer(Question()) == before


def test_ten_thousand_runs_are_listed_at_once_and_read_in_the_background(sample, tmp_path):
    archive = Archive(str(tmp_path))
    run = sample.succeeded(archive)
    manifest = json.loads(run.load(MANIFEST))
    text, folder = json.dumps(manifest), tmp_path / "robyn" / "many" / "de"
    start = dt.datetime(2020, 1, 1)
    for number in range(10_000):
        one = folder / f"{start + dt.timedelta(minutes=number):%Y%m%d_%H%M%S}"
        one.mkdir(parents=True)
        (one / MANIFEST).write_text(text)

    model, began = RunsModel(Archive(str(tmp_path))), time.process_time()
    model.look()
    model.going()
    first = model.answer(Question())
    assert time.process_time() - began < 6.0  # of a processor; 2 s where it was written
    assert (len(first.rows), first.matching, first.total) == (25, 10_001, 10_001)
    assert first.read < 2 * AT_ONCE  # no more than what is shown

    found = model.answer(Question(search="many 20200101_0001"))  # ids are known without reading
    assert found.matching == 1
    model.read(model.unread()[:500])
    assert model.answer(Question(status="succeeded")).matching >= 500
