"""The trials of one search on the workers of a Dask cluster: one trial a worker's thread.

A trial whose worker is killed begins again on another one and comes out the same, since it depends
on its seed alone.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.messages import Failure, Found, Report, SearchTask
from mmmlib.engines.native.relay import TOPIC, search_here
from mmmlib.engines.native.surroundings import arithmetic, differences, surroundings
from mmmlib.ground import EngineError, settings

CONNECT_SECONDS = 10
REPORT_SECONDS = 0.5  # each report goes through the scheduler
WAIT_SECONDS = 0.2


def said_by_workers(
    model: Model, scheduler: str, let_go: Callable[[], None]
) -> Generator[Report | Found | Failure, None, None]:
    """Search the model's trials on a cluster; what their processes say, as it comes.

    Close it where it is not read to its end: the workers stop then.

    Parameters
    ----------
    model : Model
    scheduler : str
        Its address, ``tcp://host:8786``.
    let_go : callable
        Called at safe points; may raise ``KeyboardInterrupt``.

    Yields
    ------
    Report, Found or Failure
        A trial that begins again on another worker reports fewer candidates than before.

    Raises
    ------
    EngineError
        The scheduler does not answer, has no worker or left; a worker is unlike this machine; a
        trial's workers were killed again and again.
    """
    with _client(scheduler) as client:
        check_workers(client, scheduler)
        search = _Search(client, model)
        try:
            yield from search.messages(let_go)
        except CancelledError as error:
            raise EngineError(
                f"the Dask scheduler {scheduler} left before the trials were searched"
            ) from error
        finally:
            search.give_up()


def scheduler_address() -> str:
    """Address of the Dask cluster of the settings.

    Raises
    ------
    EngineError
        None is known.
    """
    if address := settings().mmm_dask:
        return address
    raise EngineError(
        "no Dask cluster is known for the trials; set MMM_DASK to its scheduler, such as "
        "tcp://host:8786"
    )


def check_cluster(scheduler: str) -> int:
    """Say how many trials a cluster searches at once.

    Raises
    ------
    EngineError
        See :func:`said_by_workers`.
    """
    with _client(scheduler) as client:
        return check_workers(client, scheduler)


def check_workers(client: Any, scheduler: str) -> int:
    """Say how many trials the workers search at once, and refuse those unlike this machine."""
    threads = client.nthreads()
    if not threads:
        raise EngineError(f"the Dask scheduler {scheduler} has no workers; start one there")
    here = surroundings()
    unlike: dict[str, str] = {}
    try:
        client.run_on_scheduler(surroundings)  # it searches nothing, but reads the tasks
    except Exception as error:
        unlike["the scheduler"] = _cannot_import(error)
    for worker, found in client.run(surroundings, on_error="return").items():
        if isinstance(found, BaseException):
            unlike[f"worker {worker}"] = _cannot_import(found)
        elif listed := differences(here, found):
            unlike[f"worker {worker}"] = f"has {', '.join(listed)}"
    if unlike:
        raise EngineError(
            f"the Dask cluster {scheduler} is unlike this machine, so that the numbers could be "
            "others:\n"
            + "\n".join(f"  - {which} {what}" for which, what in sorted(unlike.items()))
            + "\ngive them the same versions, or let this machine search (MMM_TRIALS_ON=local)"
        )
    return sum(threads.values())


def _cannot_import(error: BaseException) -> str:
    return f"cannot import mmmlib as it is here ({error})"


class _Search:
    """The trials of one search: submitted when made."""

    def __init__(self, client: Any, model: Model) -> None:
        self._client, self._name = client, uuid.uuid4().hex
        self._said: SimpleQueue[Any] = SimpleQueue()
        self._futures: dict[int, Any] = {}
        # a copy without what the model keeps of its own: it is made again where it is used
        work = SearchTask(replace(model), REPORT_SECONDS, arithmetic(model))
        self._packed, self._here = pickle.dumps(work), surroundings()
        client.subscribe_topic(TOPIC, self._said.put)
        for number in range(1, model.job.trials + 1):
            self._submit(number)

    def messages(self, let_go: Callable[[], None]) -> Iterator[Report | Found | Failure]:
        """What is said until every trial is found."""
        while self._futures:
            let_go()
            try:
                said = self._said.get(timeout=WAIT_SECONDS)
            except Empty:
                continue
            match said:
                case int(number):
                    if (ended := self._ended(number)) is not None:
                        yield ended
                case (_, (self._name, int(trial), int(done), best)) if trial in self._futures:
                    yield Report(trial, done, np.array(best))
                case _:  # of another search
                    continue

    def give_up(self) -> None:
        """Have the workers stop what is not done."""
        if self._futures and self._client.status == "running":
            self._client.cancel(list(self._futures.values()), force=True)

    def _submit(self, number: int) -> None:
        # the work is part of the task: what was scattered would be lost with its worker
        future = self._client.submit(
            search_here,
            self._name,
            number,
            self._packed,
            self._here,
            key=f"mmm-trial-{number}-{uuid.uuid4().hex}",
            pure=False,
        )
        self._futures[number] = future
        future.add_done_callback(lambda _: self._said.put(number))

    def _ended(self, number: int) -> Found | Failure | None:
        """What became of a trial; nothing where it has to begin again."""
        from distributed.scheduler import KilledWorker

        try:
            ended: Found | Failure | None = self._futures.pop(number).result()
        except KilledWorker as error:
            return Failure(
                number,
                f"the workers that searched it were killed one after the other ({error}); out of "
                "memory? Give them more, or fewer threads",
            )
        if ended is None:  # its worker was told to forget it, and was then given it again
            self._submit(number)
        return ended


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:  # ValueError: no address
        raise EngineError(
            f"the Dask scheduler {scheduler} does not answer; is it running? ({error})"
        ) from error
    with client:
        yield client
