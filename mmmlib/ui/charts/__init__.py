"""Charts drawn in the browser from plain numbers; a view names them in its ``components``.

``mmm-xy``: lines, stacked areas and dots over numbers or dates. ``mmm-cloud``: ten thousand
points on a canvas, of which one can be picked. ``drawing.js``: how every page writes a number,
chooses ticks and draws a line.
"""

from __future__ import annotations

from pathlib import Path

from mmmlib.ui.pieces import pieces


def components() -> dict[str, str]:
    """Return the charts as components of a view: name → source."""
    return pieces(Path(__file__).parent)
