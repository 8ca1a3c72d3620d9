"""From the form to the queue: who launched it, and what was quoted, go into the run."""

from __future__ import annotations

from mmmlib.archive import Archive, Run
from mmmlib.job import TrainingJob
from mmmlib.ui.pages import Session
from mmmlib.ui.train.form import engine_refusals
from mmmlib.ui.train.quote import QUOTE, Quote


def launch(job: TrainingJob, expected: Quote, session: Session) -> str | list[dict[str, str]]:
    """Queue a run of a job in the dashboard's archive, or the one the job names.

    Returns
    -------
    str
        The run's id.
    list of mapping
        Problems (``where``, ``message``), where the engine or the source refuses the job.

    Raises
    ------
    LaunchError, StoreError
        The executor or the archive cannot take it.
    """
    from mmmlib.launch.queue import submit

    if problems := engine_refusals(job):
        return problems
    shown = session.archive.store.root
    if not job.root and Archive().store.root != shown:  # the page shows another than the settings'
        job = job.model_copy(update={"root": shown})

    def keep_quote(run: Run) -> None:
        run.save_json(QUOTE, expected.plain())

    run = submit(job, expected.executor, who=session.user, on_claim=keep_quote)
    if run.store.root != shown:
        session.say(f"The run {run} is in {run.store.root}, which this dashboard does not show.")
    return str(run)
