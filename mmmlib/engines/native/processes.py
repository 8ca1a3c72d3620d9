"""Starts and ends the processes that search trials (``worker``); cheap to import."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from mmmlib.ground import EngineError, children

_WORKER = "mmmlib.engines.native.worker:main"


@contextmanager
def processes(count: int) -> Iterator[dict[Connection[Any, Any], subprocess.Popen[bytes]]]:
    """Start so many; whatever happens, none is left when the block ends."""
    started: dict[Connection[Any, Any], subprocess.Popen[bytes]] = {}
    try:
        for _ in range(count):
            connection, process = children.start_with_pipe(_WORKER, environment=children.ONE_THREAD)
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
    return EngineError(children.death(process, f"worker process {process.pid}"))
