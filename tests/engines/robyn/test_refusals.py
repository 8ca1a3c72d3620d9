"""What is refused before anything starts: jobs Robyn cannot do, machines without Robyn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.cli.first_job import init_job
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import Engine, ignore, proposed_engine
from mmmlib.engines.robyn import found
from mmmlib.engines.robyn.engine import RobynEngine
from mmmlib.engines.robyn.refusals import not_done_by_robyn
from mmmlib.ground import names
from mmmlib.ground.errors import JobError
from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY

MakeJob = Callable[..., TrainingJob]
MMM = Path(sys.executable).parent / "mmm"
NOWHERE = str(Path(sys.executable).parent)  # a PATH with Python and without R


@pytest.fixture
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "_answer", None)


def test_it_is_registered() -> None:
    engine: Engine = names.load(names.ENGINES["robyn"])()
    assert engine.name == "robyn"


@pytest.mark.parametrize(
    ("values", "where", "said"),
    [
        ({"refresh_of": "r100/de/20261123_053424"}, "refresh_of", "engine to native"),
        ({"workers": 2}, "workers", "set workers to 1"),
        ({"optimizer": "NSGA2"}, "optimizer", "engine to native"),
        ({"optimizer": "OnePlusOne"}, "optimizer", "one of the DE family"),
        ({"iterations": 1}, "iterations", "at least 2"),
        ({"seed": 2**31 - 1}, "seed", "too large"),
        ({"objective_weights": [1, 11]}, "objective_weights", "up to 10"),
        ({"context": [{"name": "sea temperature"}]}, "context[0].name", "letters, digits"),
        ({"context": [{"name": "my_alphas"}]}, "context[0].name", "holds 'alphas'"),
        ({"context": [{"name": "x_MDI"}]}, "context[0].name", "holds '_MDI'"),
        (
            {"context": [{"name": "week", "factor": True}]}, "context[0].name", "begins 'weekly'",
        ),
        (
            {"context": [{"name": "sale", "factor": True}, {"name": "sales", "factor": True}]},
            "context[0].name", "begins 'sales'",
        ),
    ],
)  # fmt: skip
def test_what_robyn_cannot_do(
    make_job: MakeJob, values: dict[str, Any], where: str, said: str
) -> None:
    problems = list(not_done_by_robyn(make_job(engine="robyn", **values)))
    assert [problem.where for problem in problems] == [where]
    assert said in problems[0].message


def test_everything_fixed_is_refused(make_job: MakeJob, demo_values: dict[str, Any]) -> None:
    fixed = {"alphas": 1, "gammas": 0.5, "thetas": 0.2}
    media = {
        group: [{**item, "ranges": fixed} for item in demo_values[group]]
        for group in ("channels", "organic")
    }
    job = make_job(engine="robyn", lambda_range=[0.1, 0.1], **media)
    assert [p.where for p in not_done_by_robyn(job)] == ["channels"]


def test_the_demo_job_is_not_refused(make_job: MakeJob) -> None:
    assert list(not_done_by_robyn(make_job(engine="robyn"))) == []


@pytest.mark.usefixtures("asked_anew")
def test_without_r_the_remedy_is_said_and_nothing_starts(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", NOWHERE)
    job = make_job(engine="robyn")
    (problem,) = RobynEngine().refusals(job)
    assert problem.where == "engine"
    assert problem.message.startswith("robyn lacks here R >= 4.2")
    assert "`make setup-r`" in problem.message
    assert "engine to native" in problem.message
    assert proposed_engine(job)[0] == "native"
    assert RobynEngine().version() == "robyn (not installed)"
    with pytest.raises(JobError, match="make setup-r"):
        RobynEngine().train(dataset_of(job), job, ignore)


@pytest.mark.usefixtures("asked_anew")
def test_job_init_says_why_it_proposes_the_native_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", NOWHERE)
    written = tmp_path / "job.yaml"
    init_job("example:weekly", str(written), {"country": "de"})
    assert TrainingJob.load(written).engine == "native"
    assert "# robyn lacks here R" in written.read_text()


@pytest.mark.usefixtures("asked_anew")
def test_an_installation_without_its_r_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(found, "sources", list)
    assert "APP_ROOT" in next(r.remedy for r in found.requirements() if r.package == "mmmr")


@pytest.mark.r
@pytest.mark.usefixtures("asked_anew", "r_there")
def test_r_without_robyn_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"):
        monkeypatch.setenv(name, "/nonexistent")
    status = {item.package: item for item in found.requirements()}
    if status["Robyn"].ok:
        pytest.skip("Robyn is in R's own library")
    assert status["R"].ok
    assert status["rpy2"].ok
    (problem,) = found.missing()
    assert "Robyn == 3.12.1" in problem.message
    assert "`make setup-r`" in problem.message
    again = found.requirements()
    assert again is found.requirements(), "not asked again at once"


@pytest.mark.r
@pytest.mark.usefixtures("asked_anew", "r_there")
def test_an_r_that_does_not_start_in_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.R"
    broken.write_text("stop('nothing works')\n")
    monkeypatch.setattr(found, "sources", lambda: [broken])
    (problem,) = found.missing()
    assert "R does not start inside Python" in problem.message
    assert "nothing works" in problem.message


def test_mmm_run_without_robyn_claims_nothing(demo_values: dict[str, Any], tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    root = str(tmp_path / "archive")
    job.write_text(yaml.safe_dump(demo_values | {"engine": "robyn", "root": root}))
    done = subprocess.run(
        [MMM, "run", str(job)],
        env={**os.environ, "PATH": NOWHERE},
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
    )  # fmt: skip
    assert done.returncode == 2
    assert "engine: robyn lacks here R" in done.stderr
    assert "make setup-r" in done.stderr
    assert "Traceback" not in done.stderr
    assert Archive(root).runs() == []
