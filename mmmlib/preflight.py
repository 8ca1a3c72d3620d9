"""What is asked before anything is executed: does the engine take the job, do the data fit it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mmmlib import names
from mmmlib.dataset import Dataset, needed, prepare
from mmmlib.engines import Engine, RefreshingEngine
from mmmlib.errors import JobError, Problem
from mmmlib.job import TrainingJob
from mmmlib.manifest import ROBYN
from mmmlib.settings import settings
from mmmlib.sources import NOBODY, Listener, open_source
from mmmlib.tidy.grid import of_country
from mmmlib.tidy.roles import clashes

BATCH_ROWS = 65_536  # read at a time while other countries are passed over


def engine_of(job: TrainingJob) -> Engine:
    """Make the engine a job names."""
    engine: Engine = names.load(names.ENGINES[job.engine])()
    return engine


def proposed_engine(job: TrainingJob) -> tuple[str, str]:
    """Propose an engine for a new job, and say why: Robyn where it is found and takes the job."""
    engine: Engine = names.load(names.ENGINES[ROBYN])()
    if problems := engine.refusals(job.model_copy(update={"engine": ROBYN})):
        return "native", str(problems[0].message)
    return ROBYN, f"{engine.version()} is installed here; native gives its numbers much faster"


def refusals(job: TrainingJob) -> list[Problem]:
    """Say why a well formed job cannot be trained: columns in two roles, what source and engine
    lack."""
    source, engine = open_source(job.source), engine_of(job)
    problems = [*clashes(job), *source.refusals(job), *cannot_refresh(job, engine)]
    return [*problems, *engine.refusals(job)]


def cannot_refresh(job: TrainingJob, engine: Engine) -> list[Problem]:
    """Say why a job with ``refresh_of`` is not for this engine."""
    if job.refresh_of and not isinstance(engine, RefreshingEngine):
        why = f"the engine {engine.name} does not refresh; engine native continues its models too"
        return [Problem("refresh_of", why)]
    return []


def accepted(job: TrainingJob) -> TrainingJob:
    """The job itself when it can be trained here; a ``JobError`` with every reason otherwise."""
    if problems := refusals(job):
        raise JobError(problems)
    return job


def check_trials(job: TrainingJob, place: str = "") -> None:
    """Whether the trials of a job can be searched at a place, ``local`` or ``dask``.

    Empty is the place of the settings, which an engine that trains here only may ignore.

    Raises
    ------
    JobError
        The engine searches on this machine only.
    EngineError
        No cluster is known, it does not answer, or it would compute other numbers.
    """
    if (place or settings().mmm_trials_on) == "local":
        return
    if job.engine == "native":
        from mmmlib.engines.native.cluster import check_cluster, scheduler_address

        check_cluster(scheduler_address())
    elif place:
        what = f"{job.engine} searches on one machine; the trials of engine native go to Dask"
        raise JobError([Problem("engine", what)])


def dataset_of(job: TrainingJob, listener: Listener = NOBODY) -> Dataset:
    """Read the job's source and prepare its dataset; nothing is archived."""
    with tempfile.TemporaryDirectory() as folder:
        raw = open_source(job.source).extract(job, Path(folder, "raw.parquet"), listener)
        listener.log(f"{raw.rows:,} rows of {len(raw.columns)} columns: {raw.query}")
        read = needed(job, raw.columns)
        left_out = [*(name for name in raw.columns if name not in read), *raw.left_out]
        table, others = _rows(raw.path, read, job)
        dataset = prepare(table, job, left_out, others + raw.others)
        return replace(dataset, changes=(*raw.changes, *dataset.changes))


def _rows(path: Path, columns: list[str], job: TrainingJob) -> tuple[pd.DataFrame, int]:
    """Read the rows of the job's country, and count the others, which may be very many.

    Where no row is the country's all are read: ``prepare`` says which countries there are.
    """
    named = [name for name in columns if _same(name, job.country_column)]
    if not columns or len(named) != 1:
        return (pd.read_parquet(path, columns=columns) if columns else pd.DataFrame()), 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept, others = [], 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns):
            keep, _ = of_country(batch.column(named[0]).to_pandas(), job)
            others += int((~keep).sum())
            if keep.any():
                kept.append(batch.filter(pa.array(keep)))
    if not kept:
        return pd.read_parquet(path, columns=columns), 0
    return pa.Table.from_batches(kept).to_pandas(), others


def _same(name: str, wanted: str) -> bool:
    return bool(wanted) and name.strip().casefold() == wanted.strip().casefold()
