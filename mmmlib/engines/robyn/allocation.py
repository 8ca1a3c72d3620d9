"""Robyn's own budget allocation, asked for beside ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines.robyn.frames import to_frame, to_table
from mmmlib.engines.robyn.hosts import RError
from mmmlib.engines.robyn.messages import Kept
from mmmlib.ground import EngineError, columns as c
from mmmlib.job import Allocator, TrainingJob

FIRST, LAST = dt.date.min, dt.date.max  # of no bound
PLAN = (c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.PLANNED_SPEND, c.PLANNED_RESPONSE)


def robyns_allocation(
    call: Callable[..., Any], objects: tuple[Kept, Kept, Kept], candidate: str, job: TrainingJob
) -> pd.DataFrame:
    """Let ``robyn_allocator`` plan the job's budget.

    Parameters
    ----------
    call : callable
        Calls a function in R.
    objects : tuple of Kept
        Input, models and outputs.
    candidate : str
        The best model.
    job : TrainingJob

    Returns
    -------
    DataFrame
        ``channel, current_spend, current_response, planned_spend, planned_response`` per period;
        ``status`` (nlopt's, below 0 is a failure) and ``message``, the same in all rows. Where
        Robyn's allocator stops, the plan and the status are NaN and the message says why: the
        run's plan is ours, so that is said with it and does not end the run.

    Raises
    ------
    EngineError
        R died.
    """
    settings = job.allocator
    names = [channel.name for channel in job.channels]
    lows, highs = zip(*(settings.bounds(name) for name in names), strict=True)
    bounds = pd.DataFrame({c.CHANNEL: names, c.LOW: lows, c.HIGH: highs})
    arguments = (settings.scenario, settings.total_budget, to_frame(bounds, [c.CHANNEL]))
    try:
        found = call(
            "mmmr_allocate", *objects, candidate, *arguments, settings.target, _dates(settings)
        )
    except EngineError as error:
        if not isinstance(error.__cause__, RError):
            raise
        plan = pd.DataFrame({c.CHANNEL: names} | dict.fromkeys(PLAN, np.nan))
        return plan.assign(status=np.nan, message=str(error))
    (status,), message = found["status"], " ".join(found["message"])
    return to_table(found["table"])[[c.CHANNEL, *PLAN]].assign(status=status, message=message)


def _dates(settings: Allocator) -> tuple[str, ...]:
    """The periods whose average is the current spend, as ``robyn_allocator`` names them."""
    if settings.last:
        return (f"last_{settings.last}",)
    if settings.start or settings.end:
        start, end = settings.start or FIRST, settings.end or LAST
        return (start.isoformat(), end.isoformat())
    return ("all",)
