"""Promotions, notes, keep and delete."""

from __future__ import annotations

import datetime as dt
import json
import os
import runpy
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import (
    DECISIONS,
    OLD_DECISIONS,
    Kind,
    chosen_model,
    decisions_of,
    is_kept,
    keep,
    note,
    promote,
    release,
)
from mmmlib.archive.deletion import DELETED, delete_run
from mmmlib.archive.interactions import recent
from mmmlib.archive.manifest import State, Status
from mmmlib.archive.run import MANIFEST
from mmmlib.ground.errors import RunError

_SAMPLE = Path(__file__).parents[1] / "ui" / "sample_archive.py"
SAMPLE = SimpleNamespace(**runpy.run_path(str(_SAMPLE)))
OTHER = "1_1_1"


@pytest.fixture
def run(tmp_path):
    return SAMPLE.succeeded(Archive(str(tmp_path)))


def _objects(run):
    return [name for name in run.artifacts() if name.startswith(DECISIONS)]


def test_a_promotion_says_who_when_and_why_and_names_the_original(run):
    assert chosen_model(run).candidate == SAMPLE.BEST
    promote(run, OTHER, "ada", "the shares are plausible")
    chosen = chosen_model(run)
    assert (chosen.candidate, chosen.original) == (OTHER, SAMPLE.BEST)
    assert (chosen.promotion.who, chosen.promotion.text) == ("ada", "the shares are plausible")
    assert chosen.promotion.at.tzinfo is not None

    promote(run, SAMPLE.BEST, "grace", "back again")
    assert chosen_model(run).promotion is None
    assert [item.who for item in decisions_of(run)] == ["ada", "grace"]


@pytest.mark.parametrize(
    ("candidate", "why", "said"),
    [("9_9_9", "because", "'9_9_9' is not on a kept"), (OTHER, "  ", "why it is promoted")],
)
def test_what_cannot_be_promoted_changes_nothing(run, candidate, why, said):
    with pytest.raises(RunError, match=said):
        promote(run, candidate, "ada", why)
    assert _objects(run) == []


def test_notes_keep_every_character_of_a_text(run):
    text = f"two\nlines, {SAMPLE.EVIL}, ü"
    note(run, "ada", text)
    assert decisions_of(run)[0].text == text
    assert len(_objects(run)) == 1
    with pytest.raises(RunError, match="4,001 characters"):
        note(run, "ada", "x" * 4001)


def test_of_many_writers_none_is_lost(run):
    failed = []

    def write(number):
        try:
            note(run, f"writer {number}", "hello")
        except RunError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {item.who for item in decisions_of(run)} == {f"writer {number}" for number in range(12)}


OLD = (
    b'{"kind":"promoted","at":"2026-11-23T05:34:24.000001Z","who":"ada","candidate":"1_1_1",'
    b'"text":"plausible"}\n{"kind":"note","at":"2026-11-24T05:34:24Z","who":"ben","text":"seen"}\n'
)


def test_decisions_of_0_1_0_come_first_and_stay_as_they_are(run):
    run.save(OLD_DECISIONS, OLD)
    assert chosen_model(run).promotion.who == "ada"
    keep(run, "grace")
    assert [item.who for item in decisions_of(run)] == ["ada", "ben", "grace"]
    assert run.load(OLD_DECISIONS) == OLD


def test_what_is_decided_later_counts_though_another_clock_was_ahead(run):
    note(run, "ada", "before")
    ahead = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    (name,) = _objects(run)
    made = json.loads(run.load(name)) | {"kind": "kept", "at": ahead.isoformat()}
    run.save_json(f"{DECISIONS}/20990101_000000_000000_00.json", made)
    assert is_kept(run)
    release(run, "grace")
    assert not is_kept(run)
    assert [item.kind for item in decisions_of(run)] == [Kind.NOTE, Kind.KEPT, Kind.RELEASED]
    assert _objects(run) == sorted(_objects(run))


