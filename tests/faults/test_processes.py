"""Processes race, die or run out of disk: no run looks complete that is not."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from mmmlib.archive import archive as module
from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import CONSOLE, LOST_AFTER, Run, now
from mmmlib.archive.stores import open_store
from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY
from tests.faults.reliability import told
from tests.waiting import wait_until

# A run that writes its artifacts and is killed when it is about to write the manifest.
_DIES = """
import os, signal, sys
from mmmlib.run import supervisor
from mmmlib.archive import Archive
from mmmlib.run.supervisor import Supervisor
def killed(run, manifest):
    os.kill(os.getpid(), signal.SIGKILL)
supervisor._end_once = killed
run = Archive(sys.argv[1]).run(sys.argv[2])
with Supervisor(run):
    run.save("a.csv", b"1,2\\n" * 1000)
"""
# A run that searches on, until it is killed.
_GOES_ON = """
import sys, time
from mmmlib.archive import Archive, Run
from mmmlib.engines import LogLine
from mmmlib.run.progress import Progress
from mmmlib.archive.stores.write_behind import WriteBehind
from mmmlib.run.supervisor import Supervisor
run = Archive(sys.argv[1]).run(sys.argv[2])
run.store.pace = 0.2
progress = Progress(Run(WriteBehind(run.store), run.id))
with Supervisor(run), progress.stage("train"):
    for i in range(10_000):
        progress(LogLine(f"candidate {i}"))
        time.sleep(0.01)
"""
# A run whose disk is too small for its second artifact.
_FULL = """
import signal, sys
from mmmlib.archive import Archive
from mmmlib.ground.errors import StoreError
from mmmlib.run.supervisor import Supervisor
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if sys.argv[3] == "limit":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
run = Archive(sys.argv[1]).run(sys.argv[2])
try:
    with Supervisor(run):
        run.save("small.csv", b"1,2\\n")
        run.save("large.parquet", bytes(2_000_000))
except StoreError as error:
    sys.exit(str(error))
"""


def child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, timeout=900, cwd=REPOSITORY,
    )  # fmt: skip


def claim_one(server: str, root: str, job: TrainingJob) -> str:
    """Claim a run in a process of its own, all in the same second."""
    os.environ["STORAGE_EMULATOR_HOST"] = server
    moment = dt.datetime(2026, 11, 23, 5, 34, 24, tzinfo=dt.UTC)
    module.now = lambda: moment
    return str(Archive(root).claim(job).id)


def claim_object(server: str, root: str, number: int) -> bool:
    os.environ["STORAGE_EMULATOR_HOST"] = server
    return open_store(root).put_if_absent("claim", b"%d" % number)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Four processes, each claim with its own client."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=context) as pool:
        yield pool


def test_twenty_claims_in_the_same_second(
    any_root: str,
    gcs_server: str,
    make_job: Callable[..., TrainingJob],
    processes: ProcessPoolExecutor,
) -> None:
    servers, roots = [gcs_server] * 20, [any_root] * 20
    won = list(processes.map(claim_object, servers, roots, range(20)))
    assert won.count(True) == 1
    assert open_store(any_root).get("claim") == b"%d" % won.index(True)
    job = make_job(root=any_root)
    ids = list(processes.map(claim_one, servers, roots, [job] * 20))
    assert len(set(ids)) == 20
    archive = Archive(any_root)
    assert {str(run.id) for run in archive.runs()} == set(ids)
    assert all(run.job == job for run in archive.runs())
    told(
        "twenty processes start a run in the same second, in a folder and in a bucket",
        "each second has one winner; twenty runs, each with its own folder and its own job",
    )


def test_a_process_killed_before_the_manifest(
    any_root: str, make_job: Callable[..., TrainingJob]
) -> None:
    job = make_job(root=any_root)
    run = Archive(any_root).claim(job)
    done = child(_DIES, any_root, str(run.id))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert run.manifest is None
    assert run.load("a.csv") == b"1,2\n" * 1000
    state = run.state()  # it said `succeeded`; only a manifest counts
    assert state.status is Status.LOST
    assert run.state(at=now() + 2 * LOST_AFTER).status is Status.LOST  # on another machine
    told(
        "the process is killed (-9) between the artifacts and the manifest, in a folder and in a "
        "bucket",
        "the artifacts stay; the run is lost, never succeeded: at once for who is on its machine, "
        "after 60 s without a heartbeat elsewhere",
        state.error,
    )


def test_a_container_killed_in_the_search_leaves_its_log(
    any_root: str, make_job: Callable[..., TrainingJob]
) -> None:
    run = Archive(any_root).claim(make_job(root=any_root))
    command = [sys.executable, "-c", _GOES_ON, any_root, str(run.id)]
    with subprocess.Popen(command, cwd=REPOSITORY) as process:
        try:
            assert seen(run, "candidate 50")
        finally:
            process.kill()
    log = run.load(CONSOLE).decode()
    assert "stage train" in log.splitlines()[0]
    assert run.load_json("progress.json")["stage"] == "train"
    assert run.state(at=now() + 2 * LOST_AFTER).status is Status.LOST
    told(
        "the container is killed (-9) in the middle of the search, in a folder and in a bucket",
        "the log and the progress up to a few seconds before are in the archive; the run is lost",
    )


def seen(run: Run, text: str) -> bool:
    """Wait until a text is in the archived log of a run that goes on."""
    return wait_until(lambda: run.has(CONSOLE) and text in run.load(CONSOLE).decode())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A disk of 1 MB where one may be mounted; otherwise a limit on the size of files."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    mounted = subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield str(mount), "disk" if mounted else "limit"
    finally:
        if mounted:
            subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk(small_disk: tuple[str, str], make_job: Callable[..., TrainingJob]) -> None:
    folder, kind = small_disk
    run = Archive(folder).claim(make_job(root=folder))
    done = child(_FULL, folder, str(run.id), kind)
    assert done.returncode == 1
    message = done.stderr.strip()
    assert message.startswith(f"cannot write {run.place}/large.parquet")
    assert set(run.artifacts()) >= {"job.yaml", "status.json", "small.csv"}
    assert "large.parquet" not in run.artifacts()
    assert not [name for name in os.listdir(run.place) if name.startswith(".part-")]
    assert run.load("small.csv") == b"1,2\n"
    assert run.state().status is not Status.SUCCEEDED
    told(
        "the disk is full in the middle of a run",
        "the run fails, its other artifacts stay, no half file is left",
        message,
    )
