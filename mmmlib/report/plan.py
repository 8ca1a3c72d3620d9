"""Panel: current and planned spend of each channel, within its bounds."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.ground import columns as c
from mmmlib.plan import Allocation
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import MISSING, percent, short, tick


def summary(allocation: Allocation, period: str) -> str:
    """What the plan changes, in one sentence."""
    table = allocation.table
    now, budget = float(table[c.CURRENT_SPEND].sum()), allocation.budget
    before, after = (float(table[x].sum()) for x in (c.CURRENT_RESPONSE, c.PLANNED_RESPONSE))
    money = "the same budget" if abs(budget - now) <= 1e-6 * now else (
        f"a budget {percent(budget / now - 1, signed=True)}"
    )  # fmt: skip
    return (
        f"{short(budget)} per {period}, {money}: response"
        f" {short(before)} → {short(after)} ({percent(after / before - 1, signed=True)})"
        + _warned(len(allocation.warnings))
    )


def _warned(count: int) -> str:
    return f"; {count} warning{'s' if count > 1 else ''} (allocation_warnings.csv)" if count else ""


def draw(figure: Figure, box: Box, allocation: Allocation, period: str) -> None:
    """Dumbbells from current to planned spend; the pale bar is what the bounds allow."""
    table = allocation.table.sort_values(
        c.CURRENT_SPEND, ascending=False, kind="stable", ignore_index=True
    )
    box = style.heading(figure, box, "Where the next budget should go", summary(allocation, period))
    axes = style.rows(figure, box, list(table[c.CHANNEL]), right=0.65)
    places = np.arange(len(table))
    now, then = table[c.CURRENT_SPEND], table[c.PLANNED_SPEND]
    low, high = table[c.SPEND_LOW], table[c.SPEND_HIGH]
    axes.barh(places, high - low, 0.5, low, color=style.FAINT, label="allowed")
    colors = np.where(then >= now, style.GREEN, style.VERMILLION)
    axes.hlines(places, now, then, colors=list(colors), lw=2.5)
    axes.scatter(now, places, s=34, color="white", edgecolors=style.QUIET, zorder=3, label="today")
    axes.scatter(then, places, s=34, color=list(colors), zorder=4)
    axes.scatter([], [], s=34, color=style.GREEN, label="plan, more")
    axes.scatter([], [], s=34, color=style.VERMILLION, label="plan, less")
    axes.set_xlim(0, 1.03 * float(max(high.max(), now.max())) or 1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    for place, (before, after) in enumerate(zip(now, then, strict=True)):
        change = percent(after / before - 1, signed=True) if before else MISSING
        style.beside(axes, place, 0.6, change)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, borderaxespad=0.1,
        handletextpad=0.3, columnspacing=1.2,
    )  # fmt: skip
