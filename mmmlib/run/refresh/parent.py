"""The model that a job's ``refresh_of`` names."""

from __future__ import annotations

from dataclasses import dataclass

from mmmlib.archive import JOB, Run, RunId, Status, Store, load_input, load_model
from mmmlib.ground import RunError, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import ExportedModel, Parent

LEAST_LAMBDA = 1e-4  # of the largest, Robyn's lambda_min_ratio


@dataclass(frozen=True)
class ParentModel:
    """A model of an archived run.

    Attributes
    ----------
    run : Run
    model : ExportedModel
        Under the names of that run's job.
    """

    run: Run
    model: ExportedModel

    def parent(self, job: TrainingJob) -> Parent:
        """The model as an engine needs it, under the names of the job that continues it."""
        model = self.model.by_column().in_words_of(job)
        largest = load_input(self.run).lambda_max
        values = {name: value for name, value in model.values.items() if name != c.LAMBDA}
        # Robyn's own position of lambda: it leaves the lower end out (R/refresh.R)
        values[c.LAMBDA_HP] = model.values[c.LAMBDA] / (largest * (1 - LEAST_LAMBDA))
        summary = model.summary.set_index(c.VARIABLE)[c.CONTRIBUTION_SHARE]
        shares = {str(name): float(share) for name, share in summary.items()}
        return Parent(str(self.run), model.candidate, values, shares, model.window)


def find_parent(store: Store, refresh_of: str) -> ParentModel:
    """Find the model that ``refresh_of`` names in the archive of a run.

    Parameters
    ----------
    store : Store
        The archive's.
    refresh_of : str
        ``revision/country/timestamp``, and ``/candidate`` where it is not the best model.

    Raises
    ------
    RunError
        There is no such run, it has not succeeded, or it has no such candidate.
    """
    parts = refresh_of.removeprefix("robyn/").strip("/").split("/")
    run = Run(store, RunId.parse("/".join(parts[:3])))
    if not run.has(JOB):
        raise RunError(f"refresh_of: there is no run {run} under {store.root}; see `mmm runs`")
    if (status := run.state().status) is not Status.SUCCEEDED:
        raise RunError(f"refresh_of: run {run} is {status}; only one that succeeded is refreshed")
    return ParentModel(run, load_model(run, parts[3] if len(parts) > 3 else ""))
