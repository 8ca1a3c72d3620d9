"""Whole runs in a bucket, with the real papermill and kernels."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import load_result
from mmmlib.archive.run import CONSOLE, LOST_AFTER, PROGRESS, now
from mmmlib.ui.runs.model import Question, RunsModel
from tests.conftest import REPOSITORY
from tests.servers.proxy import Fault, Proxy

BIN = Path(sys.executable).parent
SMALL = {"iterations": 60, "trials": 2}


@pytest.fixture
def job_file(gcs_root: str, demo_values: dict[str, Any], tmp_path: Path) -> Callable[..., str]:
    """Write the demo job with other values, archived in a bucket."""

    def write(**values: Any) -> str:
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump(demo_values | {"root": gcs_root} | values))
        return str(path)

    return write


def test_a_run_on_a_bucket_with_hiccups(
    gcs_proxy: Proxy, gcs_root: str, job_file: Callable[..., str], tmp_path: Path
) -> None:
    gcs_proxy.obey(lambda asked: Fault(503) if asked.number % 7 == 0 else None)
    command = [BIN / "mmm", "run", job_file(**SMALL)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=900)
    assert done.returncode == 0, done.stderr
    gcs_proxy.work()
    run = Archive(gcs_root).run("latest")
    manifest = run.manifest
    assert manifest is not None
    assert manifest.status is Status.SUCCEEDED
    contents = run.contents()
    del contents["manifest.json"], contents["status.json"]  # neither is hashed: they end the run
    assert contents == manifest.artifacts
    assert {"extract.ipynb", "train.ipynb", "candidates.parquet"} <= set(contents)
    assert load_result(run).best == manifest.best
    shown = RunsModel(Archive(gcs_root))
    shown.look()
    (row,) = shown.answer(Question()).rows
    assert (row["status"], row["best"]) == ("succeeded", manifest.best)
    packed = tmp_path / "run.zip"
    command = [BIN / "mmm", "download", str(run), "--root", gcs_root, "-o", str(packed)]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=900).returncode == 0
    assert packed.stat().st_size > 100_000


@pytest.mark.slow
def test_papermill_as_typed_on_a_bucket(
    gcs_root: str, job_file: Callable[..., str], tmp_path: Path
) -> None:
    command = [
        BIN / "papermill", "--engine", "mmm", "notebooks/train.ipynb", tmp_path / "out.ipynb",
        "-f", job_file(**SMALL),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=900)
    assert done.returncode == 0, done.stderr
    run = Archive(gcs_root).run("latest")
    assert run.state().status is Status.SUCCEEDED
    assert run.has("train.ipynb")


@pytest.mark.slow
def test_a_killed_run_leaves_its_log_in_the_bucket(
    gcs_root: str, job_file: Callable[..., str]
) -> None:
    command = [BIN / "mmm", "run", job_file(iterations=20_000, trials=2)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            run = None
            end = time.monotonic() + 900
            while time.monotonic() < end and process.poll() is None:
                run = run or next(iter(Archive(gcs_root).runs()), None)
                if run and run.has(PROGRESS) and run.load_json(PROGRESS).get("done"):
                    break
                time.sleep(0.5)
        finally:
            os.killpg(process.pid, 9)
    assert run is not None
    assert run.load_json(PROGRESS)["done"] > 0
    assert "train: search" in run.load(CONSOLE).decode()
    assert run.manifest is None
    assert run.state(at=now() + 2 * LOST_AFTER).status is Status.LOST
