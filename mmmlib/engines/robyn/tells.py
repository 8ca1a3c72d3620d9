"""Progress of a search, heard where it happens.

Robyn asks and tells the nevergrad of the Python that hosts R, so each ``tell`` can be counted
here with its errors; Robyn's own progress bar knows whole percents only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OnTold = Callable[[int, tuple[float, ...]], None]


@contextmanager
def watched_tells(on_told: OnTold, seconds: float) -> Iterator[None]:
    """Count what optimizers are told while the block runs; the optimizers notice nothing.

    Parameters
    ----------
    on_told : callable
        Receives the number of candidates so far and the least of each error (infinite errors
        count as candidates), at most every ``seconds`` and once at the end.
    seconds : float
    """
    import nevergrad
    from nevergrad.optimization.base import Optimizer

    original = Optimizer.tell
    done, due, depth = 0, 0.0, 0
    best: tuple[float, ...] = ()

    def tell(self: Any, candidate: Any, loss: Any, *rest: Any, **named: Any) -> Any:
        nonlocal done, best, due, depth
        depth += 1
        try:
            original(self, candidate, loss, *rest, **named)
        finally:
            depth -= 1
        # an optimizer may be made of others, and be told where its goals lie
        if depth or isinstance(candidate, nevergrad.p.MultiobjectiveReference):
            return
        done += 1
        best = _least(best, _errors(loss))
        if time.monotonic() >= due:
            due = time.monotonic() + seconds
            on_told(done, best)

    Optimizer.tell = tell
    try:
        yield
    finally:
        Optimizer.tell = original
    if done:
        on_told(done, best)


def _errors(loss: Any) -> tuple[float, ...]:
    return tuple(map(float, loss)) if hasattr(loss, "__iter__") else (float(loss),)


def _least(best: tuple[float, ...], errors: tuple[float, ...]) -> tuple[float, ...]:
    finite = tuple(error if math.isfinite(error) else math.inf for error in errors)
    return tuple(map(min, best, finite)) if best else finite
