"""An executor whose runs end when the test says so; everything around it is the real thing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.archive import heard, run as run_module
from mmmlib.archive.manifest import Launch, Status
from mmmlib.archive.run import Run
from mmmlib.ground import names
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import LaunchError
from mmmlib.launching import queue, slots
from mmmlib.run import supervisor
from mmmlib.run.supervisor import Supervisor

STARTED: list[Supervisor] = []
REFUSES: list[str] = []
SLOTS = [1]


class Shelf:
    """Takes runs and lets them lie, with their hearts beating, until the test ends them."""

    queue = "shelf"
    patience = 60.0
    ask_after = 0.0
    remote = False

    def slots(self) -> int:
        return SLOTS[0]

    def check(self, root: str) -> None:
        if root.endswith("unreachable"):
            raise LaunchError("out of reach")

    def start(self, run: Run, launch: Launch) -> str:
        if REFUSES:
            raise LaunchError(REFUSES.pop())
        supervisor = Supervisor(run, launch.who)
        supervisor.start()
        STARTED.append(supervisor)
        return f"shelf-{len(STARTED)}"

    def fate(self, handle: str) -> tuple[Status, str] | None:
        return None

    def stop(self, handle: str) -> None:
        return None


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Supervisor]]:
    """The runs that were started, in their order."""
    monkeypatch.setitem(names.EXECUTORS, "shelf", "tests.launching.conftest:Shelf")
    # pytest has its own copy of a conftest: this one is what names.load imports
    from tests.launching import conftest as module

    module.SLOTS[0] = 1
    yield module.STARTED
    for started in module.STARTED:
        started.end(Status.CANCELLED, "the test is over")
    module.STARTED.clear()
    module.REFUSES.clear()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Settings of the test's own, forgotten afterwards."""
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


class Clock:
    """Both clocks of this process: the time of day, which is set, and the one that never is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.slept = 0.0
        self.set_by = dt.timedelta(0)
        real, day = time.monotonic, run_module.now
        monkeypatch.setattr(heard, "monotonic", lambda: real() + self.slept)
        for module in (run_module, queue, slots, supervisor):
            monkeypatch.setattr(module, "now", lambda: day() + self.set_by)

    def sleeps(self, seconds: float) -> None:
        """Let time pass."""
        self.slept += seconds
        self.set_by += dt.timedelta(seconds=seconds)

    def jumps(self, seconds: float) -> None:
        """Set the time of day."""
        self.set_by += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Clocks that the test sets."""
    return Clock(monkeypatch)
