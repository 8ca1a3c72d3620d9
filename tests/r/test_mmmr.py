"""The R package `mmmr`: lint, its own tests, its status as Python reads it, and its setup."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "r" / "exec" / "mmmr.R"
# Nothing listens on the discard port.
UNREACHABLE = {"MMM_CRAN_SNAPSHOT": "http://127.0.0.1:9"}

pytestmark = [
    pytest.mark.r,
    pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed"),
]


def run(
    *command: str | Path, timeout: float = 1800, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def need_r_package(package: str) -> None:
    quit_code = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    if run("Rscript", "-e", quit_code).returncode != 0:
        pytest.skip(f"the R package {package} is not installed")


def test_lintr_finds_nothing() -> None:
    need_r_package("lintr")
    need_r_package("pkgload")
    code = (
        "root <- commandArgs(TRUE); pkgload::load_all(root, quiet = TRUE); "
        "lints <- c(lintr::lint_package(root), lintr::lint_dir(file.path(root, 'exec'))); "
        "for (lint in lints) print(lint); quit(status = length(lints) > 0)"
    )
    done = run("Rscript", "-e", code, ROOT / "r")
    assert done.returncode == 0, done.stdout + done.stderr


def run_testthat(options: str, timeout: float = 1800, **variables: str) -> int:
    """Run the package's tests but for those that skip themselves; return the checks that passed."""
    code = (
        "results <- as.data.frame(testthat::test_local(commandArgs(TRUE), reporter = 'summary', "
        f"filter = 'robyn', {options}stop_on_failure = TRUE)); "
        "cat('\\nskipped:', sum(results$skipped), 'passed:', sum(results$passed), '\\n')"
    )
    done = run("Rscript", "-e", code, ROOT / "r", timeout=timeout, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"skipped: (\d+) passed: (\d+)", done.stdout)
    assert counts, done.stdout
    assert int(counts[1]) == 0
    return int(counts[2])


def test_testthat_passes_and_ran() -> None:
    need_r_package("testthat")
    assert run_testthat("invert = TRUE, stop_on_warning = TRUE, ") > 150


@pytest.mark.robyn
def test_testthat_passes_with_robyn_itself() -> None:
    need_r_package("testthat")
    need_r_package("Robyn")
    settings = {"TZ": "UTC", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    assert run_testthat("", 900, RETICULATE_PYTHON=sys.executable, **settings) > 25


def test_status_is_readable_and_agrees_with_r_itself() -> None:
    done = run("Rscript", SCRIPT, "status")
    rows = {row["package"]: row for row in json.loads(done.stdout)}
    assert {"R", "Robyn", "reticulate", "lares", "glmnet", "prophet"} <= rows.keys()
    assert all(
        row.keys() == {"package", "needed", "found", "ok", "remedy"} for row in rows.values()
    )
    assert done.returncode == (0 if all(row["ok"] for row in rows.values()) else 1)

    code = "cat(rownames(installed.packages()), sep = '\\n')"
    installed = set(run("Rscript", "-e", code).stdout.split())
    for name, row in rows.items():
        assert bool(row["found"]) == (name in installed or name == "R"), name
        assert bool(row["remedy"]) == (not row["ok"]), name
        assert not (row["ok"] and not row["found"]), name
    version = run("Rscript", "-e", "cat(as.character(getRversion()))").stdout
    assert rows["R"]["found"] == version
    assert rows["Robyn"]["needed"] == "== 3.12.1"


def test_setup_without_the_snapshot_says_so_at_once_and_fails() -> None:
    status = json.loads(run("Rscript", SCRIPT, "status").stdout)
    if all(row["ok"] for row in status):
        pytest.skip("Robyn is installed: setup has nothing to fetch")
    done = run("bash", ROOT / "r" / "setup.sh", **UNREACHABLE)
    assert done.returncode == 1
    assert "cannot be reached, so Meta's Robyn cannot be installed here" in done.stderr
    assert UNREACHABLE["MMM_CRAN_SNAPSHOT"] in done.stderr
    assert "Robyn == 3.12.1" in done.stderr
    assert "everything with `engine: native`" in done.stderr
    assert "Error" not in done.stderr
    assert json.loads(run("Rscript", SCRIPT, "status").stdout) == status


def test_setup_installs_the_package_itself_into_a_library(tmp_path: Path) -> None:
    done = run("R", "CMD", "INSTALL", f"--library={tmp_path}", ROOT / "r")
    assert done.returncode == 0, done.stderr
    code = "cat(mmmr::status_json(mmmr::mmmr_status()))"
    rows = json.loads(run("Rscript", "-e", code, R_LIBS=str(tmp_path)).stdout)
    assert rows == json.loads(run("Rscript", SCRIPT, "status").stdout)


def test_manual_pages_match_the_functions() -> None:
    """man/ is written by roxygen2; `roxygen2::roxygenise("r")` renews it."""
    code = (
        "root <- commandArgs(TRUE); undocumented <- unlist(tools::undoc(dir = root)); "
        "print(undocumented); mismatched <- tools::codoc(dir = root); print(mismatched); "
        "quit(status = length(undocumented) + length(mismatched) > 0)"
    )
    done = run("Rscript", "-e", code, ROOT / "r")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_word_is_an_error_with_the_usage() -> None:
    done = run("Rscript", SCRIPT, "instal")
    assert done.returncode == 1
    assert "usage: Rscript mmmr.R status|setup" in done.stderr


def test_the_recipe_names_every_package_that_robyn_needs() -> None:
    recipe = (
        (ROOT / "docs" / "robyn-in-r.md").read_text().partition("## Installing Robyn by hand")[2]
    )
    needed = re.findall(
        r'need\("([^"]+)", "[^"]*", "([^"]*)"', (ROOT / "r/R/requirements.R").read_text()
    )
    assert len(needed) > 10
    for package, debian in needed:
        assert (debian or f"| {package} |") in recipe, package
