"""A process that searches the trials its parent hands it, and never outlives its parent.

Started as a fresh interpreter (not forked, and without running the user's ``__main__`` again) with
one end of a pipe. It receives :class:`SearchTask`, then numbers of trials; it answers each with any
number of :class:`Report`, then :class:`Found` or :class:`Failure`.
"""

from __future__ import annotations

import os
import pickle
import platform
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from mmmlib.engines.native.messages import Failure, Found, Report, SearchTask
from mmmlib.engines.native.search import throttled
from mmmlib.engines.native.surroundings import arithmetic
from mmmlib.engines.native.trials import search_one
from mmmlib.model import FloatArray

WATCH_SECONDS = 0.2


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
        work: SearchTask = connection.recv()
        while True:
            _search(connection, work, connection.recv())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has closed the pipe: nothing more to do


def _search(connection: Connection[Any, Any], work: SearchTask, number: int) -> None:
    def report(done: int, best: FloatArray) -> None:
        connection.send(Report(number, done, best))

    try:
        if work.arithmetic and (wrong := _computes_otherwise(work)):
            connection.send(Failure(number, wrong))
            return
        trial = search_one(work.model, number, throttled(report, work.interval))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        connection.send(Failure(number, message, traceback.format_exc()))
    else:
        connection.send(Found(number, pickle.dumps(trial)))


def _computes_otherwise(work: SearchTask) -> str:
    if arithmetic(work.model) == work.arithmetic:
        return ""
    return (
        f"{platform.node()} rounds otherwise than the machine that asked, so that the model would "
        "depend on where it was trained; let only workers with the same kind of processor and the "
        "same C library take part"
    )


def _end_with(parent: int) -> None:
    """End this process as soon as its parent is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
