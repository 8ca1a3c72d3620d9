"""How `mmm` shows tables, numbers and verdicts; every command takes these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_COLOURS = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "lost": "red",
    "refused": "red",
    "running": "cyan",
    "PASS": "green",
    "REVIEW": "yellow",
    "FAIL": "red",
    "pass": "green",
    "warn": "yellow",
    "fail": "red",
}


def console() -> Console:
    """Return a console as wide as the terminal; a pipe gets lines that do not wrap."""
    shown = Console(highlight=False)
    return shown if shown.is_terminal else Console(highlight=False, width=120, soft_wrap=True)


def coloured(word: str) -> str:
    """A status or a verdict in its colour."""
    return f"[{_COLOURS.get(word, 'dim')}]{word}[/]"


def table(*titles: str, rows: Iterable[Sequence[Any]] = ()) -> Table:
    """A plain table; a title that starts with > stands right. ``rows`` are shown as they are."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        right = title.startswith(">")
        made.add_column(title.removeprefix(">"), justify="right" if right else "left")
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made


def number(value: Any, digits: int) -> str:
    """A figure with so many digits after the point; empty where there is none."""
    return "" if value is None or value != value else f"{value:,.{digits}f}"
