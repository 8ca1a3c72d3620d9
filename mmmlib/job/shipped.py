"""Jobs that ship with the product, by name; they lie beside the data they train on."""

from __future__ import annotations

from pathlib import Path

JOBS = {"demo": "demo.yaml", "daily": "daily.job.yaml"}
_FOLDER = Path(__file__).parents[1] / "data" / "examples"


def job_path(name: str | Path) -> Path:
    """Path of a job: that of a shipped one (``demo``, ``daily``), or the path itself."""
    return _FOLDER / JOBS[str(name)] if str(name) in JOBS else Path(name)
