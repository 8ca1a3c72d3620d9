"""The calls of the notebooks, made as a notebook of its own makes them."""

from __future__ import annotations

import atexit
import io
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.ground.errors import DataError, JobError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import ROBYNS_ALLOCATION
from mmmlib.run import work as stages
from mmmlib.run.work import SUPERVISED, NotebookRun, open_run

MakeJob = Callable[..., TrainingJob]


@pytest.fixture
def opened() -> Iterator[Callable[..., NotebookRun]]:
    """Open runs as a notebook does, and end what a test leaves open."""
    works: list[NotebookRun] = []

    def open_(job: TrainingJob, run: str = "", **parameters: Any) -> NotebookRun:
        works.append(open_run(job.to_values() | {"run": run} | parameters))
        return works[-1]

    yield open_
    for work in works:
        if work._supervisor:
            work._supervisor.end(Status.CANCELLED, "the test is over")
            atexit.unregister(work._supervisor.end)


def test_an_empty_run_claims_a_new_one(
    make_job: MakeJob, archive: Archive, opened: Callable[..., NotebookRun]
) -> None:
    work = opened(make_job())
    assert archive.run("latest").state().status is Status.RUNNING
    assert work.extract().shape == (5, 12)
    assert work.changes()["what"].tolist() == ["holidays moved"]
    assert work.run.has("dataset.parquet")
    assert work.finish()["artifact"].tolist()[0] == "changes.json"
    assert archive.run("latest").state().status is Status.SUCCEEDED


def test_a_run_that_is_there_has_a_job_of_its_own(
    make_job: MakeJob, archive: Archive, opened: Callable[..., NotebookRun]
) -> None:
    run = archive.claim(make_job(iterations=77))
    work = opened(make_job(iterations=99), run=str(run.id))
    assert work.job.iterations == 77
    assert "the parameters above differ in iterations" in work._repr_html_()


def test_a_run_is_opened_once(
    make_job: MakeJob, archive: Archive, opened: Callable[..., NotebookRun]
) -> None:
    work = opened(make_job())
    with pytest.raises(RunError, match="was already started"):
        opened(make_job(), run=str(work.run.id))
    with pytest.raises(RunError, match="there is no run"):
        opened(make_job(), run="r/de/20200101_000000")


def test_under_a_runner_the_status_is_the_runners(
    make_job: MakeJob, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = archive.claim(make_job())
    monkeypatch.setenv(SUPERVISED, str(run.id))
    work = open_run(make_job().to_values() | {"run": str(run.id)})
    work.extract()
    assert not run.has("status.json")
    work.finish()
    assert run.manifest is None


def test_a_stage_that_fails_ends_the_run(
    make_job: MakeJob, archive: Archive, opened: Callable[..., NotebookRun]
) -> None:
    work = opened(make_job(sql="SELECT * EXCLUDE tv_S FROM data"))
    with pytest.raises(DataError, match="no column 'tv_S'"):
        work.extract()
    assert archive.run("latest").state().status is Status.FAILED
    with pytest.raises(RunError, match="start the notebook from its top"):
        work.train()


def test_bad_parameters_claim_nothing(
    make_job: MakeJob, archive: Archive, opened: Callable[..., NotebookRun]
) -> None:
    with pytest.raises(JobError, match="iterations"):
        opened(make_job(), iterations=-1)
    with pytest.raises(JobError, match="nevergrad knows no 'TwoPointDE'"):
        opened(make_job(), optimizer="TwoPointDE")
    with pytest.raises(JobError, match="country: the notebook does not declare it"):
        stages.open_run({})
    assert archive.runs() == []


def test_the_engines_own_plan_is_compared_with_ours(
    make_job: MakeJob, opened: Callable[..., NotebookRun], capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a run of Robyn, whose allocator failed and left the money where it is."""
    work = opened(make_job(iterations=60, trials=1, min_candidates=1))
    result = work.train()
    ours = work.allocate()
    assert "robyn" not in work.run.load("allocator_metrics.csv").decode()
    left = ours.table[["channel", "current_spend", "current_response"]].assign(
        planned_spend=ours.table["current_spend"],
        planned_response=ours.table["current_response"],
        status=-1,
        message="NLOPT_FAILURE",
    )
    work.run.save(ROBYNS_ALLOCATION.format("max_response"), left.to_csv(index=False).encode())
    again = work.allocate()
    assert again.table["planned_spend"].tolist() == ours.table["planned_spend"].tolist()
    said = "Robyn's allocator failed (nlopt status -1)"
    assert said in capsys.readouterr().out
    assert said in work.run.load("robyn_console.log").decode()
    metrics = pd.read_csv(io.BytesIO(work.run.load("allocator_metrics.csv"))).set_index("metric")
    assert metrics.loc["robyn_nlopt_status", "planned"] == -1
    assert metrics.loc["robyn_largest_difference", "planned"] > 1e-3
    assert result.best == work.run.load("best_model_id.txt").decode().strip()


def test_a_card_shows_names_as_they_are_typed(
    make_job: MakeJob, opened: Callable[..., NotebookRun]
) -> None:
    job = make_job(target="<b>revenue</b>")
    assert "&lt;b&gt;revenue&lt;/b&gt;" in opened(job)._repr_html_()
