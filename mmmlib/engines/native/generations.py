"""NSGA-II: all trials of a job, generation by generation.

Nevergrad proposes one candidate after the other, which costs far more than a candidate's
arithmetic. Here a population is proposed at a time, and while that is done for one trial, threads
evaluate those of the others (compiled code holds no GIL). A candidate's numbers depend on nothing
but its hyperparameters and a trial's on nothing but its seed, so neither the number of threads nor
that of the trials changes a trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from mmmlib.engines.native.candidates import Fits, Model
from mmmlib.engines.native.nsga2 import POPULATION, Nsga2
from mmmlib.engines.native.search import Progress, Trial
from mmmlib.model import FloatArray

BATCH = POPULATION  # candidates a thread takes at a time; an interrupt waits for one batch
WAIT_SECONDS = 0.1

LetGo = Callable[[], None]


def search_generations(
    model: Model, threads: int, progress: Progress, let_go: LetGo, numbers: Iterable[int]
) -> list[Trial]:
    """Search trials, each exactly as many candidates as the job has iterations.

    Parameters
    ----------
    model : Model
        Evaluates candidates; its job holds seed and iterations. The last generation is
        cut where iterations are no multiple of the population.
    threads : int
        How many evaluate.
    progress : callable
        Told after each generation how many candidates of every trial are done, and the best
        error of each objective.
    let_go : callable
        Called at safe points; may raise ``KeyboardInterrupt``.
    numbers : iterable of int
        Which trials, from 1.
    """
    best = np.full(model.n_objectives, np.inf)
    with _pool(threads) as pool:
        running = []
        for number in numbers:
            running.append(_EvolvingTrial(model, number, pool))
            let_go()
        for done in running[0].generations():
            for trial in running:  # while one is told and asked, those of the others are evaluated
                best = np.minimum(best, trial.collect(let_go).min(axis=0))
                let_go()
            progress(done, best)
    return [trial.found for trial in running]


class _EvolvingTrial:
    """A trial whose generation is being evaluated."""

    def __init__(self, model: Model, number: int, pool: ThreadPoolExecutor) -> None:
        job = model.job
        self._model, self._pool = model, pool
        self._population = min(POPULATION, job.iterations)
        dimensions = len(model.space.searched)
        seed = job.seed + number
        self._search = Nsga2(dimensions, self._population, seed)
        values = np.empty((job.iterations, len(model.space.names)))
        self.found = Trial(number, values, Fits.empty(job.iterations, model))
        self._done = 0
        self._submit()

    def generations(self) -> Iterator[int]:
        """Candidates done after each generation; the last one may be cut."""
        iterations = self._model.job.iterations
        for start in range(0, iterations, self._population):
            yield min(start + self._population, iterations)

    def collect(self, let_go: LetGo) -> FloatArray:
        """Wait for the generation's errors and go on with the next one, where there is one."""
        for batch, future in self._pending:
            self.found.fits.put(batch, _result(future, let_go))
        start, iterations = self._done, self._model.job.iterations
        self._done = min(start + self._population, iterations)
        errors = self._model.objectives(self.found.fits.of(slice(start, self._done)))
        if self._done < iterations:
            self._search.tell(errors)
            self._submit()
        return errors

    def _submit(self) -> None:
        end = min(self._done + self._population, self._model.job.iterations)
        points = self._search.ask()[: end - self._done]
        values = self.found.values
        values[self._done : end] = self._model.space.values(points)
        batches = [slice(start, min(start + BATCH, end)) for start in range(self._done, end, BATCH)]
        self._pending = [
            (batch, self._pool.submit(self._model.evaluate, values[batch])) for batch in batches
        ]


def _result(future: Future[Fits], let_go: LetGo) -> Fits:
    while True:
        let_go()
        try:
            return future.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            continue


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads; an error or interrupt waits for what is being evaluated, not for what waits."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="candidates")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
