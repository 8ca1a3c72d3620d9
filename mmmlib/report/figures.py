"""Figures for notebooks: each takes a result and returns a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mmmlib.data import Dataset, check, sample_of
from mmmlib.ground import columns as c
from mmmlib.job import Adstock, TrainingJob
from mmmlib.model import TrainingResult
from mmmlib.plan import Allocation
from mmmlib.report import (
    carryover as _carryover,
    checks_correlation,
    checks_timeline,
    checks_verdicts,
    cloud,
    convergence as _convergence,
    curves,
    data_figure,
    fit as _fit,
    lesson as _lesson,
    plan,
    searched,
    shares as _shares,
    style,
    waterfall,
)
from mmmlib.report.select import decomposition as _decomposition
from mmmlib.report.style import Box

_WIDTH = 10.0  # inches


def dataset(dataset: Dataset, job: TrainingJob, annotations: pd.DataFrame | None = None) -> Figure:
    """Target and spend over time, before there is a model; the window is shaded."""
    return _drawn(4.6, data_figure.draw, dataset, job, annotations)


def checks(dataset: Dataset, job: TrainingJob) -> Figure:
    """The data checks: verdicts, correlations, and what happened when."""
    found, sample = check(dataset, job), sample_of(dataset, job)
    verdicts, timeline = checks_verdicts.height(), checks_timeline.height(sample)
    with style.look():
        figure, box = style.blank(_WIDTH, verdicts + timeline + 0.8)
        half = (box.width - 0.35) / 2
        checks_verdicts.draw(figure, Box(box.left, box.top, half, verdicts), found)
        right = Box(box.left + half + 0.35, box.top, half, verdicts)
        checks_correlation.draw(figure, right, sample)
        below = Box(box.left, box.top + verdicts + 0.35, box.width, timeline)
        checks_timeline.draw(figure, below, sample)
    return figure


def fit(result: TrainingResult, annotations: pd.DataFrame | None = None) -> Figure:
    """Actual and fitted target over time."""
    return _drawn(3.4, _fit.draw, result, annotations)


def residuals(result: TrainingResult) -> Figure:
    """Residual against fitted target."""
    return _drawn(4.2, _fit.draw_residuals, result)


def shares(result: TrainingResult, target_type: str = "revenue") -> Figure:
    """Spend share, effect share and ROAS (CPA for ``conversion``) by channel."""
    return _drawn(rows_height(len(result.best_channels())), _shares.draw, result, target_type)


def decomposition(result: TrainingResult) -> Figure:
    """Waterfall of the target by variable."""
    count = min(len(_decomposition(result)), 30) + 1
    return _drawn(rows_height(count), waterfall.draw, result, 30)


def carryover(result: TrainingResult, family: Adstock = "geometric") -> Figure:
    """Immediate and carryover share of each effect, and how long spend works."""
    media = _decomposition(result)[c.ROLE].isin(["paid", "organic"]).sum()
    return _drawn(rows_height(int(media)), _carryover.draw, result, family)


def response_curves(result: TrainingResult) -> Figure:
    """One response curve a paid channel."""
    return _drawn(curves.height_for(_WIDTH - 0.6, len(result.best_channels())), curves.draw, result)


def allocation(allocation: Allocation, period: str = "period") -> Figure:
    """Current and planned spend by channel."""
    return _drawn(rows_height(len(allocation.table)), plan.draw, allocation, period)


def candidates(result: TrainingResult) -> Figure:
    """Errors of all candidates, with the Pareto fronts and the best model."""
    return _drawn(5.5, cloud.draw, result)


def convergence(result: TrainingResult) -> Figure:
    """Course of each objective over the search, and whether it converged."""
    return _drawn(_convergence.height(), _convergence.draw, result)


def sampling(result: TrainingResult) -> Figure:
    """Which hyperparameters were tried, which are on fronts, and the best model's."""
    return _drawn(searched.sampling_height(result), searched.draw_sampling, result)


def efficiency(result: TrainingResult, target_type: str = "revenue") -> Figure:
    """ROAS (CPA for ``conversion``) of each channel over the course of the search."""
    height = searched.efficiency_height(result)
    return _drawn(height, searched.draw_efficiency, result, target_type)


def spend_exposure(dataset: Dataset, job: TrainingJob) -> Figure:
    """Exposure against spend in the window, by channel that has both."""
    pairs = [(item.name, item.spend, item.exposure) for item in job.channels if item.exposure]
    frame = dataset.frame
    if job.window:
        dates = pd.to_datetime(frame[job.date])
        first, last = (pd.Timestamp(day) for day in job.window)
        frame = frame[(dates >= first) & (dates <= last)]
    height = searched.spend_exposure_height(len(pairs))
    return _drawn(height, searched.draw_spend_exposure, frame, pairs)


def lesson() -> Figure:
    """What the hyperparameters of adstock and saturation do."""
    return _drawn(_lesson.HEIGHT, _lesson.draw)


def rows_height(count: int) -> float:
    """Inches that a panel with one row a channel needs, heading included."""
    return max(1.05 + 0.34 * count, 2.1)


def _drawn(height: float, draw: Callable[..., None], *arguments: Any) -> Figure:
    """Draw one panel on a figure of its own, ``height`` inches inside the margins."""
    with style.look():
        figure, box = style.blank(_WIDTH, height + 0.45)
        draw(figure, box, *arguments)
    return figure
