"""``mmm run --trials-on dask``: a run of this machine whose trials a cluster searches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmmlib.archive.archive import Archive
from mmmlib.archive.run import CONSOLE
from mmmlib.cli import main
from mmmlib.run.reproduction import compare_runs
from tests.conftest import REPOSITORY

JobFile = Callable[..., Path]


def test_without_a_cluster_nothing_is_claimed(
    environment: pytest.MonkeyPatch, job_file: JobFile, archive: Archive
) -> None:
    environment.delenv("MMM_DASK", raising=False)
    done = CliRunner().invoke(main, ["run", str(job_file()), "--trials-on", "dask"])
    assert done.exit_code == 1
    assert "no Dask cluster is known for the trials; set MMM_DASK" in done.output
    assert archive.runs() == []


def test_the_setting_is_asked_too(
    environment: pytest.MonkeyPatch, job_file: JobFile, archive: Archive
) -> None:
    environment.setattr("mmmlib.engines.native.cluster.CONNECT_SECONDS", 0.5)
    environment.setenv("MMM_TRIALS_ON", "dask")
    environment.setenv("MMM_DASK", "tcp://127.0.0.1:9")
    done = CliRunner().invoke(main, ["run", str(job_file())])
    assert done.exit_code == 1
    assert "the Dask scheduler tcp://127.0.0.1:9 does not answer" in done.output
    assert archive.runs() == []


def test_robyn_searches_on_one_machine(job_file: JobFile) -> None:
    path = str(job_file(engine="robyn"))
    done = CliRunner().invoke(main, ["run", path, "--trials-on", "dask"])
    assert done.exit_code == 2
    assert "engine: robyn searches on one machine" in done.output


@pytest.mark.slow
def test_a_run_is_the_same_to_the_last_bit(
    environment: pytest.MonkeyPatch, job_file: JobFile, archive: Archive
) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as running:
        environment.setenv("MMM_DASK", running.scheduler_address)
        runs = []
        for place in ("dask", "local"):
            path = str(job_file(iterations=400, trials=3, optimizer="TwoPointsDE"))
            mmm = [Path(sys.executable).parent / "mmm", "run", path, "--trials-on", place]
            done = subprocess.run(mmm, capture_output=True, text=True, cwd=REPOSITORY, timeout=180)
            assert done.returncode == 0, done.stderr
            assert "train · search" in done.stdout
            runs.append(archive.run("latest"))
    assert f"on the Dask cluster {running.scheduler_address}" in runs[0].load(CONSOLE).decode()
    assert "Dask" not in runs[1].load(CONSOLE).decode()
    found = compare_runs(*runs)
    assert found.same
    assert len(found.surroundings) == 0
