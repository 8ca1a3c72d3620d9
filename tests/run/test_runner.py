"""Runs end to end with the real papermill and real kernels: every end a run can have."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import load_result
from mmmlib.archive.run import CANCEL, CONSOLE, LOST_AFTER, Run, now
from mmmlib.ground.cores import usable_cores
from tests.conftest import REPOSITORY
from tests.waiting import PATIENCE, wait_until

BIN = Path(sys.executable).parent
SMALL = {"iterations": 60, "trials": 2}
LONG = {"iterations": 20_000, "trials": 2}


def mmm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "mmm", *arguments], capture_output=True, text=True, cwd=REPOSITORY, timeout=900
    )


def cells(run: Run, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run.load(f"{name}.ipynb"))["cells"]
    return found


def test_a_run_from_the_command_line(job_file: Callable[..., Path], archive: Archive) -> None:
    done = mmm("run", str(job_file(**SMALL)))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    run = archive.run("latest")
    assert run.state().status is Status.SUCCEEDED
    manifest = run.manifest
    assert manifest is not None
    winners = load_result(run).winners()
    assert len(winners) >= 3
    shown = {manifest.best, *winners.values()}
    of_models = {f"{name}.png" for name in shown} | {f"RobynModel-{name}.json" for name in shown}
    assert set(manifest.artifacts) == of_models | {
        "job.yaml", "launch.json", "progress.json", "robyn_console.log",
        "changes.json",
        "checks.json", "dataset.parquet", "holidays.csv", "extract.ipynb", "train.ipynb",
        "training.json",
        "candidates.parquet", "coefficients.parquet", "decomposition.parquet",
        "decomposition_over_time.parquet", "response_curves.parquet", "channels.parquet",
        "clusters.parquet", "cluster_intervals.parquet", "convergence.parquet",
        "model_input.parquet", "best_model_id.txt", "posterior.parquet", "posterior_draws.parquet",
        "allocator_metrics.csv", "allocation_max_response.csv", "allocation_warnings.csv",
        f"{manifest.best}.pdf", "report.html",
    }  # fmt: skip
    for said in (
        "train · search",
        "facebook",
        "NRMSE train",
        "holidays moved",
        "One-pager",
        "ROAS",
    ):
        assert said in done.stdout
    assert any(cell.get("outputs") for cell in cells(run, "train"))
    assert str(run) in mmm("runs", "--root", str(archive.store.root)).stdout
    shown = mmm("show", "latest", "--root", str(archive.store.root)).stdout
    assert manifest.best in shown


def test_the_same_job_twice_gives_the_same_bytes(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    path = str(job_file(**SMALL))
    for _ in range(2):
        assert mmm("run", path).returncode == 0
    one, two = archive.runs()
    for name in ("candidates", "coefficients", "decomposition", "response_curves"):
        assert one.load(f"{name}.parquet") == two.load(f"{name}.parquet"), name


def test_papermill_as_typed(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            BIN / "papermill", "--engine", "mmm", "notebooks/train.ipynb",
            tmp_path / "out.ipynb", "-f", job_file(**SMALL),
        ],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = archive.run("latest")
    assert run.state().status is Status.SUCCEEDED
    assert run.has("train.ipynb")
    assert run.has("candidates.parquet")
    assert str(run) in (tmp_path / "out.ipynb").read_text()


def test_papermill_refuses_a_parameter_the_notebook_has_not(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            BIN / "papermill", "--engine", "mmm", "notebooks/train.ipynb",
            tmp_path / "out.ipynb", "-f", job_file(**SMALL), "-p", "colour", "red",
        ],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode != 0
    assert "colour: unknown key" in done.stderr
    assert archive.runs() == []


def test_a_notebook_alone_keeps_its_own_status(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path
) -> None:
    """As in JupyterLab: no engine of ours, the kernel itself is the writer."""
    done = subprocess.run(
        [
            BIN / "papermill", "notebooks/train.ipynb", tmp_path / "out.ipynb",
            "-f", job_file(**SMALL),
        ],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = archive.run("latest")
    assert run.state().status is Status.SUCCEEDED
    assert not run.has("train.ipynb")
    assert "this notebook is not" in (tmp_path / "out.ipynb").read_text()


@pytest.mark.parametrize("engine", [["--engine", "mmm"], []], ids=["mmm", "papermill alone"])
def test_a_failure_is_archived_with_its_message(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path, engine: list[str]
) -> None:
    job = job_file(**SMALL, sql="SELECT * EXCLUDE tv_S FROM data")
    done = subprocess.run(
        [BIN / "papermill", *engine, "notebooks/train.ipynb", tmp_path / "out.ipynb", "-f", job],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode != 0
    run = archive.run("latest")
    state = run.state()
    assert state.status is Status.FAILED
    assert state.error.startswith("the data cannot be used: channels[0].spend: the data have no")
    assert "Traceback" in run.load(CONSOLE).decode()
    assert run.has("train.ipynb") == bool(engine)


def test_mmm_run_says_failures_without_traceback(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    done = mmm("run", str(job_file(**SMALL, sql="SELECT * EXCLUDE tv_S FROM data")))
    assert done.returncode == 1
    assert "the data have no column 'tv_S'" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    run = archive.run("latest")
    assert run.has("extract.ipynb")
    assert not run.has("train.ipynb")


def test_a_job_that_is_not_valid_starts_nothing(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    done = mmm("run", str(job_file(iterations=0, optimizer="TwoPointDE", window=["x", "y"])))
    assert done.returncode == 2
    assert "iterations" in done.stderr
    assert "window" in done.stderr
    done = mmm("run", str(job_file(optimizer="TwoPointDE")))
    assert done.returncode == 2
    assert "TwoPointsDE" in done.stderr
    assert archive.runs() == []


def test_what_papermill_is_refused_is_said_in_words_and_ends_with_2(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path
) -> None:
    """Before a run is claimed: a file that is not there, a parameter that is misspelt."""
    train = str(REPOSITORY / "notebooks" / "train.ipynb")
    command = [sys.executable, "-m", "papermill", train, str(tmp_path / "out.ipynb")]
    missing = str(job_file(file="nowhere.csv"))
    for options, words in (
        (["-f", missing], f"file: nowhere.csv does not exist in {REPOSITORY}"),
        (["-p", "countri", "de"], "countri: unknown key; remove it or correct its spelling; did"),
    ):
        done = subprocess.run(
            [*command, "--engine", "mmm", *options], capture_output=True, text=True, cwd=REPOSITORY
        )
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert mmm("run", missing).returncode == 2
    assert archive.runs() == []

    plain = [*command, "-p", "countri", "de"]  # no engine: the notebook itself refuses
    done = subprocess.run(plain, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 1
    assert "did you mean country?" in done.stderr
    assert archive.runs() == []


@contextmanager
def long_run(job: Path, archive: Archive) -> Iterator[tuple[subprocess.Popen[str], Run]]:
    """``mmm run`` of a long job, handed over when its search goes on."""
    process = subprocess.Popen(
        [BIN / "mmm", "run", str(job)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "candidates" in line:
                break
        else:
            raise AssertionError(process.stderr and process.stderr.read())
        yield process, archive.run("latest")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ours(run: Run) -> list[int]:
    """Processes that belong to a run: its kernel and the kernel's workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environ = (entry / "environ").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if f"MMM_SUPERVISED={run}".encode() in environ and state != "Z":
                found.append(int(entry.name))
    return found


