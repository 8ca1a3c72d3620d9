"""The one-pager: the best model on one page that a marketing director can read."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from mmmlib import columns as c
from mmmlib.allocate import Allocation
from mmmlib.job import TrainingJob
from mmmlib.report import carryover, curves, fit, plan, reading, shares, style, waterfall
from mmmlib.report.figures import rows_height
from mmmlib.report.style import Box
from mmmlib.report.wording import plain, shortened
from mmmlib.result import TrainingResult

WIDTH = 16.0  # inches at 150 dots: 2,400 pixels
GAP = 0.35
HEADER = 1.5
FOOTER = 0.5
VARIABLES = 16  # rows of the waterfall


def one_pager(
    result: TrainingResult, job: TrainingJob, allocation: Allocation | None = None
) -> bytes:
    """Draw the best model of a training on one page.

    Parameters
    ----------
    result
        What the training found.
    job
        What was asked: names, and whether the target is revenue (ROAS) or conversions (CPA).
    allocation
        A plan to show beside the model.

    Returns
    -------
    bytes
        A PNG, 2,400 pixels wide; equal inputs give equal bytes.
    """
    with style.look():
        return style.png(_page(result, job, allocation))


def _page(result: TrainingResult, job: TrainingJob, allocation: Allocation | None) -> Figure:
    """Lay the panels out in rows: two columns of equal height, then full width."""
    table = reading.decomposition(result)
    paid = int((table[c.ROLE] == "paid").sum())
    media = paid + int((table[c.ROLE] == "organic").sum())
    half = (WIDTH - 2 * 0.4 - GAP) / 2
    first = rows_height(media)
    second = rows_height(max(min(len(table), VARIABLES) + 1, paid if allocation else 8))
    wide = 2 * half + GAP if allocation is None else half * 1.36
    heights = [first, second, 3.0, max(curves.height_for(wide, paid), 3.4)]
    height = HEADER + sum(heights) + GAP * len(heights) + FOOTER
    figure, _ = style.blank(WIDTH, height)
    left, right = 0.4, 0.4 + half + GAP
    _header(figure, result, job)
    top = HEADER
    shares.draw(figure, Box(left, top, half, first), result, job.target_type)
    carryover.draw(figure, Box(right, top, half, first), result)
    top += first + GAP
    waterfall.draw(figure, Box(left, top, half, second), result, VARIABLES)
    if allocation is None:
        fit.draw_residuals(figure, Box(right, top, half, second), result)
    else:
        needed = min(second, rows_height(max(paid, 4)) + 0.4)
        plan.draw(figure, Box(right, top, half, needed), allocation, reading.period(result))
    top += second + GAP
    fit.draw(figure, Box(left, top, 2 * half + GAP, heights[2]), result)
    top += heights[2] + GAP
    curves.draw(figure, Box(left, top, wide, heights[3]), result)
    if allocation is not None:
        beside = Box(left + wide + GAP, top, 2 * half - wide, min(heights[3], 4.0))
        fit.draw_residuals(figure, beside, result)
    _footer(figure, result)
    return figure


def _header(figure: Figure, result: TrainingResult, job: TrainingJob) -> None:
    """The message, what was modelled, and how well."""
    sentence = plain(reading.message(result, job.target_type))
    lines = textwrap.wrap(sentence, 88)
    if len(lines) > 2:
        lines = [lines[0], shortened(" ".join(lines[1:]).replace(r"\$", "$"), 830, 15)]
    style.write(
        figure, 0.4, 0.3, "\n".join(lines), fontsize=15, fontweight="bold", linespacing=1.25
    )
    dates = reading.over_time(result)[c.DATE]
    facts = (
        f"{job.country} · {job.revision} · target {job.target} · model {result.best}"
        f" · {dates.min():%d %b %Y} to {dates.max():%d %b %Y}, {len(dates)}"
        f" {reading.period(result)}s · {job.adstock.replace('_', ' ')} adstock"
    )
    style.write(figure, 0.4, 1.0, shortened(facts, 800, 10), fontsize=10, color=style.QUIET)
    _errors(figure, result)


def _errors(figure: Figure, result: TrainingResult) -> None:
    """The errors as three figures at the right; of the held-out part where there is one."""
    errors = result.errors()
    held_out = errors[c.NRMSE_TEST] == errors[c.NRMSE_TEST]  # not NaN
    split = " test" if held_out else ""
    chips = (
        (f"R²{split}", errors[c.RSQ_TEST] if held_out else errors[c.RSQ_TRAIN], "1 is best"),
        (f"NRMSE{split}", errors[c.NRMSE_TEST] if held_out else errors[c.NRMSE_TRAIN], "0 is best"),
        ("RSSD", errors[c.DECOMP_RSSD], "0 is best"),
    )
    for place, (name, value, best) in enumerate(chips):
        x = WIDTH - 3.35 + place * 1.05
        style.write(figure, x, 0.3, name, fontsize=9, color=style.QUIET)
        figures = f"{value:.3f}".replace("-", "−")
        style.write(figure, x, 0.5, figures, fontsize=style.HEADLINE, fontweight="bold")
        style.write(figure, x, 0.84, best, fontsize=7, color=style.QUIET)


def _footer(figure: Figure, result: TrainingResult) -> None:
    height = float(figure.get_size_inches()[1])
    text = (
        f"{result.engine}. Chosen by: {result.rule}. NRMSE: fit error; RSSD: distance between"
        " shares of spend and of effect. Effects are estimates of a model, not measurements."
    )
    style.write(
        figure, 0.4, height - 0.4, shortened(text, (WIDTH - 0.8) * 72, style.SMALL),
        fontsize=style.SMALL, color=style.QUIET,
    )  # fmt: skip
