"""What of a job Robyn 3.12.1 cannot do, with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmmlib.engines.engine import optimizer_of
from mmmlib.ground import Problem
from mmmlib.job import TrainingJob

MAX_WEIGHT = 10
PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]*")
OWN_ENDS = ("_MDI", "_MDC")  # immediate and carryover part of a medium
OWN_PARTS = (
    "thetas", "shapes", "scales", "alphas", "gammas", "penalty", "inflexion", "inflation",
)  # fmt: skip
# columns of prophet's forecast beside those of the factors
OWN_FORECASTS = (
    "ds", "yhat", "trend", "yearly", "weekly", "monthly", "holidays", "additive_terms",
    "multiplicative_terms", "extra_regressors",
)  # fmt: skip


def not_done_by_robyn(job: TrainingJob) -> Iterator[Problem]:
    """Say what of a well formed job has no way through Robyn."""
    if job.refresh_of:
        yield Problem(
            "refresh_of",
            "robyn_refresh of Robyn 3.12.1 fails under R 4.2 and chooses by DECOMP.RSSD alone; "
            "set engine to native",
        )
    if job.workers > 1:
        yield Problem(
            "workers",
            "Robyn forks its process for them, which is not safe where R runs inside Python, and "
            "slower; set workers to 1 (trials run beside each other anyway)",
        )
    if job.iterations < 2:
        yield Problem("iterations", "Robyn searches from 2 iterations on; set at least 2")
    if job.seed + job.trials > 2**31 - 1:
        yield Problem("seed", "is too large: trials have the seeds after it, up to 2147483647")
    if max(job.objective_weights, default=0) > MAX_WEIGHT:
        yield Problem("objective_weights", f"Robyn takes weights up to {MAX_WEIGHT}")
    yield from _optimizer(job)
    yield from _names(job)
    bounds = [*job.ranges().values(), job.lambda_range]
    if job.ts_validation:
        bounds.append(job.train_size)
    if all(low == high for low, high in bounds) and not job.penalty_factors:
        yield Problem("channels", "every hyperparameter is fixed; give at least one a range")


def _names(job: TrainingJob) -> Iterator[Problem]:
    """Names that Robyn would rename, or mistake for its own: it finds columns by parts of names."""
    for group in ("channels", "organic", "context"):
        for i, item in enumerate(getattr(job, group)):
            where, name = f"{group}[{i}].name", item.name
            if not PLAIN_NAME.fullmatch(name):
                yield Problem(
                    where,
                    f"{name!r} cannot be a name in Robyn; use letters, digits, _ and ., a letter "
                    "first (its column may keep its name)",
                )
            elif part := _own_word(name):
                yield Problem(where, f"{name!r} holds {part!r}, Robyn's own word; choose another")
    factors = [(i, item.name) for i, item in enumerate(job.context) if item.factor]
    for i, name in factors:
        others = [*OWN_FORECASTS, *(other for j, other in factors if j != i)]
        if longer := [other for other in others if other.startswith(name)]:
            yield Problem(
                f"context[{i}].name",
                f"{name!r} begins {longer[0]!r}, and Robyn would add both up; choose another name",
            )


def _own_word(name: str) -> str:
    ends = (end for end in OWN_ENDS if name.endswith(end))
    return next((part for part in OWN_PARTS if part in name), "") or next(ends, "")


def _optimizer(job: TrainingJob) -> Iterator[Problem]:
    import nevergrad

    registry, name = nevergrad.optimizers.registry, optimizer_of(job)
    if name not in registry:
        yield Problem(
            "optimizer",
            f"Robyn searches with an optimizer of nevergrad, which has no {name!r}; use "
            "TwoPointsDE, or set engine to native",
        )
        return
    family = getattr(registry[name], "_OptimizerClass", registry[name])
    if not hasattr(family, "set_objective_weights"):
        # robyn_mmm calls it whether weights are given or not
        yield Problem(
            "optimizer",
            f"Robyn weighs objectives, which {name} cannot; use one of the DE family such "
            "as TwoPointsDE, or set engine to native",
        )
