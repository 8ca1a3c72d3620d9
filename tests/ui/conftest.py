"""An archive with one run of each end, built once; no test may change it."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.run import Run
from mmmlib.ground.environment import settings
from tests.ui.trained_run import trained

_SAMPLE = Path(__file__).with_name("sample_archive.py")


@pytest.fixture(scope="session")
def sample() -> SimpleNamespace:
    """The functions of ``sample_archive.py``."""
    return SimpleNamespace(**runpy.run_path(str(_SAMPLE)))


@pytest.fixture(scope="session")
def ended(sample: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """``archive``, and the runs by their end: ``succeeded``, ``failed``, ``cancelled``."""
    root = str(tmp_path_factory.mktemp("archive"))
    archive = Archive(root)
    runs = {name: archive.run(id_) for name, id_ in sample.build(root).items()}
    return {"archive": archive, **runs}


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that a real engine trained; a test that changes it takes a copy (``copied``)."""
    return trained(str(tmp_path_factory.mktemp("live")))


@pytest.fixture
def copied(live: Run, tmp_path: Path) -> Run:
    """That run, the test's own."""
    shutil.copytree(live.store.root, tmp_path / "archive")
    return Archive(str(tmp_path / "archive")).run(str(live.id))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files the form may name, and no other; uploads go beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("MMM_DATA_FOLDERS", str(folder))
    monkeypatch.setenv("MMM_UPLOADS", str(tmp_path / "uploads"))
    settings.cache_clear()
    yield folder
    settings.cache_clear()
