"""One writer of a run's status from its start to its one end.

The process that executes a run supervises it: the runner, or the notebook's own kernel when it
was opened alone. While it lives it writes a heartbeat; when it ends it writes the status, and
last the manifest.
"""

from __future__ import annotations

import hashlib
import os
import platform
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mmmlib import __version__
from mmmlib.archive import (
    CANCEL,
    DATASET,
    FORMAT,
    JOB,
    MANIFEST,
    STATUS,
    Manifest,
    Receipt,
    Run,
    State,
    Status,
    now,
    user,
)
from mmmlib.ground import (
    FATAL,
    MMMError,
    RunError,
    Severity,
    StoreError,
    children,
    event,
    scrub,
)
from mmmlib.job import TrainingJob

HEARTBEAT_SECONDS = 5.0
CANCEL_SECONDS = 1.0
CANCEL_GRACE_SECONDS = 3.0
BEATS_LOGGED = 12  # every so many heartbeats the log has one line: memory before a run is killed
_PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "numba",
    "nevergrad",
    "pymoo",
    "prophet",
    "papermill",
)

STOPPED = "stopped by the machine: time limit?"
_TERMINATED: list[int] = []  # a SIGTERM has come to this process

SUPERVISED = "MMM_SUPERVISED"  # set by the runner in its kernels: the run it keeps the status of


class Supervisor:
    """Context of a running run: ``with Supervisor(run) as supervisor``.

    Leaving it ends the run: ``succeeded``, ``cancelled`` after a KeyboardInterrupt, ``failed``
    after any other exception, which goes on. A SIGTERM that nobody asked for is the machine's,
    and fails the run.

    Parameters
    ----------
    run : Run
        One that was not started before.
    who : str
        Who launched it; this process's user when empty.
    alone : bool
        Whether this process does nothing but the run, so that the run goes on while it lives.

    Raises
    ------
    RunError
        The run was started before, or has ended.
    """

    def __init__(self, run: Run, who: str = "", alone: bool = False) -> None:
        if run.has(STATUS) or run.has(MANIFEST):
            raise RunError(
                f"run {run} was already started ({run.state().status}); a run is executed once, "
                "start a new one"
            )
        self.run = run
        self.job = run.job  # a job that cannot be read must fail now, not when the run ends
        self.state = State(
            status=Status.RUNNING,
            stage="start",
            heartbeat=now(),
            started=now(),
            who=who or user(),
            where=socket.gethostname(),
            process=children.handle(os.getpid()),
            alone=alone,
        )
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Supervisor:
        try:
            with _held():  # a run with a first status has an end, whenever the signal comes
                self.start()
        except KeyboardInterrupt as error:
            if self._thread.ident is not None:
                self.fail(error)
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self.end(Status.SUCCEEDED)
        else:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End a run that an exception stopped: cancelled by an interrupt, failed by any other."""
        try:
            if isinstance(error, KeyboardInterrupt):
                self.end(*self._interrupted())
            else:
                self.end(Status.FAILED, error_text(error))
        except StoreError as lost:  # what stopped the run must not be hidden behind it
            error.add_note(f"its end could not be archived, so the run will be lost: {lost}")

    def start(self) -> None:
        """Write the first status and begin the heartbeat; of two that try, one gets the run."""
        key = f"{self.run.id.folder}/{STATUS}"
        if not self.run.store.put_if_absent(key, self.state.to_json()):
            raise RunError(f"run {self.run} was already started; a run is executed once")
        self._say(f"run {self.run} started")
        self._thread.start()

    def stage(self, name: str) -> None:
        """Say what the run does now; written when it changes."""
        if self._ended.is_set():
            raise RunError(
                f"run {self.run} has ended ({self.state.status}); start the notebook from its top "
                "for a new run"
            )
        if name != self.state.stage:
            self.state = self.state.model_copy(update={"stage": name})
            self._write()
            self._say(f"run {self.run}: stage {name}")

    def end(self, status: Status, error: str = "") -> None:
        """End the run, once: last status, then the manifest."""
        if self._ended.is_set():
            return
        with _deaf():
            self._ended.set()
            if threading.current_thread() is not self._thread:
                self._thread.join()
            if ended := self.run.manifest:  # somebody gave us up for lost, and has said so
                update = {"status": ended.status, "error": ended.error}
                self.state = self.state.model_copy(update=update)
                return
            self.state = self.state.model_copy(update={"status": status, "error": scrub(error)})
            self._write()
            _end_once(self.run, _manifest(self.run, self.job, self.state))
            _say_end(self.run, self.state)

    def _interrupted(self) -> tuple[Status, str]:
        """The end of a run that a signal stopped: a person's wish, or the machine's."""
        if _TERMINATED and not self.run.has(CANCEL):
            return Status.FAILED, STOPPED
        return Status.CANCELLED, self.cancel_reason()

    def cancel_reason(self) -> str:
        """Who stopped the run."""
        if self.run.has(CANCEL):
            asked = self.run.load_json(CANCEL)
            return f"cancelled by {asked['who']}"
        return f"interrupted by {self.state.who} on {self.state.where}"

    def _beat(self) -> None:
        """Write the heartbeat, and interrupt this process when someone asks to cancel."""
        beats = HEARTBEAT_SECONDS / CANCEL_SECONDS
        count = 0
        while not self._ended.wait(CANCEL_SECONDS):
            count += 1
            try:
                if self.run.has(CANCEL):
                    break
                if count % beats == 0:
                    if self.run.has(MANIFEST):  # given up while this process slept
                        break
                    self._write()
                if count % (beats * BEATS_LOGGED) == 0:
                    self._say(f"run {self.run} goes on")
            except MMMError:
                continue  # the store is away for a moment; the next beat tries again
        else:
            return
        os.kill(os.getpid(), signal.SIGINT)
        if not self._ended.wait(CANCEL_GRACE_SECONDS):  # a notebook between two cells
            self.end(*self._interrupted())

    def _say(self, message: str, severity: Severity = Severity.INFO) -> None:
        stage = self.state.stage
        event(message, severity, run=str(self.run), stage=stage, user=self.state.who)

    def _write(self) -> None:
        with self._lock:
            self.state = self.state.model_copy(update={"heartbeat": now()})
            self.run.store.put(f"{self.run.id.folder}/{STATUS}", self.state.to_json())


def conclude(run: Run, status: Status, error: str) -> bool:
    """End a run whose own process cannot: it never began, or is gone.

    Returns
    -------
    bool
        Whether this ended it; a run that has an end keeps it.
    """
    if run.has(MANIFEST):
        return False
    state = run.state().model_copy(update={"status": status, "error": scrub(error)})
    ended = _end_once(run, _manifest(run, run.job, state))
    if ended:
        if run.has(STATUS):  # it would say "running" for ever to whoever reads the file
            run.store.put(f"{run.id.folder}/{STATUS}", state.to_json())
        _say_end(run, state)
    return ended


def _say_end(run: Run, state: State) -> None:
    """Log how a run ended; a failed or lost one must wake someone."""
    said = state.error.removeprefix(f"{state.status} ")  # "cancelled by …" names the state itself
    words = f"run {run} {state.status}{': ' if said else ''}{said}"
    severity = Severity.NOTICE if state.status is Status.CANCELLED else Severity.INFO
    if state.status in (Status.FAILED, Status.LOST):
        words, severity = f"{FATAL} {words}", Severity.CRITICAL
    event(words, severity, run=str(run), stage=state.stage, user=state.who)


def _end_once(run: Run, manifest: Manifest) -> bool:
    """Write the manifest, unless the run has one: whoever is first says how it ended."""
    return run.store.put_if_absent(f"{run.id.folder}/{MANIFEST}", manifest.to_json())


def _manifest(run: Run, job: TrainingJob, state: State) -> Manifest:
    from mmmlib.archive import summarize

    best, summary = summarize(run)
    return Manifest(
        format=FORMAT,
        version=__version__,
        run=str(run.id),
        status=state.status,
        error=state.error,
        started=state.started,
        ended=now(),
        who=state.who,
        where=state.where,
        best=best,
        summary=summary,
        # status.json is not proven by its hash: a process that was given up may write it once more
        artifacts={
            name: found for name, found in run.contents().items() if name not in (MANIFEST, STATUS)
        },
        receipt=_receipt(run, job),
    )


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """A SIGTERM ends the run as Ctrl-C does: cleanly, with its status written.

    What the run is then differs: Ctrl-C is a person's wish (cancelled), and so is a SIGTERM after
    ``cancel.json``; any other SIGTERM is the machine's, which ran out of time or is shut down.

    Ctrl-C itself works too, also where the shell started us with it ignored (``mmm run … &`` in
    a script): the supervisor uses it when someone cancels.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            _TERMINATED.append(number)
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _TERMINATED.clear()


