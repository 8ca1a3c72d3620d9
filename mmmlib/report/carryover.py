"""Panel: how much of each effect comes at once and how much later."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib import columns as c
from mmmlib.report import style
from mmmlib.report.reading import carryover, period
from mmmlib.report.style import Box
from mmmlib.report.wording import percent
from mmmlib.result import TrainingResult


def draw(figure: Figure, box: Box, result: TrainingResult) -> None:
    """Immediate and carryover share of the effect of every paid and organic channel."""
    table = carryover(result)
    box = style.heading(
        figure,
        box,
        "Immediate and later effect",
        f"Carryover: effect that comes after the {period(result)} of the spend.",
    )
    organic = table[c.ROLE] == "organic"
    axes = style.rows(figure, box, list(table[c.VARIABLE]), right=0.15)
    for text, unpaid in zip(axes.get_yticklabels(), organic, strict=True):
        text.set_fontstyle("italic" if unpaid else "normal")
    known = table["share"].notna()
    places, later = np.flatnonzero(known).tolist(), table["share"][known].to_numpy()
    axes.barh(places, 1 - later, 0.6, color=style.BLUE, label="immediate")
    axes.barh(places, later, 0.6, 1 - later, color=style.ORANGE, label="carryover")
    for place, share in zip(places, later, strict=True):
        if share <= 0.94:
            axes.text(
                0.012, place, percent(1 - share), va="center", color="white", fontsize=style.SMALL
            )
        if share >= 0.06:
            axes.text(0.99, place, percent(share), va="center", ha="right", fontsize=style.SMALL)
    for place in np.flatnonzero(~known).tolist():
        axes.text(0.012, place, "no effect", va="center", color=style.QUIET, fontsize=style.SMALL)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
