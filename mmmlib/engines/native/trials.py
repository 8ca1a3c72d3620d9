"""All trials of a job, on as many cores as there are.

NSGA2 runs them side by side in this process (``generations``); nevergrad, which is mostly Python,
gets a process a trial. Trials are independent (each has its own seed), so the result does not
depend on the number of processes.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection, wait

import numpy as np

from mmmlib.engines.engine import NSGA2, Events, optimizer_of
from mmmlib.engines.interrupts import held_interrupts
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.generations import search_generations
from mmmlib.engines.native.messages import Failure, Found, Report, SearchTask
from mmmlib.engines.native.processes import processes, receive, send
from mmmlib.engines.native.search import Progress, Trial, search_trial, throttled
from mmmlib.engines.native.standing import Standing
from mmmlib.ground import EngineError
from mmmlib.model import FloatArray

REPORT_SECONDS = 0.2


class _WorkerError(Exception):
    """Carries a worker's traceback as the cause of the error raised here."""

    def __str__(self) -> str:
        return "in a worker process:\n" + str(self.args[0])


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
    standing = Standing(model, events)
    numbers = range(1, model.job.trials + 1)
    count = min(cores, len(numbers))
    standing.tell()
    with held_interrupts() as let_go:
        if optimizer_of(model.job) == NSGA2:
            return _search_generations(standing, cores, let_go)
        if count > 1:
            return _search_elsewhere(standing, list(numbers), count, let_go)
        return [_search_here(standing, number, let_go) for number in numbers]


def search_one(model: Model, number: int, progress: Progress) -> Trial:
    """Search one trial with one core; the same to the bit as among others."""
    if optimizer_of(model.job) != NSGA2:
        return search_trial(model, number, progress)
    (trial,) = search_generations(model, 1, progress, lambda: None, [number])
    return trial


def _search_generations(
    standing: Standing, threads: int, let_go: Callable[[], None]
) -> list[Trial]:
    report = throttled(standing.report_all, REPORT_SECONDS)
    numbers = range(1, standing.model.job.trials + 1)
    trials = search_generations(standing.model, threads, report, let_go, numbers)
    best = [standing.model.objectives(trial.fits).min(axis=0) for trial in trials]
    standing.report_all(standing.model.job.iterations, np.min(best, axis=0))
    return trials


def _search_here(standing: Standing, number: int, let_go: Callable[[], None]) -> Trial:
    report = throttled(partial(standing.report, number), REPORT_SECONDS)

    def progress(done: int, best: FloatArray) -> None:
        let_go()
        report(done, best)

    trial = search_trial(standing.model, number, progress)
    standing.finish(trial)
    return trial


def _search_elsewhere(
    standing: Standing, waiting: list[int], count: int, let_go: Callable[[], None]
) -> list[Trial]:
    found: dict[int, Trial] = {}
    total = len(waiting)
    with processes(count) as workers:
        for connection, worker in workers.items():
            send(connection, worker, SearchTask(standing.model, REPORT_SECONDS))
            send(connection, worker, waiting.pop(0))
        while len(found) < total:
            let_go()
            for ready in wait(list(workers), timeout=REPORT_SECONDS):
                assert isinstance(ready, Connection)
                said = receive(ready, workers[ready])
                if trial := _heard(standing, said):
                    found[trial.number] = trial
                    if waiting:
                        send(ready, workers[ready], waiting.pop(0))
    return [found[number] for number in sorted(found)]


def _heard(standing: Standing, said: Report | Found | Failure) -> Trial | None:
    """Take what the process of a trial says; the trial where it has come to its end."""
    match said:
        case Report(number, done, best):
            standing.report(number, done, best)
        case Failure(number, message, traceback):
            failure = EngineError(f"trial {number} failed: {message}")
            raise failure from _WorkerError(traceback) if traceback else None
        case Found(_, pickled):
            trial: Trial = pickle.loads(pickled)
            standing.finish(trial)
            return trial
    return None
