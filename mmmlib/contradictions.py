"""What no single key of a job can tell: contradictions between keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mmmlib import names
from mmmlib.errors import Problem
from mmmlib.job import TrainingJob
from mmmlib.ranges import HYPERPARAMETERS, outside_limits

# Names the tables use themselves (columns.py) or Robyn gives to its own terms.
RESERVED = {
    "ds",
    "dep_var",
    "date",
    "target",
    "lambda",
    "train_size",
    "(Intercept)",
    "intercept",
    "actual",
    "fitted",
}

# What may be acknowledged: see dataset.Change.
ACKNOWLEDGEABLE = ("fill", "drop", "rows")


def contradictions(job: TrainingJob) -> list[Problem]:
    """Return everything in which keys of the job contradict each other, or nothing known."""
    return [problem for rule in RULES for problem in rule(job)]


def _registered(job: TrainingJob) -> Iterator[Problem]:
    for key, known in (("engine", names.ENGINES), ("source", names.SOURCES)):
        if (name := getattr(job, key)) not in known:
            yield Problem(key, f"{name!r} is not known; use one of: {', '.join(known)}")
    if job.source == "duckdb" and not job.file:
        yield Problem("file", "is empty; name a CSV or Parquet file, or example:weekly")
    if job.table and job.sql:
        yield Problem("table", "and sql are both given; keep one")


def _variables(job: TrainingJob) -> Iterator[Problem]:
    places = [
        (f"{group}[{i}].name", item.name)
        for group in ("channels", "organic", "context")
        for i, item in enumerate(getattr(job, group))
    ]
    counts = Counter(name for _, name in places)
    for where, name in places:
        if counts[name] > 1:
            yield Problem(where, f"{name!r} names {counts[name]} variables; names must differ")
        if name in RESERVED or name in job.prophet:
            yield Problem(where, f"{name!r} is a name the model uses itself; choose another")
    if repeated := [name for name, n in Counter(job.prophet).items() if n > 1]:
        yield Problem("prophet", f"names {', '.join(repeated)} twice")
    for i, item in enumerate(job.context):
        if item.factor and not job.prophet:
            yield Problem(
                f"context[{i}].factor",
                "a factor is estimated by prophet; name at least one prophet component",
            )


def _ranges(job: TrainingJob) -> Iterator[Problem]:
    needed = HYPERPARAMETERS[job.adstock]
    for group in ("channels", "organic"):
        for i, item in enumerate(getattr(job, group)):
            for name, (low, high) in item.ranges.items():
                where = f"{group}[{i}].ranges.{name}"
                if name not in needed:
                    yield Problem(
                        where, f"{job.adstock} adstock has no {name}; use {', '.join(needed)}"
                    )
                elif why := outside_limits(name, low, high):
                    yield Problem(where, why)
    low, high = job.lambda_range
    if not 0 <= low <= high <= 1:
        yield Problem("lambda_range", "must be [low, high] within 0 and 1, low not above high")


def _window(job: TrainingJob) -> Iterator[Problem]:
    if job.window and job.window[0] >= job.window[1]:
        yield Problem("window", "must start before it ends")


def _split(job: TrainingJob) -> Iterator[Problem]:
    low, high = job.train_size
    if job.ts_validation and not 0.1 <= low <= high <= 0.98:
        yield Problem("train_size", "must be [low, high] within 0.1 and 0.98, low not above high")


def _weights(job: TrainingJob) -> Iterator[Problem]:
    weights = job.objective_weights
    if weights and (len(weights) != 2 or min(weights) < 0 or sum(weights) == 0):
        yield Problem("objective_weights", "needs two weights (nrmse, rssd), none negative")


def _allocator(job: TrainingJob) -> Iterator[Problem]:
    known = {channel.name for channel in job.channels}
    settings = job.allocator
    if settings.low > settings.high:
        yield Problem("allocator.low", "is above allocator.high")
    for name, bounds in settings.channels.items():
        where = f"allocator.channels.{name}"
        if name not in known:
            yield Problem(where, f"is no paid channel; use one of: {', '.join(sorted(known))}")
        low = settings.low if bounds.low is None else bounds.low
        high = settings.high if bounds.high is None else bounds.high
        if low > high:
            yield Problem(where, f"its low {low:g} is above its high {high:g}")


def _features(job: TrainingJob) -> Iterator[Problem]:
    wanted = {"sum": (1, 1000), "ratio": (2, 2), "lag": (1, 1), "one_hot": (1, 1)}
    for i, feature in enumerate(job.features):
        low, high = wanted[feature.operation]
        if not low <= len(feature.columns) <= high:
            yield Problem(
                f"features[{i}].columns",
                f"{feature.operation} takes {low if low == high else 'one or more'} of them, "
                f"not {len(feature.columns)}",
            )
    names_ = Counter(feature.name for feature in job.features)
    for i, feature in enumerate(job.features):
        if names_[feature.name] > 1:
            yield Problem(f"features[{i}].name", f"{feature.name!r} is made twice")


def _acknowledged(job: TrainingJob) -> Iterator[Problem]:
    for i, text in enumerate(job.acknowledge):
        kind, colon, column = text.partition(":")
        if kind not in ACKNOWLEDGEABLE or not colon or not column:
            kinds = ", ".join(f"{name}:COLUMN" for name in ACKNOWLEDGEABLE)
            yield Problem(f"acknowledge[{i}]", f"{text!r} is none of {kinds}")


def _calibration(job: TrainingJob) -> Iterator[Problem]:
    known = {medium.name for medium in job.media}
    for i, study in enumerate(job.calibration):
        where = f"calibration[{i}]"
        if unknown := [name for name in study.channels if name not in known]:
            yield Problem(
                f"{where}.channels",
                f"{', '.join(unknown)} is no channel; use {', '.join(sorted(known))}",
            )
        if study.start >= study.end:
            yield Problem(f"{where}.start", "must be before its end; one day is no study")
        if job.window and (study.start < job.window[0] or study.end > job.window[1]):
            yield Problem(where, f"lies outside the window ({job.window[0]} to {job.window[1]})")
        if study.lift == 0:
            yield Problem(f"{where}.lift", "is 0; the distance to it cannot be a share of it")


RULES = (
    _registered,
    _variables,
    _ranges,
    _window,
    _split,
    _weights,
    _allocator,
    _features,
    _acknowledged,
    _calibration,
)
