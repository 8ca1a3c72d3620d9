"""Whose turn it is: order, slots, cancelled and lost runs, executors that refuse."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import State, Status
from mmmlib.archive.run import CANCEL, LAUNCH, LOST_AFTER, MANIFEST, STATUS, Run, now
from mmmlib.ground import children
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import JobError, LaunchError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.executor import allowed_executor, open_executor
from mmmlib.launching.local import LocalExecutor
from mmmlib.launching.queue import (
    Queue,
    cancel,
    drain,
    listed,
    new_launch,
    save_launch,
    settle,
    submit,
    waiting,
)
from mmmlib.run.supervisor import Supervisor, conclude
from tests.conftest import REPOSITORY
from tests.launching.conftest import Clock

Make = Callable[..., TrainingJob]


def test_one_goes_on_and_the_others_wait_in_order(
    shelf: list[Supervisor], job: TrainingJob
) -> None:
    runs = [submit(job, "shelf", who="ann") for _ in range(3)]
    assert [run.state().status for run in runs] == ["running", "queued", "queued"]
    assert runs[1].state(at=now() + dt.timedelta(days=2)).status is Status.QUEUED
    assert runs[1].state().who == runs[0].state().who == "ann"
    archive = Archive(job.root)
    assert [run.id for _, run in listed(archive)] == [run.id for run in runs]
    for number in range(3):
        assert [one.run.id for one in shelf] == [run.id for run in runs[: number + 1]]
        shelf[-1].end(Status.SUCCEEDED)
        drain(job.root)
    assert listed(archive) == []
    manifest = runs[2].manifest
    assert manifest is not None
    assert LAUNCH in manifest.artifacts


@pytest.fixture
def only_shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("MMM_EXECUTORS", "shelf, dask")
        settings.cache_clear()
        yield
    settings.cache_clear()


def test_every_executor_may_be_launched_on() -> None:
    assert allowed_executor() == "local"
    assert allowed_executor("dask") == "dask"


@pytest.mark.usefixtures("only_shelf")
def test_an_installation_launches_where_it_may(shelf: list[Supervisor], job: TrainingJob) -> None:
    launch = submit(job).launch
    assert launch is not None
    assert launch.executor == "shelf"
    with pytest.raises(LaunchError, match="here on shelf, dask only"):
        submit(job, "local")
    assert len(shelf) == len(Archive(job.root).runs()) == 1


def test_several_places(shelf: list[Supervisor], job: TrainingJob) -> None:
    from tests.launching import conftest

    conftest.SLOTS[0] = 2
    runs = [submit(job, "shelf") for _ in range(4)]
    assert [run.state().status for run in runs] == ["running", "running", "queued", "queued"]
    shelf[1].end(Status.FAILED, "odd")
    drain(job.root)
    assert [run.state().status for run in runs] == ["running", "failed", "running", "queued"]


def test_a_queued_run_is_cancelled(shelf: list[Supervisor], job: TrainingJob) -> None:
    first, second, third = (submit(job, "shelf") for _ in range(3))
    cancel(second, who="ben")
    state = second.state()
    assert (state.status, state.error) == ("cancelled", "cancelled by ben before it began")
    with pytest.raises(RunError, match="already started"):
        Supervisor(second)
    with pytest.raises(RunError, match="nothing to cancel"):
        cancel(second)
    third.cancel("carl")  # by somebody who knows nothing of queues
    shelf[0].end(Status.SUCCEEDED)
    drain(job.root)
    assert third.state().error == "cancelled by carl before it began"
    assert waiting(first.store, "shelf") == []
    assert [one.run.id for one in shelf] == [first.id]


def test_a_run_that_goes_on_is_asked(shelf: list[Supervisor], job: TrainingJob) -> None:
    run = submit(job, "shelf")
    shelf[0]._ended.set()  # its own process would interrupt this one
    cancel(run)
    assert run.has(CANCEL)
    assert not run.has(MANIFEST)


def test_a_lost_run_frees_its_place(
    shelf: list[Supervisor], job: TrainingJob, clock: Clock
) -> None:
    dead, second = submit(job, "shelf"), submit(job, "shelf")
    shelf[0]._ended.set()
    shelf[0]._thread.join()
    drain(job.root)
    clock.sleeps(LOST_AFTER.total_seconds() - 1)
    drain(job.root)
    assert second.state().status is Status.QUEUED
    clock.sleeps(2)
    drain(job.root)
    assert second.state().status is Status.RUNNING
    manifest = dead.manifest
    assert manifest is not None
    assert manifest.status is Status.LOST
    assert dead.has(CANCEL)  # should its process wake up, it stops, and keeps this end
    shelf[0]._ended.clear()
    shelf[0].end(Status.SUCCEEDED)
    assert State.model_validate_json(dead.load(STATUS)).status is Status.LOST
    assert not conclude(dead, Status.SUCCEEDED, "")
    assert dead.state().status is Status.LOST


def test_a_process_that_is_gone_is_lost_early(job: TrainingJob) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    handle = children.handle(gone.pid)
    gone.wait()
    executor = LocalExecutor()
    assert executor.fate(children.handle(os.getpid())) == (Status.RUNNING, "")
    assert executor.fate(handle) == (Status.LOST, f"its process {gone.pid} was killed")
    assert executor.fate(handle.replace(":", ":1")) is None  # of another container, or boot
    archive = Archive(job.root)
    run = archive.claim(job)
    launch = new_launch("local", executor, "ann", "")
    save_launch(run, launch.model_copy(update={"handed_over": now(), "handle": handle}))
    heard_now = State(status=Status.RUNNING, heartbeat=now(), started=now())
    run.save(STATUS, heard_now.to_json())
    assert settle(run) is Status.LOST  # however lately its heart was heard
    assert State.model_validate_json(run.load(STATUS)).status is Status.LOST
    assert f"process {gone.pid} was killed" in run.state().error


def test_a_run_that_was_never_heard_is_lost(job: TrainingJob) -> None:
    archive = Archive(job.root)
    run = archive.claim(job)
    launch = new_launch("local", LocalExecutor(), "ann", "")
    given = {"handed_over": now() - dt.timedelta(seconds=50), "patience": 600.0}
    save_launch(run, launch.model_copy(update=given))
    assert run.state().status is Status.QUEUED
    assert run.state(at=now() + dt.timedelta(seconds=600)).status is Status.LOST


def test_whoever_took_the_place_and_died_before_the_start(
    shelf: list[Supervisor], job: TrainingJob, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The run is started by the next one, after a minute; and only once."""
    queue = Queue(Archive(job.root), open_executor("shelf"))

    def dies(self: Queue, run: Run) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(Queue, "_hand_over", dies)
        with pytest.raises(SystemExit):
            submit(job, "shelf")
    assert queue.drain() == []
    assert not shelf
    clock.jumps(-3600)  # nor does it wait for a clock that was set back
    (run,) = queue.drain()
    assert run.state().status is Status.RUNNING
    with pytest.raises(RunError, match="a run is executed once"):
        Supervisor(run)


