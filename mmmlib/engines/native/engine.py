"""The native engine: from a dataset and a job to a training result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mmmlib import __version__
from mmmlib.data import Dataset
from mmmlib.engines.engine import Events, LogLine, StepStarted
from mmmlib.engines.native.optimizer import optimizer_problems
from mmmlib.ground import EngineError, JobError, MMMError, Problem
from mmmlib.job import TrainingJob
from mmmlib.model import Parent, TrainingResult


class NativeEngine:
    """Robyn's model, compiled. See :class:`mmmlib.engines.engine.Engine`."""

    name = "native"

    def version(self) -> str:
        """Name and version of this engine; it is released with the package."""
        return f"{self.name} {__version__}"

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Say what of this job cannot be done, before anything runs."""
        return [*_nothing_to_search(job), *optimizer_problems(job)]

    def train(self, dataset: Dataset, job: TrainingJob, events: Events) -> TrainingResult:
        """Train the job's model; see :meth:`refresh` for the errors."""
        return self._search(dataset, job, events, None)

    def refresh(
        self, dataset: Dataset, job: TrainingJob, parent: Parent, events: Events
    ) -> TrainingResult:
        """Continue a parent on newer data: bounds around it, DECOMP.RSSD as distance from it.

        Raises
        ------
        JobError
            The engine refuses the job (see :meth:`refusals`).
        DataError
            The data cannot be modelled.
        EngineError
            Training failed; there is no partial result.
        KeyboardInterrupt
            A person interrupted it; nothing is left running.
        """
        return self._search(dataset, job, events, parent)

    def _search(
        self, dataset: Dataset, job: TrainingJob, events: Events, parent: Parent | None
    ) -> TrainingResult:
        # The optimizer's own limits fail in the search; asking here would import nevergrad,
        # which only the worker processes need.
        if problems := list(_nothing_to_search(job)):
            raise JobError(problems)
        from mmmlib.engines.native import results
        from mmmlib.engines.native.candidates import Model
        from mmmlib.engines.native.clusters import compile_clusters
        from mmmlib.engines.native.inputs import prepare
        from mmmlib.engines.native.refresh import Continuation, describe_refresh
        from mmmlib.engines.native.trials import search_trials
        from mmmlib.ground import usable_cores

        seconds: dict[str, float] = {}
        try:
            with _step("prophet", seconds, events):
                data = prepare(dataset, job)
                continuation = Continuation.of(data, job, parent) if parent else None
                model = Model(data, job, continuation=continuation)
                if parent and continuation:
                    events(LogLine(describe_refresh(parent, continuation)))
                events(LogLine(results.describe_input(model)))
            with _step("compile", seconds, events):
                model.compile()
                compile_clusters()
            with _step("search", seconds, events):
                cores = usable_cores()
                events(LogLine(results.describe_search(model, cores)))
                trials = search_trials(model, events, cores)
            with _step("results", seconds, events):
                tables = results.tables(model, trials)
                for line in results.describe(tables):
                    events(LogLine(line))
        except (MMMError, MemoryError):
            raise
        except Exception as error:
            raise EngineError(
                f"the native engine failed: {type(error).__name__}: {error}"
            ) from error
        return TrainingResult(**tables, engine=self.version(), seconds=seconds)


@contextmanager
def _step(name: str, seconds: dict[str, float], events: Events) -> Iterator[None]:
    events(StepStarted(name))
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def _nothing_to_search(job: TrainingJob) -> Iterator[Problem]:
    if job.refresh_of:
        return  # a refresh loosens what is fixed
    bounds = [*job.ranges().values(), job.lambda_range]
    if job.ts_validation:
        bounds.append(job.train_size)
    if all(low == high for low, high in bounds) and not job.penalty_factors:
        yield Problem("channels", "every hyperparameter is fixed; give at least one a range")