def test_a_damaged_decision_is_named(run):
    run.save(OLD_DECISIONS, OLD + b"{broken\n")
    with pytest.raises(RunError, match=r"decisions\.jsonl, line 3 is no decision"):
        decisions_of(run)
    run.save(OLD_DECISIONS, b"")
    run.save(f"{DECISIONS}/20261123.json", b"{}")
    with pytest.raises(RunError, match=rf"{run.id}/decisions/20261123\.json is no decision"):
        decisions_of(run)


def test_a_kept_run_cannot_be_deleted_before_it_is_released(run, tmp_path):
    keep(run, "ada", "the board saw it")
    assert is_kept(run)
    with pytest.raises(RunError, match="is kept; release it"):
        delete_run(run, "grace")
    assert run.has(MANIFEST)

    release(run, "ada")
    delete_run(run, "grace", "a trial")
    archive = Archive(str(tmp_path))
    assert archive.runs() == []
    left = json.loads(archive.store.get(f"{DELETED}/{run}.json"))
    assert (left["who"], left["why"], left["status"]) == ("grace", "a trial", "succeeded")


def test_only_ended_runs_are_deleted(tmp_path):
    from mmmlib.archive.run import STATUS, now

    run = Archive(str(tmp_path)).claim(SAMPLE.job())
    run.save(STATUS, State(status=Status.RUNNING, heartbeat=now(), started=now()).to_json())
    with pytest.raises(RunError, match="is running; cancel it"):
        delete_run(run, "ada")
    assert run.has("job.yaml")


def test_kinds_are_words_of_the_file(run):
    keep(run, "ada")
    (name,) = _objects(run)
    assert run.load_json(name)["kind"] == "kept" == Kind.KEPT


def _old(root: Path, name: str, day: str) -> None:
    folder = root / "robyn" / "r099" / "fr" / name
    folder.mkdir(parents=True)
    seconds = time.mktime(time.strptime(day, "%Y-%m-%d"))
    for file in ("best_model_id.txt", "1_2_3.png"):
        (folder / file).write_text("1_2_3\n")
        os.utime(folder / file, (seconds, seconds))


def test_old_runs_are_listed_with_the_year_of_their_objects(tmp_path):
    _old(tmp_path, "0615_120000", "2024-06-15")
    _old(tmp_path, "1231_235959", "2025-01-01")  # written after midnight
    (tmp_path / "robyn" / "r099" / "fr" / "0101_000000").mkdir()  # empty: no run
    archive = Archive(str(tmp_path))
    SAMPLE.succeeded(archive)
    runs = archive.runs()
    assert [run.id.old for run in runs] == [False, True, True]
    assert [f"{run.submitted:%Y-%m-%d}" for run in runs[1:]] == ["2024-12-31", "2024-06-15"]
    assert runs[1].state().status is Status.SUCCEEDED
    assert archive.run("r099/fr/0615_120000").load("1_2_3.png") == b"1_2_3\n"
    assert archive.run("latest") == runs[0]
    with pytest.raises(RunError, match="there is no run"):
        archive.run("r099/fr/0616_120000")


def test_an_old_run_without_a_result_has_failed(tmp_path):
    _old(tmp_path, "0615_120000", "2024-06-15")
    (tmp_path / "robyn/r099/fr/0615_120000/best_model_id.txt").unlink()
    (run,) = Archive(str(tmp_path)).runs()
    assert run.state().status is Status.FAILED


def test_what_is_decided_and_deleted_is_among_the_interactions(run):
    promote(run, OTHER, "ada", "the shares are plausible")
    note(run, "ben", "seen")
    keep(run, "cyd")
    release(run, "cyd")
    delete_run(run, "dan", "not needed")
    done = recent(run.store)[::-1]
    assert [(one.who, one.did) for one in done] == [
        ("ada", "promoted"), ("ben", "noted"), ("cyd", "kept"), ("cyd", "released"),
        ("dan", "deleted"),
    ]  # fmt: skip
    assert done[0].details == {"candidate": OTHER, "text": "the shares are plausible"}
    assert all(one.run == str(run) for one in done)
