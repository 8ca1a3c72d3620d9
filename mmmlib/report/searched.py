"""Panels on the search: which hyperparameters were tried, and where efficiency settled."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import NDArray

from mmmlib.ground import columns as c
from mmmlib.job import HYPERPARAMETERS
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import labels

PARTS = 5  # of the search
BINS = 40
_GAP = 0.3
_OVERLAP = 1.6  # height of a ridge in rows
Ridge = tuple[str, NDArray[np.float64], NDArray[np.float64], float]


def sampling_height(result: TrainingResult) -> float:
    """Inches that the panel of hyperparameters needs, heading included."""
    media = max(map(len, _tried(result).values()), default=1)
    return 1.4 + 0.3 * media


def draw_sampling(figure: Figure, box: Box, result: TrainingResult) -> None:
    """A ridge a hyperparameter, a column a kind: all tried ones, those on fronts, the best."""
    box = style.heading(
        figure, box, "Which hyperparameters were tried?",
        "Grey: all candidates. Blue: those on Pareto fronts. Line: the best model."
        " A ridge against the end of its own range asks for a wider one.",
    )  # fmt: skip
    kinds = _tried(result)
    best, fronts = result.errors(), result.candidates[c.PARETO_FRONT] > 0
    width = (box.width - _GAP * (len(kinds) - 1)) / max(len(kinds), 1)
    for place, (kind, media) in enumerate(kinds.items()):
        cell = Box(box.left + place * (width + _GAP), box.top, width, box.height)
        ridges = []
        for name in media:
            values = result.candidates[f"{name}_{kind}"].to_numpy(dtype=np.float64)
            ridges.append((name, values, values[fronts], float(best[f"{name}_{kind}"])))
        _draw_ridges(figure, cell, ridges, kind)


def efficiency_height(result: TrainingResult) -> float:
    """Inches that the panel of efficiency needs, heading included."""
    return 1.4 + 0.62 * -(-len(result.best_channels()) // 3) * PARTS * 0.5


def draw_efficiency(
    figure: Figure, box: Box, result: TrainingResult, target_type: str = "revenue"
) -> None:
    """A small chart a channel, a ridge a fifth of the search: ROAS (CPA) of what was found then."""
    name, word = (c.ROAS, "ROAS") if target_type == "revenue" else (c.CPA, "CPA")
    box = style.heading(
        figure, box, f"Where did {word} settle?",
        f"{word} of the candidates on Pareto fronts, by the fifth of the trials in which they were"
        " found; line: the best model.",
    )  # fmt: skip
    table = result.decomposition.merge(result.candidates[[c.CANDIDATE, c.ITERATION]])
    table = table[(table[c.ROLE] == "paid") & np.isfinite(table[name].astype(float))]
    last = max(int(result.candidates[c.ITERATION].max()), 1)
    part = np.ceil(table[c.ITERATION] / last * PARTS).clip(1, PARTS).astype(int)
    channels = list(result.best_channels()[c.CHANNEL])
    across = min(len(channels), 3)
    down = -(-len(channels) // across)
    width = (box.width - _GAP * (across - 1)) / across
    height = (box.height - 0.2 * (down - 1)) / down
    for place, channel in enumerate(channels):
        left = box.left + place % across * (width + _GAP)
        cell = Box(left, box.top + place // across * (height + 0.2), width, height)
        own = table[c.VARIABLE] == channel
        of_best = table.loc[own & (table[c.CANDIDATE] == result.best), name]
        best = float(of_best.iloc[0]) if len(of_best) else float("nan")
        ridges = []
        for number in range(1, PARTS + 1):
            values = table.loc[own & (part == number), name].to_numpy(dtype=np.float64)
            until = round(last * number / PARTS)
            ridges.append((f"to {until}", np.empty(0), values, best))
        _draw_ridges(figure, cell, ridges, labels([channel], 120, style.BODY)[0])


def _tried(result: TrainingResult) -> dict[str, list[str]]:
    """Media of each kind of hyperparameter that the candidates have."""
    names = [str(name) for name in result.candidates]
    kinds = dict.fromkeys(kind for family in HYPERPARAMETERS.values() for kind in family)
    found = {kind: [n[: -len(kind) - 1] for n in names if n.endswith(f"_{kind}")] for kind in kinds}
    return {kind: media for kind, media in found.items() if media}


def _draw_ridges(figure: Figure, cell: Box, ridges: list[Ridge], title: str) -> None:
    axes = style.rows(figure, cell, [name for name, *_ in ridges], 0.05)
    every = np.concatenate([part for _, first, then, _ in ridges for part in (first, then)])
    bests = np.array([best for *_, best in ridges])
    every = np.concatenate([every, bests[np.isfinite(bests)]])
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    edges = np.linspace(low, high, BINS + 1)
    for row, (_, first, then, best) in enumerate(ridges):
        for values, color in ((first, style.GREY), (then, style.BLUE)):
            _ridge(axes, row, edges, values, color)
        if np.isfinite(best):
            axes.plot([best, best], [row - 0.75, row], color=style.VERMILLION, lw=1.6, zorder=20)
    axes.set_xlim(low, high)
    axes.set_ylim(len(ridges) - 0.4, -_OVERLAP)
    axes.set_title(title, fontsize=style.BODY, color=style.INK, loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _ridge(
    axes: Axes, row: int, edges: NDArray[np.float64], values: NDArray[np.float64], color: str
) -> None:
    """A smoothed histogram that stands on its row, as tall as its own highest bin."""
    if not values.size:
        return
    counts = np.histogram(values, edges)[0].astype(np.float64)
    smooth = np.convolve(np.pad(counts, 2, mode="edge"), np.array([1, 2, 3, 2, 1]) / 9, "valid")
    middle = (edges[1:] + edges[:-1]) / 2
    top = row - _OVERLAP * 0.6 * smooth / smooth.max()
    axes.fill_between(middle, row, top, color=color, alpha=0.45, lw=0, zorder=2 + row)
    axes.plot(middle, top, color=color, lw=0.8, zorder=2 + row)


def spend_exposure_height(pairs: int) -> float:
    """Inches that the panel of exposures needs, heading included."""
    return 0.35 + 2.5 * -(-max(pairs, 1) // 3)


def draw_spend_exposure(
    figure: Figure, box: Box, frame: pd.DataFrame, pairs: list[tuple[str, str, str]]
) -> None:
    """Exposure against spend, a chart a channel that has both; the line is the cost they share.

    Parameters
    ----------
    figure, box
    frame : DataFrame
        Rows of the window.
    pairs : list of (channel, column of spend, column of exposure)
    """
    box = style.heading(
        figure, box, "Does exposure follow spend?",
        "Points: periods of the window. Line: the one cost per exposure that makes money of a"
        " channel's exposure; where points lie along several lines, split the channel.",
    )  # fmt: skip
    if not pairs:
        said = "No channel of this job has an exposure beside its spend."
        style.write(figure, box.left, box.top, said, fontsize=style.BODY, color=style.QUIET)
        return
    across = min(len(pairs), 3)
    width = (box.width - _GAP * (across - 1)) / across
    for place, (name, spend, exposure) in enumerate(pairs):
        left = box.left + place % across * (width + _GAP)
        cell = Box(left, box.top + place // across * 2.5, width, 2.3)
        axes = style.axes(figure, cell.inset(left=0.65, top=0.3, right=0.1, bottom=0.45))
        paid = frame[spend].to_numpy(dtype=np.float64)
        seen = frame[exposure].to_numpy(dtype=np.float64)
        axes.plot(paid, seen, "o", ms=2.5, color=style.BLUE, alpha=0.6)
        if seen.sum() > 0 and paid.sum() > 0:
            most = paid.max()
            axes.plot([0, most], [0, most * seen.sum() / paid.sum()], color=style.ORANGE, lw=1.4)
        axes.set_title(labels([name], 130, style.BODY)[0], fontsize=style.BODY, loc="left")
        axes.set_xlabel("spend")
        axes.set_ylabel("exposure")
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(EngFormatter(sep=""))
        axes.grid()
