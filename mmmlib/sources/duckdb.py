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


_DATABASES = {".duckdb", ".db"}


class DuckDBSource:
    """A CSV or Parquet file is the table ``data``, a DuckDB file has tables of its own.

    Without SQL all of the table is taken.
    """

    def extract(self, job: TrainingJob, into: Path) -> Extraction:
        import duckdb

        path = _file(job.file)
        query = job.sql or f"SELECT * FROM {_quoted(job.table or 'data')}"
        with duckdb.connect(":memory:") as warehouse:
            try:
                if path.suffix.lower() in _DATABASES:
                    name = str(path).replace("'", "''")
                    warehouse.execute(f"ATTACH '{name}' AS file (READ_ONLY); USE file")
                else:
                    warehouse.execute(
                        f"CREATE TABLE data AS SELECT * FROM {_READERS[path.suffix.lower()]}",
                        [str(path)],
                    )
            except duckdb.Error as error:
                raise SourceError(f"file {path.name}: cannot be read: {_first(error)}") from error
            # From here on nothing but the tables is in reach of the job's SQL.
            warehouse.execute("SET enable_external_access = false")
            try:
                statements = warehouse.extract_statements(query)
                if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                    raise SourceError("sql: must be one SELECT (or WITH … SELECT) over data")
                arrow = warehouse.sql(query).to_arrow_table()
            except duckdb.Error as error:
                key = "sql" if job.sql else "table"
                raise SourceError(f"{key}: {_first(error)}") from error
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
    if path.suffix.lower() not in {*_READERS, *_DATABASES}:
        endings = ", ".join([*_READERS, *sorted(_DATABASES)])
        raise SourceError(f"file: {path.name} must end in {endings}")
    return path


def _quoted(name: str) -> str:
    """A name as SQL takes it; ``schema.table`` are two names."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _first(error: Exception) -> str:
    """The sentence of DuckDB's message that a person needs; the rest is its parser's art."""
    return str(error).strip().split("\n")[0]
