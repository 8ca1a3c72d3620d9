"""Fit an exported model again and compare: does the file still say what it said?

The native engine does the fitting, whichever engine exported the model: hyperparameters, lambda
and data of the file, everything else computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.archive import Run, load_input, load_model, trained_job
from mmmlib.data import Dataset
from mmmlib.engines import native
from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import ExportedModel, ModelInput, Parent
from mmmlib.run.refresh.parent import find_parent

TOLERANCE = 1e-6  # relative
SAME_TOTAL = 1e-6  # relative; the totals of another data set differ by more
FLOOR = 1e-9  # of the largest value of a quantity; what is smaller counts as rounding
PROPHET = "prophet has split the target anew, and two builds of it differ by up to 1e-3"


@dataclass(frozen=True)
class Recreation:
    """A model fitted again.

    Attributes
    ----------
    candidate : str
    table : DataFrame
        ``quantity, variable, exported, recreated, difference``; the difference is relative.
    notes : tuple of str
        What was not compared, and what may explain a difference.
    """

    candidate: str
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def largest(self) -> float:
        """Largest relative difference."""
        return float(self.table[c.DIFFERENCE].max())

    def same(self, tolerance: float = TOLERANCE) -> bool:
        """Say whether every figure is recreated within a relative tolerance."""
        return bool((self.table[c.DIFFERENCE] <= tolerance).all())


def recreate(
    model: ExportedModel, job: TrainingJob, data: ModelInput, parent: Parent | None = None
) -> Recreation:
    """Fit an exported model again.

    Parameters
    ----------
    model : ExportedModel
        Under the names of the job.
    job : TrainingJob
        Variables, adstock, window, intercept, calibration.
    data : ModelInput
        What the model is fitted on.
    parent : Parent, optional
        Of a refresh, whose DECOMP.RSSD is measured from it.

    Raises
    ------
    DataError
        The data are not those of the model.
    """
    if problems := other_data(model, data):
        raise DataError(problems)
    of_refresh = bool(model.search.refresh_of or job.refresh_of)
    notes = []
    fitted = native.Model(
        data, job, continuation=native.Continuation.of(data, job, parent) if parent else None
    )
    values = _values(model, fitted)
    fits = fitted.evaluate(values[None])
    errors = dict(zip(native.ERROR_COLUMNS, fits.errors[0].tolist(), strict=True))
    errors[c.NRMSE] = float(fitted.objectives(fits)[0, 0])
    errors[c.MAPE] = float(fits.mape[0])
    if of_refresh and parent is None:
        del errors[c.DECOMP_RSSD]
        notes.append(f"{c.DECOMP_RSSD} is not compared: the refreshed model is not at hand")
    rows = [
        ["error", name, model.errors[name], errors[name]]
        for name in model.errors
        if name in errors and np.isfinite(model.errors[name])
    ]
    made = native.totals(fitted, model.candidate, values, fits.coefficients[0]).set_index(
        c.VARIABLE
    )
    exported = model.summary.set_index(c.VARIABLE)
    for quantity in (c.COEFFICIENT, c.CONTRIBUTION, c.CONTRIBUTION_SHARE):
        rows += [
            [quantity, name, exported.at[name, quantity], made.at[name, quantity]]
            for name in made.index
        ]
    table = pd.DataFrame(rows, columns=[c.QUANTITY, c.VARIABLE, c.EXPORTED, c.RECREATED])
    return Recreation(
        model.candidate, table.assign(**{c.DIFFERENCE: _relative(table)}), tuple(notes)
    )


def recreate_run(run: Run, candidate: str) -> Recreation:
    """Fit a model of a run again, on the run's own data."""
    job = trained_job(run)
    parent = find_parent(run.store, job.refresh_of).parent(job) if job.refresh_of else None
    return recreate(load_model(run, candidate), job, load_input(run), parent)


