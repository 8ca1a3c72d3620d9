"""Starts and ends the processes that search trials (``worker``); cheap to import.

They are fresh interpreters: they do not run the user's ``__main__`` again, inherit no threads,
and end when the parent does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import mmmlib
from mmmlib.ground import EngineError

_SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def processes(count: int) -> Iterator[dict[Connection[Any, Any], subprocess.Popen[bytes]]]:
    """Start so many; whatever happens, none is left when the block ends."""
    started: dict[Connection[Any, Any], subprocess.Popen[bytes]] = {}
    try:
        for _ in range(count):
            connection, process = _start()
            started[connection] = process
        yield started
    finally:
        for process in started.values():
            process.kill()
        for connection, process in started.items():
            connection.close()
            process.wait()


def send(connection: Connection[Any, Any], process: subprocess.Popen[bytes], what: Any) -> None:
    """Send; a process that is gone is an ``EngineError``."""
    try:
        connection.send(what)
    except (BrokenPipeError, ConnectionResetError):
        raise _death(process) from None


def receive(connection: Connection[Any, Any], process: subprocess.Popen[bytes]) -> Any:
    """Receive; a process that is gone is an ``EngineError``."""
    try:
        return connection.recv()
    except (EOFError, ConnectionResetError):
        raise _death(process) from None


def _death(process: subprocess.Popen[bytes]) -> EngineError:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return EngineError(f"worker process {process.pid} closed its pipe before its work was done")
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    hint = "; out of memory? Use fewer trials at a time or a larger machine" if code == -9 else ""
    return EngineError(f"worker process {process.pid} {how} before its work was done{hint}")


def _start() -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
    ours, theirs = Pipe()
    code = (
        f"import sys; sys.path.insert(0, {str(Path(mmmlib.__file__).parents[1])!r}); "
        "from mmmlib.engines.native.worker import main; "
        f"main({theirs.fileno()}, {os.getpid()})"
    )
    try:
        process = subprocess.Popen(
            # -P: a file in the working directory must not hide a library
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env={**os.environ, **dict.fromkeys(_SINGLE_THREAD, "1")},
            start_new_session=True,  # an interrupt typed at the terminal is the parent's
        )
    finally:
        theirs.close()
    return ours, process
