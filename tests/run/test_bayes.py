"""Runs with a posterior: archived, shown, planned with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import load_result, response_of
from mmmlib.cli import main
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.report import one_pager
from mmmlib.run import open_run

FAST = {"sweeps": 1600}


def test_a_run_of_the_engine_is_archived_shown_and_planned_with(
    make_job: Callable[..., TrainingJob], capsys: pytest.CaptureFixture[str]
) -> None:
    job = make_job(engine="bayes", posterior=FAST)
    work = open_run(job.to_values() | {"run": ""})
    result = work.train()
    work.allocate()
    work.finish()
    assert "more than today's spend with a chance of" in capsys.readouterr().out
    run = Archive(job.root).run("latest")
    again = load_result(run)
    assert again.posterior.equals(result.posterior)
    assert one_pager(again, job).startswith(b"\x89PNG")
    tv = response_of(run, "tv")
    today = again.decomposition.set_index(c.VARIABLE)[c.CONTRIBUTION]
    fitted = tv.over_time()[c.RESPONSE].to_numpy()[tv.window].sum()
    assert fitted == pytest.approx(today["tv"], rel=0.01)
    shown = CliRunner().invoke(main, ["show", "latest", "--root", job.root]).output
    assert "The posterior: the chains agree" in shown
    assert "90% interval" in shown


def test_a_native_run_has_a_second_opinion_unless_it_wants_none(
    make_job: Callable[..., TrainingJob],
) -> None:
    small = {"iterations": 40, "trials": 1}
    job = make_job(**small, posterior=FAST)
    result = open_run(job.to_values() | {"run": ""}).train()
    assert len(result.posterior) == len(job.media)
    shown = CliRunner().invoke(main, ["show", "latest", "--root", job.root]).output
    assert "Second opinion, a posterior" in shown
    job = make_job(**small, posterior={"second_opinion": False})
    result = open_run(job.to_values() | {"run": ""}).train()
    assert result.posterior.empty
    assert load_result(Archive(job.root).run("latest")).posterior.empty
