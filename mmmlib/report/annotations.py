"""Annotations on a chart over time: thin lines with labels that do not overlap."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from mmmlib.ground import columns as c
from mmmlib.report import style
from mmmlib.report.text import shortened, width

_LETTERS = 7.0  # points
_TIER = 11.0  # points from one line of labels to the next
_WIDEST = 130.0  # points of a label
_MOST_TIERS = 5
_SHARE = 0.4  # of the height that labels may take


class Mark(NamedTuple):
    """A label and where it stands, in points from the left edge; ``tier`` 0 is the lowest.

    ``tier`` is ``None`` where there is no room: the line stays, without its label.
    """

    x: float
    label: str
    left: float
    right: float
    tier: int | None


def annotate(axes: Axes, annotations: pd.DataFrame | None, labelled: bool = True) -> int:
    """Draw the annotations that lie within the dates the axes show.

    Call it when everything else is drawn: the labels get room above it.

    Returns
    -------
    int
        Number of labels for which there was no room.
    """
    low, high = axes.get_xlim()
    if annotations is None or annotations.empty:
        return 0
    days = date2num(annotations[c.DATE].to_numpy())  # type: ignore[no-untyped-call]
    inside = (days >= low) & (days <= high)
    if not inside.any():
        return 0
    axes.set_xlim(low, high)
    wide, tall = _points(axes)
    most = min(_MOST_TIERS, int(_SHARE * tall / _TIER)) if labelled else 0
    places = ((days[inside] - low) / (high - low) * wide).tolist()
    labels = [shortened(text, _WIDEST, _LETTERS) for text in annotations[c.LABEL][inside]]
    marks, tiers = arrange(list(zip(places, labels, strict=True)), wide, most)
    bottom, top = axes.get_ylim()
    room = tiers * _TIER / tall
    axes.set_ylim(bottom, bottom + (top - bottom) / (1 - room))
    for mark in marks:
        floor = 1 - room + (mark.tier or 0) * _TIER / tall
        head = floor if mark.tier is None else floor + 0.8 * _TIER / tall
        x = mark.x / wide
        axes.plot(
            [x, x], [0, head], transform=axes.transAxes, color=style.PURPLE, lw=0.7, zorder=1.5,
            gid="annotation",
        )  # fmt: skip
        if mark.tier is not None:
            side, edge = ("left", mark.left) if mark.left > mark.x else ("right", mark.right)
            axes.text(
                edge / wide, floor + 0.4 * _TIER / tall, mark.label, fontsize=_LETTERS, ha=side,
                color=style.QUIET, va="center", transform=axes.transAxes, gid="annotation",
            )  # fmt: skip
    return sum(mark.tier is None for mark in marks) if labelled else 0


def arrange(marks: list[tuple[float, str]], wide: float, most: int) -> tuple[list[Mark], int]:
    """Find a place for every label in as few tiers as hold them all.

    Parameters
    ----------
    marks : list of (float, str)
        Points from the left edge, and the label.
    wide : float
        Points between the edges; no label leaves them.
    most : int
        Tiers there is room for.

    Returns
    -------
    tuple of list of Mark and int
        Marks from left to right, and the number of tiers. No two labels meet and no line
        crosses another mark's label.
    """
    placed: list[Mark] = []
    for tiers in range(most + 1):
        placed = []
        for x, label in sorted(marks):
            placed.append(_place(x, label, wide, tiers, placed))
        if all(mark.tier is not None for mark in placed):
            return placed, tiers
    return placed, most


def _place(x: float, label: str, wide: float, tiers: int, placed: list[Mark]) -> Mark:
    """Right of the line in the highest free tier, else left of it in the lowest.

    So the lines of later marks pass below labels to the right, and above labels to the left.
    """
    needed = width(label.replace(r"\$", "$"), _LETTERS)
    ways = [(x + 2, tier) for tier in reversed(range(tiers))]
    ways += [(x - 2 - needed, tier) for tier in range(tiers)]
    for left, tier in ways:
        mark = Mark(x, label, left, left + needed, tier)
        inside = left >= 0 and mark.right <= wide
        if inside and not any(_meet(mark, other) for other in placed):
            return mark
    return Mark(x, label, x, x, None)


def _meet(one: Mark, other: Mark) -> bool:
    """Whether labels overlap, or the line of one crosses the label of the other."""
    if other.tier is None or one.tier is None:
        return False  # a line without a label ends below all labels
    if one.tier == other.tier:
        return one.left < other.right + 3 and other.left < one.right + 3
    high, low = (one, other) if one.tier > other.tier else (other, one)
    return low.left - 1 < high.x < low.right + 1


def _points(axes: Axes) -> tuple[float, float]:
    """Width and height of the axes in points."""
    figure = axes.get_figure()
    assert figure is not None
    across, up = figure.get_size_inches()  # type: ignore[union-attr]
    box = axes.get_position()
    return 72 * across * box.width, 72 * up * box.height


def left_out(count: int) -> str:
    """Say in a panel's note that labels are missing; empty where none is."""
    if not count:
        return ""
    return f" {count} label{'s' if count > 1 else ''} without room: see annotations.csv."
