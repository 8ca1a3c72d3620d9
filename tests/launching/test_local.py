"""Detached runs for real: launched, executed, handed over, by processes nobody waits for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import CONSOLE, LAUNCH, Run
from mmmlib.cli import main
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.execute import FAILED, execute_launched
from mmmlib.launching.local import LocalExecutor
from mmmlib.launching.queue import Queue, new_launch, waiting
from tests.conftest import REPOSITORY
from tests.waiting import wait_until

BIN = Path(sys.executable).parent
SMALL = {"iterations": 4, "trials": 1}  # so few that there are no clusters to draw


@pytest.fixture
def job_file(demo_values: dict[str, Any], archive: Archive, tmp_path: Path) -> Callable[..., str]:
    def write(**values: Any) -> str:
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump(demo_values | {"root": archive.store.root} | SMALL | values))
        return str(path)

    return write


def mmm(*arguments: str, cwd: Path = REPOSITORY) -> str:
    done = subprocess.run(
        [BIN / "mmm", *arguments], capture_output=True, text=True, cwd=cwd, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def until_ended(*runs: Run) -> None:
    ended = wait_until(lambda: all(run.manifest for run in runs), 900)
    assert ended, [run.state() for run in runs]


def test_launched_runs_need_nobody(
    job_file: Callable[..., str], archive: Archive, weekly: Any, tmp_path: Path
) -> None:
    """The first one fails, the second waits for it and succeeds; nobody watches.

    Paths of the second one's job are relative to where it was launched.
    """
    weekly.to_csv(tmp_path / "sales.csv", index=False)
    assert "mmm queue" in mmm("launch", job_file(sql="SELECT * EXCLUDE tv_S FROM data"))
    mmm("launch", job_file(file="sales.csv"), cwd=tmp_path)
    second, first = archive.runs()
    shown = mmm("queue", "--root", archive.store.root)
    assert str(second) in shown
    if not first.manifest:  # a fast machine has ended it by now
        assert shown.index(str(first)) < shown.index(str(second))
    until_ended(first, second)
    assert first.state().status is Status.FAILED
    assert "no column 'tv_S'" in first.state().error
    assert "Traceback" in first.load(CONSOLE).decode()
    ends = first.manifest, second.manifest
    assert second.state().status is Status.SUCCEEDED, second.state()
    assert None not in ends
    assert ends[1].started >= ends[0].ended
    assert json.loads(second.load(LAUNCH))["handle"]
    assert second.has("train.ipynb")
    assert "nothing goes on" in mmm("queue", "--root", archive.store.root)


def test_a_terminal_waits_and_can_give_up(
    job_file: Callable[..., str], archive: Archive, make_job: Callable[..., TrainingJob]
) -> None:
    blocking = archive.claim(make_job())
    queue = Queue(archive, LocalExecutor())
    launch = new_launch("local", queue.executor, "ann", "")
    queue.add(blocking, launch.model_copy(update={"attended": launch.submitted}))
    assert queue.take(attended=str(blocking.id))  # it holds the slot, and says nothing more
    process = subprocess.Popen(
        [BIN / "mmm", "run", job_file()],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "waits for" in line:
            assert str(blocking) in line
            break
    else:
        raise AssertionError(process.stderr and process.stderr.read())
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode == 130
    run = archive.run("latest")
    assert run.state().status is Status.CANCELLED
    assert "before it began" in run.state().error
    assert str(run) not in [ticket.run for ticket in waiting(archive.store, queue.executor.queue)]


def test_an_execution_that_breaks_before_it_begins(
    make_job: Callable[..., TrainingJob], archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMM_ROOT", "")
    run = archive.claim(make_job())
    run.save("inputs/a/b", b"")  # no folder for it: an error of the system
    assert execute_launched(archive.store.root, str(run.id)) == FAILED
    assert run.state().status is Status.FAILED
    assert "FileNotFoundError" in run.state().error
    assert "Traceback" in run.load(CONSOLE).decode()
    with pytest.raises(RunError, match="was already started"):
        execute_launched(archive.store.root, str(run.id))
    done = CliRunner().invoke(main, ["execute", str(run.id), "--root", archive.store.root])
    assert done.exit_code == 1