def interrupted(what: str) -> tuple[Status, str]:
    """The end of a run that a signal stopped before it was supervised."""
    if _TERMINATED:
        return Status.FAILED, f"{STOPPED} ({what})"
    return Status.CANCELLED, f"interrupted by {user()} {what}"


@contextmanager
def _held() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back; what came meanwhile is handled on leaving."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }
    for number in before:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for caught in came:
        before[signal.Signals(caught)](caught, None)


@contextmanager
def _deaf() -> Iterator[None]:
    """A second, impatient Ctrl-C must not keep the run's end from being written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def error_text(error: BaseException) -> str:
    """An exception for a person: our messages stand for themselves, others need their kind."""
    return str(error) if isinstance(error, MMMError) else f"{type(error).__name__}: {error}"


def _receipt(run: Run, job: TrainingJob) -> Receipt:
    from importlib.metadata import version

    from mmmlib.ground import code_commit, names, usable_cores

    return Receipt(
        dataset_sha256=hashlib.sha256(run.load(DATASET)).hexdigest() if run.has(DATASET) else "",
        job_sha256=hashlib.sha256(run.load(JOB)).hexdigest(),
        seed=job.seed,
        workers=job.workers,
        refresh_of=job.refresh_of,
        engine=job.engine,
        engine_version=names.load(names.ENGINES[job.engine])().version(),
        code_commit=code_commit(),
        python=platform.python_version(),
        platform=platform.platform(),
        cores=usable_cores(),
        packages={name: version(name) for name in _PACKAGES},
    )
