"""Parquet files read in the thread that asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read_table(file: Path | IO[bytes], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table as ``pandas.read_parquet`` does, without threads of arrow.

    Those that it has just started when a process ends abort it (``terminate called without an
    active exception``), at a busy machine about once in twelve short commands.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(file, pre_buffer=False) as opened:
        wanted = list(columns) if columns is not None else None
        table: pd.DataFrame = opened.read(wanted, use_threads=False).to_pandas(use_threads=False)
    return table
