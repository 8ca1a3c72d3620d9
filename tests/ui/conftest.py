"""An archive with one run of each end, built once; no test may change it."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmmlib.archive import Archive

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
