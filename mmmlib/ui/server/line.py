"""How many pages may be open at once, and who comes next. Each page is a process with memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from mmmlib.ground import settings

PAGE_BYTES = 150_000_000  # of one page's kernel, as measured with results open
SERVER_BYTES = 600_000_000  # of the server, its waiting kernels and what looks at data
AGAIN_SECONDS = 10  # how often a page that waits asks again
PATIENCE_SECONDS = 35  # without a word the place in line is the next one's


class Line:
    """Lets pages in up to a number; those who come later wait in the order they came.

    Parameters
    ----------
    most : int
        Pages open at once.
    clock : callable
        Seconds that never go back.

    Examples
    --------
    >>> line = Line(most=1)
    >>> line.ask("ada", open_pages=0), line.ask("bob", open_pages=1), line.ask("eve", open_pages=1)
    (0, 1, 2)
    >>> line.ask("eve", open_pages=0), line.ask("bob", open_pages=0)  # bob was first
    (2, 0)
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._heard: dict[str, float] = {}  # who waits, in the order of coming

    def ask(self, who: str, open_pages: int) -> int:
        """Return 0 for whom is let in, else the place in line, from 1.

        Parameters
        ----------
        who : str
            The same word each time the same page asks.
        open_pages : int
            Pages that are open or being opened.
        """
        now = self._clock()
        self._heard[who] = now
        self._heard = {each: at for each, at in self._heard.items() if now - at <= PATIENCE_SECONDS}
        place = list(self._heard).index(who) + 1
        if place > self.most - open_pages:
            return place
        del self._heard[who]
        return 0


def most_pages(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Pages that may be open at once: ``MMM_PAGES``, or as many as the memory holds."""
    if settings().mmm_pages:
        return settings().mmm_pages
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in (cgroup / "memory.max", cgroup / "memory" / "memory.limit_in_bytes"):
        try:
            whole = min(whole, int(file.read_text()))
        except (OSError, ValueError):  # another version of cgroups, or "max"
            continue
    return max(1, (whole - SERVER_BYTES) // PAGE_BYTES)


class Tries:
    """Counts wrong tokens by address, so that nobody tries them all.

    Examples
    --------
    >>> tries = Tries(most=2)
    >>> for _ in range(2):
    ...     tries.wrong("192.0.2.1")
    >>> tries.too_many("192.0.2.1"), tries.too_many("192.0.2.2")
    (True, False)
    """

    def __init__(
        self, most: int = 10, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._at: dict[str, list[float]] = {}

    def wrong(self, address: str) -> None:
        """Note one wrong try."""
        self._at.setdefault(address, []).append(self._clock())

    def too_many(self, address: str) -> bool:
        """Whether an address has to wait."""
        since = self._clock() - self._seconds
        self._at = {
            each: kept for each, at in self._at.items() if (kept := [t for t in at if t > since])
        }
        return len(self._at.get(address, ())) >= self._most
