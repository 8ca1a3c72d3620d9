"""``mmm execute RUN``, what an executor starts: executes a launched run, hands over the next.

A run whose execution breaks before it begins ends as ``failed`` with the traceback in its log.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

from mmmlib.archive import CONSOLE, STATUS, Archive, Run, Status
from mmmlib.ground import FATAL, MMMError, NotebookError, RunError, log, scrub, structured
from mmmlib.launching.inputs import at_hand
from mmmlib.launching.queue import drain
from mmmlib.launching.webhook import tell_run
from mmmlib.run import conclude, error_text

SUCCEEDED, FAILED, CANCELLED = 0, 1, 130  # exit codes


def execute_launched(root: str, name: str, tethered: bool = False) -> int:
    """Execute a launched run in this process; return the exit code.

    Parameters
    ----------
    root, name : str
        The archive and the run.
    tethered : bool
        End the run when whoever holds our standard input is gone (a Dask worker that was killed).

    Raises
    ------
    RunError
        There is no such run, or it was executed before; whoever executes it goes on.
    """
    run = Archive(root).run(name)
    if run.has(STATUS) or run.manifest:
        raise RunError(f"run {run} was already started ({run.state().status})")
    # a job may name no root, and the notebooks' kernel has to find the same archive
    os.environ["MMM_ROOT"] = run.store.root
    if tethered:
        threading.Thread(target=_watch_tether, args=[run], name="tether", daemon=True).start()
    try:
        return _execute(run)
    finally:
        with suppress(MMMError):  # the run has ended; the next launch tries again
            drain(root)


def _execute(run: Run) -> int:
    launch = run.launch
    try:
        with at_hand(run):
            from mmmlib.run import execute_run

            execute_run(run, _printer(run), launch.who if launch else "")
        code = SUCCEEDED
    except KeyboardInterrupt:
        code = FAILED if run.state().status is Status.FAILED else CANCELLED
    except NotebookError as error:
        _say(run, str(error))
        code = FAILED
    except Exception as error:
        _say(run, error_text(error))
        if not run.has(STATUS):  # it never began, here or anywhere
            run.save(CONSOLE, traceback.format_exc().encode())
            conclude(run, Status.FAILED, error_text(error))
        code = FAILED
    tell_run(run)
    return code


def _say(run: Run, error: str) -> None:
    """Say on standard error why a run failed; as JSON, whoever ended it says so."""
    if not structured():
        print(f"{FATAL} run {run}: {scrub(error)}", file=sys.stderr)


def _printer(run: Run) -> Any:
    """Print each new step: the log of a container."""

    from mmmlib.run import progress_line

    shown = ("", "", False)

    def write(facts: dict[str, Any]) -> None:
        nonlocal shown
        step = (facts["stage"], facts.get("step", ""), "seconds" in facts)
        if step != shown:
            shown = step
            log(progress_line(facts), run=str(run), stage=facts["stage"])

    return write


def _watch_tether(run: Run) -> None:
    """Wait for the end of our standard input; then this run has failed, and stops."""
    # not sys.stdin: its lock, held by this thread, would crash the interpreter at its end
    while os.read(0, 1024):
        pass
    conclude(run, Status.FAILED, "the worker that executed it was killed; launch it again")
    os.kill(os.getpid(), signal.SIGINT)
