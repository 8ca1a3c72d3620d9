"""A whole run as one zip file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.run import Run
from mmmlib.archive.zipped import save_zip, zip_run
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.supervisor import Supervisor

FILES = {f"{i}.{kind}": bytes([i]) * 70_000 for i, kind in enumerate(("csv", "png", "RDS", "log"))}


@pytest.fixture(params=["file", "gs"])
def run(request: pytest.FixtureRequest, job: TrainingJob) -> Run:
    root = job.root if request.param == "file" else request.getfixturevalue("gcs_root")
    run = Archive(root).claim(job)
    with Supervisor(run):
        for name, data in FILES.items():
            run.save(name, data)
    return run


def test_it_holds_every_artifact(run: Run) -> None:
    packed = b"".join(zip_run(run))
    assert b"".join(zip_run(run)) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        folder = str(run).replace("/", "_")
        read = {name.removeprefix(f"{folder}/"): archive.read(name) for name in archive.namelist()}
        assert archive.getinfo(f"{folder}/0.csv").compress_size < 1000
    assert read == {name: run.load(name) for name in run.artifacts()}
    assert set(read) == {*FILES, "job.yaml", "status.json", "manifest.json"}
    assert {name: read[name] for name in FILES} == FILES


def test_an_artifact_that_was_changed_or_is_gone_is_no_download(run: Run, tmp_path: Path) -> None:
    run.save("1.png", b"other")
    with pytest.raises(RunError, match=r"1\.png is not what the manifest says"):
        save_zip(run, tmp_path / "run.zip")
    run.store.delete(f"{run.id.folder}/1.png")
    with pytest.raises(RunError, match=r"lacks 1\.png, which its manifest lists"):
        save_zip(run, tmp_path / "run.zip")
    assert not list(tmp_path.glob("*run.zip*"))


def test_a_file_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write .*No such file.*choose another file"):
        save_zip(run, tmp_path / "none" / "run.zip")
