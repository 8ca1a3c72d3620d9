"""The standard run, 2,000 × 5, within the time and memory promised for two cores."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from mmmlib.engines.engine import ignore
from mmmlib.engines.native.trials import search_trials
from tests.engines.native import golden

MOST_SECONDS = 30
MOST_BYTES = 1e9


def _memory() -> float:
    """Memory of this process and its workers, shared pages counted once."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children()]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue  # ended between the two calls
    return total


@pytest.mark.slow
def test_standard_run_is_fast_and_lean() -> None:
    model = golden.model(iterations=2000, trials=5)
    model.compile()
    before, peak, over = _memory(), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            peak[0] = max(peak[0], _memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    try:
        search_trials(model, ignore, cores=2)
    finally:
        over.set()
        watcher.join()
    seconds = time.monotonic() - start
    print(f"\n10,000 candidates: {seconds:.1f} s, peak {peak[0] / 1e6:.0f} MB")
    assert before < peak[0] < MOST_BYTES
    assert seconds < MOST_SECONDS
