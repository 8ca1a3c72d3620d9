"""Work that takes longer than a click may: in a thread, its errors told like a callback's."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mmmlib.ui.view import Say, told


def in_background(work: Callable[[], None], say: Say) -> threading.Thread:
    """Start the work while clicks are still answered; what it raises becomes a message."""

    def run() -> None:
        with told(say):
            work()

    thread = threading.Thread(target=run, name=work.__qualname__, daemon=True)
    thread.start()
    return thread
