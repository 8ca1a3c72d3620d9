"""The queue of an executor: tickets in the order of submission, and whose turn it is."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mmmlib.archive import (
    CANCEL,
    LAUNCH,
    LOST_AFTER,
    STATUS,
    Archive,
    Did,
    Launch,
    Run,
    Status,
    Store,
    heard,
    now,
    record,
    user,
)
from mmmlib.ground import LaunchError, MMMError, RunError, children
from mmmlib.job import TrainingJob
from mmmlib.launching.executor import Executor, allowed_executor, open_executor
from mmmlib.launching.slots import Slot, Slots
from mmmlib.launching.webhook import tell_run
from mmmlib.run import conclude

GOING = (Status.QUEUED, Status.RUNNING)
FIRST_WORD_SECONDS = 300.0  # of a run that is being launched, or was started without the queue


@dataclass(frozen=True)
class Ticket:
    """A run that waits, and the key of the object that says so."""

    key: str
    run: str


class Queue:
    """One executor's queue in an archive."""

    def __init__(self, archive: Archive, executor: Executor) -> None:
        self.archive = archive
        self.executor = executor
        self.slots = Slots(archive.store, executor.queue)

    def add(self, run: Run, launch: Launch) -> Ticket:
        """Put a run at the end of the queue; its ``launch.json`` comes first."""
        save_launch(run, launch)
        return self.put(run, launch)

    def put(self, run: Run, launch: Launch) -> Ticket:
        """Put a ticket down for a run whose ``launch.json`` is there."""
        name = f"{launch.submitted:%Y%m%d_%H%M%S_%f}_{secrets.token_hex(4)}.json"
        ticket = Ticket(f"{_folder(self.executor.queue)}/{name}", str(run.id))
        self.archive.store.put(ticket.key, json.dumps({"run": ticket.run}).encode())
        return ticket

    def drain(self) -> list[Run]:
        """Hand over queued runs while there is a slot; return those that were handed over."""
        started = []
        while ticket := self.take():
            run = self.archive.run(ticket.run)
            self._hand_over(run)
            self.archive.store.delete(ticket.key)
            started.append(run)
        return started

    def take(self, attended: str = "") -> Ticket | None:
        """Take a slot for the next run in the queue.

        Parameters
        ----------
        attended : str
            The run that waits in this terminal and is the only one to be taken. Without it no
            run is taken whose own terminal waits for its turn.
        """
        while True:
            number, slots = self.slots.read()
            held = [slot for slot in slots if self._holds(slot)]
            ticket = self._next({slot.run for slot in held})
            if ticket is None or len(held) >= self.executor.slots():
                return None
            launch = self.archive.run(ticket.run).launch
            mine = ticket.run == attended if attended else not (launch and launch.attended)
            if not mine:
                return None
            if self.slots.take(number, held, Slot.of(ticket.run)):
                return ticket

    def _next(self, taken: set[str]) -> Ticket | None:
        """First ticket whose run still waits; tickets of runs that do not are removed."""
        for ticket in waiting(self.archive.store, self.executor.queue):
            if ticket.run in taken:
                continue  # another process is about to start it
            try:
                run = self.archive.run(ticket.run)
            except RunError:  # deleted from the archive
                self.archive.store.delete(ticket.key)
                continue
            state = run.state()
            if run.has(CANCEL) and not run.has(STATUS):
                _end(run, Status.CANCELLED, cancelled_by(run))
            elif not run.has(STATUS):
                settle(run, self.executor)  # its terminal may be closed
                if run.manifest is None and state.status is Status.LOST:
                    continue  # by the time of day alone; whoever looks twice will know
                if run.manifest is None:
                    return ticket
            self.archive.store.delete(ticket.key)
        return None

    def _holds(self, slot: Slot) -> bool:
        """Whether the run of a slot goes on; one that is gone gets its end here."""
        try:
            run = self.archive.run(slot.run)
        except RunError:  # deleted from the archive
            return False
        status = settle(run, self.executor)
        if status is Status.QUEUED:
            launch = run.launch
            taken = bool(launch and (launch.handed_over or launch.attended))
            # else whoever took it died before the start; a clock that was set is no reason to wait
            return taken or abs(slot.age) < LOST_AFTER
        return status in GOING

    def _hand_over(self, run: Run) -> None:
        launch = run.launch
        if launch is None:
            raise LaunchError(f"run {run} has no {LAUNCH}; it was not launched")
        try:
            handle = self.executor.start(run, launch)
        except MMMError as error:
            _end(run, Status.FAILED, f"it could not be started: {error}")
            return
        patience = self.executor.patience
        given = {"handed_over": now(), "handle": handle, "patience": patience}
        save_launch(run, launch.model_copy(update=given))


