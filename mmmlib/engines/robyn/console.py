"""Bytes of a console to lines; what a carriage return wipes out is no line."""

from __future__ import annotations

import codecs
import re

_PERCENT = re.compile(r"\|\s+(\d{1,3})%\s*$")  # the end of a bar of R's txtProgressBar
LONGEST = 10_000  # characters of a line that is still kept


class Lines:
    """Cuts a stream of bytes into lines, as a terminal would show them in the end.

    A progress bar writes itself again after each ``\\r``: only its last state becomes a line.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes, give the lines that are complete now."""
        text = self._rest + self._decoder.decode(data)
        *lines, self._rest = text.split("\n")
        # a bar may write for an hour without an end of line
        self._rest = _kept(self._rest)
        return [_shown(line) for line in lines]

    def percent(self) -> int | None:
        """How far the progress bar is that is being written; ``None`` where there is none."""
        found = _PERCENT.search(self._rest)
        return int(found[1]) if found else None

    def end(self) -> list[str]:
        """Give what is left when the stream has ended."""
        rest, self._rest = self._rest + self._decoder.decode(b"", final=True), ""
        return [_shown(rest)] if rest else []


def _kept(rest: str) -> str:
    """The part of an unfinished line that can still be seen."""
    at = rest.rstrip("\r").rfind("\r")
    return rest[at + 1 :][:LONGEST]


def _shown(line: str) -> str:
    """What a terminal shows of a line with carriage returns in it."""
    parts = line.rstrip("\r").split("\r")
    return parts[-1][:LONGEST].rstrip()
