"""Panel: what each channel costs beside what it brings in."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib import columns as c
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.wording import labels, percent, short
from mmmlib.result import TrainingResult


def draw(figure: Figure, box: Box, result: TrainingResult, target_type: str) -> None:
    """Spend share and effect share a channel, its ROAS (or CPA) in a column of its own."""
    table = result.channel_table()
    efficiency = c.ROAS if target_type == "revenue" else c.CPA
    what = "target per unit of spend" if efficiency == c.ROAS else "spend per conversion"
    box = style.heading(
        figure,
        box,
        f"Spend, effect and {efficiency.upper()} by channel",
        f"Shares of all paid channels; {efficiency.upper()}: {what}. Largest spend first.",
    )
    axes = style.axes(figure, box.inset(left=2.2, right=0.9, top=0.2, bottom=0.3))
    style.rows(axes, labels(list(table[c.CHANNEL]), 148, style.BODY))
    places = np.arange(len(table))
    spend, effect = table[c.SPEND_SHARE].fillna(0.0), table[c.EFFECT_SHARE].fillna(0.0)
    axes.barh(places - 0.19, spend, 0.34, color=style.GREY, label="share of spend")
    colors = [style.BLUE if share >= 0 else style.VERMILLION for share in effect]
    axes.barh(places + 0.19, effect, 0.34, color=colors)
    axes.barh([0], [0], color=style.BLUE, label="share of effect")
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    least, most = min(0.0, float(effect.min())), float(max(spend.max(), effect.max(), 0.01))
    reach = most - least
    axes.set_xlim(least - (0.1 * reach if least < 0 else 0), most + 0.1 * reach)
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
    across = axes.get_yaxis_transform()
    axes.text(
        1.13, -0.75, efficiency.upper(), transform=across, ha="right", va="bottom",
        fontweight="bold", fontsize=style.BODY,
    )  # fmt: skip
    for place, value in enumerate(table[efficiency]):
        axes.text(
            1.13, place, short(float(value)), transform=across, ha="right", va="center",
            fontsize=style.BODY + 1,
        )  # fmt: skip
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
