"""Refresh: a chosen model continued on newer data.

Two things differ from a first search: its bounds are narrowed around the parent's values, and
DECOMP.RSSD is the distance from the parent's decomposition (``refresh_distance.py``) instead of the
distance of effect from spend. Source: Robyn ``R/refresh.R: refresh_hyps`` and ``R/model.R:
robyn_mmm`` (``refresh``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import Range, TrainingJob
from mmmlib.model import MOSTLY_NEW, FloatArray, ModelInput, Parent


@dataclass(frozen=True)
class Continuation:
    """What the search of a refresh needs of its parent.

    Attributes
    ----------
    bounds : dict
        Narrowed bounds by hyperparameter.
    shares : array, shape (1 + p,)
        The parent's share of the fitted target of each variable, the intercept first.
    freedom : float
        Share of the window that is new, above 0 and below 1.
    new_rows : int
    """

    bounds: dict[str, Range]
    shares: FloatArray
    freedom: float
    new_rows: int

    @classmethod
    def of(cls, data: ModelInput, job: TrainingJob, parent: Parent) -> Continuation:
        """Continue a parent on this input.

        Raises
        ------
        DataError
            The window has no new rows or only new ones, or the variables differ.
        JobError
            A value of the parent lies outside the job's ranges.
        """
        wanted = [c.INTERCEPT, *data.variables]
        problems = []
        if differing := sorted(set(wanted) ^ set(parent.shares)):
            problems.append(
                Problem(
                    "refresh_of",
                    f"{parent} and this job differ in {', '.join(differing)}; a refresh keeps the "
                    "variables, train a new model instead",
                )
            )
        new = new_rows(data, parent.window[1])
        if new < 1:
            last = data.dates[data.first + data.rows - 1]
            problems.append(
                Problem(
                    "window",
                    f"ends {last:.10}, no later than that of {parent} ({parent.window[1]}): there "
                    "is nothing new to refresh on",
                )
            )
        elif new >= data.rows:
            problems.append(
                Problem(
                    "window",
                    f"lies wholly after that of {parent} ({parent.window[1]}); train a new model",
                )
            )
        if problems:
            raise DataError(problems)
        freedom = new / data.rows
        shares = np.array([parent.shares[name] for name in wanted])
        return cls(parent.bounds(job, freedom), shares, freedom, new)


def new_rows(data: ModelInput, last: dt.date) -> int:
    """Rows of the window after the parent's last date (Robyn's ``refresh_steps``)."""
    return int((data.dates[data.window] > np.datetime64(last)).sum())


def describe_refresh(parent: Parent, continuation: Continuation) -> str:
    """One line on what is continued, and whether it should be."""
    rows = round(continuation.new_rows / continuation.freedom)
    text = (
        f"refresh of {parent} (window to {parent.window[1]}): {continuation.new_rows} of {rows} "
        f"rows are new, so bounds are its values -/+ {continuation.freedom:.1%} of each range"
    )
    if continuation.freedom > MOSTLY_NEW:
        text += "; more than half of the window is new, a model of its own is advised"
    return text
