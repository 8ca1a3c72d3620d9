"""Train a job that continues a chosen model, and archive it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mmmlib.archive import REFRESH_CHANGES, Run, load_model, save_models, save_result
from mmmlib.data import Dataset
from mmmlib.engines import Events, LogLine, RefreshingEngine, open_engine, second_opinion
from mmmlib.ground import JobError, columns as c, from_sheet, to_sheet
from mmmlib.job import TrainingJob
from mmmlib.model import TrainingResult
from mmmlib.run.preflight import cannot_refresh
from mmmlib.run.refresh.changes import refresh_changes
from mmmlib.run.refresh.parent import find_parent
from mmmlib.run.refresh.restated import compare_past

if TYPE_CHECKING:
    from IPython.display import Markdown


def train_refresh(run: Run, dataset: Dataset, job: TrainingJob, events: Events) -> TrainingResult:
    """Continue the model that ``job.refresh_of`` names, as the run.

    Parameters
    ----------
    run : Run
        The new run; the parent is in the same archive.
    dataset : Dataset
    job : TrainingJob
        Without the variables that the data dropped.
    events : callable

    Returns
    -------
    TrainingResult
        Archived, with its models in Robyn's JSON and ``refresh_changes.csv``.

    Raises
    ------
    RunError
        The parent is not there.
    DataError
        Dates the parent saw are missing, or there is nothing new.
    JobError
        The engine does not refresh, or the parent lies outside the job's ranges.
    """
    engine = open_engine(job)
    if not isinstance(engine, RefreshingEngine):
        raise JobError(cannot_refresh(job, engine))
    chosen = find_parent(run.store, job.refresh_of)
    past = compare_past(chosen.run.load_table("dataset"), dataset.frame, job.date)
    for name, count in zip(past[c.NAME], past[c.COUNT], strict=True):
        events(LogLine(f"restated since the refreshed model: {name} on {count} dates"))
    parent = chosen.parent(job)
    result = engine.refresh(dataset, job, parent, events)
    if job.posterior.second_opinion:
        result = second_opinion(result, dataset, job, events)
    save_result(run, result, parent)
    freedom = _share_new(result, parent.window[1])
    bounds = parent.bounds(job, freedom)
    bounds[c.LAMBDA] = bounds.pop(c.LAMBDA_HP)
    save_models(run, result, job, bounds)
    before = chosen.model.by_column().in_words_of(job)
    efficiency = c.ROAS if job.target_type == "revenue" else c.CPA
    changes = refresh_changes(before, load_model(run), past, efficiency)
    run.save(REFRESH_CHANGES, to_sheet(changes))
    return result


def changes_of(run: Run) -> pd.DataFrame:
    """The table of :func:`mmmlib.run.refresh.refresh_changes` of a refresh."""
    return from_sheet(run.load(REFRESH_CHANGES)).fillna({c.NOTE: ""})


def shown_changes(run: Run) -> pd.DataFrame | Markdown:
    """What the refresh has changed: the run's ``refresh_changes.csv``, or that it is none."""
    if run.job.refresh_of:
        return changes_of(run)
    from IPython.display import Markdown

    return Markdown("This run continues no other one (`refresh_of` is empty).")


def _share_new(result: TrainingResult, last: object) -> float:
    """Share of the window after the parent's last date."""
    table = result.decomposition_over_time
    dates = table.loc[table[c.CANDIDATE] == result.best, c.DATE].drop_duplicates()
    return float((dates > pd.Timestamp(str(last))).mean())
