"""Panel: what each channel costs beside what it brings in."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib import columns as c
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.wording import MISSING, percent, short
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
    axes = style.rows(figure, box, list(table[c.CHANNEL]), right=0.75)
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
    style.beside(axes, -0.62, 0.7, efficiency.upper(), va="bottom", fontweight="bold")
    for place, value in enumerate(table[efficiency]):
        # A cost per conversion means nothing where conversions are lost or none are won.
        known = efficiency == c.ROAS or value > 0
        text = short(float(value)) if known else MISSING
        style.beside(axes, place, 0.7, text, fontsize=style.BODY + 1)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
