"""Pieces that several pages draw; a view names them in its ``components``.

``mmm-subject``: the head of a page about one model of one run, with both to choose.
``mmm-stored``: the choice among the models of a run that are stored in full.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


# how a script takes what is shared; there is one such file, with one export
_IMPORT = re.compile(r'^import (\w+) from "drawing\.js";$', re.MULTILINE)
_DRAWING = _HERE.parent / "charts" / "drawing.js"


@cache
def source(path: Path) -> str:
    """Return a ``.vue`` file as the browser takes it: with what it imports in its place.

    The browser compiles each component apart, and there is no module that it could wait for.
    """
    shared = _DRAWING.read_text(encoding="utf-8")
    return _IMPORT.sub(
        lambda found: shared.replace("export default", f"const {found[1]} ="),
        path.read_text(encoding="utf-8"),
    )


@cache
def pieces(folder: Path = _HERE) -> dict[str, str]:
    """Return the ``.vue`` files of a folder as components of a view: name → source."""
    return {f"mmm-{path.stem}": source(path) for path in sorted(folder.glob("*.vue"))}
