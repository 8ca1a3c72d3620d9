"""How the benchmarks measure: wall time, memory of all processes, tables of the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import psutil


class Memory:
    """Largest memory of this process and all below it, sampled.

    Pages that processes share count once (PSS): the sum of resident sizes would count every
    library once a process.

    Parameters
    ----------
    itself : bool
        Whether this process counts, or only those below it.
    """

    def __init__(self, itself: bool = True) -> None:
        self.peak = 0
        self._itself = itself

    def __enter__(self) -> Memory:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        this = psutil.Process()
        while not self._done.wait(0.1):
            total = 0
            below = this.children(recursive=True)
            for process in (this, *below) if self._itself else below:
                try:
                    total += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak = max(self.peak, total)


def timed(call: Callable[[], Any]) -> float:
    """Wall seconds of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def markdown(table: pd.DataFrame) -> str:
    """A table of the page."""
    lines = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).values.tolist()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
