"""Runs that cannot end themselves, clocks that jump, processes that wake: one true end each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mmmlib.archive import Archive, Run, Status, now, zip_run
from mmmlib.archive.run import CANCEL, LAUNCH, LOST_AFTER, MANIFEST, STATUS
from mmmlib.ground import RunError, children
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.executor import open_executor
from mmmlib.launching.queue import new_launch, save_launch, settle, submit
from mmmlib.launching.tending import Tending
from mmmlib.run.supervisor import Supervisor
from tests.conftest import REPOSITORY
from tests.faults.reliability import told
from tests.launching.conftest import Clock
from tests.waiting import wait_until

Make = Callable[..., TrainingJob]

_TRAINS = """
import sys, time
from mmmlib.archive import Archive
from mmmlib.run.supervisor import Supervisor, sigterm_interrupts
run = Archive(sys.argv[1]).run(sys.argv[2])
with sigterm_interrupts(), Supervisor(run, alone=True):
    time.sleep(600)
"""


def trains(run: Run) -> subprocess.Popen[bytes]:
    """A process that executes a run, until something happens to it."""
    command = [sys.executable, "-c", _TRAINS, run.store.root, str(run.id)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: run.has(STATUS))
    return process


def queued(run: Run, process: subprocess.Popen[bytes]) -> None:
    """Say that it was launched and handed over, as the queue does."""
    launch = new_launch("shelf", open_executor("shelf"), "ann", "")
    given = {"handed_over": now(), "handle": children.handle(process.pid)}
    save_launch(run, launch.model_copy(update=given))


@pytest.mark.usefixtures("shelf")
def test_a_killed_run_does_not_stop_the_queue(job: TrainingJob) -> None:
    dead = submit(job, "shelf")
    from tests.launching import conftest

    conftest.STARTED[0]._ended.set()  # it lay on the shelf; its process is another one
    dead.store.delete(f"{dead.id.folder}/{STATUS}")
    process = trains(dead)
    queued(dead, process)
    waits = submit(job, "shelf")
    assert waits.state().status is Status.QUEUED
    process.kill()
    process.wait()
    assert dead.state().status is Status.LOST  # whoever looks knows, before anybody ends it
    assert dead.manifest is None
    Tending(job.root).once()
    manifest = dead.manifest
    assert manifest is not None
    assert manifest.status is Status.LOST
    assert waits.state().status is Status.RUNNING
    told(
        "a run of the queue is killed (-9) while others wait and nobody launches",
        "the server looks every 30 s: the run is lost, told to the webhook and the log, and the "
        "next one starts",
        manifest.error,
    )


def test_a_run_outside_the_queue_gets_its_end(job: TrainingJob, clock: Clock) -> None:
    run = Archive(job.root).claim(job)
    process = trains(run)
    tending = Tending(job.root)
    assert [str(each) for each in tending.once()] == [str(run)]
    process.kill()
    process.wait()
    assert tending.once() == []
    assert run.state().status is Status.LOST
    assert json.loads(run.load(STATUS))["status"] == "lost"
    abandoned = Archive(job.root).claim(job)  # a terminal that was closed at the wrong moment
    tending.once()
    clock.sleeps(301)
    assert tending.once() == []
    assert abandoned.state().status is Status.LOST
    told(
        "a run that was started without the queue (`mmm run --now`, a notebook) is killed (-9)",
        "whoever serves the archive ends it: lost, in its manifest and its status.json",
        run.state().error,
    )


@pytest.mark.parametrize("jump", [75.0, 7200.0, -75.0, -7200.0])
def test_a_clock_that_jumps_ends_nothing(
    job: TrainingJob,
    clock: Clock,
    jump: float,
) -> None:
    run = Archive(job.root).claim(job)
    process = trains(run)
    try:
        clock.jumps(jump)
        tending = Tending(job.root)
        for _ in range(3):
            assert len(tending.once()) == 1
        assert run.state().status is Status.RUNNING
        assert not run.has(CANCEL)
    finally:
        process.kill()
        process.wait()
    assert tending.once() == []
    assert run.state().status is Status.LOST
    told(
        "the clock of who looks is 75 s or two hours fast, or slow",
        "a run that goes on is left alone; a dead one is lost all the same",
    )


@pytest.mark.parametrize("jump", [75.0, -7200.0])
def test_silence_of_another_machine_is_seen_twice(
    job: TrainingJob,
    clock: Clock,
    jump: float,
) -> None:
    """Its processes cannot be seen from here: the heartbeat decides, by a clock that is not set."""
    run = Archive(job.root).claim(job)
    with Supervisor(run) as supervisor:
        foreign = supervisor.state.model_copy(update={"process": "7:8:elsewhere", "alone": True})
        supervisor.state = foreign
        supervisor._write()
        clock.jumps(jump)
        assert settle(run) in (Status.RUNNING, Status.LOST)  # what is shown; nothing is ended
        clock.sleeps(LOST_AFTER.total_seconds() - 1)
        supervisor._write()
        assert settle(run) is Status.RUNNING
        clock.sleeps(LOST_AFTER.total_seconds() - 1)
        settle(run)
        assert not run.has(MANIFEST)
        clock.sleeps(2)
        assert settle(run) is Status.LOST
        supervisor._ended.set()
    told(
        "a run of another machine is silent, whatever the clocks say",
        "it is given up when one process has seen the same heartbeat for 60 s by a clock that "
        "nobody sets",
        run.state().error,
    )


def test_a_run_that_was_given_up_and_wakes_changes_nothing(
    job: TrainingJob,
    clock: Clock,
) -> None:
    run = Archive(job.root).claim(job)
    process = trains(run)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert wait_until(lambda: children.lives(children.handle(process.pid)) is None)
        settle(run)
        clock.sleeps(LOST_AFTER.total_seconds() + 1)
        assert settle(run) is Status.LOST
        before = {name: run.store.get(f"{run.id.folder}/{name}") for name in run.artifacts()}
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=60)
    after = {name: run.store.get(f"{run.id.folder}/{name}") for name in run.artifacts()}
    assert after == before
    assert b"".join(zip_run(run))
    clock.sleeps(11)
    with pytest.raises(RunError, match="has ended"):
        run.save("late.csv", b"1")
    told(
        "a process is stopped (a machine that sleeps), given up after 60 s, and wakes",
        "it finds that its run has ended, stops and writes nothing; the run stays lost, and its "
        "download is whole",
    )


@pytest.mark.parametrize("asked", [False, True])
def test_a_run_that_the_machine_stops_has_failed(job: TrainingJob, asked: bool) -> None:
    run = Archive(job.root).claim(job)
    process = trains(run)
    if asked:
        run.cancel("ben")
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    state = run.state()
    if asked:
        assert (state.status, state.error) == (Status.CANCELLED, "cancelled by ben")
        return
    assert (state.status, state.error) == (
        Status.FAILED,
        "stopped by the machine: time limit?",
    )
    told(
        "the platform stops a run (SIGTERM: a time limit, a shutdown) that nobody cancelled",
        "the run has failed, which is alerted, and tried again in a batch",
        state.error,
    )


def test_ctrl_c_is_a_persons_wish(job: TrainingJob) -> None:
    run = Archive(job.root).claim(job)
    process = trains(run)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    assert run.state().status is Status.CANCELLED


@pytest.mark.usefixtures("shelf")
def test_a_launch_that_was_cut_before_its_ticket_is_queued_again(
    job: TrainingJob,
    clock: Clock,
) -> None:
    archive = Archive(job.root)
    run = archive.claim(job)
    save_launch(run, new_launch("shelf", open_executor("shelf"), "ann", ""))
    assert run.has(LAUNCH)
    tending = Tending(job.root)
    tending.once()
    assert run.state().status is Status.QUEUED
    clock.sleeps(LOST_AFTER.total_seconds() + 1)
    tending.once()
    assert run.state().status is Status.RUNNING
    told(
        "who launches is killed between the run's launch.json and its place in the queue",
        "the server puts it into the queue after a minute; it is trained once",
    )


@pytest.mark.usefixtures("shelf")
def test_two_servers_tend_one_archive(job: TrainingJob) -> None:
    runs = [submit(job, "shelf") for _ in range(3)]
    from tests.launching import conftest

    first, second = Tending(job.root), Tending(job.root)
    for number in range(3):
        assert len(conftest.STARTED) == number + 1
        conftest.STARTED[-1].end(Status.SUCCEEDED)
        first.once()
        second.once()
    assert [run.state().status for run in runs] == [Status.SUCCEEDED] * 3
    told(
        "two servers look after one archive",
        "each run is started once, and one at a time; each end is written once",
    )


@pytest.mark.parametrize(
    "launches", [12, pytest.param(200, marks=pytest.mark.slow)], ids=["few", "200"]
)
def test_launches_with_kills_stops_and_clock_jumps(tmp_path: Path, launches: int) -> None:
    """Seeded: which run is harmed when depends on the machine's pace, what is done does not."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.chaos", tmp_path / "archive", str(launches), "7"],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    became = json.loads(done.stdout)
    assert became["runs"] == launches, (became, time.monotonic() - begun)
    assert "none" not in became["ends"]
    assert sum(became["ends"].values()) == launches
    assert became["status_differs"] == became["overlaps"] == []
    assert became["waiting"] == 0
    assert became["empty_after"] < 60
    told(
        "200 launches with random kills, stops, SIGTERM, Ctrl-C and clock jumps",
        "each run has one true end, they train one at a time, none is forgotten, and the queue is "
        "empty within 60 s of the last",
    )
