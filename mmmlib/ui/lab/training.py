"""Train here and now: the run waits for its turn, and the notebook shows how far it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from mmmlib.archive import Run as ArchivedRun
from mmmlib.job import TrainingJob
from mmmlib.launching import attend, run_at_once
from mmmlib.run import NotebookBar, accepted


def attended(
    job: TrainingJob,
    prepare: Callable[[ArchivedRun], None] = lambda run: None,
    now: bool = False,
) -> ArchivedRun:
    """Execute a run of a job, as ``mmm run`` does; one bar a stage in a notebook.

    ``prepare`` is given the claimed run before anything of it is executed.

    Raises
    ------
    JobError
        The engine refuses the job.
    NotebookError
        The run failed; it has its notebooks and its log.
    """

    def on_claim(run: ArchivedRun) -> None:
        prepare(run)
        print(f"run {run} in {run.place}")

    bars: defaultdict[str, NotebookBar] = defaultdict(NotebookBar)

    def on_progress(facts: dict[str, Any]) -> None:
        bars[facts["stage"]](facts)

    wait = partial(attend, on_wait=lambda ahead: print(f"waits for {', '.join(ahead)}"))
    return (run_at_once if now else wait)(accepted(job), on_claim, on_progress)