def job_of(model: ExportedModel, file: str, holidays: str = "") -> TrainingJob:
    """The job of a model that comes without its run, on a data file.

    Parameters
    ----------
    model : ExportedModel
        Under the names of its columns.
    file : str
    holidays : str
        ISO code or file; empty takes the model's country.
    """
    search = model.search
    return TrainingJob.parse(
        {
            "country": (model.country or "unknown").lower(),
            "revision": "recreated",
            "file": file,
            "date": model.date,
            "target": model.target,
            "target_type": model.target_type,
            "prophet": [v.name for v in model.of_role("prophet")],
            "holidays": holidays or model.country,
            "channels": [
                {
                    "name": v.name,
                    "spend": v.spend,
                    "exposure": v.column if v.column != v.spend else None,
                    "sign": v.sign,
                }
                for v in model.of_role("paid")
            ],
            "organic": [{"name": v.name, "sign": v.sign} for v in model.of_role("organic")],
            "context": [
                {"name": v.name, "sign": v.sign, "factor": v.factor}
                for v in model.of_role("context")
            ],
            "window": model.window,
            "adstock": model.adstock,
            "ts_validation": search.ts_validation,
            "penalty_factors": search.penalty_factors,
            "prophet_options": dict(search.prophet_options),
            "rssd_zero_penalty": search.rssd_zero_penalty,
            "intercept": search.intercept,
            "intercept_sign": search.intercept_sign,
            "calibration": [study.model_dump() for study in model.calibration],
        }
    )


def recreate_on(model: ExportedModel, job: TrainingJob, dataset: Dataset) -> Recreation:
    """Fit a model again on a dataset, prophet's decomposition included.

    Raises
    ------
    DataError
        The data are not those of the model.
    """
    if problems := _other_rows(model, dataset.frame[job.date]):
        raise DataError(problems)
    dates = dataset.frame[job.date]
    # Robyn's last date may be the last day of a week, which is closer to the next row
    last = model.first + model.rows - 1
    window = (dates.iloc[model.first].date(), dates.iloc[last].date())
    job = job.model_copy(update={"window": window})
    made = recreate(model, job, native.prepare(dataset, job))
    return Recreation(made.candidate, made.table, (*made.notes, PROPHET))


def other_data(model: ExportedModel, data: ModelInput) -> list[Problem]:
    """Say in what the data differ from those that the model was fitted on."""
    if problems := _other_rows(model, pd.Series(data.dates)):
        return problems
    problems = []
    spend = float(data.spends[data.window].sum())
    if not np.isclose(spend, model.spend_total, rtol=SAME_TOTAL):
        problems.append(_other_total("spend", model.spend_total, spend))
    target = float(data.target[data.window].sum())
    if np.isfinite(model.target_total) and not np.isclose(
        target, model.target_total, rtol=SAME_TOTAL
    ):
        problems.append(_other_total("target", model.target_total, target))
    return problems


def _other_total(what: str, then: float, now: float) -> Problem:
    return Problem(
        "data",
        f"are of another data set: their {what} in the window sums to {now:,.2f}, the model's to "
        f"{then:,.2f}",
    )


def _other_rows(model: ExportedModel, dates: pd.Series[Any]) -> list[Problem]:
    start, end = (pd.Timestamp(day) for day in model.window)
    inside = int(((dates >= start) & (dates <= end)).sum())
    before = int((dates < start).sum())
    found = f"{len(dates)} rows from {dates.iloc[0]:%Y-%m-%d} to {dates.iloc[-1]:%Y-%m-%d}"
    wanted = (
        f"the model was made of {model.total_rows} rows, {model.rows} of them in its window "
        f"({start:%Y-%m-%d} to {end:%Y-%m-%d}), {model.first} before it"
    )
    if (len(dates), inside, before) == (model.total_rows, model.rows, model.first):
        return []
    here = f"there are {found}, {inside} in that window, {before} before it"
    return [Problem("data", f"are of another data set: {here}; {wanted}")]


def _values(model: ExportedModel, fitted: native.Model) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The model's hyperparameters in the order of the engine's space."""
    largest = fitted.data.lambda_max
    least = 1e-4 * largest
    own = dict(model.values)
    own[c.LAMBDA_HP] = (own[c.LAMBDA] - least) / (largest - least)
    if missing := [name for name in fitted.space.names if name not in own]:
        raise DataError([Problem("hyper_values", f"has no {', '.join(missing)}")])
    return np.array([own[name] for name in fitted.space.names])


def _relative(table: pd.DataFrame) -> pd.Series[float]:
    """Difference relative to the exported value; NaN on one side only is infinite."""
    exported, made = table[c.EXPORTED].abs(), (table[c.EXPORTED] - table[c.RECREATED]).abs()
    largest = exported.groupby(table[c.QUANTITY]).transform("max")
    scale = np.maximum(exported, FLOOR * largest)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(made == 0, 0.0, made / scale)
    return pd.Series(np.where(np.isnan(relative), np.inf, relative), index=table.index)
