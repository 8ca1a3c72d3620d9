"""Which optimizer finds better fronts: hypervolume of each trial at equal budget."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmlib.data.dataset import Dataset
from mmmlib.data.examples import job_path
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import ignore
from mmmlib.engines.native import inputs
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.trials import search_trials
from mmmlib.job.parse import TrainingJob

SEEDS = 10
REFERENCE = (0.25, 1.0)  # NRMSE, DECOMP.RSSD: nine of ten random candidates are better in both
SETS = {"weekly demo": "demo", "simulated days": "daily"}


def dataset(name: str) -> tuple[TrainingJob, Dataset]:
    """A shipped job and its prepared dataset."""
    job = TrainingJob.load(job_path(SETS[name]))
    return job, dataset_of(job)


def hypervolumes(
    job: TrainingJob, data: Dataset, optimizer: str, seeds: int, budget: int, cores: int
) -> npt.NDArray[np.float64]:
    """Hypervolume of NRMSE and DECOMP.RSSD of one trial a seed, 1 to ``seeds``.

    The area that the trial's candidates dominate within ``REFERENCE``; larger is better.
    """
    from pymoo.indicators.hv import HV

    values = {"optimizer": optimizer, "iterations": budget, "trials": seeds, "seed": 0}
    job = job.model_copy(update=values)
    model = Model(inputs.prepare(data, job), job)
    model.compile()
    measure = HV(ref_point=np.array(REFERENCE))
    errors = [model.objectives(trial.fits) for trial in search_trials(model, ignore, cores)]
    found = [measure(each[np.isfinite(each).all(axis=1)]) for each in errors]
    return np.array(found, dtype=np.float64)


def table(budget: int, cores: int) -> pd.DataFrame:
    """NSGA2 and TwoPointsDE on the shipped sets: median, smallest and largest of the seeds."""
    rows = []
    for name in SETS:
        job, data = dataset(name)
        for optimizer in ("NSGA2", "TwoPointsDE"):
            found = hypervolumes(job, data, optimizer, SEEDS, budget, cores)
            rows.append(
                {
                    "data": name,
                    "optimizer": optimizer,
                    "candidates a trial": f"{budget:,}",
                    "median": f"{np.median(found):.4f}",
                    "smallest": f"{found.min():.4f}",
                    "largest": f"{found.max():.4f}",
                }
            )
    return pd.DataFrame(rows)
