"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.job.parse import TrainingJob
from tests.launching.conftest import clock as clock, shelf as shelf


@pytest.fixture(params=["file", "gs"])
def any_root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A root of each kind."""
    if request.param == "file":
        return str(tmp_path / "archive")
    root: str = request.getfixturevalue("gcs_root")
    return root


@pytest.fixture
def bucket_job(gcs_root: str, make_job: Callable[..., TrainingJob]) -> TrainingJob:
    """The demo job, archived in a bucket."""
    return make_job(root=gcs_root)


@pytest.fixture
def bucket(bucket_job: TrainingJob, gcs_proxy: Any) -> Archive:
    """An archive in a bucket behind a proxy that can misbehave."""
    return Archive(bucket_job.root)
