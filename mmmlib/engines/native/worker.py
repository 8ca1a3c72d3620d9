"""A worker process: searches the trials its parent hands it, and never outlives its parent.

Started as a fresh interpreter (not forked, and without running the user's ``__main__`` again) with
one end of a pipe. It receives ``(model, interval)``, then numbers of trials; it answers with
:class:`Report`, a :class:`Trial` or a :class:`Failure`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.search import search_trial, throttled
from mmmlib.engines.native.transforms import FloatArray

WATCH_SECONDS = 0.2


@dataclass(frozen=True)
class Report:
    """Candidates done in a trial and the best error of each objective."""

    trial: int
    done: int
    best: FloatArray


@dataclass(frozen=True)
class Failure:
    """A trial failed: the error in words and its traceback."""

    trial: int
    message: str
    traceback: str


def main(descriptor: int, parent: int) -> None:
    """Work until the pipe closes.

    Parameters
    ----------
    descriptor : int
        File descriptor of this end of the pipe.
    parent : int
        Process id of the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    connection: Connection[Any, Any] = Connection(descriptor)
    try:
        model, interval = connection.recv()
        while True:
            _search(connection, model, connection.recv(), interval)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has closed the pipe: nothing more to do


def _search(connection: Connection[Any, Any], model: Model, number: int, interval: float) -> None:
    def report(done: int, best: FloatArray) -> None:
        connection.send(Report(number, done, best))

    try:
        trial = search_trial(model, number, throttled(report, interval))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        connection.send(Failure(number, message, traceback.format_exc()))
    else:
        connection.send(trial)


def _end_with(parent: int) -> None:
    """End this process as soon as its parent is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
