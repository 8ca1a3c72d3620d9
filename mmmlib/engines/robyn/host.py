"""A host: a process with R in it that answers the kernel's calls, and never outlives the kernel.

Started as a fresh interpreter with one end of a pipe. What R, Python and C print goes to file
descriptors 1 and 2, which the kernel reads; messages go through the pipe.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

WATCH_SECONDS = 0.2
TELL_SECONDS = 0.2


def main(descriptor: int, parent: int, sources: list[str], scratch: str) -> None:
    """Start R and answer calls until the pipe closes.

    Parameters
    ----------
    descriptor : int
        File descriptor of this end of the pipe.
    parent : int
        Process id of the kernel.
    sources : list of str
        R files whose functions may be called.
    scratch : str
        The kernel's folder for this training; removed where the kernel is gone and cannot.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the kernel decides what an interrupt means
    faulthandler.enable()
    threading.Thread(target=_end_with, args=(parent, scratch), daemon=True).start()
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


def _end_with(parent: int, scratch: str) -> None:
    """End this process as soon as the kernel is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)  # with whatever R has started
