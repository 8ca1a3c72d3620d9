"""What a service says: JSON lines on standard output (``MMM_LOG=json``), or text for people.

One line is one object with ``severity``, ``time``, ``message``, ``memory_usage_mb`` and, where
they are known, ``run``, ``stage``, ``user``, ``error_id`` and ``stack_trace``: the names that the
log queries and alerts use. What must wake someone begins with ``FATAL ERROR``. Known secrets are
hidden (:mod:`mmmlib.ground.secrets`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import traceback
from enum import StrEnum
from typing import Any

from mmmlib.ground.environment import settings
from mmmlib.ground.secrets import scrub

FATAL = "FATAL ERROR"
_OUT, _ERR = 1, 2


class Severity(StrEnum):
    """As Cloud Logging names them."""

    INFO = "INFO"
    NOTICE = "NOTICE"  # normal but significant: somebody cancelled, promoted, deleted
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def structured() -> bool:
    """Whether lines are JSON."""
    return settings().mmm_log == "json"


def log(message: str, severity: Severity = Severity.INFO, **facts: Any) -> None:
    """Write one line.

    Parameters
    ----------
    message : str
        For people: a whole sentence, since text has nothing beside it but a traceback.
    facts
        What it is about, under the names above; empty ones are left out.
    """
    if structured():
        _write(_OUT, as_json(message, severity, **facts))
    else:
        quiet = severity in (Severity.INFO, Severity.NOTICE)
        trace = facts.get("stack_trace")
        _write(_OUT if quiet else _ERR, f"{message}\n{trace}" if trace else message)


def event(message: str, severity: Severity = Severity.INFO, **facts: Any) -> None:
    """Write one line of JSON; nothing where lines are text, whose reader is told in other ways."""
    if structured():
        log(message, severity, **facts)


def failure(message: str, **facts: Any) -> None:
    """Log the exception that is being handled, with its traceback."""
    log(message, Severity.ERROR, **facts, stack_trace=traceback.format_exc().rstrip())


def as_json(message: str, severity: Severity, **facts: Any) -> str:
    """One line of JSON."""
    line = {
        "severity": severity.value,
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "message": message,
        "memory_usage_mb": memory_usage_mb(),
        **{name: value for name, value in facts.items() if value not in ("", None)},
    }
    return json.dumps(line, ensure_ascii=False, default=str)


def memory_usage_mb() -> float:
    """Resident megabytes of this process and all it has started: a run's kernel and workers."""
    import psutil

    total = 0
    process = psutil.Process()
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:  # ended while we looked
            continue
    return round(total / 2**20, 1)


def _write(descriptor: int, line: str) -> None:
    """Write a whole line at once: processes that share a pipe do not mix theirs.

    In a notebook's kernel, standard output is the page's; the service's own is what ipykernel
    found at its start.
    """
    line = scrub(line)
    stream = sys.stdout if descriptor == _OUT else sys.stderr
    if hasattr(stream, "pub_thread"):  # ipykernel's; a copy is kept where it reads the descriptor
        own = getattr(stream, "_original_stdstream_copy", None)
        os.write(descriptor if own is None else own, f"{line}\n".encode())
    else:
        print(line, file=stream, flush=True)
