"""The server's log: everything that it and its kernels say, passed on and kept for the Debug page.

Both descriptors are read through pipes, so that a library's warning or a crash in a kernel is
there, too. The last lines are kept in a file of bounded size, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmmlib.ground import Severity, as_json, structured

LIMIT = 400_000  # bytes of each of two files
_SEVERITIES = {severity.value for severity in Severity}


class ServerLog:
    """Context in which standard output and error of this process and its children are kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._own: dict[int, int] = {}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> ServerLog:
        for descriptor in (1, 2):
            self._own[descriptor] = os.dup(descriptor)
            reader, writer = os.pipe()
            os.dup2(writer, descriptor)
            os.close(writer)
            thread = threading.Thread(
                target=self._pass_on, args=[reader, descriptor], name="log", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, own in self._own.items():
            os.dup2(own, descriptor)  # the pipe ends with its last writer
        for thread in self._threads:
            thread.join(timeout=1.0)  # a kernel may hold the other end for a moment

    def _pass_on(self, reader: int, descriptor: int) -> None:
        unfinished = b""
        while data := os.read(reader, 65536):
            lines = (unfinished + data).split(b"\n")
            unfinished = lines.pop()
            self._take([line.decode(errors="replace") for line in lines], descriptor)
        if unfinished:
            self._take([unfinished.decode(errors="replace")], descriptor)
        os.close(reader)

    def _take(self, lines: list[str], descriptor: int) -> None:
        # whoever writes to us waits until we read: nothing in here may stop
        with self._lock:
            entries = as_entries(lines, Severity.WARNING if descriptor == 2 else Severity.INFO)
            said = entries if structured() else lines
            out = self._own[1 if structured() else descriptor]
            with suppress(OSError):  # nobody listens any more
                _write_all(out, "".join(f"{line}\n" for line in said).encode())
            with suppress(OSError):  # the disk is full; what was said has been passed on
                self._keep(entries)

    def _keep(self, entries: list[str]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(f"{entry}\n" for entry in entries)
            size = file.tell()
        if size > LIMIT:
            self.path.replace(_older(self.path))


def as_entries(lines: list[str], severity: Severity) -> list[str]:
    """Lines as JSON: ours stay as they are, what a library says in a row becomes one entry."""
    entries: list[str] = []
    block: list[str] = []

    def close() -> None:
        if text := "\n".join(block).strip():
            entries.append(as_json(text, severity))
        block.clear()

    for line in lines:
        if _parsed(line):
            close()
            entries.append(line)
        else:
            block.append(line)
    close()
    return entries


def read_log(path: Path, limit: int, containing: str = "") -> list[dict[str, Any]]:
    """Return the last entries that hold a text (in any case), newest first."""
    found: deque[dict[str, Any]] = deque(maxlen=limit)
    for file in (_older(path), path):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:  # nothing was said yet, or it has just become the older one
            continue
        for line in text.splitlines():
            if containing.lower() in line.lower() and (entry := _parsed(line)):
                found.append(entry)
    return list(found)[::-1]


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _parsed(line: str) -> dict[str, Any] | None:
    """One of our entries, or nothing."""
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    ours = isinstance(entry, dict) and entry.get("severity") in _SEVERITIES and "message" in entry
    return entry if ours else None


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
