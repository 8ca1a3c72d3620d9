"""One trial with nevergrad: it proposes candidates, they are evaluated, it is told their errors.

The optimizer is made, seeded, asked and told as in Robyn ``R/model.R: robyn_train, robyn_mmm``:
with the same seed and number of workers it tries the same candidates.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from mmmlib.engines.native.candidates import Fits, Model
from mmmlib.engines.native.optimizer import make_optimizer
from mmmlib.engines.native.space import significant
from mmmlib.job import TrainingJob
from mmmlib.model import FloatArray

# Called after each round with the number of candidates done and the best error of each objective.
Progress = Callable[[int, FloatArray], None]


@dataclass(frozen=True)
class Trial:
    """Candidates of one trial in the order tried.

    Attributes
    ----------
    number : int
        Number of the trial, from 1.
    values : array, shape (b, len(space.names))
        Hyperparameters.
    fits : Fits
    """

    number: int
    values: FloatArray
    fits: Fits


def candidates_of_trial(job: TrainingJob) -> int:
    """How many candidates a trial tries; each round asks ``workers`` of them, the last one too."""
    return math.ceil(job.iterations / job.workers) * job.workers


def search_trial(model: Model, number: int, progress: Progress) -> Trial:
    """Search one trial.

    Parameters
    ----------
    model : Model
        Evaluates candidates; its job names the optimizer, seed, workers and iterations.
    number : int
        Number of the trial, from 1; the seed is the job's plus this.
    progress : callable
        Told how far the search is.
    """
    job = model.job
    fits = Fits.empty(candidates_of_trial(job), model)
    values = np.empty((len(fits.passes), len(model.space.names)))
    best = np.full(model.n_objectives, np.inf)
    with _numpy_generator(), warnings.catch_warnings():
        import nevergrad  # before the seed is set: parts of it draw random numbers on import

        np.random.seed(job.seed + number)
        # Nevergrad clips infinite losses, which Robyn tells too, and says so each time.
        warnings.simplefilter("ignore", nevergrad.common.errors.BadLossWarning)
        optimizer = make_optimizer(job, len(model.space.searched), model.n_objectives)
        for start in range(0, len(values), job.workers):
            asked = [optimizer.ask() for _ in range(job.workers)]
            batch = slice(start, start + job.workers)
            points = significant(np.array([point.value for point in asked]))
            values[batch] = model.space.values(points)
            fits.put(batch, model.evaluate(values[batch]))
            objectives = model.objectives(fits.of(batch))
            for point, errors in zip(asked, objectives, strict=True):
                optimizer.tell(point, tuple(errors.tolist()))
            best = np.minimum(best, objectives.min(axis=0))
            progress(batch.stop, best)
    return Trial(number, values, fits)


def throttled(progress: Progress, interval: float) -> Progress:
    """Pass progress on at most every ``interval`` seconds, the first time at once."""
    last = -math.inf

    def passed_on(done: int, best: FloatArray) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= interval:
            last = now
            progress(done, best)

    return passed_on


@contextmanager
def _numpy_generator() -> Iterator[None]:
    """Put NumPy's global generator back after; nevergrad draws its own from it."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
