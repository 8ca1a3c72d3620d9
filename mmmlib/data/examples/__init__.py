"""Data sets that ship with the product; :mod:`mmmlib.job.shipped` knows the jobs beside them."""

from __future__ import annotations

from pathlib import Path

from mmmlib.ground import SourceError
from mmmlib.job import JOBS, job_path

__all__ = ["EXAMPLES", "EXAMPLE_PREFIX", "JOBS", "demo_job_path", "example_path", "job_path"]

EXAMPLE_PREFIX = "example:"
_FOLDER = Path(__file__).parent
EXAMPLES = {"weekly": "weekly.csv", "daily": "daily.csv"}


def example_path(name: str) -> Path:
    """Path of a shipped data set, named ``example:weekly`` in a job."""
    short = name.removeprefix(EXAMPLE_PREFIX)
    if short not in EXAMPLES:
        raise SourceError(f"file: no example {short!r}; there is {', '.join(EXAMPLES)}")
    return _FOLDER / EXAMPLES[short]


def demo_job_path() -> Path:
    """Path of the job of ``make demo``: Robyn's standard budget on the weekly example."""
    return job_path("demo")
