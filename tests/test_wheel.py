"""The wheel, away from the checkout: all that a run executes and its messages name is in it."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that nothing is left here."""
    copy = tmp_path_factory.mktemp("source") / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    for name in ("mmmlib", "notebooks", "docs", "r", "requirements"):
        compiled = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=compiled)
    to = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _run([*build, f"--wheel-dir={to}", str(copy)], to)
    (built,) = to.glob("*.whl")
    return built


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
    assert list((work / "archive").glob("robyn/**/train.ipynb"))
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
