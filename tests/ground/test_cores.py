"""Cores as a container allows them, not as its machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmmlib.ground.cores import usable_cores
from mmmlib.ground.environment import settings

HERE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, HERE),
        ({"cpu.max": "max 100000"}, HERE),
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "99900000 100000"}, HERE),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, HERE),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
    ],
)
def test_quota_limits_affinity(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == cores


def test_a_setting_limits_them_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, cores in (("1", 1), ("0", HERE), ("999", HERE)):
        monkeypatch.setenv("MMM_CORES", asked)
        settings.cache_clear()
        assert usable_cores(tmp_path) == cores
    settings.cache_clear()
