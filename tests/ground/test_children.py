"""Children for real: what they are given, what ends them, and what is said of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest

from mmmlib.ground import children
from tests.conftest import REPOSITORY
from tests.waiting import wait_until


def echo(descriptor: int, word: str) -> None:
    """What a child of the tests calls: its end of the pipe, then what it was given."""
    connection: Connection[Any, Any] = Connection(descriptor)
    connection.send((word, connection.recv(), os.environ["OMP_NUM_THREADS"], os.getsid(0)))


def test_plain_values_arrive_as_they_are() -> None:
    done = children.run("builtins:print", 'it\'s \\ "ü"\n', 3, ["a", None])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "it's \\ \"ü\"\n 3 ['a', None]\n"


def test_a_child_that_takes_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        children.run("time:sleep", 600, seconds=0.2)

    def words(child: psutil.Process) -> list[str]:
        try:
            return child.cmdline()
        except psutil.Error:  # it ends at this very moment
            return []

    ours = psutil.Process()
    assert wait_until(lambda: not [one for one in ours.children() if "600" in " ".join(words(one))])


def test_a_folder_full_of_data_hides_no_library(tmp_path: Path) -> None:
    (tmp_path / "threading.py").write_text("raise SystemExit('hidden')\n")
    with children.start("os:getcwd", cwd=tmp_path) as child:
        assert child.wait() == 0
    with pytest.raises(FileNotFoundError):
        children.start("os:getcwd", cwd=tmp_path / "nowhere")


def test_a_conversation() -> None:
    connection, child = children.start_with_pipe(
        f"{__name__}:echo", "given", environment=children.ONE_THREAD, tied=False
    )
    with connection, child:
        connection.send("asked")
        assert connection.recv() == ("given", "asked", "1", child.pid)
        with pytest.raises(EOFError):
            connection.recv()
    assert child.returncode == 0


def test_a_conversation_that_cannot_begin_leaves_no_pipe(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        children.start_with_pipe("os:getcwd", cwd=tmp_path / "nowhere")
    assert psutil.Process().num_fds() == before


_PARENT = """
import time
from mmmlib.ground import children
tied = children.start("time:sleep", 600)
free = children.start("time:sleep", 600, tied=False)
print(tied.pid, free.pid, flush=True)
time.sleep(600)
"""


def _gone(pid: int) -> bool:
    """Ended, buried or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_tied_child_ends_with_its_parent_however_that_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as parent:
        assert parent.stdout is not None
        tied, free = map(int, parent.stdout.readline().split())
        parent.kill()
    try:
        end = time.monotonic() + 60
        while not _gone(tied):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert not _gone(free)
    finally:
        os.kill(free, signal.SIGKILL)


@pytest.mark.parametrize(
    ("function", "argument", "said"),
    [
        ("sys:exit", 3, "The cook ended with code 3 before its work was done"),
        (
            "signal:raise_signal",
            9,
            "The cook was killed by signal 9 (Killed) before its work was done; out of memory? "
            "Cook less",
        ),
        (
            "signal:raise_signal",
            15,
            "The cook was killed by signal 15 (Terminated) before its work was done",
        ),
    ],
)
def test_how_a_child_died(function: str, argument: int, said: str) -> None:
    with children.start(function, argument) as child:
        assert children.death(child, "The cook", "Cook less") == said


def test_a_child_that_lives_on_without_its_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LAST_SECONDS", 0.1)
    with children.start("time:sleep", 600) as child:
        said = children.death(child, "It")
        child.kill()
    assert said == "It closed its pipe before its work was done"
