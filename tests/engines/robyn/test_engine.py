"""Robyn itself, end to end. These run wherever the R package is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import load_result
from mmmlib.archive.run import CONSOLE, PROGRESS, Run
from mmmlib.cli.first_job import init_job
from mmmlib.data.dataset import Dataset
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import (
    CandidatesDone,
    Event,
    LogLine,
    StepStarted,
    ignore,
    proposed_engine,
)
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.robyn import training
from mmmlib.engines.robyn.engine import RobynEngine
from mmmlib.ground import columns as c
from mmmlib.ground.errors import EngineError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import TrainingResult
from tests.conftest import REPOSITORY
from tests.engines.native.golden import modelling_table
from tests.run.test_runner import BIN, gone, long_run
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.robyn, pytest.mark.usefixtures("robyn")]

MakeJob = Callable[..., TrainingJob]
SMALL: dict[str, Any] = {"engine": "robyn", "iterations": 12, "trials": 2}
BAR: dict[str, Any] = {"engine": "robyn", "iterations": 200, "trials": 1}


def _job(values: dict[str, Any]) -> TrainingJob:
    demo = yaml.safe_load((REPOSITORY / "mmmlib/data/examples/demo.yaml").read_text())
    return TrainingJob.parse(demo | values)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return dataset_of(_job(SMALL))


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> tuple[TrainingResult, list[Event]]:
    events: list[Event] = []
    return RobynEngine().train(dataset, _job(SMALL), events.append), events


def test_events(trained: tuple[TrainingResult, list[Event]]) -> None:
    result, events = trained
    steps = [event.step for event in events if isinstance(event, StepStarted)]
    assert steps == ["inputs", "search", "outputs", "artifacts"]
    assert list(result.seconds) == steps
    reports = [event for event in events if isinstance(event, CandidatesDone)]
    assert (reports[0].done, reports[0].total) == (0, 24)
    assert reports[-1].trials == (12, 12)
    assert reports[-1].best_nrmse == result.candidates[c.NRMSE].min()
    assert reports[-1].best_rssd == pytest.approx(result.candidates[c.DECOMP_RSSD].min())
    lines = [event.text for event in events if isinstance(event, LogLine)]
    assert any("feature engineering" in line for line in lines)
    assert any(line.startswith("trial 2: ") for line in lines)


def test_the_result_is_whole(trained: tuple[TrainingResult, list[Event]]) -> None:
    result, _ = trained
    assert result.candidates[c.CANDIDATE].iloc[[0, -1]].tolist() == ["1_1_1", "2_12_1"]
    scores = result.candidates.set_index(c.CANDIDATE)[c.ERROR_SCORE]
    assert result.best == scores.idxmin()
    assert "Robyn 3.12.1" in result.engine
    names = set(result.files)
    assert {"InputCollect.RDS", "OutputModels.RDS", "robyn_allocation_max_response.csv"} <= names
    assert {f"robyn_{result.best}.png", f"RobynModel-{result.best}.json"} <= names
    assert result.files[f"robyn_{result.best}.png"].startswith(b"\x89PNG")
    assert b"raw_data" not in result.files[f"RobynModel-{result.best}.json"]
    for table in result.tables().values():
        assert isinstance(table.index, pd.RangeIndex)
    fitted = result.decomposition_over_time.query("variable == 'fitted' and candidate == @best",
        local_dict={"best": result.best})  # fmt: skip
    assert np.isfinite(fitted[c.CONTRIBUTION]).all()


def test_the_tables_have_the_native_engines_columns_and_search(
    trained: tuple[TrainingResult, list[Event]], dataset: Dataset
) -> None:
    result, _ = trained
    same_search = SMALL | {"engine": "native", "optimizer": result.optimizer}
    native = NativeEngine().train(dataset, _job(same_search), ignore)
    for name, table in native.tables().items():
        assert list(result.tables()[name]) == list(table), name
    searched = [name for name in native.candidates if name.endswith(("_alphas", "_thetas"))]
    first = result.candidates.loc[result.candidates[c.ITERATION] == 1, searched]
    same = native.candidates.loc[native.candidates[c.ITERATION] == 1, searched]
    np.testing.assert_allclose(first, same, rtol=1e-9)


def test_the_modelling_table_is_plain_robyns_to_the_last_bit(
    trained: tuple[TrainingResult, list[Event]],
) -> None:
    """The golden table is Robyn's in the locale C.UTF-8, with its own holidays of all years."""
    ours = trained[0].model_input
    golden = modelling_table()
    assert ours[c.DATE].tolist() == golden[c.DATE].tolist()
    np.testing.assert_array_equal(ours.iloc[:, 1:].to_numpy(), golden.iloc[:, 1:].to_numpy())


def test_trials_beside_each_other_are_those_after_each_other(
    trained: tuple[TrainingResult, list[Event]],
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "usable_cores", lambda: 1)
    serial = RobynEngine().train(dataset, _job(SMALL), ignore)
    beside, _ = trained
    assert serial.best == beside.best
    for name, table in serial.tables().items():
        pd.testing.assert_frame_equal(table, beside.tables()[name], check_exact=True)


