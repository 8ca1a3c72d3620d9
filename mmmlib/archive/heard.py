"""How long a word has not changed, by a clock that nobody sets.

The time of day jumps: it is set, a machine sleeps, two machines disagree. Whether a run is silent
is therefore told from two looks of one process at the same heartbeat.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

monotonic = time.monotonic  # another one in tests


@dataclass
class _Word:
    word: str
    since: float
    changed: bool = False


_HEARD: dict[str, _Word] = {}


def unchanged(of: str, word: str) -> float:
    """Seconds for which this process has seen the same word of something; 0 at the first look."""
    known = _HEARD.get(of)
    if known is None or known.word != word:
        _HEARD[of] = _Word(word, monotonic(), known is not None)
        return 0.0
    return monotonic() - known.since


def has_changed(of: str) -> bool:
    """Whether this process has seen more than one word of something."""
    return of in _HEARD and _HEARD[of].changed
