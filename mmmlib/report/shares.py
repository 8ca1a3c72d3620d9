"""Panel: what each channel costs beside what it brings in."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.select import intervals, posterior
from mmmlib.report.style import Box
from mmmlib.report.text import MISSING, percent, short


def draw(figure: Figure, box: Box, result: TrainingResult, target_type: str) -> None:
    """Spend share and effect share a channel, its ROAS (or CPA) in a column of its own."""
    table = result.channel_table()
    efficiency = c.ROAS if target_type == "revenue" else c.CPA
    what = "target per unit of spend" if efficiency == c.ROAS else "spend per conversion"
    known = _intervals(result, target_type, list(table[c.CHANNEL]))
    box = style.heading(
        figure,
        box,
        f"Spend, effect and {efficiency.upper()} by channel",
        f"Shares of all paid channels. {efficiency.upper()}: {what}; {_meaning(result, known)}",
    )
    axes = style.rows(figure, box, list(table[c.CHANNEL]), right=0.75 + (_RANGE if known else 0.0))
    places = np.arange(len(table))
    spend, effect = table[c.SPEND_SHARE].fillna(0.0), table[c.EFFECT_SHARE].fillna(0.0)
    axes.barh(places - 0.19, spend, 0.34, color=style.GREY, label="share of spend")
    colors = [style.BLUE if share >= 0 else style.VERMILLION for share in effect]
    axes.barh(places + 0.19, effect, 0.34, color=colors)
    axes.barh([0], [0], color=style.BLUE, label="share of effect")
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    least, most = min(0.0, float(effect.min())), float(max(spend.max(), effect.max(), 0.01))
    reach = most - least
    room = _LABEL * reach / (style.inches_wide(axes) - 2 * _LABEL)
    axes.set_xlim(least - (room if least < 0 else 0), most + room)
    for place, shares in enumerate(zip(spend, effect, strict=True)):
        for share, offset in zip(shares, (-0.19, 0.19), strict=True):
            axes.annotate(
                percent(share),
                (share, place + offset),
                (3 if share >= 0 else -3, 0),
                textcoords="offset points",
                ha="left" if share >= 0 else "right",
                va="center",
                fontsize=7,
                color=style.QUIET,
            )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.locator_params(axis="x", nbins=6)
    style.beside(axes, -0.62, 0.7, efficiency.upper(), va="bottom", fontweight="bold")
    if known:
        _draw_ranges(axes, table[efficiency].tolist(), known)
    for place, value in enumerate(table[efficiency]):
        # A cost per conversion means nothing where conversions are lost or none are won.
        told = efficiency == c.ROAS or value > 0
        text = short(float(value)) if told else MISSING
        style.beside(axes, place, 0.7, text, fontsize=style.BODY + 1)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)


_LABEL = 0.45  # inches of a share beside its bar
_RANGE = 1.75  # inches for the intervals, right of the figures
_BAR = 0.85  # inches of the widest interval
_Intervals = list[tuple[float, float] | None]


def _intervals(result: TrainingResult, target_type: str, channels: list[str]) -> _Intervals:
    """Low and high of each channel by the posterior, or else in the model's cluster."""
    rows = posterior(result)
    rows = (intervals(result, target_type) if rows.empty else rows).set_index(c.CHANNEL)
    if rows.empty:
        return []
    lows, highs = rows[c.LOW].to_dict(), rows[c.HIGH].to_dict()
    pairs = [(float(lows.get(name, np.nan)), float(highs.get(name, np.nan))) for name in channels]
    return [pair if np.isfinite(pair).all() else None for pair in pairs]


def _meaning(result: TrainingResult, known: _Intervals) -> str:
    """What the interval is, so that nobody takes it for more; or why there is none."""
    if len(rows := posterior(result)):
        level = percent(float(rows[c.LEVEL].iloc[0]))
        said = "the model's own value as a dot, of the same posterior"
        if not result.engine.startswith("bayes"):
            said = "by a second opinion, the posterior; the dot is this model"
        return f"in brackets the {level} interval ({said})."
    if known:
        cluster = int(result.errors()[c.CLUSTER])
        return f"in brackets the spread of near-best models (cluster {cluster}), no interval."
    return "no interval: this model is in no cluster of similar ones."


def _draw_ranges(axes: Axes, values: list[float], known: _Intervals) -> None:
    """Intervals as numbers, and as lines on one scale with the model's own value as a dot."""
    inches = style.inches_wide(axes)
    numbers = [high for _, high in filter(None, known)]
    most = max([*numbers, *(v for v, k in zip(values, known, strict=True) if k and np.isfinite(v))])
    origin, transform = 1 + 0.8 / inches, axes.get_yaxis_transform()
    scale = _BAR / inches / most if most > 0 else 0.0
    lines, dots = [], []
    for place, (value, interval) in enumerate(zip(values, known, strict=True)):
        if interval is None:
            style.beside(axes, place, 0.8, MISSING, ha="left", fontsize=style.SMALL)
            continue
        lines.append([(origin + scale * max(x, 0.0), place + 0.17) for x in interval])
        if np.isfinite(value) and value >= 0:
            dots.append((origin + scale * value, place + 0.17))
        text = f"[{short(interval[0], 2)}, {short(interval[1], 2)}]"
        style.beside(axes, place - 0.17, 0.8, text, ha="left", fontsize=7, color=style.QUIET)
    ranges = LineCollection(
        lines, colors=style.GREY, lw=3, capstyle="butt", transform=transform, clip_on=False
    )
    axes.add_collection(ranges, autolim=False)
    axes.plot(
        [x for x, _ in dots], [y for _, y in dots], "o", color=style.ORANGE, ms=4.5,
        mec=style.INK, mew=0.6, transform=transform, clip_on=False,
    )  # fmt: skip