def submit(
    job: TrainingJob,
    executor: str = "",
    who: str = "",
    folder: str = "",
    on_claim: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Queue a run of a job and start it when it is its turn; returns at once.

    Parameters
    ----------
    job : TrainingJob
        A job its engine accepts; it is asked here.
    executor : str
        A name of ``names.EXECUTORS``; the default of the settings when empty.
    who : str
        The person who launches; this process's user when empty.
    folder : str
        Where relative paths of the job start; the working directory when empty.
    on_claim : callable
        Called with the run before it is queued.

    Raises
    ------
    JobError
        The engine does not take the job, or the executor cannot reach its files.
    LaunchError
        There is no such executor, or it is not set up or not allowed here.
    """
    from mmmlib.launching.inputs import carried
    from mmmlib.run import accepted

    executor = allowed_executor(executor)
    opened = open_executor(executor)
    archive = Archive(job.root)
    opened.check(archive.store.root)
    folder = folder or str(Path.cwd())
    if job.root and "://" not in job.root:  # executed in another folder
        job = job.model_copy(update={"root": archive.store.root})
    job, inputs = carried(accepted(job), folder) if opened.remote else (accepted(job), {})
    run = archive.claim(job)
    on_claim(run)
    for name, data in inputs.items():
        run.save(name, data)
    queue = Queue(archive, opened)
    launch = new_launch(executor, opened, who, folder)
    queue.add(run, launch)
    queue.drain()
    record(archive.store, Did.LAUNCHED, launch.who, run, executor=executor)
    return run


def new_launch(name: str, executor: Executor, who: str, folder: str) -> Launch:
    """Return what is known of a launch when it is made."""
    return Launch(
        executor=name,
        queue=executor.queue,
        who=who or user(),
        submitted=now(),
        folder=folder,
        patience=LOST_AFTER.total_seconds(),
    )


def drain(root: str = "") -> list[Run]:
    """Start every queued run whose turn it is, on each executor that is set up here.

    Called by whoever launches, by every run that ends, and by each server twice a minute.
    """
    archive, started = Archive(root), []
    for executor in executors_here(archive.store):
        started += Queue(archive, executor).drain()
    return started


def executors_here(store: Store) -> Iterator[Executor]:
    """Executors that have a queue in the archive and are set up on this machine."""
    from mmmlib.ground import names

    queues = set(store.folders("launch"))
    for name in names.EXECUTORS:
        with suppress(LaunchError):  # another machine serves that queue
            if (executor := open_executor(name)).queue in queues:
                yield executor


def cancel(run: Run, who: str = "") -> None:
    """Stop a run that goes on, or take it out of the queue.

    Raises
    ------
    RunError
        It has ended.
    """
    run.cancel(who)
    record(run.store, Did.CANCELLED, who or user(), run)
    if run.has(STATUS):
        return  # its own process sees it within a second
    if not (launch := run.launch):
        return
    _end(run, Status.CANCELLED, cancelled_by(run))
    if launch.handle:
        with suppress(LaunchError):  # not set up here: the container finds the run ended
            open_executor(launch.executor).stop(launch.handle)
    drain(run.store.root)


def settle(run: Run, executor: Executor | None = None) -> Status:
    """Return a run's status, after giving one that died the end it could not write.

    A run is given up where its process or its executor is known to have ended, or else where one
    process has seen the same heartbeat for a minute by a clock that nobody sets; never while its
    executor says that it goes on. Runs that were not launched are settled, too. The woken process
    of a run that was given up (a machine that slept) finds ``cancel.json`` and stops.
    """
    state, launch = run.state(), run.launch
    if run.manifest or run.id.old:
        return state.status
    if launch and not (launch.handed_over or launch.attended or run.has(STATUS)):
        return state.status  # it waits for its turn
    alive = children.lives(state.process)
    if alive and state.alone:
        return state.status
    if alive is False:
        fate: tuple[Status, str] | None = (Status.LOST, state.error)
    else:
        fate = _fate(run, launch, executor)
    silent = heard.unchanged(run.place, state.heartbeat.isoformat())
    if fate is None and silent > (_patience(run, launch)):
        if not run.has(CANCEL):
            run.save_json(CANCEL, {"who": "the queue", "at": now().isoformat()})
        if launch and launch.handle:
            with suppress(LaunchError):
                (executor or open_executor(launch.executor)).stop(launch.handle)
        words = f"nothing was heard of it after {state.heartbeat:%Y-%m-%d %H:%M:%S} UTC"
        fate = Status.LOST, f"{words}; its process was killed"
    if fate is None:
        return state.status
    status, error = fate
    if status in GOING:
        return Status.RUNNING if run.has(STATUS) else Status.QUEUED
    asked = run.has(CANCEL) and status is not Status.LOST
    _end(run, Status.CANCELLED if asked else status, error)
    return run.state().status


def _fate(run: Run, launch: Launch | None, executor: Executor | None) -> tuple[Status, str] | None:
    """What the executor knows of a run that it has; asked after some silence where it costs."""
    if launch is None or not launch.handle or launch.handed_over is None:
        return None
    try:
        executor = executor or open_executor(launch.executor)
        heartbeat = run.state().heartbeat
        same = heard.unchanged(run.place, heartbeat.isoformat())
        if max(same, (now() - heartbeat).total_seconds()) < executor.ask_after:
            return None
        return executor.fate(launch.handle)
    except LaunchError:  # not set up here, or away: the heartbeat decides
        return None


def _patience(run: Run, launch: Launch | None) -> float:
    """Seconds of silence after which a run is given up; more before its first word."""
    if run.has(STATUS):
        return LOST_AFTER.total_seconds()
    if launch is None:  # claimed, and its inputs may still be on their way
        return FIRST_WORD_SECONDS
    return launch.patience


def waiting(store: Store, queue: str) -> list[Ticket]:
    """Tickets of a queue, in the order of submission."""
    tickets = []
    for stored in store.list(_folder(queue)):
        with suppress(KeyError):  # its run was started while we looked
            tickets.append(Ticket(stored.key, json.loads(store.get(stored.key))["run"]))
    return tickets


def listed(archive: Archive) -> list[tuple[str, Run]]:
    """Every queue's runs: those that go on, then those that wait, in their order."""
    shown: list[tuple[str, Run]] = []
    for queue in archive.store.folders("launch"):
        named = [slot.run for slot in Slots(archive.store, queue).read()[1]]
        named += [ticket.run for ticket in waiting(archive.store, queue)]
        for name in dict.fromkeys(named):
            with suppress(RunError):  # deleted from the archive
                if settle(run := archive.run(name)) in GOING:
                    shown.append((queue, run))
    return shown


def cancelled_by(run: Run) -> str:
    """Who took a run out of the queue."""
    return f"cancelled by {run.load_json(CANCEL)['who']} before it began"


def save_launch(run: Run, launch: Launch) -> None:
    """Write ``launch.json``."""
    run.save(LAUNCH, launch.to_json())


def seconds_waited(run: Run) -> float:
    """Seconds since a run was submitted."""
    launch = run.launch
    return (now() - launch.submitted) / dt.timedelta(seconds=1) if launch else 0.0


def _folder(queue: str) -> str:
    return f"launch/{queue}/waiting"


def _end(run: Run, status: Status, error: str) -> None:
    """Give a run the end its own process cannot, and tell of it, once."""
    if conclude(run, status, error):
        tell_run(run)
