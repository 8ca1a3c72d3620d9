"""One child process for what reads data or trains, so that the page's kernel stays small.

pandas, DuckDB, a warehouse's client and the engines take 150 MB and more, which a kernel would
keep as long as its tab is open. The child is started on the first question, answers several at
once (a warehouse that is slow holds nothing up), and is ended when nobody has asked for a while.
Both ends share a pipe: when the kernel ends, however it does, the child reads the end of
it and is gone; when the child is killed, whoever waits is told, and the next question starts a new
one.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from mmmlib.ground import MMMError, children, scrub
from mmmlib.ui.train.folders import working_folder

T = TypeVar("T")

IDLE_SECONDS = 60.0
FINISH_SECONDS = 120.0  # what must be finished has, when the kernel is gone
_LESS = "Fewer rows or columns need less"
_AGAIN = "Ask again: it is started anew."


class ChildKilledError(MMMError):
    """The child ended in the middle of what it was asked."""


@dataclass
class _Started:
    """A child that lives: its process, our end of the pipe, and who waits for which answer."""

    process: subprocess.Popen[bytes]
    connection: Connection
    waiting: dict[int, Future[bytes]] = field(default_factory=dict)
    asked: int = 0


class Child:
    """The kernel's side.

    Parameters
    ----------
    idle : float
        Seconds without a question, and without a sign of the person, after which it is ended.
    """

    def __init__(self, idle: float = IDLE_SECONDS) -> None:
        self._idle = idle
        self._lock = threading.Lock()
        self._running: _Started | None = None
        self._used = 0.0

    @property
    def pid(self) -> int:
        """Number of the process; 0 where there is none."""
        running = self._running
        return running.process.pid if running else 0

    def ask(
        self,
        function: Callable[..., T],
        *arguments: Any,
        seconds: float | None = None,
        finish: bool = False,
    ) -> T:
        """Call a function there and return what it returned.

        Parameters
        ----------
        function : callable
            Of a module, so that the child finds it by its name.
        *arguments
            Plain values.
        seconds : float or None
            How long to wait.
        finish : bool
            Whether it goes on to its end though this kernel ends.

        Raises
        ------
        ChildKilledError
            It was killed in the middle of it.
        MMMError
            What the function raised, as it was.
        TimeoutError
            There was no answer in time.
        RuntimeError
            Anything else the function raised, with its traceback; known secrets are hidden.
        """
        future: Future[bytes] = Future()
        question = pickle.dumps((function, arguments))
        with self._lock:
            self._used = time.monotonic()
            for last in (False, True):
                running = self._running = self._running or self._start()
                running.asked += 1
                running.waiting[running.asked] = future
                try:
                    running.connection.send((running.asked, finish, question))
                    break
                except OSError:  # it was killed while nobody asked
                    del running.waiting[running.asked]
                    self._running = None
                    if last:
                        raise
        failed, value = pickle.loads(future.result(seconds))
        if failed:
            raise value
        found: T = value
        return found

    def touch(self) -> None:
        """Somebody works with the page: keep a child that lives."""
        self._used = time.monotonic()

    def _start(self) -> _Started:
        connection, process = children.start_with_pipe(
            f"{__name__}:answer",
            tied=False,  # it reads the end of the pipe, and finishes what must be
            stdout=_own(sys.stdout, 1),
            stderr=_own(sys.stderr, 2),
            cwd=working_folder(),
        )
        running = _Started(process, connection)
        threading.Thread(target=self._listen, args=[running], name="child", daemon=True).start()
        return running

    def _listen(self, running: _Started) -> None:
        """Hand over the answers until the child ends, or nobody needs it any more."""
        try:
            while self._wanted(running):
                if running.connection.poll(self._idle / 4):
                    number, said = running.connection.recv()
                    running.waiting.pop(number).set_result(said)
                    self._used = time.monotonic()
        except (EOFError, OSError):
            pass
        self._forget(running)
        running.connection.close()
        running.process.wait()  # its end of the pipe is closed: it has ended or does now
        for future in running.waiting.values():
            how = children.death(running.process, "What reads the data for this page", _LESS)
            future.set_exception(ChildKilledError(f"{how}. {_AGAIN}"))

    def _wanted(self, running: _Started) -> bool:
        with self._lock:
            if running.waiting or time.monotonic() - self._used < self._idle:
                return True
            self._running = None  # under the lock, so that no question is put to one that ends
            return False

    def _forget(self, running: _Started) -> None:
        with self._lock:
            if self._running is running:
                self._running = None


CHILD = Child()  # of this kernel


def answer(descriptor: int) -> None:
    """Answer questions until the other end of the pipe is closed."""
    connection, sending = Connection(descriptor), threading.Lock()
    to_finish: list[threading.Thread] = []
    while True:
        try:
            number, finish, question = connection.recv()
        except (EOFError, OSError):
            break
        thread = threading.Thread(
            target=_answer, args=[connection, sending, number, question], daemon=True
        )
        thread.start()
        if finish:
            to_finish.append(thread)
    for thread in to_finish:
        thread.join(FINISH_SECONDS)
    os._exit(0)  # whatever else goes on is for nobody


def _answer(connection: Connection, sending: threading.Lock, number: int, question: bytes) -> None:
    """Send one answer: its number; pickled, whether it is an error and the value."""
    try:
        function, arguments = pickle.loads(question)
        try:
            said = pickle.dumps((False, function(*arguments)))
        except MMMError as error:
            said = pickle.dumps((True, error))
    except BaseException:
        trace = RuntimeError(scrub(traceback.format_exc()))  # the kernel may not know the secrets
        said = pickle.dumps((True, trace))
    with sending, suppress(OSError):  # nobody listens any more
        connection.send((number, said))


def _own(stream: Any, descriptor: int) -> int:
    """The service's descriptor: that of a kernel's stream is read and shown on the page."""
    own = getattr(stream, "_original_stdstream_copy", None)
    return descriptor if own is None else int(own)
