"""Panel: the data before a model, target above, spend below, the window shaded."""

from __future__ import annotations

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmmlib.data import Dataset
from mmmlib.job import TrainingJob
from mmmlib.report import style
from mmmlib.report.annotations import annotate, left_out
from mmmlib.report.style import Box
from mmmlib.report.text import plain, tick


def draw(
    figure: Figure,
    box: Box,
    dataset: Dataset,
    job: TrainingJob,
    annotations: pd.DataFrame | None = None,
) -> None:
    """Target and total spend by date; the rows that are fitted are shaded.

    ``annotations`` (``date, label``) are drawn as thin lines, labelled on the target.
    """
    frame = dataset.frame
    dates = frame[job.date]
    note = "Shaded: the window that is fitted; rows before it feed adstock."
    whole, box = box, style.below(box)
    half = (box.height - 0.5) / 2
    target = Box(box.left, box.top, box.width, half)
    spend = Box(box.left, box.top + half + 0.2, box.width, half)
    total = frame[[channel.spend for channel in job.channels]].sum(axis=1)
    for place, values, label, color in (
        (target, frame[job.target], plain(job.target), style.INK),
        (spend, total, "spend, all channels", style.BLUE),
    ):
        axes = style.axes(figure, place.inset(left=0.75, right=0.1, top=0.1, bottom=0.2))
        axes.plot(dates.to_numpy(), values.to_numpy(), color=color, lw=1.2)
        if job.window:
            start, end = (pd.Timestamp(day).to_datetime64() for day in job.window)
            axes.axvspan(start, end, color=style.SKY, alpha=0.13, lw=0)  # type: ignore[arg-type]
        axes.margins(x=0.005)
        axes.set_ylim(bottom=min(0.0, float(values.min())))
        axes.yaxis.set_major_formatter(FuncFormatter(tick))
        axes.set_ylabel(label)
        locator = AutoDateLocator(minticks=5, maxticks=14)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(
            ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        )
        axes.grid(axis="y")
        note += left_out(annotate(axes, annotations, labelled=place is target))
    style.heading(figure, whole, "The data", note)
