"""From a job to its dataset: read the source, prepare what was read."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.data.dataset import Dataset, dated_table, needed, prepare_dataset
from mmmlib.data.prepare.grid import ALL, of_country
from mmmlib.data.prepare.join import joined
from mmmlib.data.prepare.ledger import Change, Ledger
from mmmlib.data.prepare.roles import columns_of
from mmmlib.data.sources import NOBODY, Listener, open_source
from mmmlib.ground import read_table
from mmmlib.job import Joined, Pivot, TrainingJob

BATCH_ROWS = 65_536  # read at a time while other countries are passed over


def dataset_of(job: TrainingJob, listener: Listener = NOBODY) -> Dataset:
    """Read the job's source and prepare its dataset; nothing is archived."""
    if job.join:
        return _joined_dataset(job, listener)
    with tempfile.TemporaryDirectory() as folder:
        raw = open_source(job.source).extract(job, Path(folder, "raw.parquet"), listener)
        listener.log(f"{raw.rows:,} rows of {len(raw.columns)} columns: {raw.query}")
        read = needed(job, raw.columns)
        left_out = [*(name for name in raw.columns if name not in read), *raw.left_out]
        table, others = _rows(raw.path, read, job)
        dataset = prepare_dataset(table, job, left_out, others + raw.others)
        return replace(dataset, changes=(*raw.changes, *dataset.changes))


_ONE_FILE: dict[str, Any] = {
    "join": (), "pivot": Pivot(), "date_format": "", "week_label": "", "sql": "", "table": "",
    "country_column": "", "country_value": "",
}  # fmt: skip


def _joined_dataset(job: TrainingJob, listener: Listener) -> Dataset:
    """The first file and those that are joined to it by date."""
    ledger = Ledger(frozenset(job.acknowledge))
    parts: list[tuple[str, TrainingJob]] = [(job.file, job.model_copy(update={"join": ()}))]
    for each in job.join:
        keys = {key: getattr(each, key) for key in Joined.model_fields}
        parts.append((each.file, job.model_copy(update=_ONE_FILE | keys)))
    tables: list[tuple[str, pd.DataFrame]] = []
    changes: list[Change] = []
    for file, its in parts:
        with tempfile.TemporaryDirectory() as folder:
            raw = open_source(job.source).extract(its, Path(folder, "raw.parquet"), listener)
            listener.log(f"{raw.rows:,} rows of {len(raw.columns)} columns: {file}")
            changes += raw.changes
            table, others = _rows(raw.path, needed(its, raw.columns), its)
        name = Path(file).name
        table = dated_table(table, its, name, ledger)
        if others:
            ledger.note("rows left out", its.country_column, others, f"not {its.country}")
        tables.append((name, table.rename(columns={its.date: job.date})))
    whole = joined(tables, job.date, columns_of(job), ledger)
    dataset = prepare_dataset(whole, job.model_copy(update=_ONE_FILE))
    return replace(dataset, changes=(*changes, *ledger.changes, *dataset.changes))


def _rows(path: Path, columns: list[str], job: TrainingJob) -> tuple[pd.DataFrame, int]:
    """Read the rows of the job's country, and count the others, which may be very many.

    Where no row is the country's all are read: ``prepare`` says which countries there are.
    """
    named = [name for name in columns if _same(name, job.country_column)]
    if not columns or len(named) != 1 or job.country_value == ALL:
        return (read_table(path, columns) if columns else pd.DataFrame()), 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept, others = [], 0
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            keep, _ = of_country(batch.column(named[0]).to_pandas(), job)
            others += int((~keep).sum())
            if keep.any():
                kept.append(batch.filter(pa.array(keep)))
    if not kept:
        return read_table(path, columns), 0
    return pa.Table.from_batches(kept).to_pandas(use_threads=False), others


def _same(name: str, wanted: str) -> bool:
    return bool(wanted) and name.strip().casefold() == wanted.strip().casefold()
