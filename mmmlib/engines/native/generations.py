"""NSGA-II: all trials of a job, generation by generation, each generation evaluated at once.

Deb et al. 2002, IEEE Trans. Evol. Comp. 6(2), as pymoo implements it, on the unit cube of the
searched hyperparameters. Nevergrad proposes one candidate after the other, which costs far more
than a candidate's arithmetic; here pymoo proposes a population at a time, and the populations of
all trials are evaluated together, by threads (compiled code holds no GIL). A candidate's numbers
depend on nothing but its hyperparameters and a trial's on nothing but its seed, so neither the
number of threads nor that of the trials changes a trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from mmmlib.engines.native.candidates import Fits, Model
from mmmlib.engines.native.search import Progress, Trial
from mmmlib.engines.native.transforms import FloatArray

POPULATION = 40
# Wider steps than pymoo's 15 and 20: chosen on seeds 1001 to 1030 of both shipped sets, by the
# hypervolume of 2,000 candidates; docs/benchmarks.md shows others.
CROSSOVER_ETA, MUTATION_ETA = 5, 10
BATCH = 20  # candidates a thread takes at a time; an interrupt waits for one batch
WAIT_SECONDS = 0.1
WORST = 1e20  # told in the place of an infinite error, with which no distance can be computed

LetGo = Callable[[], None]


class Nsga2:
    """One trial's search: proposes a generation, is told its errors."""

    def __init__(self, dimensions: int, n_objectives: int, population: int, seed: int) -> None:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM

        cube = Problem(n_var=dimensions, n_obj=n_objectives, xl=0.0, xu=1.0)
        self._algorithm = NSGA2(
            pop_size=population,
            crossover=SBX(prob=1.0, eta=CROSSOVER_ETA),
            mutation=PM(eta=MUTATION_ETA),
            output=None,
        )
        self._algorithm.setup(cube, termination=NoTermination(), seed=seed)
        self._asked: Any = None

    def ask(self) -> FloatArray:
        """Propose a generation: points of the unit cube, shape (population, dimensions)."""
        self._asked = self._algorithm.ask()
        points: FloatArray = self._asked.get("X")
        return points

    def tell(self, errors: FloatArray) -> None:
        """Take the errors of the generation proposed last, shape (population, n_objectives).

        Who has an infinite error is worse than everyone else in all of them: it may not live on
        for the other errors, which mean nothing without a fit.
        """
        fit = np.isfinite(errors).all(axis=1, keepdims=True)
        self._asked.set("F", np.where(fit, errors, WORST))
        for individual in self._asked:
            individual.evaluated.update("FGH")  # else pymoo takes it for one without errors
        self._algorithm.tell(infills=self._asked)


def search_generations(
    model: Model, threads: int, progress: Progress, let_go: LetGo
) -> list[Trial]:
    """Search all trials, each exactly as many candidates as the job has iterations.

    Parameters
    ----------
    model : Model
        Evaluates candidates; its job holds seed, trials and iterations. The last generation is
        cut where iterations are no multiple of the population.
    threads : int
        How many evaluate.
    progress : callable
        Told after each generation how many candidates of every trial are done, and the best
        error of each objective.
    let_go : callable
        Called at safe points; may raise ``KeyboardInterrupt``.
    """
    job = model.job
    population = min(POPULATION, job.iterations)
    searches = []
    for number in range(1, job.trials + 1):
        dimensions = len(model.space.searched)
        searches.append(Nsga2(dimensions, model.n_objectives, population, job.seed + number))
        let_go()
    trials = [
        Trial(
            number,
            np.empty((job.iterations, len(model.space.names))),
            Fits.empty(job.iterations, model),
        )
        for number in range(1, job.trials + 1)
    ]
    best = np.full(model.n_objectives, np.inf)
    with _pool(threads) as pool:
        for start in range(0, job.iterations, population):
            rows = slice(start, min(start + population, job.iterations))
            for search, trial in zip(searches, trials, strict=True):
                points = search.ask()[: rows.stop - rows.start]
                trial.values[rows] = model.space.values(points)
                let_go()
            _evaluate(model, trials, rows, pool, let_go)
            for search, trial in zip(searches, trials, strict=True):
                errors = model.objectives(trial.fits.of(rows))
                best = np.minimum(best, errors.min(axis=0))
                if rows.stop < job.iterations:
                    search.tell(errors)
                let_go()
            progress(rows.stop, best)
    return trials


def _evaluate(
    model: Model, trials: list[Trial], rows: slice, pool: ThreadPoolExecutor, let_go: LetGo
) -> None:
    """Fit the candidates in these rows of every trial."""
    pending: list[tuple[Trial, slice, Future[Fits]]] = []
    for trial in trials:
        for start in range(rows.start, rows.stop, BATCH):
            batch = slice(start, min(start + BATCH, rows.stop))
            pending.append((trial, batch, pool.submit(model.evaluate, trial.values[batch])))
    for trial, batch, future in pending:
        while True:
            let_go()
            try:
                fits = future.result(timeout=WAIT_SECONDS)
            except TimeoutError:
                continue
            trial.fits.put(batch, fits)
            break


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads; an error or interrupt waits for what is being evaluated, not for what waits."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="candidates")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
