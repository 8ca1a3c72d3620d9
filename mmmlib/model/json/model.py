"""What an exported model is, whichever engine made it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from mmmlib.ground import columns as c
from mmmlib.job import HYPERPARAMETERS, Adstock, Range, Study, TrainingJob

PENALTY = "_penalty"
SUMMARY = (c.VARIABLE, c.COEFFICIENT, c.CONTRIBUTION_SHARE, c.CONTRIBUTION)
ERRORS = (
    c.RSQ_TRAIN,
    c.RSQ_VAL,
    c.RSQ_TEST,
    c.NRMSE_TRAIN,
    c.NRMSE_VAL,
    c.NRMSE_TEST,
    c.NRMSE,
    c.DECOMP_RSSD,
    c.MAPE,
)


def file_name(candidate: str) -> str:
    """Name of the file in a run's folder; Robyn's."""
    return f"RobynModel-{candidate}.json"


@dataclass(frozen=True)
class Variable:
    """One column of the design.

    Attributes
    ----------
    name : str
        Under which hyperparameters and the summary know it: in Robyn's files the column (a paid
        channel's exposure where it has one), in ours after :meth:`ExportedModel.in_words_of` the
        job's name.
    role : str
        prophet, context, paid or organic.
    sign : str
        positive, negative or default.
    column : str
        Column of the data; a paid channel's exposure where it has one.
    spend : str
        Column of a paid channel's spend.
    factor : bool
        A context variable of levels.
    """

    name: str
    role: str
    sign: str = "default"
    column: str = ""
    spend: str = ""
    factor: bool = False


@dataclass(frozen=True)
class Search:
    """How the candidate was found, as far as a fit or a refresh depends on it."""

    ts_validation: bool = False
    intercept: bool = True
    intercept_sign: str = "non_negative"
    penalty_factors: bool = False
    optimizer: str = "TwoPointsDE"
    seed: int = 123
    iterations: int = 2000
    trials: int = 5
    workers: int = 1
    rssd_zero_penalty: bool = True
    refresh_of: str = ""
    prophet_options: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)  # for people: times, convergence


@dataclass(frozen=True)
class ExportedModel:
    """One candidate with everything that fits it again.

    Attributes
    ----------
    candidate : str
    date, target : str
        Columns.
    target_type : str
        revenue or conversion.
    interval_days : int
        7 for weeks, 1 for days.
    country : str
        ISO code of the holidays.
    variables : tuple of Variable
        The design in its order.
    window : pair of dates
        First and last date of the rows that were fitted.
    first, rows, total_rows : int
        First row of the window (from 0), its length, and all rows.
    adstock : str
    values : dict
        ``{variable}_{hyperparameter}``, ``train_size``, ``lambda`` (glmnet's, not a share) and
        ``{variable}_penalty`` where they were searched.
    asked, ranges : dict
        Bounds the person gave, and those that were searched; equal ends are a fixed value.
    errors : dict
        The columns of :data:`ERRORS`; NaN where there is no such split.
    summary : DataFrame
        ``variable, coefficient, contribution_share, contribution``, the intercept first, and
        for the reader ``spend, performance, boot_mean, ci_low, ci_up``.
    search : Search
    calibration : tuple of Study
    spend_total : float
        What was spent in the window on all paid channels, in the currency.
    target_total : float
        Sum of the target in the window; NaN in Robyn's own files.
    raw_data : DataFrame or None
    version : str
        What made the file.
    """

    candidate: str
    date: str
    target: str
    target_type: str
    interval_days: int
    country: str
    variables: tuple[Variable, ...]
    window: tuple[dt.date, dt.date]
    first: int
    rows: int
    total_rows: int
    adstock: Adstock
    values: Mapping[str, float]
    asked: Mapping[str, Range]
    ranges: Mapping[str, Range]
    errors: Mapping[str, float]
    summary: pd.DataFrame
    search: Search
    calibration: tuple[Study, ...]
    spend_total: float
    target_total: float
    raw_data: pd.DataFrame | None
    version: str

    def of_role(self, role: str) -> tuple[Variable, ...]:
        """Variables of one role, in the order of the design."""
        return tuple(variable for variable in self.variables if variable.role == role)

    @property
    def media(self) -> tuple[Variable, ...]:
        """Paid channels, then organic ones."""
        return self.of_role("paid") + self.of_role("organic")

    def renamed(self, names: Mapping[str, str]) -> ExportedModel:
        """The same model with other names of its variables; those not mentioned stay."""

        def key(old: str) -> str:
            suffixes = [f"_{each}" for each in HYPERPARAMETERS[self.adstock]] + [PENALTY]
            for suffix in suffixes:
                if old.endswith(suffix) and (stem := old.removesuffix(suffix)) in names:
                    return names[stem] + suffix
            return old

        summary = self.summary.assign(
            **{c.VARIABLE: [names.get(name, name) for name in self.summary[c.VARIABLE]]}
        )
        return replace(
            self,
            variables=tuple(replace(v, name=names.get(v.name, v.name)) for v in self.variables),
            values={key(name): value for name, value in self.values.items()},
            asked={key(name): value for name, value in self.asked.items()},
            ranges={key(name): value for name, value in self.ranges.items()},
            summary=summary,
            calibration=tuple(
                study.model_copy(
                    update={"channels": tuple(names.get(name, name) for name in study.channels)}
                )
                for study in self.calibration
            ),
        )

    def by_column(self) -> ExportedModel:
        """The model under the names of its columns, as Robyn has them."""
        return self.renamed({v.name: v.column for v in self.variables if v.column})

    def in_words_of(self, job: TrainingJob) -> ExportedModel:
        """The model under the names of a job whose columns it has."""
        names = {channel.exposure or channel.spend: channel.name for channel in job.channels}
        names |= {item.column or item.name: item.name for item in job.organic}
        names |= {item.column or item.name: item.name for item in job.context}
        return self.renamed(names)
