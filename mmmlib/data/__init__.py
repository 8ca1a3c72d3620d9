"""Data sets that ship with the product, and the jobs that train on them."""

from __future__ import annotations

from pathlib import Path

from mmmlib.errors import SourceError

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
    return _FOLDER / "demo.yaml"