def gone(run: Run) -> bool:
    return wait_until(lambda: not ours(run))


# NSGA2 searches in its kernel, and no other kernel waits beside it; nevergrad in processes
@pytest.mark.parametrize(
    ("number", "end", "optimizer", "processes"),
    [
        (signal.SIGINT, Status.CANCELLED, "NSGA2", 1),  # a person; SIGTERM is the machine
        (
            signal.SIGTERM, Status.FAILED, "TwoPointsDE",
            1 + min(2, usable_cores()) if usable_cores() > 1 else 1,
        ),
    ],
)  # fmt: skip
def test_a_signal_ends_a_run_within_seconds(
    job_file: Callable[..., Path], archive: Archive, number: int, end: Status, optimizer: str,
    processes: int,
) -> None:  # fmt: skip
    with long_run(job_file(**LONG, optimizer=optimizer), archive) as (process, run):
        assert run.state().status is Status.RUNNING
        assert run.state().stage == "train"
        assert wait_until(lambda: len(ours(run)) == processes), ours(run)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)  # by itself it would search for hours
        assert process.returncode == 130
    assert run.state().status is end
    assert run.has("train.ipynb")
    assert not run.has("candidates.parquet")
    assert gone(run)


def test_anyone_may_cancel_a_run(job_file: Callable[..., Path], archive: Archive) -> None:
    with long_run(job_file(**LONG), archive) as (process, run):
        assert mmm("cancel", str(run), "--root", str(archive.store.root)).returncode == 0
        process.communicate(timeout=PATIENCE)
    assert run.has(CANCEL)
    assert run.state().error.startswith("cancelled by")
    assert mmm("cancel", str(run), "--root", str(archive.store.root)).returncode == 1


def test_a_killed_runner_leaves_a_lost_run_and_no_process(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    with long_run(job_file(**LONG), archive) as (process, run):
        process.kill()
        process.communicate()
        assert gone(run)
    assert run.manifest is None
    assert run.state(at=now() + LOST_AFTER * 2).status is Status.LOST
    assert not run.has("candidates.parquet")


def test_a_killed_kernel_is_a_failed_run_with_its_log(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    with long_run(job_file(**LONG), archive) as (process, run):
        children = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 1
        assert "its kernel died" in said
    assert run.state().status is Status.FAILED
    assert "train: search" in run.load(CONSOLE).decode()
    assert run.has("train.ipynb")
    assert gone(run)