def test_a_refused_start_is_a_failed_run_and_the_next_one_gets_its_turn(
    shelf: list[Supervisor], job: TrainingJob
) -> None:
    from tests.launching import conftest

    conftest.REFUSES.append("no permission")
    run = submit(job, "shelf")
    assert (run.state().status, run.state().error) == (
        "failed",
        "it could not be started: no permission",
    )
    assert submit(job, "shelf").state().status is Status.RUNNING


def test_a_terminal_keeps_its_turn(shelf: list[Supervisor], job: TrainingJob) -> None:
    first = submit(job, "shelf")
    archive = Archive(job.root)
    queue, attended = Queue(archive, open_executor("shelf")), archive.claim(job)
    launch = new_launch("shelf", queue.executor, "ann", "")
    queue.add(attended, launch.model_copy(update={"attended": now()}))
    third = submit(job, "shelf")
    shelf[0].end(Status.SUCCEEDED)
    drain(job.root)
    assert third.state().status is Status.QUEUED  # the terminal is before it
    assert queue.take(attended=str(third.id)) is None
    assert queue.take(attended=str(attended.id))
    assert first.state().status is Status.SUCCEEDED


def test_a_terminal_that_was_closed_is_passed_over(
    shelf: list[Supervisor], job: TrainingJob
) -> None:
    archive = Archive(job.root)
    queue, attended = Queue(archive, open_executor("shelf")), archive.claim(job)
    launch = new_launch("shelf", queue.executor, "ann", "")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    handle = children.handle(gone.pid)
    queue.add(attended, launch.model_copy(update={"attended": now(), "handle": handle}))
    gone.wait()
    assert submit(job, "shelf").state().status is Status.RUNNING
    assert attended.has(MANIFEST)
    assert attended.state().status is Status.LOST


def test_a_terminal_of_another_container_that_was_closed_is_passed_over(
    shelf: list[Supervisor], job: TrainingJob, clock: Clock
) -> None:
    """Nobody here can see its process: the next one is started, and it is ended after a minute."""
    archive = Archive(job.root)
    queue, attended = Queue(archive, open_executor("shelf")), archive.claim(job)
    launch = new_launch("shelf", queue.executor, "ann", "")
    queue.add(attended, launch.model_copy(update={"attended": now() - LOST_AFTER * 2}))
    assert submit(job, "shelf").state().status is Status.RUNNING
    assert not attended.has(MANIFEST)
    clock.sleeps(LOST_AFTER.total_seconds() + 1)
    assert settle(attended) is Status.LOST


def test_nothing_is_claimed_for_what_cannot_be_launched(
    shelf: list[Supervisor], make_job: Make, tmp_path: Path
) -> None:
    with pytest.raises(LaunchError, match="choose one of local, cloudrun, dask"):
        submit(make_job(), "fridge")
    with pytest.raises(LaunchError, match="set GOOGLE_CLOUD_PROJECT"):
        submit(make_job(), "cloudrun")
    with pytest.raises(LaunchError, match="set MMM_DASK"):
        submit(make_job(), "dask")
    with pytest.raises(LaunchError, match="out of reach"):
        submit(make_job(root=str(tmp_path / "unreachable")), "shelf")
    with pytest.raises(JobError, match="TwoPointsDE"):
        submit(make_job(optimizer="TwoPointDE"), "shelf")
    assert Archive(make_job().root).runs() == []


def test_ten_processes_launch_at_the_same_moment(
    make_job: Make, archive: Archive, tmp_path: Path
) -> None:
    job_file = tmp_path / "job.yaml"
    job_file.write_text(make_job().to_yaml())
    racer = REPOSITORY / "tests/launching/racer.py"
    done = subprocess.run(
        [sys.executable, racer, archive.store.root, job_file, "10"],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = archive.runs()
    assert len(runs) == 10
    assert {run.state().status for run in runs} == {Status.SUCCEEDED}, [r.state() for r in runs]
    executed = Path(archive.store.root, "order.txt").read_text().split()
    assert len(executed) == 10
    submitted = {str(run): run.launch.submitted for run in runs if run.launch}
    # the first ones may be taken before an earlier one has put its ticket down
    later = executed[2:]
    assert later == sorted(later, key=submitted.__getitem__)
    assert set(executed) == set(submitted)
