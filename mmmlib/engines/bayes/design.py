"""From a dataset and a job to what the sampler reads: target, media, baseline, studies.

Whatever is no medium is the baseline: intercept, a trend that may bend, yearly and weekly season,
holidays, context. The first columns are flat; those that make it flexible (bends of the trend,
higher harmonics, holidays, levels of a factor) share a size by group that the data choose, so that
a smooth baseline stays smooth and a rough one may be rough.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data import Dataset
from mmmlib.engines.bayes.priors import (
    MEDIA_SHARE_SD,
    SPREAD,
    SPREAD_LOG_SD,
    Priors,
    impossible,
    prior_share,
    priors_of,
    signed_context,
)
from mmmlib.engines.bayes.sampler import HALF_NORMAL, Data
from mmmlib.engines.native.inputs import raw_problems
from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import HYPERPARAMETERS, Study, TrainingJob, default_range
from mmmlib.model import DAY, FloatArray, ModelInput, adstock, study_rows, window_rows

YEAR = 365.25  # days
BEND = 56.0  # days between two points at which the trend may bend
MOST_BENDS = 60
HARMONICS, MOST_HARMONICS = 2, 12  # flat ones, and all: waves down to a month
MONTH = 30.5  # days, as Robyn counts
STUDENT = 4.0  # degrees of freedom of the heavy-tailed noise
FINEST_ERROR = 0.02  # a study's standard error is at least this share of its lift
_FLAT = -1
_Add = Callable[[str, int, FloatArray], None]
_GROUPS = ("bends", "season", "holiday", "factor")
_SIZES = (0.1, 0.3, 1.0, 1.0)  # scale of each group's half-Cauchy prior, in units of the noise


@dataclass(frozen=True)
class BaselineColumn:
    """A column of the baseline: which variable of the job it belongs to, and its group."""

    variable: str
    group: int
    values: FloatArray  # shape (rows,), the window's


@dataclass(frozen=True)
class Design:
    """Everything a posterior is computed from.

    Attributes
    ----------
    data : ModelInput
        Columns of prophet's components and of factors are stand-ins until they are estimated.
    job : TrainingJob
    columns : tuple of BaselineColumn
        The baseline.
    """

    data: ModelInput
    job: TrainingJob
    columns: tuple[BaselineColumn, ...]

    @classmethod
    def of(cls, dataset: Dataset, job: TrainingJob) -> Design:
        """Lay out a job on its dataset.

        Raises
        ------
        DataError
            With everything that keeps the model from being fitted.
        """
        data = _input(dataset, job)
        columns = tuple(_baseline(dataset, data, job))
        flat = sum(column.group == _FLAT for column in columns)
        if data.rows < flat + len(job.media) + 2:
            why = (
                f"leaves {data.rows} rows for {flat} columns of the baseline and "
                f"{len(job.media)} media; widen it or use fewer variables"
            )
            raise DataError([Problem("window", why)])
        if problems := impossible(data, job):
            raise DataError(problems)
        return cls(data, job, columns)

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the target in the window, the unit of the sampler."""
        return float(self.data.target[self.data.window].std())

    @cached_property
    def centre(self) -> float:
        """Mean of the target in the window; 0 without an intercept, which would take it up."""
        if not self.job.intercept:
            return 0.0
        return float(self.data.target[self.data.window].mean())

    @cached_property
    def priors(self) -> Priors:
        """Priors of media and of context with a sign."""
        return priors_of(self.data, self.job, self.scale)

    @cached_property
    def z(self) -> FloatArray:
        """The baseline's columns, shape (rows, k)."""
        return np.ascontiguousarray(np.column_stack([column.values for column in self.columns]))

    @cached_property
    def fixed(self) -> FloatArray:
        """Context with a sign, standardised; shape (t - m, rows)."""
        rows = [self._context(item.name) for item in signed_context(self.job)]
        return np.array(rows).reshape(len(rows), self.data.rows)

    def describe(self) -> str:
        """One line on what the model sees."""
        data, job = self.data, self.job
        start, end = data.dates[data.window][[0, -1]]
        low, high = prior_share(data, job, self.priors)
        flexible = sum(column.group != _FLAT for column in self.columns)
        return (
            f"{len(data.dates)} rows, {data.rows} in the window {start:.10} to {end:.10}; "
            f"{len(job.media)} media ({len(job.channels)} paid), {job.adstock} adstock; a "
            f"baseline of {len(self.columns)} columns, {flexible} of them sized by the data; "
            f"{len(job.calibration)} lift studies; before the data all channels together bring "
            f"{low:.0%} to {high:.0%} of the target (90 % of draws from the priors)"
        )

    def _context(self, name: str) -> FloatArray:
        values = self.data.values[self.data.window, self.data.variables.index(name)]
        return np.asarray((values - values.mean()) / values.std())

    @cached_property
    def arrays(self) -> Data:
        """What the compiled sampler reads."""
        data, job, priors = self.data, self.job, self.priors
        names = HYPERPARAMETERS[job.adstock]
        bounds = np.array(
            [
                [m.ranges.get(name, default_range(name, job.adstock, m.kind)) for name in names]
                for m in job.media
            ]
        )
        studies = [study_of(data, study) for study in job.calibration]
        members = [[m.name in study.channels for m in job.media] for study in job.calibration]
        found = np.array(studies, dtype=np.float64).reshape(len(studies), 5)
        used = [column.group for column in self.columns]
        groups = sorted(set(used) - {_FLAT})
        return Data(
            y=(data.target[data.window] - self.centre) / self.scale,
            z=self.z,
            group=np.array([groups.index(g) if g >= 0 else -1 for g in used], dtype=np.int64),
            group_scale=np.array([_SIZES[g] for g in groups], dtype=np.float64),
            media=np.ascontiguousarray(data.media[:, : data.window.stop]),
            first=data.first,
            family=adstock.FAMILIES[job.adstock],
            low=np.ascontiguousarray(bounds[:, :, 0]),
            high=np.ascontiguousarray(bounds[:, :, 1]),
            fixed=self.fixed,
            unit=priors.unit,
            sign=priors.sign,
            prior=priors.kind.astype(np.int64),
            prior_mean=priors.mean,
            prior_sd=priors.sd,
            pooled_mean=priors.pooled_mean,
            pooled_mean_sd=MEDIA_SHARE_SD,
            spread_log=math.log(SPREAD),
            spread_log_sd=SPREAD_LOG_SD,
            study_first=found[:, 0].astype(np.int64) - data.first,
            study_last=found[:, 1].astype(np.int64) - data.first,
            study_members=np.array(members, dtype=np.bool_).reshape(len(studies), len(job.media)),
            study_immediate=np.array(
                [study.scope == "immediate" for study in job.calibration], dtype=np.bool_
            ),
            study_scale=found[:, 2].copy(),
            study_lift=found[:, 3] / self.scale,
            study_error=found[:, 4] / self.scale,
            nu=STUDENT if job.posterior.noise == "heavy_tailed" else 0.0,
        )

    @cached_property
    def signed(self) -> int:
        """Number of context variables with a sign."""
        return int((self.priors.kind == HALF_NORMAL).sum())


