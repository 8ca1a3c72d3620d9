"""Runs on the workers of an existing Dask cluster (``MMM_DASK``), one a worker.

The cluster's machines share the archive and have this package installed. A worker executes a
run in a process of its own, which ends when the worker is killed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmmlib.archive import Launch, Run, Status
from mmmlib.ground import LaunchError, children, settings
from mmmlib.launching.executor import command
from mmmlib.launching.local import MMM

CONNECT_SECONDS = 10


class DaskExecutor:
    """As many runs at once as the cluster has workers."""

    queue = "dask"
    patience = 300.0  # a busy machine takes its time to import what a run needs
    ask_after = 0.0
    remote = True

    def __init__(self) -> None:
        self.address = settings().mmm_dask
        if not self.address:
            raise LaunchError(
                "no Dask cluster is known; set MMM_DASK to its scheduler, such as tcp://host:8786"
            )

    def slots(self) -> int:
        """Return the number of workers the cluster has now."""
        with self._client() as client:
            return len(client.nthreads())

    def check(self, root: str) -> None:
        """Nothing: a folder must be shared with the workers, which only they can tell."""

    def start(self, run: Run, launch: Launch) -> str:
        """Submit the run; the cluster keeps the task when this client leaves."""
        with self._client() as client:
            from distributed import fire_and_forget

            future = client.submit(
                execute_here, command(run), self.address, key=f"mmm-{run.id}", pure=False
            )
            fire_and_forget(future)
            return str(future.key)

    def fate(self, handle: str) -> tuple[Status, str] | None:
        """Unknown: the run's heartbeat says more than its task."""
        return None

    def stop(self, handle: str) -> None:
        """Take a task back that has not begun; a run that goes on reads ``cancel.json``."""
        with self._client() as client:
            from distributed import Future

            Future(handle, client=client).cancel(force=True)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        from distributed import Client

        try:
            with Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False) as client:
                yield client
        except OSError as error:
            raise LaunchError(
                f"the Dask scheduler {self.address} does not answer; is it running? ({error})"
            ) from error


def execute_here(arguments: list[str], address: str) -> int:
    """Execute a run in a process of this worker; the task of a run.

    The process holds the other end of a pipe and ends its run when this worker is gone. When
    Dask gives the task of a killed worker to another one, the run was started already, and the
    process there refuses it.

    It uses as many cores as its worker has threads: workers may share a machine.
    """
    from distributed import get_worker

    mine = {"MMM_DASK": address, "MMM_CORES": str(get_worker().state.nthreads)}
    tethered = [*arguments, "--tethered"]
    options = {"stdin": subprocess.PIPE, "stdout": None}  # the worker's own log
    return children.start(MMM, tethered, tied=False, environment=mine, **options).wait()
