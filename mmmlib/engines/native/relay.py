"""What a Dask worker does for a trial: starts its process, passes on what that says.

The process is the one that this machine's own trials get, so that the numbers are the same, and
so that it can be killed: Dask cannot stop a task that goes on.
"""

from __future__ import annotations

from typing import Any

from mmmlib.engines.native.messages import Failure, Found, Report
from mmmlib.engines.native.processes import processes, receive, send
from mmmlib.engines.native.surroundings import differences, surroundings
from mmmlib.ground import EngineError

TOPIC = "mmm-trials"
WATCH_SECONDS = 0.5


def search_here(
    search: str, number: int, packed: bytes, here: dict[str, str]
) -> Found | Failure | None:
    """Search a trial in a process of this machine; the task of a trial.

    Parameters
    ----------
    search : str
        Whose reports they are; they go out as events of the topic :data:`TOPIC`.
    number : int
        The trial.
    packed : bytes
        A pickled :class:`SearchTask`.
    here : dict of str to str
        The surroundings where it was asked for.

    Returns
    -------
    Found, Failure or None
        Nothing when nobody wanted the trial any longer.
    """
    import pickle

    from distributed import get_worker

    worker = get_worker()
    if unlike := differences(here, surroundings()):  # a worker that came after the check
        return Failure(number, f"worker {worker.address} has {'; '.join(unlike)}")
    key = worker.get_current_task()
    try:
        with processes(1) as started:
            ((connection, process),) = started.items()
            send(connection, process, pickle.loads(packed))
            send(connection, process, number)
            while not _unwanted(worker, key):
                if not connection.poll(WATCH_SECONDS):
                    continue
                said = receive(connection, process)
                if not isinstance(said, Report):
                    assert isinstance(said, Found | Failure)
                    return said
                worker.log_event(TOPIC, (search, said.trial, said.done, said.best.tolist()))
    except EngineError as error:
        return Failure(number, f"on worker {worker.address}: {error}")
    return None


def _unwanted(worker: Any, key: Any) -> bool:
    """Whether the asking process gave the trial up, or is gone, or this worker leaves.

    The scheduler then tells the worker to forget the task; the task's thread hears nothing of it.
    """
    task = worker.state.tasks.get(key)
    leaves = worker.status.name in ("closing", "closed", "failed")
    return leaves or task is None or task.state == "cancelled"
