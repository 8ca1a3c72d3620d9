"""What train.yml does on GitHub, done here: papermill for one country, and its summary."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY

WORKFLOW = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "train.yml").read_text())
STEPS = {step.get("name"): step for step in WORKFLOW["jobs"]["train"]["steps"]}


def bash(script: str, folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does, with this Python's programs as .venv."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **values}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like the checkout on GitHub's machine."""
    for name in ("infra", "mmmlib", "notebooks"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def countries(text: str, tmp_path: Path) -> tuple[int, str]:
    (step,) = WORKFLOW["jobs"]["countries"]["steps"]
    output = tmp_path / "output"
    output.touch()
    done = bash(step["run"], tmp_path, COUNTRIES=text, GITHUB_OUTPUT=str(output))
    return done.returncode, output.read_text()


def test_countries_become_a_matrix(tmp_path: Path) -> None:
    assert countries("de  fr uk de", tmp_path) == (0, 'matrix=["de", "fr", "uk"]\n')


@pytest.mark.parametrize("text", ["", "de; rm -rf /", "../de", '"]} $(id)'])
def test_what_is_no_country_is_refused(tmp_path: Path, text: str) -> None:
    assert countries(text, tmp_path) == (1, "")


def test_a_country_without_a_run_is_said(checkout: Path) -> None:
    summary = checkout / "summary.md"
    done = bash(
        STEPS["Summary with the channel table"]["run"],
        checkout,
        MMM_ROOT=str(checkout / "archive"),
        REVISION="ci",
        COUNTRY="de",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert done.returncode == 0, done.stderr
    assert summary.read_text().startswith("### de: no run\n")


def test_a_job_that_is_not_valid_never_starts(checkout: Path) -> None:
    (checkout / "job.yaml").write_text("country: de\niterations: -1\nsource: nowhere\n")
    done = bash(
        STEPS["papermill"]["run"],
        checkout,
        JOB="job.yaml",
        COUNTRY="de",
        REVISION="ci",
        MMM_ROOT=str(checkout / "archive"),
    )
    assert done.returncode == 1
    assert "iterations" in done.stderr
    assert "source" in done.stderr
    assert not (checkout / "archive").exists()


@pytest.mark.slow
def test_a_country_is_trained_and_summed_up(checkout: Path) -> None:
    values = {
        "JOB": "mmmlib/data/examples/daily.job.yaml",
        "COUNTRY": "uk",
        "REVISION": "ci",
        "MMM_ROOT": str(checkout / "archive"),
        "GITHUB_STEP_SUMMARY": str(checkout / "summary.md"),
    }
    short = checkout / "short.yaml"
    job = (REPOSITORY / values["JOB"]).read_text()
    short.write_text(
        job.replace("iterations: 2000", "iterations: 200").replace("trials: 5", "trials: 1")
    )
    done = bash(STEPS["papermill"]["run"], checkout, **values | {"JOB": str(short)})
    assert done.returncode == 0, done.stderr[-2000:]
    assert (checkout / "executed" / "train-uk.ipynb").is_file()
    (run,) = (checkout / "archive" / "robyn" / "ci" / "uk").iterdir()
    assert (run / "train.ipynb").is_file()
    assert bash(STEPS["Summary with the channel table"]["run"], checkout, **values).returncode == 0
    summary = (checkout / "summary.md").read_text()
    assert summary.startswith(f"### uk: succeeded\n\nRun `ci/uk/{run.name}`")
    rows = re.findall(r"^\| (\w+) \| [\d,]+ \| [\d.]+% \| [\d.]+% \| [\d.]+ \|$", summary, re.M)
    assert {"tv", "search"} <= set(rows)
    assert len(rows) >= 7
