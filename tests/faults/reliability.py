"""The table of docs/reliability.md: each fault test has its rows there, word for word.

``python -m tests.faults`` runs the fault tests and writes the rows anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "reliability.md"
COLLECT = "FAULT_ROWS"  # variable: a file that takes the rows, which are not compared then
START, END = "<!-- rows: python -m tests.faults -->\n", "<!-- end of rows -->"
HEAD = "| what was tried | what happened | what the person reads |\n| --- | --- | --- |\n"
# What differs from machine to machine and from run to run.
_VARIABLE = (
    (r"gs://bucket-\d+", "gs://bucket"),
    (r"bucket-\d+", "bucket"),
    (r"(?<![:\w/])/[^\s:;]*/(?=robyn/)", "/archive/"),
    (r"\d{8}_\d{6}", "20261123_053424"),
    (r"for \d+ s", "for 120 s"),
    (r"its process \d+ was", "its process 4711 was"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "2026-11-23 05:34:24 UTC"),
    (r"No space left on device|File too large", "No space left on device"),
)


def told(tried: str, happened: str, message: str = "") -> None:
    """Check that the page has this row, or collect it."""
    for pattern, instead in _VARIABLE:
        message = re.sub(pattern, instead, message)
    cells = (tried, happened, message.replace("\n", " ") or "(nothing: it passes by itself)")
    row = "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    if into := os.environ.get(COLLECT):
        with Path(into).open("a") as file:
            file.write(f"{row}\n")
        return
    assert row in PAGE.read_text().splitlines(), (
        f"docs/reliability.md does not say: {row}\nrun python -m tests.faults"
    )


def write(rows: str) -> None:
    """Put collected rows into the page."""
    text = PAGE.read_text()
    before, after = text.split(START)[0], text.split(END)[1]
    table = HEAD + "\n".join(dict.fromkeys(rows.splitlines())) + "\n"
    PAGE.write_text(f"{before}{START}{table}{END}{after}")
