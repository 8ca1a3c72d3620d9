"""Builds an archive with one run that a real engine trained, on Robyn's own model input.

As a program: ``trained_run.py ROOT`` prints the run's id. One channel's name is an attack.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import Run
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.results import tables
from mmmlib.engines.native.search import Trial
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput
from mmmlib.model.result import TrainingResult
from mmmlib.run.supervisor import Supervisor
from tests.engines.native import golden

EVIL = "<img src=x onerror=alert(1)>"
PRINT = "print_S"  # is renamed to the attack


def trained(root: str, candidates: int = 60, **values: Any) -> Run:
    """Fit random candidates, choose, archive: everything but the search."""
    job = _renamed(golden.job(revision="live", pareto_fronts=1, **values))
    model = Model(_input(job), job)
    low, high = np.array(list(model.space.bounds.values())).T
    points = np.random.default_rng(7).uniform(low, high, (candidates, len(low)))
    trial = Trial(1, points, model.evaluate(points))
    found = TrainingResult(**tables(model, [trial]), engine="native test", seconds={})
    run = Archive(root).claim(job)
    with Supervisor(run, who="ada"):
        run.save_table("dataset", golden.dataset().frame)
        save_result(run, found)
    return run


def _renamed(job: TrainingJob) -> TrainingJob:
    values = job.to_values()
    for channel in values["channels"]:
        if channel["name"] == PRINT:
            channel["name"] = EVIL
    return TrainingJob.parse(values)


def _input(job: TrainingJob) -> ModelInput:
    original = golden.model(adstock=job.adstock).data
    table = original.table().rename(columns={PRINT: EVIL})
    names = [channel.name for channel in job.channels]
    return ModelInput.of_table(table, pd.DataFrame(original.spends, columns=names), job)


if __name__ == "__main__":
    print(trained(sys.argv[1]).id)
