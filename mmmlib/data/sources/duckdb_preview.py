"""A look at a Parquet file, without reading it into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmlib.data.sources.preview import PREVIEW_ROWS, Preview, named, spends
from mmmlib.job import TrainingJob

_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")


def preview_of(path: Path, job: TrainingJob, query: str) -> Preview:
    """Preview rows that a source has written for a job."""
    import duckdb

    with duckdb.connect(":memory:", config={"memory_limit": "1GB"}) as warehouse:
        data = warehouse.read_parquet(str(path))
        kinds = list(map(str, data.types))
        types = dict(zip(data.columns, kinds, strict=True))
        date = named(data.columns, job.date)
        numbers = {
            channel: column
            for channel, column in spends(job, data.columns).items()
            if types[column].startswith(_NUMBERS)
        }
        asked = ["count(*)"]
        if date:
            asked += [f"CAST({each}({_quoted(date)}) AS VARCHAR)" for each in ("min", "max")]
        asked += [f"CAST(sum({_quoted(column)}) AS DOUBLE)" for column in numbers.values()]
        found: tuple[Any, ...] = data.aggregate(", ".join(asked)).fetchall()[0]
        sums = found[3 if date else 1 :]
        return Preview(
            head=data.limit(PREVIEW_ROWS).df(),
            rows=int(found[0]),
            types=types,
            first=str(found[1] or "") if date else "",
            last=str(found[2] or "") if date else "",
            spend={name: float(total or 0) for name, total in zip(numbers, sums, strict=True)},
            query=query,
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
