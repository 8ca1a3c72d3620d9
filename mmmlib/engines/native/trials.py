"""All trials of a job, on as many cores as there are.

NSGA2 runs them side by side in this process (``generations``); nevergrad, which is mostly Python,
gets a process a trial. Trials are independent (each has its own seed), so the result does not
depend on the number of processes. Workers are fresh interpreters: they do not run the user's
``__main__`` again, inherit no threads, and end when the parent does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import numpy as np

import mmmlib
from mmmlib.engines import NSGA2, CandidatesDone, Events, optimizer_of
from mmmlib.engines.interrupts import held_interrupts
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.generations import search_generations
from mmmlib.engines.native.search import Trial, candidates_of_trial, search_trial, throttled
from mmmlib.engines.native.transforms import FloatArray
from mmmlib.engines.native.worker import Failure, Report
from mmmlib.errors import EngineError

REPORT_SECONDS = 0.2
_SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _WorkerError(Exception):
    """Carries a worker's traceback as the cause of the error raised here."""

    def __str__(self) -> str:
        return "in a worker process:\n" + str(self.args[0])


@dataclass
class _Standing:
    """How far the search is; tells the listener."""

    model: Model
    events: Events
    done: list[int] = field(init=False)
    first: tuple[float, int] | None = None  # when the first report came, and of how many
    best: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.done = [0] * self.model.job.trials
        self.best = np.full(self.model.n_objectives, np.inf)

    def report(self, trial: int, done: int, best: FloatArray) -> None:
        self.done[trial - 1] = done
        self._note(best)

    def report_all(self, done: int, best: FloatArray) -> None:
        self.done = [done] * len(self.done)
        self._note(best)

    def _note(self, best: FloatArray) -> None:
        self.best = np.minimum(self.best, best)
        self.first = self.first or (time.monotonic(), sum(self.done))
        self.tell()

    def finish(self, trial: Trial) -> None:
        best = self.model.objectives(trial.fits).min(axis=0)
        self.report(trial.number, len(trial.values), best)

    def tell(self) -> None:
        job = self.model.job
        self.events(
            CandidatesDone(
                trials=tuple(self.done),
                total=candidates_of_trial(job) * job.trials,
                rate=self._rate(),
                best_nrmse=float(self.best[0]),
                best_rssd=float(self.best[1]),
                best_mape=float(self.best[2]) if job.calibration else None,
            )
        )

    def _rate(self) -> float:
        """Candidates a second since the first ones; the workers' start would hide it."""
        if self.first is None:
            return 0.0
        at, before = self.first
        return (sum(self.done) - before) / max(time.monotonic() - at, 1e-9)


def search_trials(model: Model, events: Events, cores: int) -> list[Trial]:
    """Search all trials of the model's job.

    Parameters
    ----------
    model : Model
    events : callable
        Receives :class:`CandidatesDone`, about five times a second.
    cores : int
        Threads of NSGA2; worker processes of nevergrad at most. With one, nevergrad's trials are
        searched in this process.

    Returns
    -------
    list of Trial
        In the order of their numbers.

    Raises
    ------
    EngineError
        A trial failed, or a worker ended before its work was done.
    """
    standing = _Standing(model, events)
    numbers = range(1, model.job.trials + 1)
    processes = min(cores, len(numbers))
    standing.tell()
    with held_interrupts() as let_go:
        if optimizer_of(model.job) == NSGA2:
            return _search_generations(standing, cores, let_go)
        if processes > 1:
            return _search_elsewhere(standing, list(numbers), processes, let_go)
        return [_search_here(standing, number, let_go) for number in numbers]


def _search_generations(
    standing: _Standing, threads: int, let_go: Callable[[], None]
) -> list[Trial]:
    report = throttled(standing.report_all, REPORT_SECONDS)
    trials = search_generations(standing.model, threads, report, let_go)
    best = [standing.model.objectives(trial.fits).min(axis=0) for trial in trials]
    standing.report_all(standing.model.job.iterations, np.min(best, axis=0))
    return trials


def _search_here(standing: _Standing, number: int, let_go: Callable[[], None]) -> Trial:
    report = throttled(partial(standing.report, number), REPORT_SECONDS)

    def progress(done: int, best: FloatArray) -> None:
        let_go()
        report(done, best)

    trial = search_trial(standing.model, number, progress)
    standing.finish(trial)
    return trial


def _search_elsewhere(
    standing: _Standing, waiting: list[int], processes: int, let_go: Callable[[], None]
) -> list[Trial]:
    found: dict[int, Trial] = {}
    total = len(waiting)
    with _workers(processes) as workers:
        for connection, worker in workers.items():
            _send(connection, worker, (standing.model, REPORT_SECONDS))
            _send(connection, worker, waiting.pop(0))
        while len(found) < total:
            let_go()
            for ready in wait(list(workers), timeout=REPORT_SECONDS):
                assert isinstance(ready, Connection)
                match _receive(ready, workers[ready]):
                    case Report(trial, done, best):
                        standing.report(trial, done, best)
                    case Failure(trial, message, traceback):
                        failure = EngineError(f"trial {trial} failed: {message}")
                        raise failure from _WorkerError(traceback)
                    case Trial() as trial:
                        found[trial.number] = trial
                        standing.finish(trial)
                        if waiting:
                            _send(ready, workers[ready], waiting.pop(0))
    return [found[number] for number in sorted(found)]


def _send(connection: Connection[Any, Any], worker: subprocess.Popen[bytes], what: Any) -> None:
    try:
        connection.send(what)
    except (BrokenPipeError, ConnectionResetError):
        raise _death(worker) from None


def _receive(connection: Connection[Any, Any], worker: subprocess.Popen[bytes]) -> Any:
    try:
        return connection.recv()
    except (EOFError, ConnectionResetError):
        raise _death(worker) from None


def _death(worker: subprocess.Popen[bytes]) -> EngineError:
    try:
        code = worker.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return EngineError(f"worker process {worker.pid} closed its pipe before its work was done")
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    hint = "; out of memory? Use fewer trials at a time or a larger machine" if code == -9 else ""
    return EngineError(f"worker process {worker.pid} {how} before its work was done{hint}")


@contextmanager
def _workers(count: int) -> Iterator[dict[Connection[Any, Any], subprocess.Popen[bytes]]]:
    """Start workers; whatever happens, none is left when the block ends."""
    workers: dict[Connection[Any, Any], subprocess.Popen[bytes]] = {}
    try:
        for _ in range(count):
            connection, worker = _start()
            workers[connection] = worker
        yield workers
    finally:
        for worker in workers.values():
            worker.kill()
        for connection, worker in workers.items():
            connection.close()
            worker.wait()


def _start() -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
    ours, theirs = Pipe()
    code = (
        f"import sys; sys.path.insert(0, {str(Path(mmmlib.__file__).parents[1])!r}); "
        "from mmmlib.engines.native.worker import main; "
        f"main({theirs.fileno()}, {os.getpid()})"
    )
    try:
        worker = subprocess.Popen(
            # -P: a file in the working directory must not hide a library
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env={**os.environ, **dict.fromkeys(_SINGLE_THREAD, "1")},
            start_new_session=True,  # an interrupt typed at the terminal is the parent's
        )
    finally:
        theirs.close()
    return ours, worker
