"""Pieces that several pages draw; a view names them in its ``components``.

``mmm-subject``: the head of a page about one model of one run, with both to choose.
``mmm-stored``: the choice among the models of a run that are stored in full.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def pieces(folder: Path = _HERE) -> dict[str, str]:
    """Return the ``.vue`` files of a folder as components of a view: name → source."""
    return {
        f"mmm-{path.stem}": path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.vue"))
    }
