"""How many cores this process may really use; a container's machine often has more."""

from __future__ import annotations

import math
import os
from pathlib import Path

from mmmlib.ground.environment import settings

_NO_LIMIT = 2**16


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores by affinity, limited by the container's CPU quota (cgroup v2, then v1).

    ``MMM_CORES`` limits them further.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, _quota(cgroup), settings().mmm_cores or _NO_LIMIT))


def _quota(cgroup: Path) -> int:
    """Whole cores the quota allows; very many where there is none."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return _NO_LIMIT
    if quota in ("max", "-1"):
        return _NO_LIMIT
    return max(1, math.ceil(int(quota) / int(period)))
