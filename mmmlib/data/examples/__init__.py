"""Data sets that ship with the product, and the jobs that train on them."""

from __future__ import annotations

from pathlib import Path

from mmmlib.ground import SourceError

EXAMPLE_PREFIX = "example:"
_FOLDER = Path(__file__).parent
EXAMPLES = {"weekly": "weekly.csv", "daily": "daily.csv"}
JOBS = {"demo": "demo.yaml", "daily": "daily.job.yaml"}


def example_path(name: str) -> Path:
    """Path of a shipped data set, named ``example:weekly`` in a job."""
    short = name.removeprefix(EXAMPLE_PREFIX)
    if short not in EXAMPLES:
        raise SourceError(f"file: no example {short!r}; there is {', '.join(EXAMPLES)}")
    return _FOLDER / EXAMPLES[short]


def job_path(name: str) -> Path:
    """Path of a job: that of a shipped one (``demo``, ``daily``), or the path itself."""
    return _FOLDER / JOBS[name] if name in JOBS else Path(name)


def demo_job_path() -> Path:
    """Path of the job of ``make demo``: Robyn's standard budget on the weekly example."""
    return job_path("demo")
