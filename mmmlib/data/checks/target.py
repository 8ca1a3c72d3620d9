"""Checks of the target: what no model of channels could explain."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmmlib.data.checks.sample import YEAR, FloatArray, Measured, Sample, robust_z
from mmmlib.ground import constant

LOW = 0.1  # of the median: a row below it counts as empty
TRIM = 0.15  # of the rows at each end, where no break is looked for
MOST_PLACES = 500  # dates a step is tried at; more than decades of weeks have
LAGS = 4  # rows: a copy of the target may come late
HARMONICS = 2  # sine and cosine pairs of the yearly season


def leakage(sample: Sample) -> Iterator[Measured]:
    """Largest |r| of a context or organic variable and the target, at once and up to 4 rows apart.

    The target in another unit (orders for revenue) explains everything and tells nothing.
    """
    values = sample.target
    if constant(values):
        return
    for name in (*sample.context, *sample.organic):
        found = sample.variables[name]
        best, rows = 0.0, 0
        for shift in range(-LAGS, LAGS + 1):
            ours = found[max(0, -shift) : len(found) - max(0, shift)]
            its = values[max(0, shift) : len(values) - max(0, -shift)]
            if len(ours) > 3 * LAGS and not constant(ours) and not constant(its):
                r = abs(
                    float(np.corrcoef(ours / np.abs(ours).max(), its / np.abs(its).max())[0, 1])
                )
                if r > best:
                    best, rows = r, shift
        apart = f" {abs(rows)} rows {'later' if rows < 0 else 'before'}" if rows else ""
        yield Measured(
            name,
            best,
            f"is nearly {sample.job.target} itself{apart}: it follows from what it should explain, "
            "and takes the media's effect away; take it out of the job",
        )


def negative_target(sample: Sample) -> Iterator[Measured]:
    """Number of negative values."""
    values = sample.target
    yield Measured(
        sample.job.target,
        float((values < 0).sum()),
        f"the least is {values.min():,.10g} on {sample.day(int(values.argmin()))}; book returns "
        "on the date of their sale, or model sales before returns",
    )


def target_outliers(sample: Sample) -> Iterator[Measured]:
    """Largest robust z of the target."""
    scores = robust_z(sample.target)
    row = int(np.argmax(np.abs(scores)))
    day = sample.day(row)
    yield Measured(
        f"{sample.job.target} {day}",
        float(np.abs(scores[row])),
        f"{sample.target[row]:,.10g} where {np.median(sample.target):,.10g} is usual: correct an "
        "error; give a known event a column of its own (1 on that date, else 0) under context",
    )


def target_tail(sample: Sample) -> Iterator[Measured]:
    """Rows at the end with next to no target, beyond the longest such stretch before.

    A daily row is compared with the median of its weekday, so that a closed Sunday is none.
    """
    tail, before = low_stretches(sample)
    last = sample.day(max(0, sample.rows - 1 - tail))
    yield Measured(
        f"last {tail} rows" if tail else sample.job.target,
        float(max(0, tail - before)),
        f"the target ends on {last}, as if the last rows were not booked yet; end the window "
        f"there (window: [{sample.day(0)}, {last}]) or extract again later",
    )


def low_stretches(sample: Sample) -> tuple[int, int]:
    """Rows of the low stretch at the end, and of the longest one before it."""
    low = _low_rows(sample)
    runs = np.diff(np.flatnonzero(np.concatenate([[True], ~low, [True]]))) - 1
    return int(runs[-1]), int(runs[:-1].max(initial=0))


def _low_rows(sample: Sample) -> NDArray[np.bool_]:
    """Fitted rows whose target is at most a tenth of the median of rows like them."""
    values = sample.target
    usual = np.full(len(values), np.median(values))
    if sample.dataset.interval == "day":
        weekday = sample.dates.iloc[sample.window].dt.dayofweek.to_numpy()
        for day in np.unique(weekday):
            usual[weekday == day] = np.median(values[weekday == day])
    if usual.max() <= 0:  # a target that is mostly nothing has no low end
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray((usual >= 0) & (values <= LOW * usual))


def target_break(sample: Sample) -> Iterator[Measured]:
    """Largest Wald statistic of a step that nothing in the job explains."""
    if (found := largest_step(sample)) is None:
        return
    row, statistic, step = found
    day = sample.day(row)
    yield Measured(
        f"{sample.job.target} {day}",
        statistic,
        f"the level moves by {step:+,.4g} then, beyond trend, season, context and spend; where "
        f"you know why (price, tracking, a shop), give it a column (0 before {day}, 1 from then) "
        f"and write context: [{{name: since_{day.replace('-', '_')}}}], or begin the window there",
    )


def largest_step(sample: Sample) -> tuple[int, float, float] | None:
    """Look for the one step that explains most of what a plain regression leaves.

    Andrews (1993), Econometrica 61: the largest Wald statistic over all dates but the outer 15 %
    on each side, here of one step added to intercept, trend, yearly season, weekday, context and
    total spend. It is shrunk by (1 - rho) / (1 + rho), the effective share of rows of a mean
    under AR(1) errors, as a slow residual looks like steps. rho is the autocorrelation of the
    residuals without the step: a step raises it, which costs power and keeps false alarms rare.

    Returns
    -------
    tuple or None
        Fitted row, statistic and height of the step in units of the target; ``None`` where the
        rows are too few for the regression (three a coefficient, and 30) or the target is constant.
    """
    values = sample.target
    base = _explained(sample)
    rows, count = base.shape
    if rows < max(30, 3 * (count + 1)) or np.ptp(values) == 0:
        return None
    scale = float(np.abs(values).max())
    orthogonal = np.linalg.qr(base)[0]
    residual = values / scale - orthogonal @ (orthogonal.T @ (values / scale))
    ends = (math.ceil(TRIM * rows), int(rows * (1 - TRIM)) - 1)
    places = np.unique(np.linspace(*ends, min(rows, MOST_PLACES)).astype(int))
    steps = (np.arange(rows)[:, None] >= places).astype(float)
    steps -= orthogonal @ (orthogonal.T @ steps)
    lengths = (steps**2).sum(axis=0)
    usable = lengths > 1e-6  # others are made of trend and season
    whole = float((residual**2).sum())
    if not usable.any() or whole < 1e-20:
        return None
    along = np.where(usable, residual @ steps, 0.0)
    gain = np.where(usable, along**2 / np.where(usable, lengths, 1.0), 0.0)
    best = int(gain.argmax())
    height = float(along[best] / lengths[best])
    left = residual - height * steps[:, best]
    variance = float((left**2).sum()) / (rows - count - 1)
    if variance <= 1e-20:
        return None
    rho = float(np.clip((residual[1:] @ residual[:-1]) / whole, 0.0, 0.99))
    statistic = float(gain[best]) / variance * (1 - rho) / (1 + rho)
    return int(places[best]), statistic, height * scale


def _explained(sample: Sample) -> FloatArray:
    """What a step is looked for beyond; shape (rows, p), linearly independent columns."""
    dates = sample.dates.iloc[sample.window]
    rows = len(dates)
    angle = 2 * np.pi * (dates - dates.iloc[0]).dt.days.to_numpy() / YEAR
    columns = [np.ones(rows), np.linspace(-1, 1, rows)]
    if rows * sample.days >= YEAR:  # less than a year of a season is a trend
        for order in range(1, HARMONICS + 1):
            columns += [np.sin(order * angle), np.cos(order * angle)]
    if sample.dataset.interval == "day":
        weekday = dates.dt.dayofweek.to_numpy()
        columns += [(weekday == day).astype(float) for day in range(6)]
    columns += [sample.varying[name] for name in sample.context if name in sample.varying]
    total = sum(sample.spends.values(), start=np.zeros(rows))
    columns.append(total / (np.abs(total).max() or 1.0))
    kept: list[FloatArray] = []
    basis = np.empty((rows, 0))
    for column in columns:
        rest = column - basis @ (basis.T @ column)
        length = float(np.sqrt((rest**2).sum()))
        if length > 1e-8 * max(1.0, float(np.sqrt((column**2).sum()))):
            kept.append(column)
            basis = np.column_stack([basis, rest / length])
    return np.column_stack(kept)


def weekday_pattern(sample: Sample) -> Iterator[Measured]:
    """Share of the variance within weeks that the weekday explains (eta squared)."""
    if sample.dataset.interval != "day" or "weekday" in sample.job.prophet or sample.rows < 28:
        return
    scale = float(np.abs(sample.target).max()) or 1.0
    values = sample.target / scale
    within = values[3:-3] - np.convolve(values, np.full(7, 1 / 7), mode="valid")
    weekday = sample.dates.iloc[sample.window].dt.dayofweek.to_numpy()[3:-3]
    centred = within - within.mean()
    whole = float((centred**2).sum())
    if whole < 1e-20:
        return
    between = sum(
        (weekday == day).sum() * float(centred[weekday == day].mean()) ** 2 for day in range(7)
    )
    components = ", ".join([*sample.job.prophet, "weekday"])
    yield Measured(
        sample.job.target,
        float(between / whole),
        f"weekdays differ and nothing in the job explains it; write prophet: [{components}], or "
        "interval: week",
    )
