"""What searches: nevergrad's optimizers as Robyn uses them, and what a job may ask of which.

Source: Robyn ``R/model.R: robyn_train, robyn_mmm``. NSGA2 is in ``generations``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from mmmlib.engines.engine import NSGA2, optimizer_of
from mmmlib.ground import Problem
from mmmlib.job import TrainingJob


def make_optimizer(job: TrainingJob, dimensions: int, n_objectives: int) -> Any:
    """Make the job's nevergrad optimizer on the unit cube, with its reference point and weights.

    Weights of objectives exist in the differential evolution family only; Robyn sets them to 1
    where none are given. Other optimizers weigh by hypervolume.

    Raises
    ------
    KeyError
        Nevergrad knows no optimizer of this name.
    AttributeError
        The job weighs objectives, which this optimizer cannot do.
    """
    import nevergrad

    cube = nevergrad.p.Array(shape=(dimensions,), lower=0, upper=1)
    make = nevergrad.optimizers.registry[optimizer_of(job)]
    optimizer = make(cube, budget=job.iterations, num_workers=job.workers)
    ones = (1.0,) * n_objectives
    optimizer.tell(nevergrad.p.MultiobjectiveReference(), ones)
    if job.objective_weights or hasattr(optimizer, "set_objective_weights"):
        optimizer.set_objective_weights(job.objective_weights or ones)
    return optimizer


def optimizer_problems(job: TrainingJob) -> Iterator[Problem]:
    """Say what the job's optimizer cannot do, without making it."""
    name = optimizer_of(job)
    if name == NSGA2:  # without nevergrad, whose import takes a second
        if job.workers > 1:
            yield Problem(
                "workers",
                f"{NSGA2} tries whole generations and has no rounds; set workers to 1, or "
                "optimizer to TwoPointsDE",
            )
        if job.objective_weights:
            yield _cannot_weigh(name)
        return
    import nevergrad

    registry = nevergrad.optimizers.registry
    if name not in registry:
        close = difflib.get_close_matches(name, [NSGA2, *registry], n=3)
        hint = f"did you mean {', '.join(close)}?" if close else f"use {NSGA2} or TwoPointsDE"
        yield Problem("optimizer", f"nevergrad knows no {name!r}; {hint}")
        return
    if job.workers > 1 and registry[name].no_parallelization:
        yield Problem("workers", f"{name} tries one candidate at a time; set workers to 1")
    family = getattr(registry[name], "_OptimizerClass", registry[name])
    if job.objective_weights and not hasattr(family, "set_objective_weights"):
        yield _cannot_weigh(name)


def _cannot_weigh(name: str) -> Problem:
    return Problem(
        "objective_weights",
        f"{name} cannot weigh objectives; leave them out, or set optimizer to TwoPointsDE",
    )
