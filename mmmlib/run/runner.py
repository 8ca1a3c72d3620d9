"""``mmm run``: a job's notebooks executed one after the other, as one run of the archive.

The runner's process is the one writer of the run's status; the kernel does the work. An
executed notebook is archived whatever happens to it (``engine``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmlib.archive import Archive, Run
from mmmlib.ground import IRI_GRAMMAR, NotebookError, imported_without, settings
from mmmlib.job import TrainingJob
from mmmlib.run.kernels import Kernels, kernels_of
from mmmlib.run.supervisor import Supervisor, sigterm_interrupts

NOTEBOOKS = ("extract", "train")

OnProgress = Callable[[dict[str, Any]], None]


def run_job(job: TrainingJob, on_claim: Callable[[Run], None], on_progress: OnProgress) -> Run:
    """Claim a run of a job and execute its notebooks, in this process.

    Raises
    ------
    NotebookError
        A notebook stopped; the run is ``failed`` and has its notebook and log.
    KeyboardInterrupt
        A person stopped it (Ctrl-C or ``mmm cancel``), and the run is ``cancelled``; or the
        machine (SIGTERM), and it is ``failed``.
    """
    run = Archive(job.root).claim(job)
    on_claim(run)
    execute_run(run, on_progress)
    return run


def execute_run(run: Run, on_progress: OnProgress, who: str = "") -> None:
    """Execute the notebooks of a run that was claimed; raises what :func:`run_job` raises.

    Raises
    ------
    RunError
        The run was started before, or has ended.
    """
    with (
        sigterm_interrupts(),
        Supervisor(run, who, alone=True) as supervisor,
        kernels_of(run, len(NOTEBOOKS)) as kernels,
    ):
        for name in NOTEBOOKS:
            _execute(name, run, supervisor, kernels, on_progress)


def _execute(
    name: str, run: Run, supervisor: Supervisor, kernels: Kernels, on_progress: OnProgress
) -> None:
    """Execute one notebook of a run; it is archived by the engine."""
    with imported_without(IRI_GRAMMAR):  # a second all the same; the first kernel starts
        import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from mmmlib.run.engine import message

    try:
        papermill.execute_notebook(
            str(settings().notebooks / f"{name}.ipynb"),
            None,
            parameters={**run.job.to_values(), "run": str(run.id)},
            engine_name="mmm",
            progress_bar=False,
            supervisor=supervisor,
            kernels=kernels,
            on_progress=on_progress,
        )
    except PapermillExecutionError as error:
        raise NotebookError(message(error)) from error
    except DeadKernelError as error:
        raise NotebookError(
            f"{name}.ipynb: its kernel died; when the machine ran out of memory, give it more or "
            f"make the job smaller. The log is in {run.place}"
        ) from error
