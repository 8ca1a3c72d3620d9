"""The wheel, away from the checkout: all that a run executes and its messages name is in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

IN_IT = {
    "notebooks": "*.ipynb",
    "docs": "*.md",
    "r/R": "*.R",
    "r/exec": "*.R",
}
UV = [sys.executable, "-m", "uv"]


VERSION = "7.8.9"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout whose newest commit has a tag; what is built leaves nothing here."""
    copy = tmp_path_factory.mktemp("source") / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    for name in ("mmmlib", "notebooks", "docs", "r", "requirements"):
        compiled = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=compiled)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"], ["tag", f"v{VERSION}"]):
        _run(["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *words], copy)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _wheel(checkout, tmp_path_factory.mktemp("wheel"))


def _wheel(source: Path, to: Path) -> Path:
    """Build a wheel of a folder or an sdist."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _run([*build, f"--wheel-dir={to}", str(source)], to)
    (built,) = to.glob("*.whl")
    return built


def test_its_version_is_that_of_git_also_through_an_sdist(checkout, wheel, tmp_path):
    assert wheel.name.startswith(f"mmmlib-{VERSION}-")
    build = [*UV, "build", "--quiet", "--sdist", "--no-build-isolation", f"--out-dir={tmp_path}"]
    _run([*build, f"--python={sys.executable}", str(checkout)], tmp_path)
    (sdist,) = tmp_path.glob("*.tar.gz")
    assert _wheel(sdist, tmp_path).name == wheel.name


def test_without_a_tag_or_git_it_has_a_version_still(checkout, tmp_path):
    untagged, bare = tmp_path / "untagged", tmp_path / "bare"
    built = shutil.ignore_patterns("*.egg-info", "build")  # else they remember the version
    shutil.copytree(checkout, untagged, ignore=built)
    _run(["git", "tag", "--delete", f"v{VERSION}"], untagged)
    shutil.copytree(checkout, bare, ignore=shutil.ignore_patterns("*.egg-info", "build", ".git"))
    assert _wheel(untagged, tmp_path).name.startswith("mmmlib-0.1.dev1+g")
    assert _wheel(bare, bare).name.startswith("mmmlib-0.0-")


def test_it_carries_the_files_beside_the_packages(wheel):
    names = {
        name.partition(".data/data/share/mmm/")[2] for name in zipfile.ZipFile(wheel).namelist()
    }
    for folder, pattern in IN_IT.items():
        here = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / folder).glob(pattern)}
        assert here
        assert here <= names


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_a_stranger_installs_it_and_trains(wheel, python, tmp_path):
    there = [*UV, "python", "find", "--no-python-downloads", python]
    if subprocess.run(there, capture_output=True).returncode:
        pytest.skip(f"no Python {python} on this machine")
    place = tmp_path / "environment"
    _run(
        [*UV, "venv", "--quiet", "--no-python-downloads", f"--python={python}", str(place)],
        tmp_path,
    )
    locked = REPOSITORY / "requirements" / "product.txt"
    install = [*UV, "pip", "install", "--quiet"]
    _run([*install, f"--python={place}/bin/python", f"--constraint={locked}", str(wheel)], tmp_path)
    mmm = str(place / "bin" / "mmm")
    work = tmp_path / "work"
    work.mkdir()

    _run([mmm, "run", "demo", "-p", "iterations", "100", "-p", "trials", "1"], work)
    (manifest,) = (work / "archive").glob("robyn/**/manifest.json")
    assert manifest.with_name("train.ipynb").is_file()
    assert json.loads(manifest.read_text())["version"] == VERSION
    assert _run([mmm, "--version"], work).split()[-1] == VERSION
    assert "notebooks" in _run([mmm, "doctor"], work, fails=True)
    said = _run([mmm, "lab", "desk", "--version"], work)  # JupyterLab says its version and ends
    assert (work / "desk" / "tour.ipynb").is_file()
    assert said.split()[-1][0].isdigit()


def _run(command: list[str], where: Path, fails: bool = False) -> str:
    """Run a command as a stranger would: no variable of ours, and not in the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MMM_")}
    done = subprocess.run(
        command, cwd=where, env=kept | {"PYTHONSAFEPATH": ""}, capture_output=True, text=True
    )
    assert fails or done.returncode == 0, done.stdout + done.stderr
    return done.stdout
