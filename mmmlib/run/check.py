"""Everything that is wrong with a job: by itself, for its engine, and against its data."""

from __future__ import annotations

from dataclasses import dataclass

from mmmlib.data import Dataset, checks as data_checks, dataset_of
from mmmlib.ground import DataError, JobError, Problem, SourceError
from mmmlib.job import TrainingJob
from mmmlib.run.preflight import refusals


class JobAndDataError(JobError):
    """The job is well formed, but its engine or its data do not support it."""

    title = "the job does not fit its data"


@dataclass(frozen=True)
class Checked:
    """A job that can be trained, and the dataset it would be trained on."""

    job: TrainingJob
    dataset: Dataset

    def summary(self) -> str:
        """What will be trained on what, in a few lines."""
        job, frame = self.job, self.dataset.frame
        first, last = frame[job.date].iloc[0], frame[job.date].iloc[-1]
        changes = len(self.dataset.changes)
        return "\n".join(
            [
                f"{job.target} ({job.target_type}) of {job.country}, {len(frame):,} "
                f"{self.dataset.interval}s from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
                f"{_count(len(job.channels), 'paid channel')}: "
                + ", ".join(channel.name for channel in job.channels[:12])
                + (" …" if len(job.channels) > 12 else ""),
                f"{_count(len(job.organic), 'organic variable')}, "
                f"{_count(len(job.context), 'context variable')}, "
                f"{_count(changes, 'change')} to the data",
                f"{job.iterations:,} × {job.trials} candidates, {job.adstock} adstock, "
                f"engine {job.engine}",
            ]
        )


def check_job(job: TrainingJob) -> Checked:
    """Check a job as far as it can be checked without training.

    Raises
    ------
    JobAndDataError
        Every problem the engine and the data have with a job that is well formed.
    """
    problems = refusals(job)
    try:
        dataset = dataset_of(job)
        data_checks.refuse_failures(data_checks.check(dataset, job))
    except SourceError as error:
        if str(error) not in map(str, problems):  # who looks ahead sees a missing file too
            problems.append(Problem("", str(error)))
    except DataError as error:
        problems += error.problems
    if problems:
        raise JobAndDataError(problems)
    return Checked(job, dataset)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
