"""A run as a notebook shows it: which one, of what, where."""

from __future__ import annotations

import html

from mmmlib.archive.run import Run
from mmmlib.job import JOB_KEYS, TrainingJob


def run_card(run: Run, typed: TrainingJob | None = None) -> str:
    """A few lines of HTML.

    Parameters
    ----------
    run : Run
    typed : TrainingJob, optional
        The job of the notebook's own parameters; what differs from the run's is named.
    """
    job = run.job
    budget = f"{job.iterations:,} × {job.trials} candidates, {job.adstock} adstock"
    lines = [
        f"<b>Run {html.escape(str(run))}</b>",
        html.escape(f"{job.target} from {len(job.channels)} paid channels · {budget}"),
        f"<code>{html.escape(run.place)}</code>",
    ]
    if typed and (differing := _differing(typed, job)):
        lines.append(
            "This run has its own job, which counts; the parameters above differ in "
            + html.escape(", ".join(differing))
        )
    return "<br>".join(lines)


def _differing(one: TrainingJob, other: TrainingJob) -> list[str]:
    return [key for key in JOB_KEYS if getattr(one, key) != getattr(other, key)]
