"""A host: a process with R in it that answers the kernel's calls until it is killed.

Started as a fresh interpreter with one end of a pipe. What R, Python and C print goes to file
descriptors 1 and 2, which the kernel reads; messages go through the pipe.
"""

from __future__ import annotations

import faulthandler
import os
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

TELL_SECONDS = 0.2


def main(descriptor: int, sources: list[str]) -> None:
    """Start R and answer calls until the pipe closes.

    Parameters
    ----------
    descriptor : int
        File descriptor of this end of the pipe.
    sources : list of str
        R files whose functions may be called.
    """
    faulthandler.enable()
    code = 1
    try:
        _serve(Connection(descriptor), sources)
        code = 0
    except (EOFError, BrokenPipeError, ConnectionResetError):
        code = 0  # the kernel has closed the pipe: nothing more to do
    except BaseException:
        traceback.print_exc()
    finally:
        # R and reticulate can hang while they shut down; there is nothing to save
        os._exit(code)


def _serve(connection: Connection[Any, Any], sources: list[str]) -> None:
    from mmmlib.engines.robyn.embedded import Embedded
    from mmmlib.engines.robyn.messages import Call, Ready, Told
    from mmmlib.engines.robyn.tells import watched_tells

    r = Embedded([Path(source) for source in sources])
    connection.send(Ready(r.version()))
    while True:
        call = connection.recv()
        assert isinstance(call, Call)
        if call.watch:
            with watched_tells(lambda done, best: connection.send(Told(done, best)), TELL_SECONDS):
                answer = r.answer(call)
        else:
            answer = r.answer(call)
        connection.send(answer)
