"""Panel: each objective over the course of the search, and whether it converged."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import wrapped

_NAMES = {c.NRMSE: "NRMSE", c.DECOMP_RSSD: "DECOMP.RSSD", c.MAPE: "MAPE (lift studies)"}
_GAP = 0.4
_LINES = 3  # of a verdict


def height() -> float:
    """Inches that the panel needs, heading included."""
    return 4.0


def draw(figure: Figure, box: Box, result: TrainingResult) -> None:
    """One small chart an objective, side by side, its verdict below."""
    table = result.convergence
    box = style.heading(
        figure,
        box,
        "Did the search converge?",
        "Line: median error of the candidates tried at that point of the trials; band: one"
        " standard deviation to each side. Dashed: what the last median must be below.",
    )
    objectives = list(table[c.OBJECTIVE].unique())
    if not objectives:
        text = "This run was archived without its convergence."
        style.write(figure, box.left, box.top, text, fontsize=style.BODY, color=style.QUIET)
        return
    width = (box.width - _GAP * (len(objectives) - 1)) / len(objectives)
    for place, objective in enumerate(objectives):
        cell = Box(box.left + place * (width + _GAP), box.top, width, box.height)
        _draw_one(figure, cell, table[table[c.OBJECTIVE] == objective])


def _draw_one(figure: Figure, cell: Box, rows: pd.DataFrame) -> None:
    objective, verdict = rows[c.OBJECTIVE].iloc[0], rows[c.VERDICT].iloc[0]
    converged = bool(rows[c.CONVERGED].iloc[0])
    axes = style.axes(figure, cell.inset(left=0.65, top=0.1, right=0.1, bottom=1.15))
    x, median = rows[c.ITERATION], rows[c.MEDIAN]
    spread = rows[c.SD].fillna(0.0)
    axes.fill_between(x, median - spread, median + spread, color=style.SKY, alpha=0.3, lw=0)
    axes.plot(x, median, "o-", color=style.BLUE, lw=1.6, ms=3)
    limit = rows[c.MEDIAN_LIMIT].iloc[0]
    if limit == limit:  # not NaN
        axes.axhline(limit, color=style.QUIET, lw=1.0, ls=(0, (4, 3)))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(_NAMES[objective])
    axes.set_xlabel("iteration of each trial")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid()
    lines = wrapped(verdict, (cell.width - 0.2) * 72, style.SMALL)[:_LINES]
    style.write(
        figure, cell.left, cell.top + cell.height - 0.58, "\n".join(lines),
        fontsize=style.SMALL, linespacing=1.3, color=style.INK if converged else style.VERMILLION,
    )  # fmt: skip