def test_an_error_of_robyn_is_ours_with_its_traceback(dataset: Dataset) -> None:
    """A spend below zero: Robyn would take its absolute value without a word."""
    frame = dataset.frame.assign(tv_S=-dataset.frame["tv_S"])
    broken = Dataset(frame, dataset.holidays, dataset.interval, dataset.changes)
    with pytest.raises(EngineError, match="R stopped") as caught:
        RobynEngine().train(broken, _job(SMALL), ignore)
    assert "mmmr_input" in str(caught.value.__cause__)


def test_it_is_proposed_where_it_is_found(tmp_path: Path) -> None:
    engine, why = proposed_engine(_job({}))
    assert engine == "robyn"
    assert "Robyn 3.12.1" in why
    written = tmp_path / "job.yaml"
    init_job("example:weekly", str(written), {"country": "de"})
    assert TrainingJob.load(written).engine == "robyn"


def test_robyns_plan_is_archived_and_compared(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    done = subprocess.run(
        [BIN / "mmm", "run", str(job_file(**SMALL))],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = archive.run("latest")
    _is_whole(run)
    metrics = run.load("allocator_metrics.csv").decode()
    assert "robyn_nlopt_status" in metrics
    assert "robyn_largest_difference" in metrics
    assert "Robyn's allocator" in run.load(CONSOLE).decode()
    assert "Robyn's allocator" in run.load("train.ipynb").decode()


def _is_whole(run: Run) -> None:
    assert run.state().status is Status.SUCCEEDED, run.state().error
    result = load_result(run)
    artifacts = run.artifacts()
    for name in ("InputCollect.RDS", "OutputModels.RDS", f"RobynModel-{result.best}.json",
                 f"{result.best}.png", f"robyn_{result.best}.png",
                 "robyn_allocation_max_response.csv", "best_model_id.txt"):  # fmt: skip
        assert artifacts[name] > 0
    assert "Robyn 3.12.1" in result.engine
    assert run.manifest is not None
    assert run.manifest.receipt.engine_version == result.engine
    assert "feature engineering" in run.load(CONSOLE).decode()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["mmm", "papermill", "papermill --engine mmm"])
def test_the_demo_job(
    job_file: Callable[..., Path], archive: Archive, tmp_path: Path, way: str
) -> None:
    job = str(job_file(**BAR))
    tool, *options = way.split()
    if tool == "mmm":
        arguments = ["run", job]
    else:
        arguments = [*options, "notebooks/train.ipynb", f"{tmp_path}/out.ipynb", "-f", job]
    done = subprocess.run(
        [BIN / tool, *arguments], capture_output=True, text=True, cwd=REPOSITORY, timeout=1800
    )
    assert done.returncode == 0, done.stderr
    _is_whole(archive.run("latest"))


@pytest.mark.slow
def test_the_demo_job_in_a_jupyter_kernel(tmp_path: Path, archive: Archive) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(REPOSITORY / "notebooks" / "train.ipynb", 4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    values = BAR | {"root": str(archive.store.root)}
    cell.source += "\n" + "\n".join(f"{name} = {value!r}" for name, value in values.items())
    NotebookClient(notebook, timeout=1800, kernel_name="python3").execute(cwd=str(REPOSITORY))
    _is_whole(archive.run("latest"))


def _candidates_come(run: Run) -> None:
    """Wait until Robyn searches in every process: R and Python call each other then."""
    end = time.monotonic() + 600
    while min(run.load_json(PROGRESS).get("trials", [0])) == 0:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_cancelling_ends_r_at_once(job_file: Callable[..., Path], archive: Archive) -> None:
    with long_run(job_file(**BAR | {"iterations": 20_000, "trials": 2}), archive) as (process, run):
        _candidates_come(run)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)  # by itself R would search for hours
        assert process.returncode == 130
    assert gone(run), "no R process is left"
    assert run.state().status is Status.CANCELLED
    assert not run.has("candidates.parquet")


def test_a_killed_kernel_is_a_failed_run_with_its_log(
    job_file: Callable[..., Path], archive: Archive
) -> None:
    with long_run(job_file(**BAR | {"iterations": 20_000, "trials": 2}), archive) as (process, run):
        _candidates_come(run)
        kernels = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        for kernel in kernels:
            os.kill(int(kernel), signal.SIGKILL)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 1
        assert "its kernel died" in said
    assert run.state().status is Status.FAILED
    assert "train: search" in run.load(CONSOLE).decode()
    assert gone(run), "no R process is left"


@pytest.mark.slow
def test_twenty_runs_in_a_row_do_not_hang(dataset: Dataset) -> None:
    job = _job(SMALL | {"iterations": 4})
    first: TrainingResult | None = None
    for _ in range(20):
        result = RobynEngine().train(dataset, job, ignore)
        first = first or result
        pd.testing.assert_frame_equal(result.candidates, first.candidates, check_exact=True)
