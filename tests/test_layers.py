"""Imports point one way, top to bottom, with no cycle (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# From the bottom to the top; modules of one line may not import each other,
# except within their own package.
LAYERS = (
    "errors names columns secrets yaml_text iri_grammar",
    "settings ranges sigmoids scrubbed",
    "job_parts logs cores",
    "job",
    "contradictions manifest data job_schema",
    "holidays_table result tidy",
    "dataset exported",
    "sources stores engines",
    "old_runs",
    "archive interactions",
    "archived decisions progress allocate checks annotations simulate guess preflight run_zip "
    "storage_check",
    "supervisor deletion report job_check job_template refresh recreate reproduce response "
    "allocation_check",
    "kernels pages run_card scenarios",
    "stages",
    "papermill_engine",
    "runner",
    "launch",
    "doctor terminal",
    "terminal_models terminal_sources terminal_launch",
    "ui cli_options",
    "cli_models cli_sources cli_launch",
    "cli",
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer.split()}
# Imported when the function runs, one line above: parse() hands the job to its own rules.
ON_USE = {("job", "contradictions"), ("supervisor", "archived")}


def _imports(path: Path) -> set[str]:
    """First-level modules of mmmlib that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mmmlib"):
            parts = (node.module or "").split(".")
            names = parts[1:2] or [alias.name for alias in node.names]
            found |= {name for name in names if name in RANK}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("mmmlib.")}
    return found


FILES = sorted((REPOSITORY / "mmmlib").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(REPOSITORY / "mmmlib").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in RANK, f"{own} has no layer: add it to LAYERS"
    for used in _imports(path) - {own}:
        if (own, used) not in ON_USE:
            assert RANK[used] < RANK[own], f"{own} imports {used}, which is not below it"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_modules_stay_readable(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 320


@pytest.mark.parametrize("module", ["mmmlib", "mmmlib.job", "mmmlib.cli", "mmmlib.archive"])
def test_heavy_packages_are_imported_on_use(module: str) -> None:
    heavy = {"numba", "prophet", "nevergrad", "matplotlib", "papermill", "duckdb", "voila"}
    heavy |= {"google.auth", "google.cloud.storage", "requests", "rpy2", "snowflake"}
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
