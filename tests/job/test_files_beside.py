"""Files that a job names lie beside the job's file, wherever the command is called."""

from __future__ import annotations

import pytest

from mmmlib.job import TrainingJob


@pytest.fixture
def beside(tmp_path, monkeypatch):
    folder = tmp_path / "jobs"
    folder.mkdir()
    for name in ("data.csv", "events.csv"):
        (folder / name).write_text("x\n")
    (tmp_path / "elsewhere.csv").write_text("x\n")
    monkeypatch.chdir(tmp_path)
    text = "country: de\ndate: d\ntarget: s\nchannels: [{name: tv, spend: tv}]\n"

    def load(**keys):
        lines = "".join(f"{key}: {value}\n" for key, value in keys.items())
        (folder / "job.yaml").write_text(text + lines)
        return TrainingJob.load("jobs/job.yaml")

    return load


def test_beside_the_job_comes_first(beside):
    job = beside(file="data.csv", annotations="events.csv", holidays="DE")
    assert (job.file, job.annotations) == ("jobs/data.csv", "jobs/events.csv")
    assert job.holidays == "DE"


def test_every_joined_file_too(beside):
    job = beside(
        file="data.csv", join="[{file: events.csv, date: d}, {file: elsewhere.csv, date: d}]"
    )
    assert [item.file for item in job.join] == ["jobs/events.csv", "elsewhere.csv"]


@pytest.mark.parametrize("file", ["elsewhere.csv", "nowhere.csv", "example:weekly", "/a/b.csv"])
def test_what_is_not_beside_it_stays_as_it_is(beside, file):
    assert beside(file=file).file == file
