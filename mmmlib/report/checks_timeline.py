"""Panel: when the target and the channels did something unusual."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.data import RULES, Sample, largest_step, low_stretches, robust_z, spend_scores
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import labels, tick

MOST = 30  # channels; the largest are shown
_TARGET = 1.3  # inches
_ROW = 0.22


def height(sample: Sample) -> float:
    """Inches the panel needs."""
    return 0.52 + _TARGET + 0.25 + _ROW * min(len(sample.channels), MOST) + 0.35


def draw(figure: Figure, box: Box, sample: Sample) -> None:
    """The target with outliers, a low end and the likeliest step; below it who spent when."""
    spends = sorted(sample.spends.items(), key=lambda item: -float(item[1].sum()))
    note = (
        "Triangles: outliers; crosses: spend without exposure, exposure without spend; white: no"
        " spend."
    )
    if len(spends) > MOST:
        note += f" {len(spends) - MOST} smaller channels are left out."
    box = style.heading(figure, box, "When", note)
    inner = box.inset(left=1.3, right=0.1)
    dates = sample.dates.iloc[sample.window].to_numpy()
    target = style.axes(figure, Box(inner.left, inner.top, inner.width, _TARGET))
    _target(target, sample, dates)
    rows = spends[:MOST]
    below = Box(inner.left, inner.top + _TARGET + 0.25, inner.width, _ROW * max(1, len(rows)))
    axes = style.axes(figure, below)
    _activity(axes, sample, rows, dates)
    axes.set_xlim(target.get_xlim())
    axes.set_yticks(
        range(len(rows)), labels([name for name, _ in rows], 1.2 * 72, style.SMALL),
        fontsize=style.SMALL,
    )  # fmt: skip
    axes.tick_params(axis="y", length=0)
    _dated(target)
    target.tick_params(axis="x", labelbottom=False)
    _dated(axes)


def _target(axes: Axes, sample: Sample, dates: np.ndarray) -> None:
    values = sample.target
    axes.plot(dates, values, color=style.INK, lw=0.9)
    limit = RULES["target_outliers"].review or np.inf
    far = np.abs(robust_z(values)) > limit
    axes.plot(dates[far], values[far], "v", color=style.VERMILLION, ms=5)
    tail, before = low_stretches(sample)
    if tail > before:
        axes.plot(dates[-tail:], values[-tail:], "o", color=style.ORANGE, ms=3)
    limit = RULES["target_break"].review or np.inf
    if (step := largest_step(sample)) and step[1] > limit:
        axes.axvline(dates[step[0]], color=style.VERMILLION, lw=1.2, ls="--")
    axes.margins(x=0.005)
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y")


def _activity(
    axes: Axes, sample: Sample, rows: list[tuple[str, np.ndarray]], dates: np.ndarray
) -> None:
    """One strip a channel, darker where it spent more."""
    limit = RULES["spend_outliers"].review or np.inf
    exposures = {item.name: item.exposure for item in sample.channels}
    colors = LinearSegmentedColormap.from_list("spend", ["white", style.SKY, style.BLUE])
    days = date2num(dates)  # type: ignore[no-untyped-call]
    half = sample.days / 2
    for place, (name, spend) in enumerate(rows):
        share = np.sqrt(np.maximum(spend, 0) / (np.abs(spend).max() or 1.0))
        axes.imshow(
            share[None, :], cmap=colors, vmin=0, vmax=1, aspect="auto", interpolation="nearest",
            extent=(days[0] - half, days[-1] + half, place + 0.4, place - 0.4),
        )  # fmt: skip
        far = spend_scores(spend) > limit
        axes.plot(days[far], np.full(far.sum(), place), "v", color=style.VERMILLION, ms=5)
        if (column := exposures[name]) is not None:
            lone = (spend > 0) != (sample.values(column) > 0)
            axes.plot(days[lone], np.full(lone.sum(), place), "x", color=style.ORANGE, ms=4)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis_date()
    axes.spines["left"].set_visible(False)


def _dated(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=5, maxticks=14)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    )
