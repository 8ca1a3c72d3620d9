"""Runs on a real Dask cluster, also when one of its workers is killed in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from mmmlib.archive import Archive
from mmmlib.errors import LaunchError
from mmmlib.job import TrainingJob
from mmmlib.launch.batch import Batch, start_batch
from mmmlib.launch.dask import DaskExecutor
from mmmlib.manifest import Status

Make = Callable[..., TrainingJob]


@contextmanager
def cluster(environment: pytest.MonkeyPatch, workers: int) -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
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


def kill_a_worker(batch: Batch, archive: Archive) -> None:
    """The worker process of a run that searches; its child has to notice by itself."""
    for row in batch.rows:
        if row.status == Status.RUNNING and archive.run(row.runs[-1]).state().stage == "train":
            break
    else:
        return
    name = row.runs[-1]
    for process in psutil.process_iter(["cmdline"]):
        if name in (process.info["cmdline"] or []):
            worker = process.parent()
            assert worker is not None
            worker.kill()
            return


@pytest.mark.parametrize(
    ("count", "values"),
    [
        (2, {"iterations": 40, "trials": 1}),
        pytest.param(30, {"iterations": 300, "trials": 2}, marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_batch_survives_a_killed_worker(
    environment: pytest.MonkeyPatch,
    make_job: Make,
    tmp_path: Path,
    archive: Archive,
    count: int,
    values: dict[str, Any],
) -> None:
    with cluster(environment, 2):
        batch = a_batch(make_job, tmp_path, count, **values)
        end = time.monotonic() + 60 * count
        killed = False
        while not batch.ended:
            batch.step()
            if not killed and (count == 2 or sum(r.status == "succeeded" for r in batch.rows) > 3):
                kill_a_worker(batch, archive)
                killed = len(archive.runs()) > 0
            assert time.monotonic() < end, batch.rows
            time.sleep(0.2)
    assert batch.succeeded, batch.rows


def test_a_scheduler_that_is_away(environment: pytest.MonkeyPatch) -> None:
    environment.setattr("mmmlib.launch.dask.CONNECT_SECONDS", 0.5)
    environment.setenv("MMM_DASK", "tcp://127.0.0.1:9")
    with pytest.raises(LaunchError, match="does not answer; is it running"):
        DaskExecutor().places()
