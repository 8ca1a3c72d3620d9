"""The job that continues a chosen model: its own job, with the window moved to newer data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mmmlib.data import Dataset
from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import HYPERPARAMETERS, Range, TrainingJob
from mmmlib.model import ExportedModel
from mmmlib.run.refresh.parent import ParentModel
from mmmlib.run.refresh.restated import compare_past

ITERATIONS, TRIALS = 1000, 3  # Robyn's defaults of a refresh


def continued_job(
    chosen: ParentModel, base: TrainingJob, dataset: Dataset, steps: int = 0
) -> tuple[TrainingJob, list[str]]:
    """Write the job of a refresh.

    Parameters
    ----------
    chosen : Chosen
        The model to be continued.
    base : TrainingJob
        That run's job with whatever the person wants otherwise (file, iterations, ...).
    dataset : Dataset
        The newer data, which decide where the window ends.
    steps : int
        Rows by which the window moves; 0 moves it to the end of the data.

    Returns
    -------
    job : TrainingJob
        The window moved at both ends by as many rows, as in Robyn; ranges are those the parent
        was searched in, which training narrows.
    notes : list of str
        What was left out, in words.

    Raises
    ------
    DataError
        Dates of before are missing; there are no newer rows, fewer than ``steps``, or so many
        that none of the window stays.
    """
    model = chosen.model.by_column().in_words_of(base)
    compare_past(chosen.run.load_table("dataset"), dataset.frame, base.date)  # refuses lost dates
    window = _moved(model, dataset.frame[base.date], steps)
    kept = [
        study for study in base.calibration if window[0] <= study.start <= study.end <= window[1]
    ]
    notes = [
        f"left out: the lift study of {', '.join(study.channels)} ({study.start} to {study.end}) "
        f"lies outside the moved window ({window[0]} to {window[1]})"
        for study in base.calibration
        if study not in kept
    ]
    values: dict[str, Any] = {
        "refresh_of": f"{chosen.run}/{model.candidate}",
        "window": window,
        "calibration": kept,
        "channels": [_in_ranges(item.model_dump(), model) for item in base.channels],
        "organic": [_in_ranges(item.model_dump(), model) for item in base.organic],
        "lambda_range": model.ranges.get(c.LAMBDA, (0.0, 1.0)),
    }
    if base.ts_validation and c.TRAIN_SIZE in model.ranges:
        values["train_size"] = model.ranges[c.TRAIN_SIZE]
    return TrainingJob.parse(base.model_dump() | values), notes


def _moved(model: ExportedModel, dates: pd.Series[pd.Timestamp], steps: int) -> tuple[Any, Any]:
    """Both ends of the window, moved by as many rows."""
    start, end = (pd.Timestamp(day) for day in model.window)
    new = int((dates > end).sum())
    after = f"the model was fitted up to {end:%Y-%m-%d}, the data reach to {dates.max():%Y-%m-%d}"
    if new == 0:
        raise DataError([Problem("file", f"has nothing new: {after}")])
    if steps > new:
        raise DataError([Problem("steps", f"{steps} are asked for, there are {new}: {after}")])
    moved = steps or new
    inside = dates[(dates >= start) & (dates <= end)]
    if moved >= len(inside):
        raise DataError(
            [
                Problem(
                    "file",
                    f"is {moved} rows further than the model's window of {len(inside)}: "
                    "none of it would stay; train a new model, or name fewer --steps",
                )
            ]
        )
    first = int((dates < start).sum()) + moved
    last = int((dates <= end).sum()) - 1 + moved
    return dates.iloc[first].date(), dates.iloc[last].date()


def _in_ranges(item: dict[str, Any], model: ExportedModel) -> dict[str, Any]:
    """A channel with the ranges that the model was searched in."""
    own: dict[str, Range] = {}
    for name in HYPERPARAMETERS[model.adstock]:
        if (searched := model.ranges.get(f"{item['name']}_{name}")) is not None:
            own[name] = searched
    return item | {"ranges": item["ranges"] | own}
