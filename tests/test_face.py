"""The face: what a person calls and holds in Python, beside what they type in a terminal."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import psutil
import pytest

import mmmlib
from mmmlib.cli import main
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import JobError
from mmmlib.job.model import JOB_KEYS
from mmmlib.run.work import open_run
from tests.conftest import REPOSITORY
from tests.reference import HELD, LEFT_OUT, PAGE, TERMINAL_ONLY, VERBS, found, page
from tests.waiting import wait_until

WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
    for path in (REPOSITORY / "mmmlib").rglob("*.py")
    if ">>> " in path.read_text()
)
TRAIN_AGAIN = ("refresh", "reproduce")  # a notebook's kernel and a search each


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of an archive with two small runs of the weekly data."""
    root = tmp_path_factory.mktemp("face")
    for iterations in (90, 100):
        job = mmmlib.Job.load(
            "demo", root=str(root), iterations=iterations, trials=1, pareto_fronts=1
        )
        work = open_run(job.to_values() | {"run": ""})
        work.one_pager(work.train(), work.allocate())
        work.finish()
    return root


@pytest.fixture
def archive(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[mmmlib.Archive]:
    """That archive, the test's own, where a person works who names none."""
    root = tmp_path / "archive"
    shutil.copytree(trained, root)
    monkeypatch.setenv("MMM_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield mmmlib.Archive()
    settings.cache_clear()


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that one can type, those of groups with both words."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        elif command:
            yield f"{before}{name}", command


def test_the_face_is_there_in_no_time() -> None:
    assert set(mmmlib.__all__) >= {
        *("Job", "Run", "Archive", "open", "runs", "train", "launch", "check", "show"),
    }
    code = (
        "import time; started = time.perf_counter(); import mmmlib;"
        "print(time.perf_counter() - started)"
    )
    taken = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(taken) < 0.3


def test_every_command_has_its_counterpart() -> None:
    assert {name for name, _ in commands(main)} == {*VERBS, *TERMINAL_ONLY}


@pytest.mark.parametrize(("name", "command"), [*commands(main)], ids=str)
def test_options_are_the_same_words(name: str, command: click.Command) -> None:
    if name in TERMINAL_ONLY:
        return
    path = VERBS[name]
    parameters = inspect.signature(found(path)).parameters.values()
    known = {each.name for each in parameters}
    options = {each.name for each in command.params if isinstance(each, click.Option)}
    options -= {"root"} if "." in path else set()  # of what one holds
    options -= {"as_json"}  # Python's answer is an object
    left_out = set(LEFT_OUT.get(name, ()))
    assert left_out <= options
    if "parameters" in options:
        assert any(each.kind is each.VAR_KEYWORD for each in parameters)
        options.remove("parameters")
    assert options - left_out <= known


def test_no_key_of_a_job_hides_an_option() -> None:
    for path in ("train", "launch", "check", "Run.refresh"):
        words = set(inspect.signature(found(path)).parameters) - {"keys"}
        assert words & set(JOB_KEYS) <= {"file"}, path  # a refresh's file is the job's


def test_another_adstock_leaves_out_only_ranges_that_it_cannot_have() -> None:
    job = mmmlib.Job.load("demo", adstock="weibull_cdf")
    assert set(job.channels[0].ranges) == {"alphas"}
    with pytest.raises(JobError, match="weibull_cdf adstock has no thetas"):
        mmmlib.Job.load("demo", adstock="weibull_cdf", **{"channels.tv.ranges.thetas": [0.1, 0.2]})


@pytest.mark.parametrize("held", HELD, ids=lambda held: held.__name__)
def test_what_one_holds_shows_itself_and_has_an_example(held: type) -> None:
    assert "Examples\n" in (inspect.getdoc(held) or "")
    assert held.__name__ == "Plots" or hasattr(held, "_repr_html_")


def test_two_lines_and_a_table(archive: mmmlib.Archive) -> None:
    run = mmmlib.open()
    held = (run, archive, run.result, run.plan(), run.job, run.response("tv"), run.dataset)
    for each in held:
        assert len(repr(each).splitlines()) == 2, each
        assert "<table" in each._repr_html_()
    assert "data:image/png;base64," in run._repr_html_()
    assert str(run) == str(run.id)


def test_a_run_that_found_nothing_shows_itself(tmp_path: Path) -> None:
    empty = mmmlib.Archive(str(tmp_path))
    assert repr(empty).endswith(": 0 runs\nstart one with mmmlib.train")
    run = mmmlib.Run.of(empty.claim(mmmlib.Job.load("demo")))
    assert repr(run) == f"Run {run}: queued\n{run.place}"
    assert "<table" not in run._repr_html_()


def _at_work(root: str) -> list[psutil.Process]:
    """Processes of ours that were given an archive."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ends at this very moment
            found += [child] if root in " ".join(child.cmdline()) else []
    return found


def _run_examples(name: str, archive: mmmlib.Archive, tmp_path: Path, again: bool) -> None:
    """Run a module's examples, or those that train a whole run once more."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    root, kept = Path(archive.store.root), tmp_path / "kept"
    shutil.copytree(root, kept)
    for each in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        if each.examples and (each.name.rpartition(".")[2] in TRAIN_AGAIN) == again:
            runner.run(each)
            # what was launched and cancelled has ended, and so has what executed it: it looks for
            # the next run of the queue when its own is over
            assert wait_until(lambda: all(run.manifest for run in archive.runs()))
            assert wait_until(lambda: not _at_work(str(root)))
            shutil.rmtree(root)
            shutil.copytree(kept, root)  # the next one finds what a reader has
    found = runner.summarize(verbose=False)
    assert found.failed == 0
    assert found.attempted or not again


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str, archive: mmmlib.Archive, tmp_path: Path) -> None:
    _run_examples(name, archive, tmp_path, again=False)


@pytest.mark.slow
def test_examples_run_that_train_again(archive: mmmlib.Archive, tmp_path: Path) -> None:
    _run_examples(mmmlib.Run.__module__, archive, tmp_path, again=True)


def test_the_reference_is_in_step() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.reference"
