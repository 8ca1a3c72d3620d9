"""The parameter cells of `extract` and `train`, made of the keys of a job and the demo's values.

`python -m tests.notebooks.parameters` writes them into the notebooks; a test compares.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mmmlib.data.examples import job_path
from mmmlib.job.model import JobKeys
from mmmlib.job.yaml_values import plain_values, read_text

NOTEBOOKS = [Path(__file__).parents[2] / "notebooks" / f"{n}.ipynb" for n in ("extract", "train")]
_RUN = 'run: str = ""  # Run to execute; empty claims a new one'


def cell() -> str:
    """The cell: a line a key with its type, its value of the demo and what it is."""
    demo = plain_values(read_text(job_path("demo")))
    lines = []
    for name, field in JobKeys.model_fields.items():
        value = demo.get(name, _plain(field.get_default()))
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


def _plain(value: Any) -> Any:
    """A default as JSON has it: what nobody gives is left out of a mapping."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value


def main() -> None:
    """Write the cell into the notebooks."""
    for path in NOTEBOOKS:
        notebook = json.loads(path.read_text())
        (found,) = filter(is_parameters, notebook["cells"])
        found["source"] = cell().splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
