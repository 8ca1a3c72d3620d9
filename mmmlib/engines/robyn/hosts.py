"""Hosts of R as the kernel sees them: start, call, listen, kill.

Whatever happens, no host is left when :class:`Hosts` closes, and none can keep it waiting: they
are killed, not asked.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from mmmlib.engines.robyn.console import Lines
from mmmlib.engines.robyn.messages import Argument, Call, Failed, Ready, Returned, Told
from mmmlib.ground import EngineError, children

LISTEN_SECONDS = 0.2
START_SECONDS = 120.0  # in which R must be ready; it takes one, on a crowded machine ten
LAST_LINES = 20  # of the console, in the message about a death
_CHUNK = 65_536
_ENVIRONMENT = {
    "TZ": "UTC",
    # R sorts names by ICU's rules (display < Print) in any locale but C, and another order is
    # another search; C is by code point, as everywhere else in Python. An empty LC_ALL is none.
    "LC_ALL": "",
    "LANG": "C",
    "LANGUAGE": "",
    "LC_CTYPE": "C.UTF-8",
    "LC_COLLATE": "C",
    "LC_MESSAGES": "C",
    "LC_TIME": "C",
    **children.ONE_THREAD,
    "NUMBA_NUM_THREADS": "1",
    "RETICULATE_PYTHON": sys.executable,
}

# Ends the hosts when the kernel is gone: its pipe is closed then, however it ended. A shell, as
# no thread of a host can promise to run: R may hold Python's lock for minutes.
_GUARD = """
ids=
while read -r id; do
  [ "$id" = done ] && exit
  ids="$ids -$id"
done
[ -n "$ids" ] && kill -s KILL -- $ids
rm -rf -- "$1"
"""

OnLine = Callable[[str], None]
Answer = Ready | Told | Returned | Failed


class RError(Exception):
    """R's traceback: the cause of an ``EngineError`` after which the process still works."""

    def __str__(self) -> str:
        return "\n  ".join(["in R, outermost call first:", *self.args[0]])


@dataclass(eq=False)
class Host:
    """One process with R in it."""

    name: str
    connection: Connection[Any, Any]
    process: subprocess.Popen[bytes]
    console: int  # file descriptor of its output
    lines: Lines = field(default_factory=Lines)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


