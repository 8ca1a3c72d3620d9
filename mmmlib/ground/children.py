"""Children of ours: how a Python process starts, ends with its parent, and is said to have died.

A child is a fresh interpreter. It inherits no threads, does not run the user's ``__main__`` again
and finds this very package; a file in its working directory hides no library (``-P``). It has no
input, and a session of its own: an interrupt typed at the terminal is its parent's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
WATCH_SECONDS = 0.2
LAST_SECONDS = 5.0  # in which a child that has closed its pipe has ended too
_APART: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True}


def start(
    function: str,
    *arguments: object,
    tied: bool = True,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a child that calls one function.

    Parameters
    ----------
    function : str
        ``module:name``.
    *arguments
        Plain values, such as texts, numbers and lists of them; never a secret: others can read
        them.
    tied : bool
        Whether it ends when this process does, however that ends. The child watches that itself,
        with a thread: what keeps Python's lock for long needs another way.
    environment : mapping, optional
        Variables beside those of this process.
    **options
        Of ``subprocess.Popen``. What it prints is for nobody, its errors are this process's.

    Raises
    ------
    OSError
        There is no such folder (``cwd``), or no process can be started.
    """
    given = {"stdout": subprocess.DEVNULL, **_APART, **options}
    if environment:
        given["env"] = {**os.environ, **environment}
    return subprocess.Popen(_command(function, arguments, tied), **given)


def start_with_pipe(
    function: str, *arguments: object, **options: Any
) -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
    """Start a child that we talk to; its function gets the descriptor of its end first."""
    ours, theirs = Pipe()
    with theirs:
        number = theirs.fileno()
        try:
            return ours, start(function, number, *arguments, pass_fds=(number,), **options)
        except BaseException:
            ours.close()
            raise


def run(
    function: str, *arguments: object, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Start a child and wait until it has ended; the answer holds what it printed.

    Raises
    ------
    TimeoutExpired
        It took longer, and is killed.
    """
    command = _command(function, arguments, tied=True)
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, check=False, **_APART
    )


def end_with(parent: int) -> None:
    """Let this process end as soon as its parent is gone, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def handle(pid: int) -> str:
    """Name a process of this machine so that no other one is ever taken for it.

    Returns
    -------
    str
        ``pid:start:world``: a process with a reused number has another start, and numbers of
        another container or of the time before a restart belong to another world. Empty where
        there is no such process, or no way to tell.
    """
    return f"{pid}:{start}:{_world()}" if (start := _stat(pid)[1]) else ""


def lives(handle: str) -> bool | None:
    """Say whether a process goes on; ``None`` where this machine cannot tell.

    That is so for a process of another machine or container, and for one that is stopped
    (SIGSTOP, a debugger): it may never go on.
    """
    pid, _, rest = handle.partition(":")
    start, _, world = rest.partition(":")
    if not start or world != _world():
        return None
    letter, found = _stat(int(pid))
    if found != start or letter in "ZX":
        return False
    return None if letter in "Tt" else True


@cache
def _world() -> str:
    """What gives this machine's process numbers out: its boot and their namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:8]}-{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, str]:
    """State and start of a process; empty where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "X", ""
    return fields[0], fields[19]


def death(
    child: subprocess.Popen[bytes],
    what: str,
    remedy: str = "Use fewer trials at a time or a larger machine",
) -> str:
    """Say how a child ended that should not have, and what to do where memory is the likely cause.

    Parameters
    ----------
    child : Popen
    what : str
        What it was, as a sentence begins.
    remedy : str
        What needs less memory.
    """
    try:
        code = child.wait(timeout=LAST_SECONDS)
    except subprocess.TimeoutExpired:
        return f"{what} closed its pipe before its work was done"
    how = f"ended with code {code}"
    if code < 0:
        how = f"was killed by signal {-code} ({signal.strsignal(-code)})"
    hint = f"; out of memory? {remedy}" if code == -signal.SIGKILL else ""
    return f"{what} {how} before its work was done{hint}"


def _command(function: str, arguments: tuple[object, ...], tied: bool) -> list[str]:
    module, _, name = function.partition(":")
    package = str(Path(__file__).parents[2])
    steps = [f"import sys; sys.path.insert(0, {package!r})"]
    if tied:
        steps.append(f"from {__name__} import end_with; end_with({os.getpid()})")
    steps.append(f"from {module} import {name}; {name}({', '.join(map(repr, arguments))})")
    return [sys.executable, "-P", "-u", "-c", "; ".join(steps)]
