"""The trials of one search on a real Dask cluster: the same numbers, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import mmmlib
from mmmlib.engines.engine import CandidatesDone, Event, ignore
from mmmlib.engines.native import cluster as own
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.trials import Trial, search_trials
from mmmlib.ground.errors import EngineError
from tests.conftest import REPOSITORY
from tests.engines.native import golden

LONG = {"iterations": 100_000, "trials": 1, "optimizer": "TwoPointsDE"}


@contextmanager
def a_cluster(workers: int) -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as running:
        yield running


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a cluster of two workers, for those who leave it as it was."""
    golden.model().compile()
    with a_cluster(2) as running:
        yield running.scheduler_address


def searching() -> list[psutil.Process]:
    """Processes below this one that search a trial for a Dask worker."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "native.worker" in " ".join(process.cmdline()):
                found.append(process)
    return found


def gone(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while searching() and time.monotonic() < end:
        time.sleep(0.05)
    return not searching()


def same(some: list[Trial], others: list[Trial]) -> bool:
    """To the last bit."""
    return len(some) == len(others) and all(
        one.number == other.number
        and one.values.tobytes() == other.values.tobytes()
        and one.fits.errors.tobytes() == other.fits.errors.tobytes()
        and one.fits.coefficients.tobytes() == other.fits.coefficients.tobytes()
        and one.fits.passes.tobytes() == other.fits.passes.tobytes()
        for one, other in zip(some, others, strict=True)
    )


def listener(then: Callable[[], None]) -> tuple[list[CandidatesDone], Callable[[Event], None]]:
    """Collects what is told; calls back once, when a trial goes on."""
    told: list[CandidatesDone] = []

    def listen(event: Event) -> None:
        assert isinstance(event, CandidatesDone)
        told.append(event)
        if event.done and not any(before.done for before in told[:-1]):
            then()

    return told, listen


@pytest.mark.parametrize("optimizer", ["NSGA2", "TwoPointsDE"])
def test_the_numbers_are_those_of_this_machine(scheduler: str, optimizer: str) -> None:
    model = golden.model(iterations=82, trials=2, optimizer=optimizer)
    told, listen = listener(lambda: None)
    there = search_trials(model, listen, 1, scheduler)
    assert same(there, search_trials(model, ignore, 1))
    assert (told[0].done, told[-1].trials, told[-1].total) == (0, (82, 82), 164)
    assert told[-1].best_nrmse == min(trial.fits.errors[:, 0].min() for trial in there)
    assert any(0 < event.done < 164 for event in told)
    assert told[-1].rate > 0
    assert gone(5)


def test_an_interrupt_stops_the_workers(scheduler: str) -> None:
    _, listen = listener(lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        search_trials(golden.model(**LONG), listen, 1, scheduler)
    assert gone(10)


@pytest.mark.slow
def test_an_error_of_the_listener_stops_the_workers(scheduler: str) -> None:
    def fail() -> None:
        raise RuntimeError("the listener failed")

    _, listen = listener(fail)
    with pytest.raises(RuntimeError) as caught:
        search_trials(golden.model(**LONG), listen, 1, scheduler)
    assert gone(10)
    assert caught.traceback  # which holds every frame, and so all that its frames would close


@pytest.mark.slow
def test_an_error_in_a_trial(scheduler: str) -> None:
    model = golden.model(iterations=10, trials=1, optimizer="NoSuchOptimizer")
    with pytest.raises(EngineError, match=r"trial 1 failed: .*NoSuchOptimizer") as caught:
        search_trials(model, ignore, 1, scheduler)
    assert "search_trial" in str(caught.value.__cause__)


def test_a_worker_that_rounds_otherwise(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = own.arithmetic

    def other_bits(model: Model) -> str:
        return real(model)[::-1]

    monkeypatch.setattr(own, "arithmetic", other_bits)
    with pytest.raises(EngineError, match="rounds otherwise than the machine that asked"):
        search_trials(golden.model(iterations=10, trials=1), ignore, 1, scheduler)


@pytest.mark.slow
def test_a_worker_with_other_sources(tmp_path: Path) -> None:
    """As of another commit: the cluster's own version check would let it pass."""
    shutil.copytree(Path(mmmlib.__file__).parent, tmp_path / "mmmlib")
    with (tmp_path / "mmmlib" / "engines" / "native" / "ridge.py").open("a") as file:
        file.write("# changed\n")
    with a_cluster(0) as running:
        address = running.scheduler_address
        with pytest.raises(EngineError, match="has no workers"):
            search_trials(golden.model(), ignore, 1, address)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
        worker = subprocess.Popen(
            [*command, "--nthreads=1", "--no-dashboard"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stderr=subprocess.DEVNULL,
        )
        try:
            running.wait_for_workers(1, timeout=60)
            with pytest.raises(EngineError) as caught:
                search_trials(golden.model(), ignore, 1, address)
        finally:
            worker.terminate()
            worker.wait()
    said = str(caught.value)
    assert "worker tcp://127.0.0.1:" in said
    assert said.count(" instead of ") == 1  # nothing else differs
    assert "has mmmlib 0.1.0 (sources " in said
    assert "MMM_TRIALS_ON=local" in said


def test_a_scheduler_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:9", "nowhere"):
        with pytest.raises(EngineError, match=f"{address} does not answer; is it running"):
            search_trials(golden.model(), ignore, 1, address)


@pytest.mark.slow
def test_a_killed_worker_s_trial_begins_again() -> None:
    model = golden.model(iterations=1500, trials=2, optimizer="TwoPointsDE")
    killed: list[int] = []

    def kill() -> None:
        worker = searching()[0].parent()
        assert worker is not None
        killed.append(worker.pid)
        worker.kill()

    with a_cluster(2) as running:
        told, listen = listener(kill)
        there = search_trials(model, listen, 1, running.scheduler_address)
        assert gone(5)
    assert len(killed) == 1
    assert same(there, search_trials(model, ignore, 1))
    assert told[-1].trials == (1500, 1500)
    assert min(event.rate for event in told) >= 0


ASKS = """
import sys
from mmmlib.engines.native.trials import search_trials
from tests.engines.native import golden

search_trials(golden.model(**{values}), lambda event: print(event.done, flush=True), 1, {address!r})
"""


@pytest.mark.slow
def test_nobody_searches_for_a_process_that_was_killed(scheduler: str) -> None:
    code = ASKS.format(values=LONG, address=scheduler)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as asks:
        assert asks.stdout is not None
        assert any(int(line) for line in asks.stdout)
        assert searching()
        asks.kill()
    assert gone(15)
