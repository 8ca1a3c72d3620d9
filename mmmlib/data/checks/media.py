"""Checks of the channels: what was spent, when, and what was seen for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmmlib.data.checks.rules import RULES
from mmmlib.data.checks.sample import FloatArray, Measured, Sample, robust_z
from mmmlib.ground import constant


def zero_variance(sample: Sample) -> Iterator[Measured]:
    """Different values of each variable and of each spend."""
    spends = {f"{name} (spend)": values for name, values in sample.spends.items()}
    columns = {sample.job.target: sample.target, **sample.variables, **spends}
    for name, values in columns.items():
        yield Measured(
            name,
            1.0 if constant(values) else float(len(np.unique(values))),
            "is constant in the window, so nothing can be learnt of it; take it out of the job "
            "or widen the window to a time in which it moved",
        )


def small_variation(sample: Sample) -> Iterator[Measured]:
    """Spread of each variable beside its largest value; what is constant has its own check."""
    for name, values in sample.variables.items():
        if not constant(values):
            yield Measured(
                name,
                float(np.ptp(values) / np.abs(values).max()),
                "moves so little beside its level that its coefficient is a guess; take it out of "
                "the job, or give its change in a unit of its own",
            )


def negative_media(sample: Sample) -> Iterator[Measured]:
    """Negative spend, exposure and organic activity, over all rows: adstock sees them too."""
    columns = [c for item in sample.channels for c in (item.spend, item.exposure) if c is not None]
    for column in dict.fromkeys([*columns, *sample.organic.values()]):
        values = sample.frame[column].to_numpy(dtype=np.float64)
        row = sample.dates.iloc[int(values.argmin())].date()
        yield Measured(
            column,
            float((values < 0).sum()),
            f"the least is {values.min():,.10g} on {row}; a refund belongs to the date of what "
            "it refunds: correct the source",
        )


def zero_share(sample: Sample) -> Iterator[Measured]:
    """Share of fitted rows in which a channel did nothing."""
    organic = {name: sample.variables[name] for name in sample.organic}
    for name, values in (sample.spends | organic).items():
        active = int((values > 0).sum())
        yield Measured(
            name,
            float((values == 0).mean()),
            f"was active in {active} rows only; add it to a similar channel (features: "
            "operation sum), or narrow its ranges to what is known of it",
        )


def spend_outliers(sample: Sample) -> Iterator[Measured]:
    """Largest robust z of the log of a channel's spend, rows with spend only.

    Upwards only: a small amount at the end of a flight moves no curve.
    """
    for name, values in sample.spends.items():
        scores = spend_scores(values)
        row = int(scores.argmax())
        if scores[row] > 0:
            yield Measured(
                f"{name} {sample.day(row)}",
                float(scores[row]),
                f"{values[row]:,.10g} were spent, usually {np.median(values[values > 0]):,.10g}: "
                "correct it where it is an error (another unit, a bill of a whole quarter)",
            )


def spend_scores(values: FloatArray) -> FloatArray:
    """Robust z of the log of positive values; 0 elsewhere, and where fewer than 8 are positive."""
    scores = np.zeros(len(values))
    active = values > 0
    if active.sum() >= 8:
        scores[active] = robust_z(np.log(values[active]))
    return scores


def spend_without_exposure(sample: Sample) -> Iterator[Measured]:
    """Share of a channel's spend that no exposure stands beside."""
    for name, spend, exposure in _pairs(sample):
        if spend.sum() > 0:
            rows = (spend > 0) & (exposure <= 0)
            yield Measured(
                name,
                _share(spend, rows),
                f"{_rows(sample, rows)} without exposure: the model sees exposure, so this money "
                "seems to do nothing; complete it, or write exposure: null",
            )


def exposure_without_spend(sample: Sample) -> Iterator[Measured]:
    """Share of a channel's exposure that nothing was paid for."""
    for name, spend, exposure in _pairs(sample):
        if exposure.sum() > 0:
            rows = (exposure > 0) & (spend <= 0)
            yield Measured(
                name,
                _share(exposure, rows),
                f"{_rows(sample, rows)} without spend, which makes the channel look cheaper than "
                "it is; complete the spend, or name unpaid activity under organic",
            )


def tiny_channels(sample: Sample) -> Iterator[Measured]:
    """Each channel's share of the spend in the window."""
    totals = {name: float(np.maximum(values, 0).sum()) for name, values in sample.spends.items()}
    whole = sum(totals.values())
    if whole <= 0 or not np.isfinite(whole):
        return
    limit = RULES["tiny_channels"].review or 0.0
    tiny = [name for name, total in totals.items() if total / whole < limit]
    if len(tiny) == 1:  # nothing to add it to but the next larger one
        others = [name for name in totals if name not in tiny]
        tiny += sorted(others, key=lambda name: totals[name])[:1]
    columns = ", ".join(item.spend for item in sample.channels if item.name in tiny)
    for name, total in totals.items():
        yield Measured(
            name,
            total / whole,
            "is too small for an effect of its own; add it up with others that act alike: "
            f"features: [{{name: small_S, operation: sum, columns: [{columns}]}}] and channels: "
            "[{name: small, spend: small_S}] in their place",
        )


def _pairs(sample: Sample) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    for item in sample.channels:
        if item.exposure is not None:
            yield item.name, sample.values(item.spend), sample.values(item.exposure)


def _share(values: FloatArray, rows: np.ndarray) -> float:
    positive = np.maximum(values, 0) / values.max()
    return float(positive[rows].sum() / positive.sum())


def _rows(sample: Sample, rows: np.ndarray) -> str:
    found = np.flatnonzero(rows)
    return f"{len(found)} rows ({sample.day(int(found[0]))} …)" if len(found) else "no row"
