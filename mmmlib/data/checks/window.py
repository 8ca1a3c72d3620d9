"""Checks of the window: enough rows, for as many variables, with a past."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mmmlib.data.checks.sample import Measured, Sample
from mmmlib.job import Range

FORGOTTEN = 0.1  # an adstock that has fallen to a tenth is forgotten


def window_coverage(sample: Sample) -> Iterator[Measured]:
    """Share of the window that lies before or after the data."""
    if not sample.job.window:
        return
    start, end = sample.job.window
    first, last = sample.dates.iloc[0].date(), sample.dates.iloc[-1].date()
    # A window may end anywhere within a row's week.
    missing = [max(0, gap.days - (sample.days - 1)) for gap in (first - start, end - last)]
    share = min(1.0, sum(missing) / ((end - start).days + 1))
    shorter = f"[{max(start, first)}, {min(end, last)}]"
    yield Measured(
        "window",
        share,
        f"the data reach from {first} to {last}; write window: {shorter}, or give the missing rows",
    )


def window_length(sample: Sample) -> Iterator[Measured]:
    """Length of the fitted rows in years of 52 weeks, as analysts count weekly data."""
    yield Measured(
        "window",
        sample.rows * sample.days / 364,
        "a yearly season is told from a trend or a campaign only when it is seen twice; give "
        "more history or widen the window",
    )


def rows_per_driver(sample: Sample) -> Iterator[Measured]:
    """Rows the model is trained on per coefficient."""
    job = sample.job
    factors = sum(item.factor for item in job.context)
    drivers = max(1, len(sample.variables) + factors + len(job.prophet))
    rows = sample.rows * (job.train_size[0] if job.ts_validation else 1.0)
    few = "" if sample.dataset.interval == "day" else ", or use daily rows"
    yield Measured(
        f"{math.floor(rows)} rows, {drivers} variables",
        rows / drivers,
        "leave variables out, add small channels up (features: operation sum), widen the window"
        + few,
    )


def adstock_history(sample: Sample) -> Iterator[Measured]:
    """Share of the fitted rows whose adstock may lack spend from before the data begin."""
    memory, name = longest_memory(sample)
    if memory < 1:
        return
    before = sample.window.start
    later = sample.dates.iloc[min(memory, len(sample.dates) - 1)].date()
    last = sample.dates.iloc[sample.window.stop - 1].date()
    yield Measured(
        "window",
        max(0, memory - before) / sample.rows,
        f"{name} may remember {memory} rows, {before} lie before the window, so that the first "
        f"rows lack what earlier spend carried over; write window: [{later}, {last}], or give "
        "the rows before it",
    )


def longest_memory(sample: Sample) -> tuple[int, str]:
    """Rows after which the slowest adstock the ranges allow is forgotten, and whose it is.

    Geometric: theta to the power of the rows falls to a tenth. Weibull: the upper end of the
    scale, which Robyn turns into a quantile of the window's rows (``R/transformation.R:
    adstock_weibull``).
    """
    slowest: tuple[int, str] = (0, "")
    held = set(sample.spends) | set(sample.organic)
    kind = "thetas" if sample.job.adstock == "geometric" else "scales"
    for key, bounds in sample.job.ranges().items():
        name, _, hyperparameter = key.rpartition("_")
        if hyperparameter == kind and name in held:
            slowest = max(slowest, (_memory(kind, bounds, sample.rows), name))
    return slowest


def _memory(kind: str, bounds: Range, rows: int) -> int:
    high = bounds[1]
    if kind == "scales":
        return min(rows, math.ceil(high * (rows - 1)))
    return min(rows, math.ceil(math.log(FORGOTTEN) / math.log(high))) if high > 0 else 0
