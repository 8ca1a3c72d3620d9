"""Charts as inline SVG: what is drawn is in the file, a pointer over it reads the values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mmmlib.report.text import short

Floats = NDArray[np.float64]
MOST = 220  # points of a line: more than a page has room for


@dataclass(frozen=True)
class Drawn:
    """A line or an area: its name, its CSS colour and one value a point."""

    name: str
    colour: str
    values: Floats


@dataclass(frozen=True)
class Plane:
    """Where the numbers of a chart lie on its picture of ``width`` by ``height``."""

    width: int
    height: int
    right: float  # largest x
    low: float
    high: float
    left: int = 52
    left_x: float = 0.0

    def x(self, value: Floats) -> Floats:
        """Places from the left edge."""
        span = (self.right - self.left_x) or 1.0
        return self.left + (value - self.left_x) / span * (self.width - self.left - 12)

    def y(self, value: Floats) -> Floats:
        """Places from the top edge."""
        span = (self.high - self.low) or 1.0
        return 10 + (self.high - value) / span * (self.height - 34)


def line_chart(label: str, texts: Sequence[str], series: Sequence[Drawn], height: int = 230) -> str:
    """Lines over dates.

    Parameters
    ----------
    label : str
        What the chart shows, for those who do not see it.
    texts : sequence of str
        The dates.
    series : sequence of Drawn
        One value a date.
    """
    values = np.concatenate([one.values for one in series])
    frame = _frame(760, height, len(texts) - 1, values)
    x = frame.x(np.arange(len(texts), dtype=np.float64))
    drawn = "".join(
        f'<path d="{_path(x, frame.y(one.values))}" style="stroke:{one.colour}"/>' for one in series
    )
    return _figure(label, frame, drawn + _dates(frame, x, texts), x, texts, series)


def area_chart(label: str, texts: Sequence[str], series: Sequence[Drawn], height: int = 260) -> str:
    """Areas over dates, one on another: what adds up above zero, what takes away below it."""
    up, down, drawn = np.zeros(len(texts)), np.zeros(len(texts)), []
    for one in series:
        above, below = up + one.values.clip(min=0), down + one.values.clip(max=0)
        drawn += [(one.colour, up, above), (one.colour, down, below)]
        up, down = above, below
    frame = _frame(760, height, len(texts) - 1, np.concatenate([up, down]))
    x = frame.x(np.arange(len(texts), dtype=np.float64))
    areas = "".join(
        f'<path class="area" style="fill:{colour}" d="{_path(x, frame.y(top))}'
        f'{_path(x[::-1], frame.y(base)[::-1]).replace("M", "L", 1)}Z"/>'
        for colour, base, top in drawn
        if np.any(top != base)
    )
    return _figure(label, frame, areas + _dates(frame, x, texts), x, texts, series)


def curve_chart(
    name: str, spend: Floats, response: Floats, today: tuple[float, float], seen: float
) -> str:
    """Response by spend of one channel; dashed beyond the most that was ever spent."""
    frame = _frame(250, 170, float(spend.max(initial=0.0)) or 1.0, response)
    x, y = frame.x(spend), frame.y(response)
    inside = spend <= seen
    last = int(inside.sum())  # the two lines meet in one point
    dot_x, dot_y = frame.x(np.array([today[0]])), frame.y(np.array([today[1]]))
    drawn = (
        f'<path d="{_path(x[:last], y[:last])}" style="stroke:var(--blue)"/>'
        f'<path class="beyond" d="{_path(x[max(last - 1, 0) :], y[max(last - 1, 0) :])}"'
        ' style="stroke:var(--blue)"/>'
        f'<circle class="today" cx="{dot_x[0]:.1f}" cy="{dot_y[0]:.1f}" r="4.5"/>'
    )
    for value in MaxNLocator(3).tick_values(0, frame.right):
        if 0 <= value <= frame.right * 1.001:
            at = float(frame.x(np.array([value]))[0])
            drawn += _text(at, frame.height - 6, short(float(value)), "middle")
    own = [Drawn("response", "var(--blue)", response)]
    texts = [f"spend {short(float(value))}" for value in spend]
    return _figure(name, frame, drawn, x, texts, own, legend=False, title=name)


def interval_bar(low: float, value: float, high: float, most: float) -> str:
    """A bar from low to high with a dot in it, for a cell of a table."""
    at = [4 + 132 * min(max(one, 0.0), most) / (most or 1.0) for one in (low, value, high)]
    return (
        '<svg class="bar" viewBox="0 0 140 14" aria-hidden="true">'
        f'<line x1="{at[0]:.1f}" x2="{at[2]:.1f}" y1="7" y2="7"/>'
        f'<circle cx="{at[1]:.1f}" cy="7" r="4"/></svg>'
    )


def thinned(count: int) -> int:
    """How many periods one drawn point sums up, so that no line has more points than room."""
    return -(-count // MOST)


def _frame(width: int, height: int, right: float, values: Floats) -> Plane:
    finite = values[np.isfinite(values)]
    low, high = float(min(finite.min(initial=0.0), 0.0)), float(max(finite.max(initial=0.0), 0.0))
    return Plane(width, height, right, low, (high - low) * 1.05 + low if high > low else low + 1.0)


def _path(x: Floats, y: Floats) -> str:
    points = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]
    return "M" + "L".join(points) if points else ""


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _dates(frame: Plane, x: Floats, texts: Sequence[str]) -> str:
    places = sorted({round(place) for place in np.linspace(0, len(texts) - 1, 5)})
    anchors = {places[0]: "start", places[-1]: "end"} if len(places) > 1 else {}
    return "".join(
        _text(float(x[i]), frame.height - 6, texts[i], anchors.get(i, "middle")) for i in places
    )


def _figure(
    label: str, frame: Plane, drawn: str, x: Floats, texts: Sequence[str],
    series: Sequence[Drawn], legend: bool = True, title: str = "",
) -> str:  # fmt: skip
    grid = ""
    for value in MaxNLocator(4).tick_values(frame.low, frame.high):
        if frame.low <= value <= frame.high:
            at = float(frame.y(np.array([value]))[0])
            grid += f'<line x1="{frame.left}" x2="{frame.width - 12}" y1="{at:.1f}" y2="{at:.1f}"/>'
            grid += _text(frame.left - 6, at + 4, short(float(value)), "end")
    read = {
        "x": [round(float(one), 1) for one in x],
        "t": list(texts),
        "s": [[one.name, [short(float(value)) for value in one.values]] for one in series],
    }
    keys = "".join(
        f'<li><i style="background:{one.colour}"></i>{escape(one.name)}</li>' for one in series
    )
    return (
        f'<figure class="chart" data-read="{escape(json.dumps(read))}">'
        + (f"<figcaption>{escape(title)}</figcaption>" if title else "")
        + f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{escape(label)}"><g class="grid">{grid}</g>{drawn}'
        f'<line class="cross" y1="8" y2="{frame.height - 24}"/></svg>'
        + (f'<ul class="keys">{keys}</ul>' if legend else "")
        + "</figure>"
    )
