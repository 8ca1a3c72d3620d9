"""R in a process of its own: what it says, how it fails, how it is stopped. Real R, no Robyn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mmmlib.engines.robyn import found
from mmmlib.engines.robyn.hosts import Host, Hosts
from mmmlib.engines.robyn.messages import Call
from mmmlib.ground.errors import EngineError
from tests.conftest import REPOSITORY
from tests.engines.robyn.conftest import SPEAKS, Heard
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.r


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def _ended(pid: int) -> bool:
    """Gone, or dead and not yet buried by whoever adopted it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_ten_thousand_lines_arrive_in_order(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    hosts.lines.clear()
    assert hosts.call(host, "say", 10_000) == [10_000]
    assert hosts.lines == [*(f"line {i}" for i in range(1, 10_001)), "and a message"]


def test_lines_arrive_while_r_works(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    hosts.lines.clear()
    hosts.send(host, Call("tick", (5, 0.3)))
    while not hosts.lines:
        assert list(hosts.listen()) == []
    assert hosts.lines == ["tick 1"]
    while not list(hosts.listen()):
        pass
    assert len(hosts.lines) == 5


def test_a_progress_bar_is_one_line(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    hosts.lines.clear()
    hosts.call(host, "bar")
    assert len(hosts.lines) == 1
    assert hosts.lines[0].endswith("100%")


def test_an_error_has_message_call_and_traceback(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    with pytest.raises(EngineError, match="R stopped: it went very wrong; in the call inner_call"):
        hosts.call(host, "outer_call", "wrong")
    try:
        hosts.call(host, "outer_call", "wrong")
    except EngineError as error:
        lines = str(error.__cause__).splitlines()
    assert [line.strip().partition("(")[0] for line in lines[1:4]] == [
        "outer_call", "middle_call", "inner_call",
    ]  # fmt: skip
    with pytest.raises(EngineError, match="subscript out of bounds"):
        hosts.call(host, "beyond")
    with pytest.raises(EngineError, match='could not find function "mmmr_nothing"'):
        hosts.call(host, "mmmr_nothing")
    assert hosts.call(host, "give_back", 1) == [1], "R goes on"


def test_warnings_are_said_at_once_and_partial_results_fail(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    hosts.lines.clear()
    assert hosts.call(host, "warns") == ["done"]
    assert "careful now" in " ".join(hosts.lines)
    with pytest.raises(EngineError, match="PARTIAL results") as caught:
        hosts.call(host, "partial")
    assert "partial()" in str(caught.value.__cause__)


def test_nobody_answers_a_question(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    assert hosts.call(host, "asks") == [""], "R is not interactive: the answer is empty"


def test_the_environment_of_r(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    assert hosts.call(host, "environment_says") == {
        "tz": "UTC",
        "threads": "1",
        "locale": "C.UTF-8",
        "python": sys.executable,
        "temporary": str(hosts.folder),
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_of_r_is_an_error_with_its_last_lines(hosts: Heard, number: int) -> None:
    host = hosts.start()
    with pytest.raises(EngineError, match=f"killed by signal {int(number)}") as caught:
        hosts.call(host, "end_with_signal", int(number))
    assert "last words" in str(caught.value)
    assert ("out of memory?" in str(caught.value)) == (number == signal.SIGKILL)


def test_an_r_that_quits_is_an_error(hosts: Heard) -> None:
    host = hosts.start("trial 3")
    with pytest.raises(EngineError, match=r"R process of trial 3 ended with code \d+ before"):
        hosts.call(host, "leave")


@pytest.mark.usefixtures("r_there")
def test_closing_kills_r_at_once_with_all_it_started() -> None:
    with Heard() as hosts:
        host = hosts.start()
        hosts.send(host, Call("start_a_child"))
        while "started" not in hosts.lines:
            list(hosts.listen())
        family = [each for each in psutil.process_iter() if _group(each) == host.process.pid]
    assert len(family) >= 2
    assert wait_until(lambda: all(_ended(each.pid) for each in family))
    assert not hosts.folder.exists()


@pytest.mark.usefixtures("r_there")
def test_an_interrupt_ends_r_within_seconds() -> None:
    """Ctrl-C while R computes, which would not answer by itself for hours."""

    def safe_point() -> None:
        if time.monotonic() > due:
            raise KeyboardInterrupt

    due = float("inf")
    with Hosts([*found.sources(), SPEAKS], lambda line: None, safe_point) as hosts:
        host = hosts.start()
        due = time.monotonic() + 0.5
        with pytest.raises(KeyboardInterrupt):
            hosts.call(host, "busy")
    assert time.monotonic() - due < PATIENCE  # by itself R would be busy for hours
    assert host.process.poll() is not None


@pytest.mark.usefixtures("r_there")
def test_r_ends_when_the_kernel_is_killed() -> None:
    code = (
        "import sys\n"
        "from tests.engines.robyn.conftest import Heard\n"
        "from mmmlib.engines.robyn.messages import Call\n"
        "hosts = Heard(); host = hosts.start(); hosts.send(host, Call('busy'))\n"
        "print(host.process.pid, hosts.folder, flush=True)\n"
        "while True: list(hosts.listen())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as kernel:
        assert kernel.stdout is not None
        pid, folder = kernel.stdout.readline().split()
        kernel.send_signal(signal.SIGKILL)
    assert wait_until(lambda: _ended(int(pid)))
    assert wait_until(lambda: not os.path.exists(folder))


@pytest.mark.usefixtures("r_there")
def test_r_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.R"
    broken.write_text("this is not R\n")
    with (
        Hosts([broken], lambda line: None) as hosts,
        pytest.raises(EngineError, match="unexpected symbol"),
    ):
        hosts.start()


def test_names_sort_by_code_point_whatever_the_locale(
    r_there: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Python and the native engine do; R sorts by ICU's rules in any locale but C."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LC_COLLATE", "C.UTF-8")
    names = ("display", "Print", "tv2", "tv_b", "tv", "zoo", "\u00e4rzte")
    with Heard() as heard:
        assert heard.call(heard.start(), "sort", names) == sorted(names)
