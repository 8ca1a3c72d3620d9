"""Panel: the errors of all candidates, the Pareto fronts and the best model."""

from __future__ import annotations

from matplotlib.figure import Figure

from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import plain

_FRONTS = (style.BLUE, style.SKY, style.GREEN, style.PURPLE)
_REACH = 0.8  # quantile shown beside the fronts: a search begins far off the page


def draw(figure: Figure, box: Box, result: TrainingResult) -> None:
    """NRMSE against DECOMP.RSSD, both better when smaller."""
    table = result.candidates
    best = result.errors()
    kept = table[(table[c.PARETO_FRONT] > 0) | (table[c.CANDIDATE] == result.best)]
    errors = (c.NRMSE, c.DECOMP_RSSD)
    far = [max(float(table[x].quantile(_REACH)), float(kept[x].max())) for x in errors]
    shown = (table[c.NRMSE] <= far[0]) & (table[c.DECOMP_RSSD] <= far[1])
    hidden = int((~shown).sum())
    box = style.heading(
        figure,
        box,
        f"{len(table):,} candidates",
        "Fit error against business error; smaller is better."
        + (f" {hidden:,} with larger errors are not shown." if hidden else ""),
    )
    axes = style.axes(figure, box.inset(left=0.7, right=0.1, top=0.2, bottom=0.5))
    rest = table[shown & (table[c.PARETO_FRONT] == 0)]
    axes.scatter(rest[c.NRMSE], rest[c.DECOMP_RSSD], s=6, color=style.GREY, alpha=0.4, lw=0)
    fronts = sorted(set(table[c.PARETO_FRONT]) - {0})
    for front in fronts:
        color = _FRONTS[min(int(front), len(_FRONTS)) - 1]
        rows = table[shown & (table[c.PARETO_FRONT] == front)].sort_values(c.NRMSE)
        name = f"front {int(front)}" if front < len(_FRONTS) else f"front {len(_FRONTS)} and on"
        axes.plot(
            rows[c.NRMSE], rows[c.DECOMP_RSSD], "o-", color=color, ms=3.5, lw=1.0,
            label=name if front <= len(_FRONTS) else None,
        )  # fmt: skip
    axes.plot(
        [best[c.NRMSE]], [best[c.DECOMP_RSSD]], "*", color=style.ORANGE, mec=style.INK, ms=16,
        lw=0, label=f"model {plain(result.best)}",
    )  # fmt: skip
    axes.set_xlabel("NRMSE")
    axes.set_ylabel("DECOMP.RSSD")
    axes.grid()
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=5,
        borderaxespad=0.1,
        columnspacing=1.2,
        handlelength=1.4,
        markerscale=0.8,
    )
