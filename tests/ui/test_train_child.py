"""The child process that reads data for the form: its errors, its ends, and what it spares."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from mmmlib.archive import Archive
from mmmlib.engines import open_engine
from mmmlib.ground.errors import (
    AllocationError,
    DataError,
    EngineError,
    JobError,
    LaunchError,
    MMMError,
    NotebookError,
    Problem,
    RunError,
    SnowflakeError,
    SourceError,
    StoreError,
)
from mmmlib.ground.secrets import register
from mmmlib.ui.train import form, launching
from mmmlib.ui.train.child import Child, ChildKilledError
from mmmlib.ui.train.quote import quote
from mmmlib.ui.train.raw import read_raw
from tests.conftest import REPOSITORY
from tests.ui.test_train_view import wait_for

PROBLEMS = [Problem("channels[0].spend", "is not there"), Problem("", "and more")]
ERRORS = [
    *(kind(PROBLEMS) for kind in (JobError, DataError, AllocationError)),
    *(kind("words") for kind in (SourceError, EngineError, StoreError, RunError)),
    *(kind("words") for kind in (LaunchError, NotebookError)),
    SnowflakeError("login", "words", again=True),
]
SECRET = "hidden-5ecret-word"


@pytest.fixture(autouse=True)
def found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is asked for functions of this module."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY), prepend=os.pathsep)


# What the child is asked: it finds these functions by their names.
def fail(error: BaseException) -> None:
    raise error


def fail_with_a_secret() -> None:
    register(SECRET)
    raise ValueError(f"the password is {SECRET}")


def time_to_be_killed(*_asked: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def child():
    """A child of this test, which ends with it."""
    child = Child(idle=0.4)
    yield child
    wait_for(lambda: child.pid == 0)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_for_a_person_crosses_as_it_is(shared, error):
    with pytest.raises(MMMError) as raised:
        shared.ask(fail, error)
    assert type(raised.value) is type(error)
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


@pytest.fixture(scope="module")
def shared():
    """One child for the tests that do not end theirs."""
    child = Child()
    yield child
    os.kill(child.pid, signal.SIGKILL)


def test_any_other_error_crosses_with_its_traceback_and_without_secrets(shared):
    with pytest.raises(RuntimeError) as raised:
        shared.ask(fail_with_a_secret)
    assert "in fail_with_a_secret" in str(raised.value)
    assert SECRET not in str(raised.value)


def test_questions_do_not_wait_for_one_another(shared):
    def slow() -> None:
        with suppress(MMMError):  # its child is killed in the end
            shared.ask(time.sleep, 600.0)

    waiting = threading.Thread(target=slow, daemon=True)
    waiting.start()
    assert shared.ask(os.getpid) == shared.pid
    assert waiting.is_alive()
    with pytest.raises(TimeoutError):
        shared.ask(time.sleep, 600.0, seconds=0.1)


def test_nobody_asks_so_it_ends_and_the_next_question_starts_another(child):
    first = child.ask(os.getpid)
    wait_for(lambda: not psutil.pid_exists(first))
    assert child.ask(os.getpid) != first


def test_a_question_that_takes_long_is_not_idle(child):
    assert child.ask(time.sleep, 1.5) is None


def test_a_killed_child_says_so_and_the_next_question_starts_another(child):
    first = child.ask(os.getpid)
    threading.Timer(0.3, os.kill, [first, signal.SIGKILL]).start()
    with pytest.raises(ChildKilledError, match=r"signal 9.*memory.*Ask again"):
        child.ask(time.sleep, 600.0)
    second = child.ask(os.getpid)
    os.kill(second, signal.SIGKILL)  # while nobody asks: nobody is told
    wait_for(lambda: child.pid != second)
    assert child.ask(os.getpid) not in (first, second)


def test_source_and_engine_are_asked_once_a_click(monkeypatch, tmp_path):
    asked = []

    def ask(job):
        asked.append(job.engine)
        return open_engine(job)

    def no_run(archive, job):
        raise LaunchError("nothing is to be claimed")

    monkeypatch.setattr("mmmlib.run.preflight.open_engine", ask)
    monkeypatch.setattr(Archive, "claim", no_run)
    values = form.check(form.of_example("demo")).job.to_values()
    with pytest.raises(LaunchError, match="nothing is to be claimed"):
        launching.queued(values, {}, "local", "ada", str(tmp_path))
    assert asked == ["native"]


def test_a_launch_whose_child_is_killed_is_not_to_be_repeated_blindly(child, monkeypatch, tmp_path):
    monkeypatch.setattr(launching, "CHILD", child)
    monkeypatch.setattr(launching, "queued", time_to_be_killed)
    job = form.check(form.of_example("demo")).job
    with pytest.raises(LaunchError, match="look at the runs before you try again"):
        launching.launch(job, quote(job, []), "ada", str(tmp_path))


_KERNEL = """
import os, subprocess, threading, time
from mmmlib.ui.train.child import CHILD
pid = CHILD.ask(os.getpid)
threading.Thread(target=CHILD.ask, args=[time.sleep, 600.0], daemon=True).start()
launch = ["sh", "-c", "sleep 1; echo done > {path}"]
finish = lambda: CHILD.ask(subprocess.run, launch, finish=True)
threading.Thread(target=finish, daemon=True).start()
time.sleep(0.5)
print(pid, flush=True)
time.sleep(600)
"""


def test_it_dies_with_its_kernel_but_finishes_a_launch(tmp_path):
    """Killed so that nothing can be tidied up, while the child is in the middle of something."""
    path = tmp_path / "launched"
    code = _KERNEL.format(path=path)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as kernel:
        pid = int(kernel.stdout.readline())
        assert psutil.pid_exists(pid)
        kernel.kill()
    wait_for(lambda: not psutil.pid_exists(pid))
    assert path.read_text() == "done\n"


_FORM = """
import json, sys, time
from mmmlib.archive import Archive
from mmmlib.ui.routes import Session
from mmmlib.ui.train.view import open_page

said = []
view = open_page(Session(Archive({root!r}), said.append, said.append, "ada"), {{}})
view.refresh()

def send(event, data):
    view._handle_event(view, {{"event": event, "data": data}}, [])

def settled():
    end = time.monotonic() + 300
    while view.busy or not view.series.get("rows"):
        assert time.monotonic() < end, (view.busy, said)
        time.sleep(0.02)

send("look", {{**view.loaded["values"], "file": "example:weekly"}})
settled()
send("assign", {{"values": view.loaded["values"], "column": "print_S", "role": "context"}})
send("shape", {{"adstock": "geometric", "kind": "tv", "ranges": {{}}}})
send("test", {{"values": view.loaded["values"]}})
send("train", {{"values": {{**view.loaded["values"], "country": "de", "optimizer": "None"}}}})
settled()
heavy = ("pandas", "pyarrow", "duckdb", "numba", "scipy", "snowflake", "prophet", "nevergrad")
found = dict(heavy=[name for name in heavy if name in sys.modules], said=said, steps=view.steps)
print(json.dumps(found | dict(problems=view.problems, rows=view.raw["rows"])))
"""


def test_the_form_reads_data_without_what_reads_them(tmp_path):
    """The kernel of the form stays small: nothing heavy is imported, whatever it is asked."""
    code = _FORM.format(root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["heavy"] == []
    assert found["said"] == []
    assert found["rows"] == 208
    assert found["steps"][0]["ok"]
    assert [each["where"] for each in found["problems"]] == ["optimizer"]  # the engine was asked


def test_what_the_child_reads_is_what_is_read_here(shared):
    values = form.of_example("demo")
    assert shared.ask(read_raw, values) == read_raw(values)
