"""Panel: how much of each effect comes at once and how much later."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.ground import columns as c
from mmmlib.job import Adstock
from mmmlib.model import TrainingResult
from mmmlib.report import adstock, style
from mmmlib.report.select import carryover, period
from mmmlib.report.style import Box
from mmmlib.report.text import percent


def draw(figure: Figure, box: Box, result: TrainingResult, family: Adstock = "geometric") -> None:
    """Immediate and carryover share of the effect of every medium, and its adstock beside it."""
    table = carryover(result)
    weights, name = adstock.weights_of(result, family), period(result)
    box = style.heading(
        figure,
        box,
        "Immediate and later effect",
        f"Carryover comes after the {period(result)} of the spend."
        + (
            f" Right: adstock, how much of a spend works in which {period(result)}."
            if weights
            else ""
        ),
    )
    organic = table[c.ROLE] == "organic"
    axes = style.rows(
        figure, box, list(table[c.VARIABLE]), right=adstock.STRIP if weights else 0.15
    )
    for text, unpaid in zip(axes.get_yticklabels(), organic, strict=True):
        text.set_fontstyle("italic" if unpaid else "normal")
    known = table["share"].notna()
    places, later = np.flatnonzero(known).tolist(), table["share"][known].to_numpy()
    axes.barh(places, 1 - later, 0.6, color=style.BLUE, label="immediate")
    axes.barh(places, later, 0.6, 1 - later, color=style.ORANGE, label="carryover")
    least = 0.45 / style.inches_wide(axes)  # of a bar, for a label to fit
    for place, share in zip(places, later, strict=True):
        if share <= 1 - least:
            axes.text(
                0.012, place, percent(1 - share), va="center", color="white", fontsize=style.SMALL
            )
        if share >= least:
            axes.text(0.99, place, percent(share), va="center", ha="right", fontsize=style.SMALL)
    for place in np.flatnonzero(~known).tolist():
        axes.text(0.012, place, "no effect", va="center", color=style.QUIET, fontsize=style.SMALL)
    if weights:
        adstock.draw_strip(axes, list(table[c.VARIABLE]), weights, name)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
