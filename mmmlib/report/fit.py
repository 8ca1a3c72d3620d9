"""Panels: the fitted target over time, and what it misses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.annotations import annotate, left_out
from mmmlib.report.select import over_time
from mmmlib.report.style import Box
from mmmlib.report.text import tick

_SPLITS = {
    "train": ("training", style.BLUE),
    "val": ("validation", style.ORANGE),
    "test": ("test", style.VERMILLION),
}


def draw(
    figure: Figure, box: Box, result: TrainingResult, annotations: pd.DataFrame | None = None
) -> None:
    """Actual and fitted target by date; what the model was not trained on is shaded.

    ``annotations`` (``date, label``) are drawn as thin lines.
    """
    table = over_time(result)
    held_out = (table[c.SPLIT] != "train").any()
    note = (
        "Shaded: held out, not seen in training." if held_out else "The whole window is training."
    )
    axes = style.axes(figure, style.below(box).inset(left=0.65, right=0.1, top=0.1, bottom=0.3))
    dates = table[c.DATE].to_numpy()
    axes.plot(dates, table[c.ACTUAL], color=style.INK, lw=1.1, label="actual")
    axes.plot(dates, table[c.FITTED], color=style.BLUE, lw=1.6, label="fitted")
    _shade(axes, table)
    axes.margins(x=0.005)
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    locator = AutoDateLocator(minticks=5, maxticks=14)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.grid(axis="y")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, borderaxespad=0.1)
    note += left_out(annotate(axes, annotations))
    style.heading(figure, box, "Actual and fitted target", note)


def _shade(axes: Axes, table: pd.DataFrame) -> None:
    """One band a held-out split, from half a period before its first date."""
    half = table[c.DATE].diff().median() / 2 if len(table) > 1 else pd.Timedelta(0)
    for split in ("val", "test"):
        dates = table.loc[table[c.SPLIT] == split, c.DATE]
        if len(dates):
            name, color = _SPLITS[split]
            axes.axvspan(
                (dates.min() - half).to_datetime64(),
                (dates.max() + half).to_datetime64(),
                color=color, alpha=0.13, lw=0, label=name,
            )  # fmt: skip


def draw_residuals(figure: Figure, box: Box, result: TrainingResult) -> None:
    """Residual against fitted target: a good fit shows no pattern."""
    table = over_time(result)
    box = style.heading(
        figure, box, "What the fit misses", "Residual against fitted; no pattern is good."
    )
    axes = style.axes(figure, box.inset(left=0.75, right=0.1, top=0.1, bottom=0.5))
    residual = table[c.ACTUAL] - table[c.FITTED]
    splits = [split for split in _SPLITS if (table[c.SPLIT] == split).any()]
    for split in splits:
        name, color = _SPLITS[split]
        rows = table[c.SPLIT] == split
        axes.scatter(
            table[c.FITTED][rows], residual[rows], s=16, color=color, alpha=0.65, lw=0, label=name
        )
    axes.axhline(0, color=style.INK, lw=0.8)
    limit = 1.1 * float(np.abs(residual).max()) or 1.0
    axes.set_ylim(-limit, limit)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    axes.set_xlabel("fitted target")
    axes.set_ylabel("actual minus fitted")
    axes.grid()
    if len(splits) > 1:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.1,
            handletextpad=0.1,
        )  # fmt: skip
