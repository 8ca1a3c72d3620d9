"""Ctrl-C at a safe point: never lost, never in the middle of something.

Python raises ``KeyboardInterrupt`` wherever the main thread happens to be. When that is a weak
reference's callback (numba has many) the exception is printed and forgotten, and the search
would go on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Hold SIGINT back; the function given raises what it would have raised.

    Outside the main thread, and where SIGINT is ignored, nothing is changed: no signal is
    delivered there.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: None
        return
    held: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        held.append((number, frame))

    def let_go() -> None:
        if held:
            before(*held.pop())

    signal.signal(signal.SIGINT, hold)
    try:
        yield let_go
    finally:
        signal.signal(signal.SIGINT, before)
    let_go()  # one that came after the last safe point
