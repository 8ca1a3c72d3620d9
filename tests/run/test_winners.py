"""The winners' pages, drawn beside the notebook's work: all of them, and nothing left behind."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import Run
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import ignore, open_engine
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import TrainingResult
from mmmlib.run import winners as pages
from mmmlib.run.winners import WinnersPages
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, TrainingResult]:
    from mmmlib.data.examples import demo_job_path

    job = TrainingJob.load(demo_job_path()).model_copy(
        update={"iterations": 80, "trials": 2, "root": str(tmp_path_factory.mktemp("archive"))}
    )
    run = Archive(job.root).claim(job)
    result = open_engine(job).train(dataset_of(job), job, ignore)
    save_result(run, result)
    return run, result


def _drawers() -> list[int]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "mmmlib.run.winners" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found


def _names(run: Run) -> set[str]:
    return {name for name in run.artifacts() if name.endswith(".png")}


@pytest.fixture
def small_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmlib.report.one_pager", lambda *arguments: b"a page")


def test_all_are_drawn_by_whoever_comes_first(trained: tuple[Run, TrainingResult]) -> None:
    run, result = trained
    winners = {f"{page.best}.png" for page in result.of_winners_apart()}
    assert len(winners) >= 2
    drawn = WinnersPages(run, result)
    assert wait_until(lambda: len(_drawers()) == 1)  # a child has our name until it runs its own
    drawn.finish()
    assert wait_until(lambda: not _drawers())
    assert _names(run) == winners
    here = {name: run.load(name) for name in winners}
    assert all(page.startswith(b"\x89PNG") for page in here.values())
    for name in winners:
        Path(run.place, name).unlink()
    pages.main(run.store.root, str(run.id))
    assert {name: run.load(name) for name in winners} == here  # both draw the same bytes
    for name in winners:
        Path(run.place, name).unlink()


def test_one_core_draws_here(
    trained: tuple[Run, TrainingResult], monkeypatch: pytest.MonkeyPatch, small_page: None
) -> None:
    run, result = trained
    monkeypatch.setattr(pages, "usable_cores", lambda: 1)
    drawn = WinnersPages(run, result)
    assert _drawers() == []
    drawn.finish()
    assert {run.load(name) for name in _names(run)} == {b"a page"}


def test_pages_nobody_wants_leave_no_process(trained: tuple[Run, TrainingResult]) -> None:
    drawn = WinnersPages(*trained)
    assert wait_until(lambda: len(_drawers()) == 1)
    del drawn
    gc.collect()
    assert wait_until(lambda: not _drawers())


def test_a_drawer_that_fails_is_an_error_with_its_words(
    trained: tuple[Run, TrainingResult], monkeypatch: pytest.MonkeyPatch, small_page: None
) -> None:
    run, result = trained
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def broken(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return start([*command[:-1], "raise OSError('no space left')"], **options)

    monkeypatch.setattr(subprocess, "Popen", broken)
    with pytest.raises(RunError, match=r"(?s)ended with code 1.*no space left"):
        WinnersPages(run, result).finish()
