"""The rules of the notebooks: thin, parameterized, without outputs, and they run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import papermill
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.job.model import JOB_KEYS
from mmmlib.job.parse import TrainingJob
from mmmlib.run.work import job_of
from tests.conftest import REPOSITORY
from tests.notebooks import parameters

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
PARAMETERIZED = [path for path in NOTEBOOKS if path.stem != "dashboard"]


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def declared(path: Path) -> dict[str, Any]:
    """Parameters as papermill reads them, with their defaults."""
    found = papermill.inspect_notebook(str(path))
    return {name: ast.literal_eval(each["default"]) for name, each in found.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_cells_are_few_and_short(path: Path) -> None:
    cells = code_cells(path)
    assert len(cells) <= 14
    for cell in cells:
        lines = [line for line in "".join(cell["source"]).splitlines() if line.strip()]
        assert parameters.is_parameters(cell) or len(lines) <= 12
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_logic_lives_in_the_library(path: Path) -> None:
    for cell in code_cells(path):
        source = re.sub(r"^%.*$", "", "".join(cell["source"]), flags=re.MULTILINE)
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While), (
                source
            )
        assert not re.search(r"(?i)\bselect\b.*\bfrom\b", source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_says_what_it_is_for(path: Path) -> None:
    notebook = json.loads(path.read_text())
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    assert first["source"][0].startswith("# ")
    assert notebook["metadata"]["title"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", PARAMETERIZED, ids=lambda path: path.name)
def test_parameters_are_typed_and_explained(path: Path) -> None:
    assert sum(parameters.is_parameters(cell) for cell in code_cells(path)) == 1
    for name, parameter in papermill.inspect_notebook(str(path)).items():
        assert parameter["inferred_type_name"] in {"str", "int", "float", "bool", "list", "dict"}
        assert parameter["help"], name


@pytest.mark.parametrize("name", ["extract", "train"])
def test_parameters_are_the_keys_of_a_job(name: str) -> None:
    path = REPOSITORY / "notebooks" / f"{name}.ipynb"
    assert tuple(declared(path)) == (*JOB_KEYS, "run")
    helps = {key: each["help"] for key, each in papermill.inspect_notebook(str(path)).items()}
    for key, field in TrainingJob.model_fields.items():
        assert helps[key] == field.description


@pytest.mark.parametrize("path", parameters.NOTEBOOKS, ids=lambda path: path.name)
def test_the_cell_is_written_by_the_program(path: Path) -> None:
    (found,) = filter(parameters.is_parameters, code_cells(path))
    how = "run python -m tests.notebooks.parameters"
    assert "".join(found["source"]) == parameters.cell(), how


@pytest.mark.parametrize("name", ["extract", "train"])
def test_a_notebook_told_nothing_is_the_demo_job(name: str, demo_values: dict[str, Any]) -> None:
    values = declared(REPOSITORY / "notebooks" / f"{name}.ipynb")
    assert job_of(values) == TrainingJob.parse(demo_values)
    changed = job_of(values | {"iterations": 60, "country": "fr"})
    assert changed == TrainingJob.parse(demo_values | {"iterations": 60, "country": "fr"})


@pytest.mark.parametrize("name", ["extract", "train"])
def test_a_job_given_is_completed_by_the_jobs_defaults(name: str) -> None:
    given = {
        "country": "de", "file": "mine.csv", "date": "date", "target": "revenue",
        "channels": [{"name": "tv", "spend": "tv"}],
    }  # fmt: skip
    values = declared(REPOSITORY / "notebooks" / f"{name}.ipynb")
    job = job_of(values | given)
    assert job == TrainingJob.parse(given)
    assert (job.window, job.organic, job.context) == ((), (), ())


def test_the_tour_runs(tmp_path: Path) -> None:
    executed = papermill.execute_notebook(
        str(REPOSITORY / "notebooks" / "tour.ipynb"),
        None,
        parameters={"iterations": 60, "trials": 2, "root": str(tmp_path)},
        progress_bar=False,
    )
    assert Archive(str(tmp_path)).run("latest").state().status is Status.SUCCEEDED
    pictures = [
        output
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 6