def study_of(data: ModelInput, study: Study) -> tuple[int, int, float, float, float]:
    """First and last row of a study, days over days of its rows, lift and standard error.

    A row holds its whole period: two weekly rows are 14 days. A study that begins and ends on
    dates of rows is of all their days.
    """
    first, last = study_rows(data, study)
    period = int((data.dates[1:] - data.dates[:-1]).min() / DAY)
    covered = (last - first + 1) * period
    days = (study.end - study.start).days + 1
    on_rows = np.datetime64(study.start, "ns") == data.dates[first]
    on_rows &= np.datetime64(study.end, "ns") == data.dates[last]
    return first, last, 1.0 if on_rows else days / covered, study.lift, standard_error(study)


def standard_error(study: Study) -> float:
    """A study's own standard error, or that which its confidence means.

    A lift that differs from 0 at a confidence of 95 % is 1.96 standard errors away from it.
    """
    from statistics import NormalDist

    floor = FINEST_ERROR * abs(study.lift)
    if study.standard_error is not None:
        return max(study.standard_error, 1e-3 * abs(study.lift))
    if study.confidence >= 1.0:
        return floor
    away = NormalDist().inv_cdf((1.0 + study.confidence) / 2.0)
    return max(abs(study.lift) / away, floor) if away > 0 else float("inf")


def _input(dataset: Dataset, job: TrainingJob) -> ModelInput:
    """The modelling table, with stand-ins for what the baseline will be."""
    frame = dataset.frame
    dates = pd.Series(frame[job.date].to_numpy(dtype="datetime64[ns]"))
    first, rows = window_rows(dates.to_numpy(), job)
    if problems := list(raw_problems(frame, job, slice(first, first + rows))):
        raise DataError(problems)
    stand_in = np.arange(len(frame), dtype=np.float64)
    table: dict[str, object] = {c.DATE: dates, c.TARGET: frame[job.target].to_numpy()}
    table |= dict.fromkeys(job.prophet, stand_in)
    for item in job.context:
        column = frame[item.column or item.name]
        table[item.name] = stand_in if item.factor else column.to_numpy()
    for channel in job.channels:
        spend = frame[channel.spend].to_numpy(dtype=np.float64)
        seen = frame[channel.exposure or channel.spend].to_numpy(dtype=np.float64)
        window = slice(first, first + rows)
        table[channel.name] = seen * (spend[window].sum() / seen[window].sum())
    for medium in job.organic:
        table[medium.name] = frame[medium.column or medium.name].to_numpy()
    spends = pd.DataFrame({item.name: frame[item.spend].to_numpy() for item in job.channels})
    return ModelInput.of_table(pd.DataFrame(table), spends, job)


