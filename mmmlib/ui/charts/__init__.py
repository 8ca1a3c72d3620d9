"""Charts drawn in the browser from plain numbers; a view names them in its ``components``.

``mmm-xy``: lines, stacked areas and dots over numbers or dates. ``mmm-cloud``: ten thousand
points on a canvas, of which one can be picked.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def components() -> dict[str, str]:
    """Return the charts as components of a view: name → source."""
    return {
        f"mmm-{path.stem}": path.read_text(encoding="utf-8")
        for path in sorted(_FOLDER.glob("*.vue"))
    }
