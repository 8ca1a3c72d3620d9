"""The papermill engine ``mmm``: executes a notebook as a run and archives it in a ``finally``.

papermill loads this module itself, through its entry point, while it is being imported: import
``papermill`` first.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import nbformat
from click import ClickException
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.inspection import _infer_parameters
from papermill.parameterize import parameterize_notebook

from mmmlib.archive import CONSOLE, Archive, Run
from mmmlib.ground import JobError, NotebookError, RunError, errors, scrub, scrub_values
from mmmlib.run.kernels import Kernel, Kernels, kernels_of
from mmmlib.run.preflight import accepted
from mmmlib.run.progress import MIME
from mmmlib.run.supervisor import Supervisor, sigterm_interrupts
from mmmlib.run.work import job_of, refuse_unknown

INTERRUPT_SECONDS = 5.0  # for the kernel to cancel what it waits for, before it is killed
OnProgress = Callable[[dict[str, Any]], None]


class RefusedError(JobError, ClickException):
    """A run that is not begun: papermill's command says why in words and ends with 2."""

    exit_code = 2

    def format_message(self) -> str:
        """Every problem, as the commands of ``mmm`` print them."""
        return str(self)


class StoppedError(NotebookError, ClickException):
    """A notebook that stopped; papermill's command says why in words and ends with 1."""


class ArchivingEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """``papermill --engine mmm``: executes a notebook as a run of the archive.

    Typed alone it claims a run for the notebook's parameters and ends it. Called by
    :func:`run_job` it is given the supervisor and the kernels of a run that goes on.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        supervisor: Supervisor | None = None,
        kernels: Kernels | None = None,
        on_progress: OnProgress = lambda facts: None,
        input_path: str = "",
        **options: Any,
    ) -> None:
        """Execute the notebook and archive it, also when it fails."""
        with (
            nullcontext(supervisor) if supervisor else _own_run(nb_man, kernel_name) as keeper,
            nullcontext(kernels) if kernels else kernels_of(keeper.run) as own_kernels,
        ):
            kernel = own_kernels.take()
            client = _Client(
                nb_man,
                km=kernel.manager,
                timeout=execution_timeout,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
            )
            client.listeners = (lambda facts: keeper.stage(facts["stage"]), on_progress)
            client.on_ready = kernels.start_next if kernels else lambda: None
            with _last_words(keeper.run, kernel):
                try:
                    client.execute(cleanup_kc=True)
                finally:
                    nb_man.nb = nbformat.from_dict(scrub_values(nb_man.nb))
                    notebook = nbformat.writes(nb_man.nb).encode()
                    keeper.run.save(f"{Path(input_path or 'notebook').stem}.ipynb", notebook)
            if not supervisor:  # papermill raises only after us, too late for the run's status
                _raise_first_error(nb_man.nb)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Hears the kernel's progress while a cell runs, and kills the kernel at an interrupt."""

    listeners: tuple[OnProgress, ...] = ()
    on_ready: Callable[[], None]
    _stage = ""

    def papermill_execute_cells(self) -> None:
        self.on_ready()
        try:
            super().papermill_execute_cells()
        except KeyboardInterrupt:
            if self._stage in ("", "extract"):  # a warehouse is to stop its statement, too
                self._interrupt()
            self.shutdown_kernel = "immediate"  # its workers end with it; nobody waits for them
            raise

    def _interrupt(self) -> None:
        """Interrupt the cell, and wait a moment for its end; who does not hear is killed then."""
        run_sync(self.km.interrupt_kernel)()
        run_sync(self._cell_ends)()

    async def _cell_ends(self) -> None:
        # the cell's own wait goes on, and takes its reply: a second one would wait for ever
        if (reply := self.task_poll_for_reply) is not None:
            done, _ = await asyncio.wait({reply}, timeout=INTERRUPT_SECONDS)
            for each in done:
                each.cancelled() or each.exception()  # seen; the interrupt is what is told

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if facts := msg["content"].get("data", {}).get(MIME):
            self._stage = facts["stage"]
            for listener in self.listeners:
                listener(facts)
        return super().process_message(msg, *args, **kwargs)


@contextmanager
def _last_words(run: Run, kernel: Kernel) -> Iterator[None]:
    """What a kernel says to its own stderr: noise, unless it dies; then it is in the log."""
    try:
        yield
    except Exception:
        kernel.stderr.seek(0)
        log = run.load(CONSOLE) if run.has(CONSOLE) else b""
        last = scrub(kernel.stderr.read().decode(errors="replace"))
        run.save(CONSOLE, log + f"the kernel's own last words:\n{last}".encode())
        raise


@contextmanager
def _own_run(nb_man: NotebookExecutionManager, kernel_name: str) -> Iterator[Supervisor]:
    """A run of its own for a notebook that papermill was told to execute."""
    try:
        values = _declared(nb_man.nb, kernel_name) | nb_man.nb.metadata.papermill["parameters"]
        refuse_unknown(values)
        job = accepted(job_of(values))
    except JobError as error:
        raise RefusedError(error.problems) from error
    archive = Archive(job.root)
    run = archive.run(values["run"]) if values.get("run") else archive.claim(job)
    if values.get("run") and run.job != job:
        raise RunError(f"run {run} has another job than these parameters; leave run empty")
    nb_man.nb = parameterize_notebook(
        nb_man.nb, values | {"run": str(run.id)}, kernel_name=kernel_name, engine_name="mmm"
    )
    nb_man.notebook_start()  # the injected cell is a new one: papermill has to know it
    with sigterm_interrupts(), Supervisor(run, alone=True) as supervisor:
        yield supervisor


def _declared(notebook: Any, kernel_name: str) -> dict[str, Any]:
    """Defaults of the cell tagged ``parameters``."""
    return {
        parameter.name: ast.literal_eval(parameter.default)
        for parameter in _infer_parameters(notebook, name=kernel_name)
    }


def _raise_first_error(notebook: Any) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise StoppedError(message(output))


def message(error: Any) -> str:
    """What stopped the kernel, in the words it had there; ours need no kind in front."""
    ours = isinstance(getattr(errors, error.ename, None), type)
    return str(error.evalue) if ours else f"{error.ename}: {error.evalue}"
