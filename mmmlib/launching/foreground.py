"""``mmm run``: a run that waits in the queue and is executed in this terminal at its turn."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mmmlib.archive import Archive, Run, now, user
from mmmlib.ground import MMMError, RunError, children
from mmmlib.job import TrainingJob
from mmmlib.launching.local import LocalExecutor
from mmmlib.launching.queue import GOING, Queue, drain, new_launch, save_launch, settle, waiting
from mmmlib.launching.webhook import tell_run
from mmmlib.run import (
    HEARTBEAT_SECONDS,
    OnProgress,
    conclude,
    execute_run,
    interrupted,
    run_job,
    sigterm_interrupts,
)

POLL_SECONDS = 0.5
OnClaim = Callable[[Run], None]


def attend(
    job: TrainingJob,
    on_claim: OnClaim,
    on_progress: OnProgress,
    on_wait: Callable[[list[str]], None] = lambda ahead: None,
) -> Run:
    """Claim a run of a job, wait for its turn in the local queue, execute it in this process.

    ``on_wait`` is told the runs ahead when it has to wait.

    Raises
    ------
    NotebookError
        A notebook stopped; the run is ``failed`` and has its notebook and log.
    RunError
        Somebody cancelled the run while it waited.
    KeyboardInterrupt
        A person stopped it; the run is ``cancelled``.
    """
    archive = Archive(job.root)
    run = archive.claim(job)
    on_claim(run)
    queue, handle = Queue(archive, LocalExecutor()), children.handle(os.getpid())
    with sigterm_interrupts(), _ends(run):
        launch = new_launch("local", queue.executor, user(), "")
        launch = launch.model_copy(update={"attended": now(), "handle": handle})
        ticket = queue.add(run, launch)
        try:
            _wait(run, queue, on_wait)
        except KeyboardInterrupt:
            conclude(run, *interrupted("before it began"))
            raise
        finally:
            archive.store.delete(ticket.key)
        begun = {"handed_over": now()}
        save_launch(run, launch.model_copy(update=begun))
        execute_run(run, on_progress)
    return run


def run_at_once(job: TrainingJob, on_claim: OnClaim, on_progress: OnProgress) -> Run:
    """Execute a run of a job beside what goes on; raises what ``run_job`` raises."""
    claimed: list[Run] = []

    def both(run: Run) -> None:
        claimed.append(run)
        on_claim(run)

    try:
        return run_job(job, both, on_progress)
    finally:
        for run in claimed:
            tell_run(run)


@contextmanager
def _ends(run: Run) -> Iterator[None]:
    """Whatever ends the run, somebody is told and the next one gets its turn."""
    try:
        yield
    finally:
        tell_run(run)
        with suppress(MMMError):  # it has ended; the next launch tries again
            drain(run.store.root)


def _wait(run: Run, queue: Queue, on_wait: Callable[[list[str]], None]) -> None:
    """Return when the run has its slot."""
    told: list[str] = []
    beat = time.monotonic()
    while True:
        queue.drain()  # what waits before this one may have nobody else to start it
        if queue.take(attended=str(run.id)):
            return
        if ended := run.manifest:
            raise RunError(f"run {run} is {ended.status}: {ended.error}")
        if time.monotonic() - beat > HEARTBEAT_SECONDS and (launch := run.launch):
            beat = time.monotonic()
            save_launch(run, launch.model_copy(update={"attended": now()}))
        if not told and (told := _ahead(run, queue)):
            on_wait(told)
        time.sleep(POLL_SECONDS)


def _ahead(run: Run, queue: Queue) -> list[str]:
    """Runs that go on, and those that wait for a shorter time to come."""
    going = [slot.run for slot in queue.slots.read()[1]]
    ahead = [name for name in going if settle(queue.archive.run(name)) in GOING]
    for ticket in waiting(queue.archive.store, queue.executor.queue):
        if ticket.run == str(run.id):
            break
        ahead.append(ticket.run)
    return list(dict.fromkeys(ahead))
