"""Runs on Cloud Run, against a server that speaks its REST API through Google's own client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmmlib.archive.manifest import Status
from mmmlib.archive.run import Run
from mmmlib.ground.errors import LaunchError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.cloudrun import CloudRunExecutor
from mmmlib.launching.queue import cancel, drain, settle, submit
from tests.launching.cloud import JOB, Cloud, cloud
from tests.launching.conftest import Clock

Make = Callable[..., TrainingJob]


@pytest.fixture
def server(environment: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with cloud() as (state, address):
        environment.setenv("GOOGLE_CLOUD_PROJECT", "shop")
        environment.setenv("MMM_CLOUDRUN_ENDPOINT", address)
        yield state


def handle(run: Run) -> str:
    launch = run.launch
    assert launch is not None
    return launch.handle


def test_a_job_with_a_file_is_executed_in_the_container(
    server: Cloud, make_job: Make, weekly: Any, tmp_path: Path
) -> None:
    """The file is sent along with the run: the container has another disk."""
    weekly.to_csv(tmp_path / "sales.csv", index=False)
    short = "SELECT * EXCLUDE tv_S FROM data"  # it fails once the file was read: soon
    run = submit(make_job(file=str(tmp_path / "sales.csv"), sql=short), "cloudrun", who="ann")
    (tmp_path / "sales.csv").unlink()
    path, body = server.requests[0]
    assert path.startswith(f"/v2/{JOB}:run")
    (override,) = body["overrides"]["containerOverrides"]
    assert override["args"] == ["execute", str(run.id), "--root", run.store.root]
    assert handle(run) == f"{JOB}/executions/mmm-app-train-0"
    waits = submit(make_job(), "cloudrun")
    assert waits.state().status is Status.QUEUED
    cancel(waits)
    end = time.monotonic() + 900
    while not run.manifest and time.monotonic() < end:
        time.sleep(0.2)
        assert settle(run) is not Status.LOST
    manifest = run.manifest
    assert manifest is not None
    assert (manifest.status, manifest.who) == (Status.FAILED, "ann")
    assert "no column 'tv_S'" in manifest.error  # its own words, not the container's
    assert "inputs/file-sales.csv" in manifest.artifacts
    assert run.job.file == "inputs/file-sales.csv"
    assert server.containers[handle(run)].wait(timeout=300) == 1
    assert len(server.requests) == 1


def test_a_container_that_was_killed_is_a_failed_run_with_the_reason(
    server: Cloud, make_job: Make, clock: Clock
) -> None:
    server.stuck = True
    run, second = submit(make_job(), "cloudrun"), submit(make_job(), "cloudrun")
    assert run.state().status is Status.QUEUED
    clock.sleeps(3600)
    assert settle(run) is Status.QUEUED  # the container is there, and waits for its machine
    clock.sleeps(-3600)
    server.kill(handle(run), "Memory limit of 512 MiB exceeded")
    assert settle(run) is Status.QUEUED  # it was handed over a moment ago: nobody asks yet
    clock.sleeps(20)
    assert settle(run) is Status.FAILED
    assert run.state().error == "its container was ended: Memory limit of 512 MiB exceeded"
    drain(run.store.root)
    assert handle(second).endswith("-1")


def test_a_container_that_has_not_begun_is_cancelled(server: Cloud, make_job: Make) -> None:
    server.stuck = True
    run = submit(make_job(), "cloudrun")
    cancel(run, who="ben")
    assert run.state().error == "cancelled by ben before it began"
    assert server.cancelled == {handle(run)}
    ended = CloudRunExecutor().fate(handle(run))
    assert ended == (Status.CANCELLED, "The execution was cancelled")


def test_what_cloud_run_refuses_is_said(server: Cloud, make_job: Make) -> None:
    server.deny = True
    run = submit(make_job(), "cloudrun")
    assert run.state().status is Status.FAILED
    assert "could not be started" in run.state().error
    assert "Permission 'run.jobs.runWithOverrides' denied" in run.state().error
    executor = CloudRunExecutor()
    gone = f"{JOB}/executions/gone"
    assert executor.fate(gone) == (Status.LOST, "its execution gone was deleted")
    server.deny = False
    executor.stop(gone)


def test_an_api_that_is_away(environment: pytest.MonkeyPatch, make_job: Make) -> None:
    environment.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    environment.setenv("MMM_CLOUDRUN_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(LaunchError, match="Cloud Run does not tell"):
        CloudRunExecutor().fate(f"{JOB}/executions/x")
    run = submit(make_job(), "cloudrun")
    assert "Cloud Run did not start" in run.state().error


def test_a_container_cannot_reach_a_folder(environment: pytest.MonkeyPatch, make_job: Make) -> None:
    environment.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    with pytest.raises(LaunchError, match="set the job's root or MMM_ROOT to a bucket"):
        submit(make_job(), "cloudrun")
