"""One writer, one end: a run's status from its start to its manifest."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import State, Status
from mmmlib.archive.run import CANCEL, MANIFEST, STATUS, Run
from mmmlib.ground.errors import DataError, Problem, RunError
from mmmlib.ground.logs import Severity
from mmmlib.job.parse import TrainingJob
from mmmlib.run import supervisor as module
from mmmlib.run.supervisor import Supervisor
from tests.waiting import wait_until


@pytest.fixture
def run(archive: Archive, job: TrainingJob) -> Run:
    return archive.claim(job)


def test_a_run_succeeds_with_hashes_and_receipt(run: Run, job: TrainingJob) -> None:
    with Supervisor(run) as supervisor:
        supervisor.stage("train")
        assert run.state().stage == "train"
        run.save("x.csv", b"1,2\n")
        assert not run.has(MANIFEST)
    manifest = run.manifest
    assert manifest is not None
    assert manifest.status is run.state().status is Status.SUCCEEDED
    assert manifest.artifacts["x.csv"].sha256 == hashlib.sha256(b"1,2\n").hexdigest()
    assert set(manifest.artifacts) == {"job.yaml", "x.csv"}
    receipt = manifest.receipt
    assert (receipt.seed, receipt.workers, receipt.engine) == (job.seed, job.workers, "native")
    assert receipt.engine_version
    assert receipt.packages["nevergrad"] == "1.0.12"
    assert receipt.job_sha256 == manifest.artifacts["job.yaml"].sha256


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (DataError([Problem("tv_S", "is empty")]), Status.FAILED, "the data cannot be used: tv_S"),
        (ZeroDivisionError("odd"), Status.FAILED, "ZeroDivisionError: odd"),
        (KeyboardInterrupt(), Status.CANCELLED, "interrupted by"),
    ],
)
def test_an_exception_ends_it_and_goes_on(
    run: Run, error: BaseException, status: Status, said: str
) -> None:
    with pytest.raises(type(error)), Supervisor(run):
        raise error
    assert run.state().status is status
    assert said in run.state().error


def test_it_ends_once(run: Run) -> None:
    supervisor = Supervisor(run)
    supervisor.start()
    supervisor.end(Status.FAILED, "first")
    supervisor.end(Status.SUCCEEDED)
    assert run.state().status is Status.FAILED


def test_a_run_is_executed_once(run: Run) -> None:
    with Supervisor(run), pytest.raises(RunError, match="already started"):
        Supervisor(run)
    with pytest.raises(RunError, match="a run is executed once"):
        Supervisor(run)


def test_the_heart_beats(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.05)
    with Supervisor(run):
        first = State.model_validate_json(run.load(STATUS)).heartbeat
        assert wait_until(lambda: State.model_validate_json(run.load(STATUS)).heartbeat > first)


def test_anyone_may_cancel(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.05)
    with pytest.raises(KeyboardInterrupt):
        _wait_to_be_cancelled(run)
    assert (run.state().status, run.state().error) == (Status.CANCELLED, "cancelled by ann")


def test_a_notebook_between_two_cells_is_cancelled_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.05)
    monkeypatch.setattr(module, "CANCEL_GRACE_SECONDS", 0.1)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as an idle kernel does
    try:
        supervisor = Supervisor(run)
        supervisor.start()
        run.save_json(CANCEL, {"who": "ann", "at": "now"})
        supervisor._thread.join(timeout=300)
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.state().status is Status.CANCELLED
    with pytest.raises(RunError, match="start the notebook from its top"):
        supervisor.stage("train")


def test_a_second_interrupt_does_not_lose_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = Supervisor(run)
    supervisor.start()
    save = Run.save

    def impatient(self: Run, name: str, data: bytes) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        save(self, name, data)

    monkeypatch.setattr(Run, "save", impatient)
    supervisor.end(Status.CANCELLED, "interrupted")
    assert run.state().status is Status.CANCELLED


def test_a_store_that_is_away_for_a_moment_does_not_end_the_heart(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmmlib.ground.errors import StoreError

    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.05)
    with Supervisor(run):
        put, failures = run.store.put, []

        def fail_once(key: str, data: bytes) -> None:
            if not failures:
                failures.append(key)
                raise StoreError("away")
            put(key, data)

        monkeypatch.setattr(run.store, "put", fail_once)
        assert wait_until(lambda: failures)
        after = run.load(STATUS)
        assert wait_until(lambda: run.load(STATUS) != after)  # it beats on
    assert run.state().status is Status.SUCCEEDED


def test_a_kernel_that_is_closed_ends_its_run_on_its_way_out(run: Run) -> None:
    code = (
        "import atexit, sys\n"
        "from mmmlib.archive.archive import Archive\n"
        "from mmmlib.archive.manifest import Status\n"
        "from mmmlib.run.supervisor import Supervisor\n"
        "supervisor = Supervisor(Archive(sys.argv[1]).run(sys.argv[2]))\n"
        "supervisor.start()\n"
        "atexit.register(supervisor.end, Status.CANCELLED, 'closed')\n"
    )
    command = [sys.executable, "-c", code, run.store.root, str(run.id)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert (done.returncode, done.stderr) == (0, "")
    assert run.manifest is not None
    assert run.state().status is Status.CANCELLED


def _wait_to_be_cancelled(run: Run) -> None:
    with Supervisor(run):
        run.save_json(CANCEL, {"who": "ann", "at": "now"})
        wait_until(lambda: False)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, Status.CANCELLED), (signal.SIGTERM, Status.FAILED)],
)
def test_a_signal_while_it_starts_ends_the_run(
    run: Run, number: signal.Signals, status: Status
) -> None:
    class Struck(Supervisor):
        def _say(self, message: str, severity: Severity = Severity.INFO) -> None:
            signal.raise_signal(number)  # the first status is there, the heartbeat is not

    with pytest.raises(KeyboardInterrupt), module.sigterm_interrupts(), Struck(run):
        pytest.fail("it must not begin")
    assert run.manifest is not None
    assert run.state().status is status
