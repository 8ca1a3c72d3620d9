"""From the form to the queue: who launched it, and what was quoted, go into the run."""

from __future__ import annotations

from typing import Any

from mmmlib.archive import Archive, Run
from mmmlib.ground import JobError, LaunchError
from mmmlib.job import TrainingJob
from mmmlib.ui.train.child import CHILD, FINISH_SECONDS, ChildKilledError
from mmmlib.ui.train.form import shown
from mmmlib.ui.train.quote import QUOTE, Quote


def launch(
    job: TrainingJob, expected: Quote, who: str, root: str
) -> tuple[str, list[dict[str, str]]]:
    """Queue a run of a job, in the child process: to ask an engine imports what trains.

    Parameters
    ----------
    job : TrainingJob
    expected : Quote
        What the person was told; written into the run.
    who : str
        The person.
    root : str
        Root of the archive where the job names none.

    Returns
    -------
    str
        The run's id; empty where the job is refused.
    list of mapping
        Problems (``where``, ``message``), where the engine or the source refuses the job.

    Raises
    ------
    LaunchError
        The executor or the archive cannot take it.
    """
    asked = job.to_values(), expected.plain(), expected.executor, who, root
    try:
        # begun, it is finished though the tab is closed: a run is queued whole, or not at all
        return CHILD.ask(queued, *asked, seconds=FINISH_SECONDS, finish=True)
    except TimeoutError:
        raise LaunchError(
            f"{expected.executor} did not answer within {FINISH_SECONDS:.0f} s; look at the runs "
            "before you try again"
        ) from None
    except ChildKilledError:
        raise LaunchError(
            "what launches was ended from outside, as a system does that runs out of memory; look "
            "at the runs before you try again"
        ) from None


def queued(
    values: dict[str, Any], quote: dict[str, Any], executor: str, who: str, root: str
) -> tuple[str, list[dict[str, str]]]:
    """Queue a run here and now; the answer is that of :func:`launch`."""
    from mmmlib.launching import submit

    def keep_quote(run: Run) -> None:
        run.save_json(QUOTE, quote)

    job = TrainingJob.parse(values)
    if not job.root and Archive().store.root != root:
        job = job.model_copy(update={"root": root})  # the page's, not the settings'
    try:
        return str(submit(job, executor, who=who, on_claim=keep_quote)), []
    except JobError as error:  # it asks source and engine
        return "", shown(error.problems)
