"""How tests wait: for what is to happen, and long enough for a machine that does other work too."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0  # seconds; nothing takes as long on a quiet machine


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Ask again until it is true; ``False`` when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
