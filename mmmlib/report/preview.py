"""A small chart of raw data before a run: spend by channel."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.data import Preview
from mmmlib.report import style
from mmmlib.report.text import short, tick


def preview_figure(preview: Preview) -> Figure:
    """Bars of spend over all rows, the largest first."""
    ordered = sorted(preview.spend.items(), key=lambda each: -each[1])
    names, spend = [name for name, _ in ordered], np.array([value for _, value in ordered])
    with style.look():
        drawn, box = style.blank(6.0, 1.5 + 0.26 * max(len(names), 1))
        dates = f", {preview.first[:10]} to {preview.last[:10]}" if preview.first else ""
        note = f"{preview.rows:,} rows{dates}: {short(float(spend.sum()))} in all"
        box = style.heading(drawn, box, "Spend by channel", note)
        axes = style.rows(drawn, box, names, right=0.65)
        axes.barh(np.arange(len(names)), spend, 0.62, color=style.BLUE)
        axes.set_xlim(0, 1.03 * float(spend.max(initial=0.0)) or 1.0)
        axes.xaxis.set_major_formatter(FuncFormatter(tick))
        for place, value in enumerate(spend):
            style.beside(axes, place, 0.6, short(float(value)))
    return drawn
