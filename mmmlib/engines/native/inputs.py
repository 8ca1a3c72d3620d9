"""The model's input: what the model sees, checked.

Feature engineering as in Robyn ``R/inputs.R: robyn_engineering, exposure_handling`` and the
limits of ``R/model.R: robyn_mmm``. What cannot be modelled is refused here: Robyn drops columns
without variance, and its limits and penalties then belong to other columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.data import Dataset
from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import ModelInput, window_rows


def prepare(dataset: Dataset, job: TrainingJob) -> ModelInput:
    """Engineer the features of a job: prophet, factors, exposures in units of money.

    Raises
    ------
    DataError
        With everything that keeps the model from being fitted.
    """
    from mmmlib.engines.native.prophet_step import decompose

    frame = dataset.frame
    dates = pd.Series(frame[job.date].to_numpy(dtype="datetime64[ns]"))
    first, rows = window_rows(dates.to_numpy(), job)
    if problems := list(raw_problems(frame, job, slice(first, first + rows))):
        raise DataError(problems)
    factors = {item.name: frame[item.column or item.name] for item in job.context if item.factor}
    columns: dict[str, Any] = {c.DATE: dates, c.TARGET: frame[job.target].to_numpy()}
    options = job.prophet_options.given()
    prophet = decompose(dates, frame[job.target], dataset.holidays, job.prophet, factors, options)
    columns |= {str(name): values.to_numpy() for name, values in prophet.items()}
    for item in job.context:
        if not item.factor:
            columns[item.name] = frame[item.column or item.name].to_numpy()
    for channel in job.channels:
        spend = frame[channel.spend].to_numpy(dtype=np.float64)
        exposure = frame[channel.exposure or channel.spend].to_numpy(dtype=np.float64)
        window = slice(first, first + rows)
        columns[channel.name] = exposure * (spend[window].sum() / exposure[window].sum())
    for medium in job.organic:
        columns[medium.name] = frame[medium.column or medium.name].to_numpy()
    spends = pd.DataFrame({item.name: frame[item.spend].to_numpy() for item in job.channels})
    return ModelInput.of_table(pd.DataFrame(columns), spends, job)


def raw_problems(frame: pd.DataFrame, job: TrainingJob, window: slice) -> Iterator[Problem]:
    for i, channel in enumerate(job.channels):
        for key, column in (("spend", channel.spend), ("exposure", channel.exposure)):
            if column is None:
                continue
            values = frame[column].to_numpy(dtype=np.float64)
            where = f"channels[{i}].{key}"
            if not np.isfinite(values).all():
                yield Problem(where, f"{column} has values that are no finite numbers; fill them")
            elif values.min() < 0:
                yield Problem(where, f"{column} has negative values; correct them")
            elif not values[window].any():
                yield Problem(where, f"{column} is 0 throughout the window; leave the channel out")
    target = frame[job.target].to_numpy(dtype=np.float64)
    if not np.isfinite(target).all():
        yield Problem("target", f"{job.target} has values that are no finite numbers; fill them")
