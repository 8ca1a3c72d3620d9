"""Trials in processes: the same numbers, and nothing left behind however a run ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from mmmlib.engines.engine import CandidatesDone, Event, ignore
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.trials import Trial, search_trials
from mmmlib.ground.errors import EngineError
from tests.conftest import REPOSITORY
from tests.engines.native import golden
from tests.waiting import PATIENCE, wait_until

LONG = {"iterations": 100_000, "trials": 2}
SEARCHES = [("TwoPointsDE", 1), ("TwoPointsDE", 2), ("NSGA2", 2)]

SCRIPT = """
import os, sys
sys.path.insert(0, {repository!r})
print("started", flush=True)
import psutil
from mmmlib.engines.native.trials import search_trials
from tests.engines.native import golden

def show(event):
    if min(event.trials) > 0:
        print(*(child.pid for child in psutil.Process().children()), flush=True)

model = golden.model(**{values})
model.compile()
search_trials(model, show, cores=2)
"""


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    golden.model().compile()


def _children() -> list[psutil.Process]:
    """Our worker processes; other tests of the session may have started a browser."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "native.worker" in " ".join(child.cmdline()):
                found.append(child)
    return found


def _wait_until_gone(pids: list[int]) -> None:
    assert wait_until(lambda: not any(map(_runs, pids))), [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _search(model: Model, processes: int) -> tuple[list[Trial], list[CandidatesDone]]:
    events: list[Event] = []
    trials = search_trials(model, events.append, processes)
    return trials, [event for event in events if isinstance(event, CandidatesDone)]


def test_the_number_of_processes_changes_nothing() -> None:
    model = golden.model(iterations=41, trials=3, workers=2)
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    alone, told_alone = _search(model, 1)
    shared, told_shared = _search(model, 2)
    for a, b in zip(alone, shared, strict=True):
        assert a.number == b.number
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.fits.errors, b.fits.errors)
        np.testing.assert_array_equal(a.fits.coefficients, b.fits.coefficients)
        np.testing.assert_array_equal(a.fits.passes, b.fits.passes)
    assert [len(trial.values) for trial in alone] == [42, 42, 42]  # 21 rounds of two
    assert not np.array_equal(alone[0].values, alone[1].values)
    for told in (told_alone, told_shared):
        assert (told[0].done, told[-1].done, told[-1].total) == (0, 126, 126)
        assert all(a.done <= b.done for a, b in pairwise(told))
    best = min(trial.fits.errors[:, 0].min() for trial in alone)
    assert told_alone[-1].best_nrmse == told_shared[-1].best_nrmse == best
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]
    assert wait_until(lambda: not _children())


@pytest.mark.parametrize(("optimizer", "cores"), SEARCHES)
def test_an_interrupt_leaves_no_worker(optimizer: str, cores: int) -> None:
    running = threading.Event()
    sent: list[float] = []

    def interrupt() -> None:
        running.wait(PATIENCE)
        time.sleep(0.3)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()

    def listen(event: Event) -> None:
        if isinstance(event, CandidatesDone) and event.done > 0:
            running.set()

    with pytest.raises(KeyboardInterrupt):
        search_trials(golden.model(**LONG, optimizer=optimizer), listen, cores)
    assert time.monotonic() - sent[0] < PATIENCE  # by itself the search would take hours
    thread.join()
    assert wait_until(lambda: not _children())
    assert not [thread for thread in threading.enumerate() if "candidates" in thread.name]


@pytest.mark.parametrize("optimizer", ["TwoPointsDE", "NSGA2"])
def test_an_interrupt_in_a_weak_reference_s_callback_is_not_lost(optimizer: str) -> None:
    """Python prints and forgets what such a callback raises; the search must end all the same."""

    class Thing:
        pass

    def listen(event: Event) -> None:
        if isinstance(event, CandidatesDone) and event.done > 0:
            thing = Thing()
            reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
            del thing
            assert reference() is None

    with pytest.raises(KeyboardInterrupt):
        search_trials(golden.model(**LONG, optimizer=optimizer), listen, 1)


def test_a_killed_worker_is_an_engine_error() -> None:
    def kill(event: Event) -> None:
        if isinstance(event, CandidatesDone) and event.done > 0:
            _children()[0].kill()

    with pytest.raises(EngineError, match=r"was killed by signal 9 .* out of memory"):
        search_trials(golden.model(**LONG), kill, 2)
    assert wait_until(lambda: not _children())


def test_an_error_in_a_worker_is_an_engine_error() -> None:
    model = golden.model(iterations=10, trials=2, optimizer="NoSuchOptimizer")
    with pytest.raises(EngineError, match=r"trial [12] failed: .*NoSuchOptimizer") as caught:
        search_trials(model, ignore, 2)
    assert "search_trial" in str(caught.value.__cause__)
    assert wait_until(lambda: not _children())


def test_an_error_of_the_listener_leaves_no_worker() -> None:
    def fail(event: Event) -> None:
        if isinstance(event, CandidatesDone) and event.done > 0:
            raise RuntimeError("the listener failed")

    with pytest.raises(RuntimeError, match="the listener failed"):
        search_trials(golden.model(**LONG), fail, 2)
    assert wait_until(lambda: not _children())


def test_workers_end_with_a_killed_parent() -> None:
    code = SCRIPT.format(repository=str(REPOSITORY), values=LONG)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        workers = [int(pid) for pid in run.stdout.readline().split()]
        assert len(workers) == 2
        assert all(_runs(pid) for pid in workers)
        run.kill()
    _wait_until_gone(workers)


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    values = {"iterations": 20, "trials": 2}
    script.write_text(SCRIPT.format(repository=str(REPOSITORY), values=values))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("started") == 1
    assert done.stderr == ""
