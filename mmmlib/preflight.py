"""What is asked before anything is executed: does the engine take the job, do the data fit it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mmmlib import names
from mmmlib.dataset import Dataset, needed, prepare
from mmmlib.engines import Engine
from mmmlib.errors import JobError, Problem
from mmmlib.job import TrainingJob
from mmmlib.sources import open_source
from mmmlib.tidy.roles import clashes


def engine_of(job: TrainingJob) -> Engine:
    """Make the engine a job names."""
    engine: Engine = names.load(names.ENGINES[job.engine])()
    return engine


def refusals(job: TrainingJob) -> list[Problem]:
    """Say why a well formed job cannot be trained: columns in two roles, what the engine lacks."""
    return [*clashes(job), *engine_of(job).refusals(job)]


def accepted(job: TrainingJob) -> TrainingJob:
    """The job itself when it can be trained here; a ``JobError`` with every reason otherwise."""
    if problems := refusals(job):
        raise JobError(problems)
    return job


def dataset_of(job: TrainingJob, log: Callable[[str], None] = lambda line: None) -> Dataset:
    """Read the job's source and prepare its dataset; nothing is archived."""
    with tempfile.TemporaryDirectory() as folder:
        raw = open_source(job.source).extract(job, Path(folder, "raw.parquet"))
        log(f"{raw.rows:,} rows of {len(raw.columns)} columns: {raw.query}")
        read = needed(job, raw.columns)
        left_out = [name for name in raw.columns if name not in read]
        table = pd.read_parquet(raw.path, columns=read) if read else pd.DataFrame()
        return prepare(table, job, left_out)