class Hosts:
    """The hosts of one training, and the folder they work in.

    Parameters
    ----------
    sources : list of Path
        R files whose functions can be called.
    on_line : callable
        Receives each line of the consoles; those of a named host with its name in front.
    safe_point : callable
        Called whenever nothing is half done; may raise.
    on_bar : callable
        Receives the percent of R's progress bar whenever it has moved.
    """

    def __init__(
        self,
        sources: list[Path],
        on_line: OnLine,
        safe_point: Callable[[], None] = lambda: None,
        on_bar: Callable[[int], None] = lambda percent: None,
    ) -> None:
        self.sources = sources
        self.on_line = on_line
        self.safe_point = safe_point
        self.on_bar = on_bar
        self.folder = Path(tempfile.mkdtemp(prefix="mmm-robyn-"))
        self.hosts: list[Host] = []
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        for host in list(self.hosts):
            self.stop(host)
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(BrokenPipeError):  # somebody has killed the guard; its work is done
            self._guard.communicate(b"done\n")

    def start(self, name: str = "") -> Host:
        """Start a host; wait until R is ready.

        Raises
        ------
        EngineError
            R did not start; with what it said.
        """
        host = self.begin(name)
        due = time.monotonic() + START_SECONDS
        while time.monotonic() < due:
            for answering, answer in self.listen():
                if answering is host and isinstance(answer, Ready):
                    return host
        said = "".join(f"\n  {line}" for line in host.last)
        raise EngineError(
            f"R was not ready after {START_SECONDS:.0f} s; it said:{said or ' nothing'}"
        )

    def begin(self, name: str = "") -> Host:
        """Start a host without waiting; its first answer is :class:`Ready`."""
        host = _spawn(name, self.sources, self.folder)
        self.hosts.append(host)
        assert self._guard.stdin is not None
        self._guard.stdin.write(b"%d\n" % host.process.pid)
        self._guard.stdin.flush()
        return host

    def stop(self, host: Host) -> None:
        """Kill a host with all it has started, and take what it has still said."""
        _kill(host)
        self._drain(host)
        self.hosts.remove(host)
        host.connection.close()
        os.close(host.console)

    def call(self, host: Host, function: str, *arguments: Argument, keep: str = "") -> Any:
        """Call an R function and wait for its value.

        Raises
        ------
        EngineError
            R raised an error: its message and call, R's traceback as the cause; or R died.
        """
        self.send(host, Call(function, arguments, keep))
        answer = self._answer_of(host)
        assert isinstance(answer, Returned)
        return answer.value

    def send(self, host: Host, call: Call) -> None:
        """Start a call; its answers come from :meth:`listen`."""
        try:
            host.connection.send(call)
        except (BrokenPipeError, ConnectionResetError):
            raise self._death(host) from None

    def listen(self) -> Iterator[tuple[Host, Answer]]:
        """Wait a moment; pass on lines, give the answers that have come.

        Raises
        ------
        EngineError
            A call failed in R, or a host has died.
        """
        self.safe_point()
        ends: dict[Any, Host] = {host.connection: host for host in self.hosts}
        ends |= {host.console: host for host in self.hosts}
        ready = wait(list(ends), timeout=LISTEN_SECONDS)
        for end in sorted(ready, key=lambda end: isinstance(end, Connection)):  # consoles first
            host = ends[end]
            if not isinstance(end, Connection):
                self._read(host)
                continue
            try:
                answer = end.recv()
            except (EOFError, ConnectionResetError):
                raise self._death(host) from None
            if not isinstance(answer, Told):
                self._drain(host)  # what was printed before the answer belongs before it
            if isinstance(answer, Failed):
                raise _failure(host, answer)
            yield host, answer
        self.safe_point()

    def _answer_of(self, host: Host) -> Answer:
        while True:
            for answering, answer in self.listen():
                if answering is host and not isinstance(answer, Told):
                    return answer

    def _read(self, host: Host) -> bool:
        """Pass on what a console holds; false when there is nothing now."""
        try:
            data = os.read(host.console, _CHUNK)
        except BlockingIOError:
            return False
        self._say(host, host.lines.feed(data))
        if (percent := host.lines.percent()) is not None:
            self.on_bar(percent)
        return bool(data)

    def _drain(self, host: Host) -> None:
        while self._read(host):
            pass

    def _say(self, host: Host, lines: list[str]) -> None:
        for line in lines:
            if line:  # Robyn prints empty ones around its bars
                host.last.append(line)
                line = line.replace(f"{self.folder}{os.sep}", "")  # it is gone when the run ends
                self.on_line(f"{host.name}: {line}" if host.name else line)

    def _death(self, host: Host) -> EngineError:
        what = f"the R process of {host.name}" if host.name else "the R process"
        how = children.death(host.process, what)
        _kill(host)
        self._drain(host)
        self._say(host, host.lines.end())
        said = "".join(f"\n  {line}" for line in host.last)
        return EngineError(how + (f"; it last said:{said}" if said else ""))


def _failure(host: Host, failed: Failed) -> EngineError:
    where = f" ({host.name})" if host.name else ""
    call = f"; in the call {failed.call}" if failed.call else ""
    error = EngineError(f"R stopped{where}: {failed.message.strip()}{call}")
    error.__cause__ = RError(failed.traceback)
    return error


def _kill(host: Host) -> None:
    with suppress(ProcessLookupError):  # it has ended, and so have its children
        os.killpg(host.process.pid, signal.SIGKILL)
    host.process.wait()


def _spawn(name: str, sources: list[Path], folder: Path) -> Host:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        connection, process = children.start_with_pipe(
            "mmmlib.engines.robyn.host:main",
            [str(path.resolve()) for path in sources],
            tied=False,
            environment={**_ENVIRONMENT, "TMPDIR": str(folder), "PWD": str(folder)},
            cwd=folder,
            stdout=writing,
            stderr=writing,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Host(name, connection, process, reading)
