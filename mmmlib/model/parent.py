"""The model that a refresh continues, as an engine needs to know it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from mmmlib.ground import JobError, Problem, columns as c
from mmmlib.job import LIMITS, Range, TrainingJob

PENALTY = "_penalty"
MOSTLY_NEW = 0.5  # share of new rows above which Robyn advises a model of its own


@dataclass(frozen=True)
class Parent:
    """A chosen model of an earlier run, under the names of the job that continues it.

    Attributes
    ----------
    run, candidate : str
        Where it comes from.
    values : dict
        Its hyperparameters by name, ``lambda_hp`` (0..1) and ``train_size`` among them.
    shares : dict
        Each variable's contribution, the intercept's too, as a share of the fitted target in the
        parent's own window.
    window : pair of dates
        First and last date that the parent was fitted on.
    """

    run: str
    candidate: str
    values: Mapping[str, float]
    shares: Mapping[str, float]
    window: tuple[dt.date, dt.date]

    def bounds(self, job: TrainingJob, freedom: float) -> dict[str, Range]:
        """Bounds of the refresh: the parent's values, give or take a share of each range.

        Parameters
        ----------
        job : TrainingJob
            Its ranges are those to be narrowed.
        freedom : float
            Share of the window that is new; the half-width of each new range is that share of
            the old range. The new range stays within the old one.

        Returns
        -------
        dict
            Media hyperparameters, ``lambda_hp``, ``train_size`` under time-series validation,
            and penalty factors where the job searches them.

        Raises
        ------
        JobError
            A value of the parent lies outside the job's range, or is not known.

        Notes
        -----
        Source: Robyn ``R/refresh.R: refresh_hyps``. A fixed value becomes the range
        ``value * (1 -/+ freedom)``; it is cut to Robyn's limits here, which Robyn oversteps.
        """
        old = dict(job.ranges()) | {c.LAMBDA_HP: job.lambda_range}
        if job.ts_validation:
            old[c.TRAIN_SIZE] = job.train_size
        if job.penalty_factors:
            old |= {name + PENALTY: (0.0, 1.0) for name in self.shares if name != c.INTERCEPT}
        problems, found = [], {}
        for name, range_ in old.items():
            value = self.values.get(name)
            if value is None:
                problems.append(
                    Problem("refresh_of", f"{self} has no {name}; keep channels and adstock")
                )
            elif range_[0] == range_[1]:
                found[name] = _loosened(name, range_[0], freedom)
            else:
                reach = freedom * (range_[1] - range_[0])
                found[name] = (max(value - reach, range_[0]), min(value + reach, range_[1]))
                if found[name][0] > found[name][1]:
                    problems.append(
                        Problem(
                            "refresh_of",
                            f"{self} has {name} {value:g}, outside the job's range "
                            f"[{range_[0]:g}, {range_[1]:g}]; widen the range",
                        )
                    )
        if problems:
            raise JobError(problems)
        return found

    def __str__(self) -> str:
        return f"model {self.candidate} of run {self.run}" if self.run else self.candidate


def _loosened(name: str, value: float, freedom: float) -> Range:
    low, high = value * (1 - freedom), value * (1 + freedom)
    suffix = name.rsplit("_", 1)[-1]
    if suffix in LIMITS:
        least, _, most, most_allowed = LIMITS[suffix]
        return max(low, least), min(high, most if most_allowed else most * (1 - 1e-9))
    return max(low, 0.0), min(high, 1.0)
