"""Panel: every data check with its verdict, what was measured and its threshold."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from mmmlib.data import RULES, Finding, Verdict
from mmmlib.report import style
from mmmlib.report.style import Box
from mmmlib.report.text import MISSING, short, shortened

_ROW = 0.23  # inches
_COLORS = {  # of the chip and of its letters
    Verdict.PASS: (style.FAINT, style.INK),
    Verdict.REVIEW: (style.ORANGE, style.INK),
    Verdict.FAIL: (style.VERMILLION, "white"),
}


def height() -> float:
    """Inches the panel needs."""
    return 0.52 + _ROW * len(RULES)


def draw(figure: Figure, box: Box, findings: Sequence[Finding]) -> None:
    """One row a rule, with the finding of it that is worst."""
    bad = [item for item in findings if item.verdict is not Verdict.PASS]
    fails = sum(item.verdict is Verdict.FAIL for item in bad)
    note = f"{fails} FAIL, {len(bad) - fails} REVIEW. In brackets: the threshold."
    box = style.heading(figure, box, "Data checks", note)
    worst: dict[str, Finding] = {}
    for item in findings:  # the worst come first
        worst.setdefault(item.id, item)
    for place, rule in enumerate(RULES.values()):
        item, y = worst[rule.id], box.top + place * _ROW
        fill, letters = _COLORS[item.verdict]
        chip = {"facecolor": fill, "edgecolor": "none", "boxstyle": "square,pad=0.25"}
        style.write(
            figure, box.left + 0.27, y + 0.01, f"{item.verdict}", fontsize=6, color=letters,
            weight="bold", ha="center", bbox=chip,
        )  # fmt: skip
        name = shortened(rule.id.replace("_", " "), 130, style.SMALL)
        style.write(figure, box.left + 0.6, y, name, fontsize=style.SMALL)
        value = MISSING if item.value is None else short(item.value)
        limit = "" if item.threshold is None else f" ({short(item.threshold)})"
        style.write(figure, box.left + 2.95, y, value + limit, fontsize=style.SMALL, ha="right")
        where = shortened(item.where, (box.width - 3.05) * 72, 7)
        style.write(figure, box.left + 3.05, y, where, fontsize=7, color=style.QUIET)
