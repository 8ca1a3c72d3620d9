"""Panel: one small response curve a channel, with where it stands today."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.select import grid_response, period
from mmmlib.report.style import Box
from mmmlib.report.text import short, shortened, tick

NARROWEST = 2.0  # inches
REACH = 4.0  # times the average spend today


def columns_for(width: float, count: int) -> int:
    """How many small curves stand side by side in ``width`` inches, rows evenly filled."""
    lines = math.ceil(count / max(1, int(width / NARROWEST)))
    return math.ceil(count / lines)


def row_height(width: float, count: int) -> float:
    """Height of a row of curves in inches: wide cells are taller."""
    return min(2.3, 1.15 + 0.25 * width / columns_for(width, count))


def height_for(width: float, count: int) -> float:
    """Inches that ``count`` curves need in a box of ``width`` inches, heading included."""
    lines = math.ceil(count / columns_for(width, count))
    return 0.62 + row_height(width, count) * lines


def draw(figure: Figure, box: Box, result: TrainingResult) -> None:
    """Small multiples, largest spend first; each has its own axes."""
    order = list(result.channel_table()[c.CHANNEL])
    across = columns_for(box.width, len(order))
    box = style.heading(
        figure,
        box,
        f"Response to spend per {period(result)}",
        "Dot: average spend today, carried-over effect included; marginal: what one more unit"
        " of spend brings. Axes differ.",
    )
    width, tall = box.width / across, row_height(box.width, len(order))
    for place, channel in enumerate(order):
        row, column = divmod(place, across)
        cell = Box(box.left + column * width, box.top + row * tall + 0.05, width, tall)
        _draw_one(figure, cell, result, channel)


def _draw_one(figure: Figure, cell: Box, result: TrainingResult, channel: str) -> None:
    axes = style.axes(figure, cell.inset(left=0.55, top=0.4, right=0.18, bottom=0.38))
    spend, response = grid_response(result, channel)
    channels = result.best_channels()
    today = channels[channels[c.CHANNEL] == channel]
    x, y, slope = (
        float(today[name].iloc[0])
        for name in (c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.CURRENT_MARGINAL)
    )
    # Peaks of single periods reach far beyond what an average spend will ever be.
    shown = spend <= (REACH * x if x > 0 else spend.max())
    spend, response = spend[shown], response[shown]
    axes.plot(spend, response, color=style.BLUE, lw=1.6)
    past = spend <= x
    axes.fill_between(spend[past], np.zeros(past.sum()), response[past], color=style.SKY, alpha=0.2)
    axes.plot([x, x], [0, y], color=style.GREY, lw=0.8)
    axes.plot([x], [y], "o", color=style.ORANGE, ms=6, mec=style.INK, mew=0.8, clip_on=False)
    if not np.any(response):
        axes.set_ylim(-0.05, 1)
        axes.set_yticks([0])
        axes.text(0.5, 0.5, "no effect", transform=axes.transAxes, ha="center", color=style.QUIET)
    else:
        axes.set_ylim(*sorted((0.0, 1.08 * float(response[np.abs(response).argmax()]))))
        axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.set_xlim(0, float(spend.max()) or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    axes.tick_params(labelsize=7)
    axes.grid()
    left, points = cell.left + 0.15, (cell.width - 0.3) * 72
    name = shortened(channel, points, style.SMALL)
    style.write(figure, left, cell.top + 0.02, name, fontsize=style.SMALL, fontweight="bold")
    marginal = f"marginal {short(slope, 2)}"
    style.write(figure, left, cell.top + 0.19, marginal, fontsize=7, color=style.QUIET)
