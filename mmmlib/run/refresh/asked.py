"""From what a person asks of a refresh to the job that continues a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmmlib.archive import Run, trained_job
from mmmlib.data import dataset_of
from mmmlib.ground import JobError, Problem
from mmmlib.job import TrainingJob, changed
from mmmlib.run.refresh.continued_job import ITERATIONS, TRIALS, continued_job
from mmmlib.run.refresh.parent import find_parent


def refreshed_job(
    run: Run, candidate: str, file: str, steps: int, parameters: Sequence[tuple[str, Any]]
) -> tuple[TrainingJob, list[str]]:
    """The job that continues a model of a run on newer data, and what one should know of it.

    Parameters
    ----------
    run : Run
    candidate : str
        Empty is the best model.
    file : str
        Newer data; empty reads the job's own source again.
    steps : int
        Rows by which the window moves; 0 is all that are new.
    parameters : sequence of pairs
        Keys of the job to be set, as :func:`mmmlib.job.changed` takes them.

    Raises
    ------
    JobError
        A key was to be set that a refresh sets itself, or the job is not valid then.
    RunError, DataError
        See :func:`find_parent` and :func:`continued_job`.
    """
    asked = [key.partition(".")[0] for key, _ in parameters]
    if moved := sorted({"window", "refresh_of"} & {*asked}):
        raise JobError(
            Problem(key, "is what a refresh sets itself; --steps says how far") for key in moved
        )
    chosen = find_parent(run.store, f"{run}/{candidate}" if candidate else str(run))
    job, notes = trained_job(run), []
    values = job.to_values()
    values |= {"iterations": ITERATIONS, "trials": TRIALS, "root": run.store.root}
    if job.engine != "native" and "engine" not in asked:
        values["engine"] = "native"
        notes.append(f"engine native continues the model of engine {job.engine}")
    values = changed(values, parameters)
    if file:
        values["file"] = file
    # where the window moves to is known once the data are read
    base = TrainingJob.parse(values | {"window": [], "refresh_of": ""})
    continued, more = continued_job(chosen, base, dataset_of(base), steps)
    before, after = (" … ".join(map(str, each)) for each in (chosen.model.window, continued.window))
    moves = f"the window moves from {before} to {after}"
    said = f"refresh of model {chosen.model.candidate} of run {run}: {moves}"
    return continued, [*notes, *more, said]
