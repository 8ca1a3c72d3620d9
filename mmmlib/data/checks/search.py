"""Check of the search: enough candidates for the ranges they are looked for in."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mmmlib.data.checks.rules import RULES
from mmmlib.data.checks.sample import Measured, Sample


def candidates_per_range(sample: Sample) -> Iterator[Measured]:
    """Candidates of all trials per hyperparameter that is searched."""
    job = sample.job
    ranges = [*job.ranges().values(), job.lambda_range]
    if job.ts_validation:
        ranges.append(job.train_size)
    searched = sum(low < high for low, high in ranges)
    if job.penalty_factors:
        searched += len(sample.variables) + sum(i.factor for i in job.context) + len(job.prophet)
    if not searched:
        return
    wanted = math.ceil((RULES["candidates_per_range"].review or 0) * searched / job.trials)
    yield Measured(
        f"{job.iterations} iterations, {job.trials} trials, {searched} searched",
        job.iterations * job.trials / searched,
        f"the best model may not have been met; write iterations: {wanted}, or fix ranges that "
        "are known (a single value)",
    )
