"""What ``--json`` prints is what its schema says, of every command that has it."""

from __future__ import annotations

import json
import tarfile

import jsonschema
import pytest
from click.testing import CliRunner

from mmmlib.cli import COMMANDS, main
from mmmlib.cli.answers import ANSWERS
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """An archive with a trained run, a refresh of it and, newest, one that failed."""
    folder = tmp_path_factory.mktemp("archive")
    with tarfile.open(REPOSITORY / "tests" / "archives" / "0.1.0.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return str(folder)


def said(*arguments: str, code: int = 0):
    done = CliRunner().invoke(main, [*arguments, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def fits(answer, name: str):
    jsonschema.validate(answer, ANSWERS[name].model_json_schema())
    return answer


def test_runs(root):
    runs = fits(said("runs", "--root", root), "runs")["runs"]
    assert {run["status"] for run in runs} == {"succeeded", "failed"}
    assert all(run["nrmse_train"] is None for run in runs if run["status"] == "failed")


def test_show_of_a_run_with_a_model_and_of_one_without(root):
    runs = said("runs", "--root", root)["runs"]
    trained = next(run["run"] for run in runs if run["best"])
    failed = next(run["run"] for run in runs if run["status"] == "failed")
    shown = fits(said("show", trained, "--root", root), "show")
    assert shown["best"]
    assert shown["errors"]["nrmse_train"] > 0
    assert sum(channel["spend_share"] for channel in shown["channels"]) == pytest.approx(1)
    assert (
        "one_pager" in " ".join(shown["artifacts"]) or f"{shown['best']}.png" in shown["artifacts"]
    )
    empty = fits(said("show", failed, "--root", root), "show")
    assert (empty["best"], empty["channels"]) == ("", [])
    assert empty["error"]


def test_a_plan_takes_the_newest_run_that_has_a_model(root):
    runs = said("runs", "--root", root)["runs"]
    newest = next(run["run"] for run in runs if run["best"])
    plan = fits(said("allocate", "latest", "--root", root), "allocate")
    assert plan["run"] == newest
    planned = sum(channel["planned_spend"] for channel in plan["channels"])
    assert planned == pytest.approx(plan["budget"])


def test_queue(root):
    assert fits(said("queue", "--root", root), "queue") == {"format": 1, "runs": []}


def test_checks_of_jobs_and_data(tmp_path):
    ready = fits(said("job", "check", "demo"), "job-check")
    assert ready["ready"]
    wrong = tmp_path / "job.yaml"
    wrong.write_text("countri: de\n")
    found = fits(said("job", "check", str(wrong), code=2), "job-check")
    assert "countri" in {problem["where"] for problem in found["problems"]}
    assert fits(said("data", "check", "demo"), "data-check")["passed"]
    known = fits(said("data", "check", "demo", "--recoverability"), "data-check")["recoverability"]
    assert {row["channel"] for row in known} >= {"tv", "search"}
    assert all(0 < row["error"] <= row["high"] for row in known)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_each_schema_is_printed(name):
    done = CliRunner().invoke(main, ["schema", name])
    assert json.loads(done.output)["properties"]["format"]["const"] == 1


def test_the_help_fits_a_terminal_and_names_every_command():
    text = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "..." not in text.replace("[ARGS]...", "")
    assert all(f"\n  {name} " in text for name in COMMANDS)


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant():
    done = CliRunner().invoke(main, ["runn"])
    assert done.exit_code == 2
    assert "did you mean run?" in done.output


@pytest.mark.parametrize(
    ("words", "word", "meant"),
    [
        ("mmm show ", 2, "latest"),
        ("mmm al", 1, "allocate"),
        ("mmm open latest j", 3, "job.yaml"),
    ],
)
def test_the_shell_completes_commands_runs_and_artifacts(root, monkeypatch, words, word, meant):
    monkeypatch.setenv("MMM_ROOT", root)
    from mmmlib.ground import settings

    settings.cache_clear()
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(word))
    monkeypatch.setenv("_MMM_COMPLETE", "bash_complete")
    done = CliRunner().invoke(main, prog_name="mmm")
    settings.cache_clear()
    assert meant in done.output
