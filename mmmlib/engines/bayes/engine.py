"""The engine: from a dataset and a job to a posterior, alone or beside another engine's model."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mmmlib import __version__
from mmmlib.data import Dataset
from mmmlib.engines.engine import CandidatesDone, Events, LogLine, StepStarted
from mmmlib.ground import EngineError, JobError, MMMError, Problem
from mmmlib.job import TrainingJob
from mmmlib.model import TrainingResult

if TYPE_CHECKING:
    from mmmlib.engines.bayes.chains import Draws
    from mmmlib.engines.bayes.design import Design


class BayesEngine:
    """A posterior over the native engine's curves. See :class:`mmmlib.engines.engine.Engine`."""

    name = "bayes"

    def version(self) -> str:
        """Name and version of this engine; it is released with the package."""
        return f"{self.name} {__version__}"

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Say what of this job cannot be done, before anything runs."""
        problems = []
        if job.ts_validation:
            why = "has no validation split under engine bayes; leave it out, or use native"
            problems.append(Problem("ts_validation", why))
        if job.optimizer:
            why = f"{job.optimizer} searches; engine bayes draws: leave it empty"
            problems.append(Problem("optimizer", why))
        if job.penalty_factors:
            why = "are of the ridge regression; engine bayes has priors: leave them out"
            problems.append(Problem("penalty_factors", why))
        return problems

    def train(self, dataset: Dataset, job: TrainingJob, events: Events) -> TrainingResult:
        """Compute the posterior of the job's model.

        Raises
        ------
        JobError
            The engine refuses the job (see :meth:`refusals`).
        DataError
            The data cannot be modelled.
        EngineError
            It failed; there is no partial result.
        KeyboardInterrupt
            A person interrupted it; nothing is left running.
        """
        if problems := self.refusals(job):
            raise JobError(problems)
        from mmmlib.engines.bayes import results

        seconds: dict[str, float] = {}
        start = time.perf_counter()
        try:
            events(StepStarted("sample"))
            design, draws = _drawn(dataset, job, events)
            seconds["sample"], start = time.perf_counter() - start, time.perf_counter()
            events(StepStarted("results"))
            made = results.tables(design, draws)
            seconds["results"] = time.perf_counter() - start
            for line in results.describe(made):
                events(LogLine(line))
        except (MMMError, MemoryError):
            raise
        except Exception as error:
            raise EngineError(
                f"the bayes engine failed: {type(error).__name__}: {error}"
            ) from error
        return TrainingResult(**made, engine=self.version(), seconds=seconds)


def second_opinion(
    result: TrainingResult, dataset: Dataset, job: TrainingJob, events: Events
) -> TrainingResult:
    """A result with the posterior of the same job beside its model.

    Where the posterior cannot be computed the result is returned as it is, and the log says why:
    an opinion that is missing must not take the model with it.
    """
    from mmmlib.engines.bayes import results

    events(StepStarted("second opinion"))
    start = time.perf_counter()
    try:
        design, draws = _drawn(dataset, job, lambda event: None)
        posterior, of_draws, _ = results.posterior_tables(design, draws)
    except MMMError as error:
        events(LogLine(f"no second opinion: {error}"))
        return result
    for line in results.describe({"posterior": posterior}):
        events(LogLine(line))
    seconds = {**result.seconds, "second_opinion": time.perf_counter() - start}
    return replace(result, posterior=posterior, posterior_draws=of_draws, seconds=seconds)


def _drawn(dataset: Dataset, job: TrainingJob, events: Events) -> tuple[Design, Draws]:
    from mmmlib.engines.bayes.chains import sample
    from mmmlib.engines.bayes.design import Design

    design = Design.of(dataset, job)
    asked, begun = job.posterior, time.monotonic()
    events(LogLine(design.describe()))

    def told(done: int, error: float) -> None:
        rate = done * asked.chains / max(time.monotonic() - begun, 1e-9)
        events(CandidatesDone((done,) * asked.chains, done * asked.chains, rate, error, 0.0))

    return design, sample(design, job.seed, asked.chains, asked.sweeps, told)
