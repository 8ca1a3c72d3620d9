"""The one-pager: the best model on one page that a marketing director can read."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mmmlib.ground import columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import TrainingResult
from mmmlib.plan import Allocation
from mmmlib.report import carryover, cloud, curves, fit, plan, select, shares, style, waterfall
from mmmlib.report.figures import rows_height
from mmmlib.report.style import Box
from mmmlib.report.text import shortened, width, wrapped

WIDTH = 16.0  # inches at 150 dots: 2,400 pixels
GAP = 0.35
HEADER = 1.5
FOOTER = 0.6
MARGIN = 0.4
VARIABLES = 16  # rows of the waterfall; more where there are more channels than that
CLOUD = 3.0  # inches for the candidates below a short plan


def one_pager(
    result: TrainingResult,
    job: TrainingJob,
    allocation: Allocation | None = None,
    annotations: pd.DataFrame | None = None,
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
    annotations
        Dates with a label (``date, label``) to draw on the fit.

    Returns
    -------
    bytes
        A PNG, 2,400 pixels wide; equal inputs give equal bytes.
    """
    return style.png(page(result, job, allocation, annotations))


def page(
    result: TrainingResult,
    job: TrainingJob,
    allocation: Allocation | None = None,
    annotations: pd.DataFrame | None = None,
) -> Figure:
    """The page of :func:`one_pager` as a figure, for ``style.png`` and ``style.pdf``."""
    with style.look():
        return _laid_out(result, job, allocation, annotations)


def _laid_out(
    result: TrainingResult,
    job: TrainingJob,
    allocation: Allocation | None,
    annotations: pd.DataFrame | None,
) -> Figure:
    """Lay the panels out in four rows; panels of a row are equally high."""
    table = select.decomposition(result)
    paid = int((table[c.ROLE] == "paid").sum())
    media = paid + int((table[c.ROLE] == "organic").sum())
    variables = min(len(table), max(VARIABLES, paid))
    heights = (
        rows_height(media),
        max(rows_height(variables + 1), rows_height(paid) + (CLOUD if paid <= 8 else 0)),
        3.1,
        curves.height_for(WIDTH - 2 * MARGIN, paid),
    )
    figure, _ = style.blank(WIDTH, HEADER + sum(heights) + GAP * len(heights) + FOOTER)
    top = HEADER
    _header(figure, result, job)
    left, right = _columns(top, heights[0], 0.5)
    shares.draw(figure, left, result, job.target_type)
    carryover.draw(figure, right, result, job.adstock)
    top += heights[0] + GAP
    left, right = _columns(top, heights[1], 0.5)
    waterfall.draw(figure, left, result, variables)
    _plan_and_cloud(figure, right, result, allocation)
    top += heights[1] + GAP
    left, right = _columns(top, heights[2], 0.68)
    fit.draw(figure, left, result, annotations)
    fit.draw_residuals(figure, right, result)
    top += heights[2] + GAP
    curves.draw(figure, Box(MARGIN, top, WIDTH - 2 * MARGIN, heights[3]), result)
    _footer(figure, result)
    return figure


def _columns(top: float, height: float, share: float) -> tuple[Box, Box]:
    """Two boxes side by side, the left with ``share`` of the width."""
    both = WIDTH - 2 * MARGIN - GAP
    left = Box(MARGIN, top, both * share, height)
    return left, Box(MARGIN + left.width + GAP, top, both - left.width, height)


def _plan_and_cloud(
    figure: Figure, box: Box, result: TrainingResult, allocation: Allocation | None
) -> None:
    """The plan where there is one, and below it the candidates where there is room."""
    if allocation is not None:
        needed = min(rows_height(len(allocation.table)), box.height)
        plan.draw(figure, box.inset(bottom=box.height - needed), allocation, select.period(result))
        box = box.inset(top=needed + GAP)
    if box.height > 2.5:
        cloud.draw(figure, box, result)


def _header(figure: Figure, result: TrainingResult, job: TrainingJob) -> None:
    """The message, what was modelled, and how well."""
    points = (WIDTH - 4.1) * 72 / 1.13  # bold letters are wider
    message = select.message(result, job.target_type)
    # Two lines of like length read better than one and a leftover.
    balanced = 0.56 * width(message, 15) if width(message, 15) > points else points
    lines = wrapped(message, min(points, balanced), 15)
    lines = [*lines[:1], " ".join(lines[1:])]
    sentence = "\n".join(shortened(line, points, 15) for line in lines)
    style.write(figure, MARGIN, 0.3, sentence, fontsize=15, fontweight="bold", linespacing=1.25)
    dates = select.dates(result)
    facts = (
        f"{job.country} · {job.revision} · target {job.target} · model {result.best}"
        f" · {dates.min():%d %b %Y} to {dates.max():%d %b %Y}, {len(dates)}"
        f" {select.period(result)}s · {job.adstock.replace('_', ' ')} adstock"
    )
    style.write(figure, MARGIN, 1.0, shortened(facts, 800, 10), fontsize=10, color=style.QUIET)
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
    lines = (
        f"{result.engine}. Chosen by: {result.rule}.",
        "NRMSE: fit error; RSSD: distance between shares of spend and of effect."
        " Effects are estimates of a model, not measurements.",
    )
    for place, line in enumerate(lines):
        text = shortened(line, (WIDTH - 2 * MARGIN) * 72, style.SMALL)
        y = height - 0.55 + 0.2 * place
        style.write(figure, MARGIN, y, text, fontsize=style.SMALL, color=style.QUIET)
