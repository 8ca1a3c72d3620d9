"""Panel: from nothing to the whole target, one variable after the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.select import decomposition
from mmmlib.report.style import Box
from mmmlib.report.text import percent, short

_ROLES = {
    "intercept": "baseline",
    "prophet": "trend and season",
    "context": "context",
    "organic": "organic",
    "paid": "paid",
}


def steps(result: TrainingResult, most: int) -> pd.DataFrame:
    """Variables by contribution, largest first; beyond ``most`` the smallest are one row.

    Columns ``variable, role, contribution``; they sum to the fitted target.
    """
    table = decomposition(result)[[c.VARIABLE, c.ROLE, c.CONTRIBUTION]]
    table[c.VARIABLE] = table[c.VARIABLE].replace(c.INTERCEPT, "Baseline (intercept)")
    if len(table) > most:
        order = table[c.CONTRIBUTION].abs().sort_values(ascending=False, kind="stable").index
        kept, rest = table.loc[order[: most - 1]], table.loc[order[most - 1 :]]
        other = pd.DataFrame(
            {
                c.VARIABLE: [f"{len(rest)} smaller variables"],
                c.ROLE: ["other"],
                c.CONTRIBUTION: [rest[c.CONTRIBUTION].sum()],
            }
        )
        table = pd.concat([kept, other])
    return table.sort_values(c.CONTRIBUTION, ascending=False, kind="stable", ignore_index=True)


def draw(figure: Figure, box: Box, result: TrainingResult, most: int = 16) -> None:
    """Draw the decomposition as a waterfall, bars coloured by role."""
    table = steps(result, most)
    total = float(table[c.CONTRIBUTION].sum())
    box = style.heading(
        figure,
        box,
        "What the target is made of",
        "Contribution of each variable over the window, as a share of the fitted target.",
    )
    names = [*table[c.VARIABLE], "Fitted target"]
    axes = style.rows(figure, box, names, right=1.35)
    shares = table[c.CONTRIBUTION] / total
    ends = shares.cumsum()
    starts = ends - shares
    places = np.arange(len(table))
    axes.barh(
        places, shares, 0.66, starts, hatch=["" if share >= 0 else "////" for share in shares],
        color=[style.ROLE_COLORS.get(role, style.QUIET) for role in table[c.ROLE]],
        edgecolor="white", linewidth=0,
    )  # fmt: skip
    axes.vlines(ends, places - 0.33, places + 1.33, color=style.GREY, lw=0.7)
    axes.barh([len(table)], [1.0], 0.66, color=style.INK)
    values = [*zip(shares, table[c.CONTRIBUTION], strict=True), (1.0, total)]
    for place, (share, value) in enumerate(values):
        style.beside(axes, place, 0.6, percent(share), fontsize=style.SMALL)
        amount = short(value if abs(share) > 1e-9 else 0.0)  # the rest is rounding
        style.beside(axes, place, 1.3, amount, fontsize=style.SMALL, color=style.QUIET)
    least, high = min(0.0, float(ends.min())), max(1.0, float(ends.max()))
    axes.set_xlim(least - 0.02 * (least < 0), high * 1.01)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    roles = [role for role in _ROLES if role in set(table[c.ROLE])]
    handles = [Patch(color=style.ROLE_COLORS[role], label=_ROLES[role]) for role in roles]
    if (shares < 0).any():
        handles.append(Patch(facecolor=style.GREY, hatch="////", edgecolor="white", label="lowers"))
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=6,
        borderaxespad=0.1, columnspacing=1.2, handlelength=1.2,
    )  # fmt: skip
