"""What people see of a run while it goes on."""

from __future__ import annotations

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.run import CONSOLE, PROGRESS, Run
from mmmlib.engines.engine import CandidatesDone, LogLine, PartDone, StepStarted
from mmmlib.job.parse import TrainingJob
from mmmlib.run.progress import (
    CONSOLE_LINES,
    HISTORY_POINTS,
    Progress,
    _bar_html,
    duration,
    progress_line,
)


@pytest.fixture
def run(archive: Archive, job: TrainingJob) -> Run:
    return archive.claim(job)


DONE = CandidatesDone(
    trials=(2000, 2000, 210, 0, 0), total=10_000, rate=811.6, best_nrmse=0.05, best_rssd=0.2
)


def test_events_become_file_and_log(run: Run) -> None:
    stages: list[str] = []
    progress = Progress(run, stages.append)
    with progress.stage("train"):
        progress(StepStarted("search"))
        progress(LogLine("hello"))
        progress(DONE)
    facts = run.load_json(PROGRESS)
    assert stages == ["train"]
    assert (facts["stage"], facts["step"], facts["done"], facts["total"]) == (
        "train", "search", 4210, 10_000,
    )  # fmt: skip
    log = run.load(CONSOLE).decode()
    assert "hello" in log
    assert "stage train done in" in log


def test_a_line_for_a_person() -> None:
    facts = {
        "stage": "train", "step": "search", "trials": list(DONE.trials), "done": DONE.done,
        "total": DONE.total, "rate": DONE.rate, "seconds_left": DONE.seconds_left,
    }  # fmt: skip
    assert progress_line(facts) == (
        "train · search · trial 3/5 · 4,210 / 10,000 candidates · 812/s · 7.1 s left"
    )
    assert progress_line({"stage": "extract"}) == "extract"
    assert progress_line(facts | {"seconds": 6.2}) == "train · 4,210 candidates · done in 6.2 s"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (75, "75 s"), (90, "1 min 30 s"), (7260, "2 h 01 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_failure_is_in_the_log_whole(run: Run) -> None:
    progress = Progress(run)
    with pytest.raises(ZeroDivisionError), progress.stage("train"):
        _fail()
    log = run.load(CONSOLE).decode()
    assert "Traceback (most recent call last)" in log
    assert "_fail" in log
    assert "stage train stopped after" in log


def test_a_second_notebook_goes_on_with_the_log(run: Run) -> None:
    for stage in ("extract", "train"):
        with Progress(run).stage(stage):
            pass
    lines = run.load(CONSOLE).decode().splitlines()
    assert [line.split(" ", 2)[2] for line in lines if "done" not in line] == [
        "stage extract", "stage train",
    ]  # fmt: skip


def test_the_notebook_shows_the_last_lines_of_the_engine(run: Run) -> None:
    progress = Progress(run)
    with progress.stage("train"):
        for i in range(CONSOLE_LINES + 1):
            progress(LogLine(f"line <{i}>"))
        shown = _bar_html(progress.facts, progress._said)
        assert "<pre>line &lt;1&gt;\n" in shown
        assert shown.endswith(f"line &lt;{CONSOLE_LINES}&gt;</pre>")
    with progress.stage("allocate"):
        assert "<pre>" not in _bar_html(progress.facts, progress._said)


def _fail() -> None:
    raise ZeroDivisionError("odd")


def test_the_history_of_the_errors_stays_short_and_ends_now(run: Run) -> None:
    progress = Progress(run)
    for done in range(1, 2000):
        progress(CandidatesDone((done,), 2000, 50.0, 1.0 / done, 0.5))
    history = progress.facts["history"]
    assert len(history) <= HISTORY_POINTS + 1
    assert history[0] == [1, 1.0, 0.5]
    assert history[-1] == [1999, 1 / 1999, 0.5]
    progress(CandidatesDone((2000,), 2000, 50.0, float("inf"), 0.5))
    assert progress.facts["history"] == history


def test_a_part_after_the_search_says_its_name_share_and_time(run: Run) -> None:
    progress = Progress(run)
    with progress.stage("train"):
        progress(StepStarted("search"))
        progress(CandidatesDone((200,), 200, 5.0, 0.1, 0.2))
        progress(StepStarted("outputs"))
        progress(PartDone("Calculating response curves", 0.25, 90.0))
        progress(CandidatesDone((200,), 200, 5.0, 0.1, 0.2))  # told again: the search is over
        line = progress_line(progress.facts)
        assert line == "train · outputs · Calculating response curves · 25% · 1 min 30 s left"
        progress(StepStarted("artifacts"))
        assert "response curves" not in progress_line(progress.facts)
