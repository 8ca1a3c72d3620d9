"""A form that continues the model of a run on newer data, as ``mmm refresh`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmlib.archive import Archive
from mmmlib.ground import JobError
from mmmlib.ui.train.fields import fit, plain
from mmmlib.ui.train.folders import refusals
from mmmlib.ui.train.form import Values


def of_refresh(root: str, refresh_of: str) -> tuple[Values, str]:
    """Return the values with which a refresh begins, and a notice.

    Parameters
    ----------
    root : str
        The archive.
    refresh_of : str
        The run, and ``/candidate`` where it is not the best model.

    Raises
    ------
    RunError
        There is no such run or candidate, or the run has not succeeded.
    """
    from mmmlib.archive import trained_job
    from mmmlib.run import ITERATIONS, TRIALS, find_parent

    chosen = find_parent(Archive(root).store, refresh_of)
    job = trained_job(chosen.run)
    values = job.to_values() | {"iterations": ITERATIONS, "trials": TRIALS, "window": []}
    notice = f"Continues model {chosen.model.candidate} of {chosen.run} on newer data."
    if job.engine != "native":
        values["engine"] = "native"
        notice += f" Engine native continues the model of engine {job.engine}."
    values["refresh_of"] = f"{chosen.run}/{chosen.model.candidate}"
    return fit(values)[0], notice


def moved(root: str, values: Mapping[str, Any]) -> tuple[Values, str]:
    """Move the window to the end of the newer data; reads them.

    Returns
    -------
    dict
        The values of the refresh, ready to train.
    str
        What was moved and what was left out.

    Raises
    ------
    JobError, SourceError, DataError
        The data cannot be read, lack dates of before, or have nothing new.
    """
    from mmmlib.data import dataset_of
    from mmmlib.job import TrainingJob
    from mmmlib.run import continued_job, find_parent

    if not_read := refusals(values):
        raise JobError(not_read)
    base = TrainingJob.parse(plain(values) | {"window": [], "refresh_of": ""})
    chosen = find_parent(Archive(root).store, str(values["refresh_of"]))
    job, notes = continued_job(chosen, base, dataset_of(base))
    window = " … ".join(map(str, job.window))
    said = [f"The window is moved to {window}, the end of the newer data", *notes]
    return fit(job.to_values())[0], "; ".join(said)
