"""The parameter cells of `extract` and `train`, made of the keys of a job and their defaults.

A notebook that is told nothing is the demo job (`mmmlib.run.work.job_of`).

`python -m tests.notebooks.parameters` writes them into the notebooks; a test compares.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mmmlib.job.model import JobKeys
from mmmlib.run.work import default_of

NOTEBOOKS = [Path(__file__).parents[2] / "notebooks" / f"{n}.ipynb" for n in ("extract", "train")]
_RUN = 'run: str = ""  # Run to execute; empty claims a new one'


def cell() -> str:
    """The cell: a line a key with its type, its default and what it is."""
    lines = []
    for name, field in JobKeys.model_fields.items():
        value = default_of(name)
        text = repr(json.loads(json.dumps(value, default=str)))
        lines.append(f"{name}: {type(value).__name__} = {text}  # {field.description}")
    source = "\n".join([*lines, _RUN])
    ruff = [sys.executable, "-m", "ruff", "format", "-"]
    done = subprocess.run(
        ruff, input=source, capture_output=True, text=True, check=True, cwd=NOTEBOOKS[0].parent
    )
    return done.stdout.rstrip()


def is_parameters(of_notebook: dict[str, Any]) -> bool:
    """Say whether a cell is the one that papermill fills."""
    return "parameters" in of_notebook["metadata"].get("tags", [])


def main() -> None:
    """Write the cell into the notebooks."""
    for path in NOTEBOOKS:
        notebook = json.loads(path.read_text())
        (found,) = filter(is_parameters, notebook["cells"])
        found["source"] = cell().splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
