"""The embedded warehouse: CSV and Parquet files, and SQL on them, through DuckDB."""

from __future__ import annotations

from pathlib import Path

from mmmlib.data import EXAMPLE_PREFIX, example_path
from mmmlib.errors import SourceError
from mmmlib.job import TrainingJob
from mmmlib.sources import Extraction

_READERS = {
    ".parquet": "read_parquet(?)",
    ".csv": "read_csv(?, sample_size = -1)",  # types are judged by all rows, not by the first
    ".tsv": "read_csv(?, sample_size = -1)",
    ".txt": "read_csv(?, sample_size = -1)",
}


class DuckDBSource:
    """A file is the table ``data``; without SQL all of it is taken."""

    def extract(self, job: TrainingJob, into: Path) -> Extraction:
        import duckdb

        path = _file(job.file)
        query = job.sql or "SELECT * FROM data"
        with duckdb.connect(":memory:") as warehouse:
            try:
                warehouse.execute(
                    f"CREATE TABLE data AS SELECT * FROM {_READERS[path.suffix.lower()]}",
                    [str(path)],
                )
            except duckdb.Error as error:
                raise SourceError(f"file {path.name}: cannot be read: {_first(error)}") from error
            # From here on nothing but the table is in reach of the job's SQL.
            warehouse.execute("SET enable_external_access = false")
            try:
                statements = warehouse.extract_statements(query)
                if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                    raise SourceError("sql: must be one SELECT (or WITH … SELECT) over data")
                arrow = warehouse.sql(query).to_arrow_table()
            except duckdb.Error as error:
                raise SourceError(f"sql: {_first(error)}") from error
        if arrow.num_rows == 0:
            raise SourceError(f"{path.name}: {'the query' if job.sql else 'the file'} has no rows")

        import pyarrow.parquet as pq

        pq.write_table(arrow, into)
        return Extraction(into, arrow.num_rows, tuple(arrow.column_names), query)


def _file(name: str) -> Path:
    """The file a job names, or a refusal that says why it is none."""
    if name.startswith(EXAMPLE_PREFIX):
        return example_path(name)
    path = Path(name).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise SourceError(f"file: {path} {what}; name a CSV or Parquet file, or example:weekly")
    if path.suffix.lower() not in _READERS:
        raise SourceError(f"file: {path.name} must end in {', '.join(_READERS)}")
    return path


def _first(error: Exception) -> str:
    """The sentence of DuckDB's message that a person needs; the rest is its parser's art."""
    return str(error).strip().split("\n")[0]
