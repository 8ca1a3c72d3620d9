"""Runs on a real Dask cluster, also when one of its workers is killed in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from mmmlib.archive.manifest import Status
from mmmlib.ground.errors import LaunchError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.batch import Batch, start_batch
from mmmlib.launching.dask import DaskExecutor

Make = Callable[..., TrainingJob]


@contextmanager
def cluster(environment: pytest.MonkeyPatch, workers: int) -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as running:
        environment.setenv("MMM_DASK", running.scheduler_address)
        yield running


def a_batch(make_job: Make, tmp_path: Path, count: int, **values: Any) -> Batch:
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    for number in range(count):
        job = make_job(revision=f"r{number}", **values)
        (jobs / f"{number:02}.yaml").write_text(job.to_yaml())
    return start_batch(str(jobs), "", "dask", retries=2)


def kill_a_worker(batch: Batch) -> bool:
    """Kill the worker of a run that goes on; the run's process has to notice by itself."""
    going = [row.runs[-1] for row in batch.rows if row.status == Status.RUNNING]
    if not going:
        return False
    name = going[0]
    for process in psutil.process_iter(["cmdline"]):
        if repr(name) in " ".join(process.info["cmdline"] or []):
            worker = process.parent()
            assert worker is not None
            worker.kill()
            return True
    return False


@pytest.mark.parametrize("count", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_a_batch_survives_a_killed_worker(
    environment: pytest.MonkeyPatch, make_job: Make, tmp_path: Path, count: int
) -> None:
    with cluster(environment, min(count, 2)):
        batch = a_batch(make_job, tmp_path, count, iterations=4, trials=1)
        end = time.monotonic() + 900 * count
        killed = False
        while not batch.ended:
            batch.step()
            done = sum(row.status == Status.SUCCEEDED for row in batch.rows)
            if not killed and done >= count // 6:
                killed = kill_a_worker(batch)
            assert time.monotonic() < end, batch.rows
            time.sleep(0.2)
    assert killed
    assert batch.succeeded, batch.rows
    assert sum(len(row.runs) for row in batch.rows) == count + 1
    tried = next(row for row in batch.rows if len(row.runs) == 2)
    first = batch.archive.run(tried.runs[0]).state()
    assert (first.status, "worker" in first.error) == (Status.FAILED, True)
    manifest = batch.archive.run(tried.runs[1]).manifest
    assert manifest is not None
    assert manifest.receipt.cores == 1  # a worker of one thread, whatever its machine has


def test_a_scheduler_that_is_away(environment: pytest.MonkeyPatch) -> None:
    environment.setattr("mmmlib.launching.dask.CONNECT_SECONDS", 0.5)
    environment.setenv("MMM_DASK", "tcp://127.0.0.1:9")
    with pytest.raises(LaunchError, match="does not answer; is it running"):
        DaskExecutor().slots()
