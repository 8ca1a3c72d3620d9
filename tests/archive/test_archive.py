"""Where a run lives: claimed once, listed, and never shown as more than it is."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.archive import archive as module
from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import RunId, State, Status
from mmmlib.archive.results import summarize
from mmmlib.archive.run import BEST, LOST_AFTER, STATUS, Run, now
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob


def status(run: Run, value: Status, at: dt.datetime | None = None) -> None:
    run.save(STATUS, State(status=value, heartbeat=at or now(), started=now()).to_json())


def test_a_claim_has_the_seed_layout(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    assert run.id.folder == f"robyn/demo/de/{run.id.timestamp}"
    assert dt.datetime.strptime(run.id.timestamp, "%Y%m%d_%H%M%S")
    assert run.job == job
    assert run.state().status is Status.QUEUED


def test_runs_of_the_same_second_take_the_next_ones(
    archive: Archive, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = dt.datetime(2026, 12, 31, 23, 59, 58, 900_000, tzinfo=dt.UTC)
    monkeypatch.setattr(module, "now", lambda: moment)
    with ThreadPoolExecutor(8) as racers:
        runs = list(racers.map(lambda _: archive.claim(job), range(8)))
    stamps = sorted(run.id.timestamp for run in runs)
    assert stamps == [
        "20261231_235958", "20261231_235959", *(f"20270101_00000{i}" for i in range(6)),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["r/de/20261123_053424", "robyn/r/de/20261123_053424/"])
def test_an_id_is_read_as_it_is_shown(text: str) -> None:
    assert str(RunId.parse(text)) == "r/de/20261123_053424"


@pytest.mark.parametrize("text", ["", "r/de", "../../etc/passwd", "r/de/2026", "a/b/c/d"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(RunError, match="write revision/country/YYYYMMDD_HHMMSS"):
        RunId.parse(text)


def old_run(archive: Archive, name: str, written: dt.datetime, files: dict[str, bytes]) -> Run:
    """A folder as the system before this one left it."""
    folder = Path(archive.store.root, "robyn", name)
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
        os.utime(folder / file, (written.timestamp(), written.timestamp()))
    return Run(archive.store, RunId.parse(name))


@pytest.mark.parametrize(
    ("timestamp", "written", "year"),
    [
        ("1103_101112", dt.datetime(2024, 11, 3, 11, tzinfo=dt.UTC), 2024),
        ("1231_235900", dt.datetime(2025, 1, 1, 0, 30, tzinfo=dt.UTC), 2024),
        ("0229_080000", dt.datetime(2025, 1, 5, tzinfo=dt.UTC), 2024),
    ],
)
def test_an_old_run_is_of_the_year_of_its_files(
    archive: Archive, timestamp: str, written: dt.datetime, year: int
) -> None:
    run = old_run(archive, f"r90/de/{timestamp}", written, {BEST: b"1_2_3\n"})
    assert run.submitted.year == year
    assert run.submitted.strftime("%m%d_%H%M%S") == timestamp


def test_old_runs_are_listed_among_the_others(archive: Archive, job: TrainingJob) -> None:
    written = dt.datetime(2024, 11, 3, 11, tzinfo=dt.UTC)
    new = archive.claim(job)
    old = old_run(archive, "r90/de/1103_101112", written, {BEST: b"1_2_3\n"})
    broken = old_run(archive, "r90/de/1104_101112", written, {"robyn_console.log": b""})
    assert [str(run) for run in archive.runs()] == [str(new), str(broken), str(old)]
    assert str(archive.run("latest")) == str(new)
    assert archive.run(str(old)).state().status is Status.SUCCEEDED
    assert summarize(old) == ("1_2_3", {})
    state = broken.state()
    assert (state.status, state.error) == (Status.FAILED, "it has no best_model_id.txt")
    with pytest.raises(RunError, match=r"has no job\.yaml; it was made without"):
        _ = old.job
    with pytest.raises(RunError, match="there is no run r90/de/0101_000000"):
        archive.run("r90/de/0101_000000")


def test_a_silent_run_is_lost_whatever_it_said(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    for said in (Status.RUNNING, Status.SUCCEEDED):
        status(run, said)
        assert run.state().status is Status.RUNNING  # only a manifest makes an end
        later = run.state(at=now() + LOST_AFTER + dt.timedelta(seconds=1))
        assert later.status is Status.LOST
        assert "nothing was heard of it" in later.error


def test_a_claim_nobody_started_is_lost_too(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    assert run.state(at=now() + dt.timedelta(minutes=2)).status is Status.LOST


def test_runs_are_listed_newest_first_and_filtered(archive: Archive, job: TrainingJob) -> None:
    for revision, country in (("r1", "de"), ("r2", "fr"), ("r1", "fr")):
        archive.claim(job.model_copy(update={"revision": revision, "country": country}))
    (Path(archive.store.root) / "robyn" / "r1" / "de" / "notes").mkdir()
    assert len(archive.runs()) == 3
    assert {str(run.id)[:5] for run in archive.runs("r1")} == {"r1/de", "r1/fr"}
    assert {str(run.id)[:5] for run in archive.runs(country="fr")} == {"r1/fr", "r2/fr"}
    stamps = [run.id.timestamp for run in archive.runs()]
    assert stamps == sorted(stamps, reverse=True)
    assert archive.run("latest").id.timestamp == stamps[0]


def test_what_is_not_there_is_said(archive: Archive, job: TrainingJob) -> None:
    with pytest.raises(RunError, match="there is no run under"):
        archive.run("latest")
    with pytest.raises(RunError, match="there is no run r/de/20261123_053424"):
        archive.run("r/de/20261123_053424")
    with pytest.raises(RunError, match=r"has no candidates\.parquet"):
        archive.claim(job).load_table("candidates")


def test_tables_and_json_come_back(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    table = pd.DataFrame({"a": [1.5, float("nan")], "b": ["x", "ü"]})
    run.save_table("t", table)
    pd.testing.assert_frame_equal(run.load_table("t"), table)
    first = run.load("t.parquet")
    run.save_table("t", table)
    assert run.load("t.parquet") == first
    run.save_json("x.json", {"ü": [1, None]})
    assert run.load_json("x.json") == {"ü": [1, None]}
    assert set(run.artifacts()) == {"job.yaml", "t.parquet", "x.json"}
