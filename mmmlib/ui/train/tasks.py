"""Work that takes longer than a click may: in threads, the newest of each kind counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from mmmlib.ui.view import Say, told

T = TypeVar("T")


class Tasks:
    """Threads of one page.

    Parameters
    ----------
    say : callable
        Shows a message to the person; whatever goes wrong in a thread is said.
    changed : callable
        Called with the names of what is going on, whenever that changes.
    """

    def __init__(self, say: Say, changed: Callable[[list[str]], None]) -> None:
        self._say = say
        self._changed = changed
        self._newest: dict[str, int] = {}
        self._going: dict[str, int] = {}
        self._lock = threading.Lock()

    def start(
        self, name: str, ask: Callable[[], T], answered: Callable[[T], None], delay: float = 0.0
    ) -> None:
        """Do ``ask`` in a thread, then ``answered``, unless the same name was started again.

        Parameters
        ----------
        name : str
        ask : callable
            What takes long; it sets no traits.
        answered : callable
            Takes what ``ask`` returned; called in the thread.
        delay : float
            Seconds to wait first; the next start within them takes this one's place.
        """
        with self._lock:
            number = self._newest[name] = self._newest.get(name, 0) + 1
            self._going[name] = number

        def run() -> None:
            try:
                time.sleep(delay)
                if self._is_newest(name, number):
                    with told(self._say):
                        found = ask()
                        if self._is_newest(name, number):
                            answered(found)
            finally:
                self._ended(name, number)

        self._tell()
        threading.Thread(target=run, name=f"train {name}", daemon=True).start()

    def going(self, name: str) -> bool:
        """Say whether work of a name goes on."""
        return name in self._going

    def _is_newest(self, name: str, number: int) -> bool:
        return self._newest[name] == number

    def _ended(self, name: str, number: int) -> None:
        with self._lock:
            if self._going.get(name) == number:
                del self._going[name]
        self._tell()

    def _tell(self) -> None:
        self._changed(sorted(self._going))
