"""A child process that searches the trials its parent hands it.

It receives :class:`SearchTask`, then numbers of trials; it answers each with any number of
:class:`Report`, then :class:`Found` or :class:`Failure`.
"""

from __future__ import annotations

import pickle
import traceback
from multiprocessing.connection import Connection
from typing import Any

from mmmlib.engines.native.messages import Failure, Found, Report, SearchTask
from mmmlib.engines.native.search import throttled
from mmmlib.engines.native.trials import search_one
from mmmlib.model import FloatArray


def main(descriptor: int) -> None:
    """Work until the pipe closes.

    Parameters
    ----------
    descriptor : int
        File descriptor of this end of the pipe.
    """
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
        trial = search_one(work.model, number, throttled(report, work.interval))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        connection.send(Failure(number, message, traceback.format_exc()))
    else:
        connection.send(Found(number, pickle.dumps(trial)))
