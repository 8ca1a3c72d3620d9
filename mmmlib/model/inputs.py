"""What a model is fitted on, whichever engine fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.ground import ROUNDING, DataError, Problem, columns as c, constant
from mmmlib.job import Channel, Study, TrainingJob
from mmmlib.model.adstock import FloatArray

FEWEST_ROWS = 2  # Robyn's count of days is a difference of dates: 0 for one row


DAY = np.timedelta64(1, "D")


def study_rows(data: ModelInput, study: Study) -> tuple[int, int]:
    """First and last data row of a study, among all rows.

    A study that starts between two dates starts with the row before, in whose period it begins.
    It has no row where the last is before the first.
    """
    start, end = (np.datetime64(day, "ns") for day in (study.start, study.end))
    first = int(np.searchsorted(data.dates, start, side="right")) - 1
    last = int(np.searchsorted(data.dates, end, side="right")) - 1
    return first, last


def study_problems(data: ModelInput, job: TrainingJob) -> Iterator[Problem]:
    """Say which lift studies the window's rows cannot answer.

    Robyn answers them with infinity or nothing, and leaves them out of the mean.
    """
    dates = data.dates[data.window]
    period = (data.dates[1:] - data.dates[:-1]).min()
    beyond = dates[-1] + period  # the last row holds a whole period
    for i, study in enumerate(job.calibration):
        where = f"calibration[{i}]"
        first, last = study_rows(data, study)
        if missing := [name for name in study.channels if name not in data.variables]:
            yield Problem(
                f"{where}.channels",
                f"{', '.join(missing)} is not in the model (left out of the data?); remove the "
                "study or keep the channel",
            )
        elif first < data.first or np.datetime64(study.end, "ns") >= beyond:
            yield Problem(
                where,
                f"lies outside the window, whose rows reach from {dates[0]:.10} to "
                f"{beyond - DAY:.10}; widen the window, shorten the study or remove it",
            )
        elif last - first + 1 < FEWEST_ROWS:
            yield Problem(
                where,
                f"covers {last - first + 1} row of the data ({data.dates[first]:.10}); at least "
                f"{FEWEST_ROWS} are needed: lengthen the study, use daily data or remove it",
            )


LAMBDA_SHARE = 0.1 / 0.001  # Robyn's 0.1 of the maximum, glmnet's smallest alpha 0.001


@dataclass(frozen=True)
class ModelInput:
    """The modelling table (Robyn's ``dt_mod``) and the window the model is fitted on.

    Attributes
    ----------
    dates : array of datetime64, shape (n,)
    target : array, shape (n,)
    variables : tuple of str
        Columns of the design in Robyn's order: prophet, context, paid, organic.
    roles : tuple of str
        Role of each variable.
    values : array, shape (n, p)
        All rows; media in units of money.
    spends : array, shape (n, k)
        What was spent on each paid channel, all rows.
    first, rows : int
        First row of the window and its length.
    """

    dates: NDArray[np.datetime64]
    target: FloatArray
    variables: tuple[str, ...]
    roles: tuple[str, ...]
    values: FloatArray
    spends: FloatArray
    first: int
    rows: int

    @classmethod
    def of_table(cls, table: pd.DataFrame, spends: pd.DataFrame, job: TrainingJob) -> ModelInput:
        """Take a modelling table that is complete.

        Parameters
        ----------
        table : DataFrame
            ``date, target`` and one column a variable, all rows.
        spends : DataFrame
            One column a paid channel, named like the channel, the same rows.
        job : TrainingJob
            Says which variable plays which role.

        Raises
        ------
        DataError
            With everything that keeps the model from being fitted.
        """
        roles = _roles(job)
        dates = table[c.DATE].to_numpy(dtype="datetime64[ns]")
        first, rows = window_rows(dates, job)
        model_input = cls(
            dates,
            table[c.TARGET].to_numpy(dtype=np.float64),
            tuple(roles),
            tuple(role for role, _ in roles.values()),
            table[list(roles)].to_numpy(dtype=np.float64),
            spends[[channel.name for channel in job.channels]].to_numpy(dtype=np.float64),
            first,
            rows,
        )
        if problems := list(_problems(model_input, job)):
            raise DataError(problems)
        return model_input

    @property
    def window(self) -> slice:
        """The window's rows."""
        return slice(self.first, self.first + self.rows)

    @cached_property
    def media(self) -> FloatArray:
        """Exposure of every medium in units of money, all rows; shape (m, n)."""
        first = next(i for i, role in enumerate(self.roles) if role in ("paid", "organic"))
        return np.ascontiguousarray(self.values[:, first:].T)

    @cached_property
    def lambda_max(self) -> float:
        """Largest lambda of the search, Robyn's ``lambda_max`` (``R/model.R: lambda_seq``).

        Over all rows and untransformed columns; the target is neither centred nor scaled.
        """
        deviations = self.values - self.values.mean(axis=0)
        scale = np.sqrt((deviations**2).mean(axis=0))
        moves = scale > ROUNDING * np.abs(self.values).max(axis=0)
        standardised = deviations[:, moves] / scale[moves]
        products = (standardised * self.target[:, None]).sum(axis=0)
        return float(LAMBDA_SHARE * np.abs(products).max() / len(self.target))

    def limits(self, job: TrainingJob) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limits of the coefficients, in the order of the variables.

        Prophet components stay within [0, 1] whatever their sign, as in Robyn.
        """
        signs = [item.sign for item in (*job.context, *job.media)]
        lower = [0.0] * len(job.prophet) + [0.0 if s == "positive" else -np.inf for s in signs]
        upper = [1.0] * len(job.prophet) + [0.0 if s == "negative" else np.inf for s in signs]
        return np.array(lower), np.array(upper)

    def table(self) -> pd.DataFrame:
        """``date, target`` and one column a variable, all rows."""
        head = {c.DATE: self.dates, c.TARGET: self.target}
        return pd.DataFrame({**head, **dict(zip(self.variables, self.values.T, strict=True))})


def window_rows(dates: NDArray[np.datetime64], job: TrainingJob) -> tuple[int, int]:
    """First row and length of the window; its ends move to the closest date of the data.

    Raises
    ------
    DataError
        The window lies outside the data.
    """
    if not job.window:
        return 0, len(dates)
    start, end = (np.datetime64(day, "ns") for day in job.window)
    if end < dates[0] or start > dates[-1]:
        reach = f"the data reach from {dates[0]:.10} to {dates[-1]:.10}"
        raise DataError([Problem("window", f"lies outside the data; {reach}")])
    first, last = (int(np.abs(dates - day).argmin()) for day in (start, end))
    return first, last - first + 1


def _roles(job: TrainingJob) -> dict[str, tuple[str, str]]:
    """Variable → its role and where in the job it is named, in the order of the design."""
    roles: dict[str, tuple[str, str]] = dict.fromkeys(job.prophet, ("prophet", "prophet"))
    roles |= {item.name: ("context", f"context[{i}]") for i, item in enumerate(job.context)}
    roles |= {item.name: ("paid", f"channels[{i}]") for i, item in enumerate(job.channels)}
    return roles | {item.name: ("organic", f"organic[{i}]") for i, item in enumerate(job.organic)}


def _problems(data: ModelInput, job: TrainingJob) -> Iterator[Problem]:
    roles = _roles(job)
    media = (*job.channels, *job.organic)
    for name, values in zip(data.variables, data.values.T, strict=True):
        role, where = roles[name]
        inside = values[data.window]
        if not np.isfinite(values).all():
            yield Problem(where, f"{name} has values that are no finite numbers; fill them")
        elif role in ("paid", "organic") and values.min() < 0:
            yield Problem(where, f"{name} has negative values; correct them")
        elif constant(inside) or (role == "prophet" and _is_rounding(inside, data.target)):
            yield Problem(where, f"{name} is constant in the window and explains nothing; drop it")
    for i, (medium, spend) in enumerate(zip(media, data.spends.T, strict=False)):
        assert isinstance(medium, Channel)
        if not np.isfinite(spend).all() or spend.min() < 0:
            yield Problem(f"channels[{i}].spend", f"{medium.spend} needs numbers of at least 0")
        elif not spend[data.window].any():
            yield Problem(f"channels[{i}].spend", f"{medium.spend} is 0 throughout the window")
    target = data.target[data.window]
    if not np.isfinite(data.target).all():
        yield Problem("target", f"{job.target} has values that are no finite numbers; fill them")
    elif constant(target):
        yield Problem("target", f"{job.target} is constant in the window; nothing to explain")
    yield from _row_problems(data, job)
    yield from study_problems(data, job)


def _is_rounding(component: FloatArray, target: FloatArray) -> bool:
    """Whether a component of prophet, in the target's unit, is nothing beside the target."""
    return bool(np.ptp(component) <= ROUNDING * np.abs(target).max())


def _row_problems(data: ModelInput, job: TrainingJob) -> Iterator[Problem]:
    """Adjusted R squared needs more rows than coefficients, an error two rows a split."""
    from mmmlib.model.splits import split_sizes

    needed = len(data.variables) + 2
    low, high = job.train_size if job.ts_validation else (1.0, 1.0)
    fewest, _ = split_sizes(data.rows, low)
    if fewest < needed:
        yield Problem(
            "train_size" if fewest < data.rows else "window",
            f"leaves {fewest} rows to fit {len(data.variables)} variables; {needed} are needed: "
            "widen it or use fewer variables",
        )
    n_train, n_val = split_sizes(data.rows, high)
    if job.ts_validation and min(n_val, data.rows - n_train - n_val) < 2:
        yield Problem(
            "train_size",
            f"{high:g} of {data.rows} rows leaves fewer than two to validate or to test; lower it",
        )
