"""Panel: which variables move together."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mmmlib.data import RULES, Sample, correlation
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import labels

MOST = 24  # variables that can be read; those that correlate most are shown


def draw(figure: Figure, box: Box, sample: Sample) -> None:
    """Correlations as a heat map; pairs beyond the threshold have a frame."""
    names, matrix = correlation(sample)
    limit = RULES["correlated_pairs"].review or 1.0
    hidden = len(names) - MOST
    if hidden > 0:
        strength = np.abs(matrix - np.eye(len(names))).max(axis=0)
        kept = np.sort(np.argsort(-strength, kind="stable")[:MOST])
        names, matrix = [names[i] for i in kept], matrix[np.ix_(kept, kept)]
    note = f"Correlation in the window; framed beyond {limit:g}."
    if hidden > 0:
        note += f" {hidden} weaker ones are left out."
    box = style.heading(figure, box, "What moves together", note)
    if len(names) < 2:
        style.write(figure, box.left, box.top, "fewer than two variables vary", color=style.QUIET)
        return
    side = min(box.width - 1.3, box.height - 1.0)
    axes = style.axes(figure, Box(box.left + 1.3, box.top, side, side))
    colors = LinearSegmentedColormap.from_list("r", [style.ORANGE, "white", style.BLUE])
    axes.imshow(matrix, cmap=colors, vmin=-1, vmax=1)
    size = min(style.SMALL, 60 * side / len(names) / 2.4)
    shown = labels(names, 1.2 * 72, size)
    axes.set_xticks(range(len(names)), shown, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), shown)
    axes.tick_params(length=0, labelsize=size)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in np.ndindex(matrix.shape):
        if row == column:
            continue
        value = matrix[row, column]
        if len(names) <= 12:
            text = f"{value:.2f}".replace("-", "−").replace("0.", ".")
            color = "white" if value > 0.6 else style.INK
            axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=color)
        if abs(value) > limit:
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, ec=style.VERMILLION, lw=1.4))