def _baseline(dataset: Dataset, data: ModelInput, job: TrainingJob) -> list[BaselineColumn]:
    days = (data.dates[data.window] - data.dates[data.first]) / DAY
    step = float(np.diff(days).min()) if len(days) > 1 else 7.0
    made: list[BaselineColumn] = []

    def add(variable: str, group: int, values: FloatArray) -> None:
        made.append(BaselineColumn(variable, group, np.asarray(values, dtype=np.float64)))

    if job.intercept:
        add(c.INTERCEPT, _FLAT, np.ones(data.rows))
    for name in job.prophet:
        match name:
            case "trend":
                _trend(add, days)
            case "season":
                _waves(add, "season", days, YEAR, HARMONICS, MOST_HARMONICS)
            case "weekday" if step < 7:
                _weekdays(add, pd.DatetimeIndex(data.dates[data.window]))
            case "monthly":
                _waves(add, "monthly", days, MONTH, 1, 3)
            case "holiday":
                _holidays(add, dataset.holidays, data, step)
    numeric = {item.name for item in signed_context(job)}
    for item in job.context:
        if item.factor:
            levels = dataset.frame[item.column or item.name].astype(str).to_numpy()
            _factor(add, item.name, levels[data.window])
        elif item.name not in numeric:
            values = data.values[data.window, data.variables.index(item.name)]
            add(item.name, _FLAT, (values - values.mean()) / values.std())
    if "season" in job.prophet and "weekday" not in job.prophet and step < 7:
        _weekdays(add, pd.DatetimeIndex(data.dates[data.window]), "season")
    return made


def _trend(add: _Add, days: FloatArray) -> None:
    """A line, and a level that may move between points two months apart."""
    span = float(days[-1]) or 1.0
    add("trend", _FLAT, days / span - 0.5)
    pieces = int(np.clip(span // BEND, 0, MOST_BENDS))
    if pieces < 2:
        return
    edges = np.linspace(0.0, span, pieces + 1)
    for low, high in itertools.pairwise(edges):
        ramp = np.clip((days - low) / (high - low), 0.0, 1.0)
        add("trend", _GROUPS.index("bends"), ramp - ramp.mean())


def _waves(add: _Add, variable: str, days: FloatArray, period: float, flat: int, most: int) -> None:
    span = float(days[-1])
    for order in range(1, most + 1):
        angle = 2 * np.pi * order * days / period
        free = _FLAT if order <= flat and span > 0.75 * period else _GROUPS.index("season")
        weight = 1.0 if free == _FLAT else 2.0 / order
        add(variable, free, weight * np.cos(angle))
        add(variable, free, weight * np.sin(angle))


def _weekdays(add: _Add, dates: pd.DatetimeIndex, variable: str = "weekday") -> None:
    for day in range(6):
        add(variable, _FLAT, (dates.dayofweek == day) * 1.0 - (dates.dayofweek == 6) * 1.0)


def _holidays(add: _Add, table: pd.DataFrame, data: ModelInput, step: float) -> None:
    """How many days of each holiday a row holds, one column a holiday."""
    if table.empty:
        problem = "there are no holidays; name a country or a file, or leave holiday out of prophet"
        raise DataError([Problem("holidays", problem)])
    dates = data.dates[data.window]
    rows = np.searchsorted(dates, table[c.DATE].to_numpy(dtype="datetime64[ns]"), side="right") - 1
    inside = (rows >= 0) & (table[c.DATE].to_numpy(dtype="datetime64[ns]") < dates[-1] + step * DAY)
    counts: dict[str, FloatArray] = {}
    for row, names in zip(rows[inside], table["holiday"][inside], strict=True):
        for name in str(names).split(", "):
            counts.setdefault(name, np.zeros(data.rows))[row] += 1.0
    for name in sorted(counts):
        add("holiday", _GROUPS.index("holiday"), counts[name])


def _factor(add: _Add, name: str, levels: NDArray[Any]) -> None:
    known = sorted(set(levels))
    if len(known) < 2:
        problem = f"{name} has the single level {known[0]!r} in the window; drop it"
        raise DataError([Problem("context", problem)])
    usual = max(known, key=lambda level: int((levels == level).sum()))
    for level in known:
        if level != usual:
            values = (levels == level) * 1.0
            group = _FLAT if len(known) <= 6 else _GROUPS.index("factor")
            add(name, group, values)
