"""What is asked before anything is executed: does the engine take the job, do the data fit it."""

from __future__ import annotations

from mmmlib.data import (
    clashes,
    open_source,
)
from mmmlib.engines import Engine, RefreshingEngine, open_engine
from mmmlib.ground import JobError, Problem
from mmmlib.job import TrainingJob


def refusals(job: TrainingJob) -> list[Problem]:
    """Say why a well formed job cannot be trained: columns in two roles, what source and engine
    lack."""
    source, engine = open_source(job.source), open_engine(job)
    problems = [*clashes(job), *source.refusals(job), *cannot_refresh(job, engine)]
    return [*problems, *engine.refusals(job)]


def cannot_refresh(job: TrainingJob, engine: Engine) -> list[Problem]:
    """Say why a job with ``refresh_of`` is not for this engine."""
    if job.refresh_of and not isinstance(engine, RefreshingEngine):
        why = f"the engine {engine.name} does not refresh; engine native continues its models too"
        return [Problem("refresh_of", why)]
    return []


def accepted(job: TrainingJob) -> TrainingJob:
    """The job itself when it can be trained here; a ``JobError`` with every reason otherwise."""
    if problems := refusals(job):
        raise JobError(problems)
    return job
