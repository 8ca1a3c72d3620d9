"""The embedded warehouse: CSV and Parquet files, and SQL on them, through DuckDB."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.data.examples import EXAMPLE_PREFIX, example_path
from mmmlib.data.sources import NOBODY, Extraction, Listener
from mmmlib.data.sources.duckdb_preview import preview_of
from mmmlib.data.sources.preview import Preview
from mmmlib.data.sources.text_encoding import as_utf8, encoding_of
from mmmlib.ground import Problem, SourceError
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import duckdb

_TEXTS = {".csv", ".tsv", ".txt"}
_DATABASES = {".duckdb", ".db"}
_ENDINGS = (".parquet", *sorted(_TEXTS), *sorted(_DATABASES))
# Only ISO dates are dates here: DuckDB would guess how 01/02/2020 is meant, prepare asks instead.
# Whole numbers are read as the floats they will be: as BIGINT a later 2.5 would be rounded to 3.
_CSV = (
    "header = true, dateformat = '%Y-%m-%d', timestampformat = '%Y-%m-%d %H:%M:%S', "
    "auto_type_candidates = ['BOOLEAN', 'DATE', 'TIMESTAMP', 'DOUBLE', 'VARCHAR']"
)
_GROUPED = r"-?[1-9]\d{0,2}(\.\d{3})*|0"  # a whole number, in groups of three where it is long
_MEMORY = "1GB"  # of the warehouse; what needs more goes to disk


class DuckDBSource:
    """A CSV or Parquet file is the table ``data``, a DuckDB file has tables of its own.

    Without SQL all of the table is taken. Files are streamed: they need not fit into memory.
    """

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Nothing: what can be said of a file is said when it is read."""
        return []

    def preview(self, job: TrainingJob) -> Preview:
        """Look at the file, or at what the job's SQL makes of it."""
        with tempfile.TemporaryDirectory() as folder:
            raw = self.extract(job, Path(folder, "raw.parquet"))
            return preview_of(raw.path, job, raw.query)

    def extract(self, job: TrainingJob, into: Path, listener: Listener = NOBODY) -> Extraction:
        import duckdb

        path = _file(job.file)
        query = job.sql or f"SELECT * FROM {_quoted(job.table or 'data')}"
        with tempfile.TemporaryDirectory() as folder:
            settings: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": _MEMORY,
                "temp_directory": str(Path(folder, "spill")),
            }
            try:
                text = _readable(path, Path(folder))
                try:
                    # types are judged by the first rows: quick, and right or an error later on
                    with duckdb.connect(":memory:", config=settings) as warehouse:
                        _open(warehouse, text, into)
                        _write(warehouse, query, into, job)
                except duckdb.ConversionException:
                    with duckdb.connect(":memory:", config=settings) as warehouse:
                        _open(warehouse, text, into, ", sample_size = -1")  # by all rows
                        _write(warehouse, query, into, job)
            except duckdb.Error as error:
                raise SourceError(f"file {path.name}: cannot be read: {_first(error)}") from error
            except OSError as error:
                raise SourceError(f"file: {path.name}: {error.strerror}") from error

        import pyarrow.parquet as pq

        with pq.ParquetFile(into) as written:
            rows, columns = written.metadata.num_rows, tuple(written.schema_arrow.names)
        if rows == 0:
            raise SourceError(
                "sql: the query has no rows"
                if job.sql
                else f"file {path.name}: the file has no rows"
            )
        listener.rows(rows, rows)
        return Extraction(into, rows, columns, query)


def _readable(path: Path, folder: Path) -> Path:
    """The file itself, or its text in UTF-8 where it is in another encoding."""
    if path.stat().st_size == 0:
        raise SourceError(f"file: {path.name} is empty, it has no rows; export it again")
    if path.suffix.lower() not in _TEXTS or (encoding := encoding_of(path)) == "utf-8":
        return path
    text = folder / "text.csv"
    as_utf8(path, encoding, text)
    return text


def _open(warehouse: duckdb.DuckDBPyConnection, path: Path, into: Path, sample: str = "") -> None:
    """Make the file's tables, and take everything else out of the reach of the job's SQL."""
    name = _text(path)
    warehouse.execute("SET enable_progress_bar = false")  # it would be drawn into the notebook
    if path.suffix.lower() in _DATABASES:
        warehouse.execute(f"ATTACH {name} AS file (READ_ONLY); USE file")
    elif path.suffix.lower() in _TEXTS:
        types = _thousands_as_text(warehouse, name, f"{_CSV}{sample}")
        csv = f"read_csv({name}, {_CSV}{sample}{types})"
        warehouse.execute(f"CREATE VIEW data AS SELECT * FROM {csv}")
    else:
        warehouse.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet({name})")
    unfinished = into.with_name(f"tmp_{into.name}")  # DuckDB writes there, then renames
    allowed = ", ".join(map(_text, (path, into, unfinished)))
    warehouse.execute(f"SET allowed_paths = [{allowed}]; SET enable_external_access = false")


def _thousands_as_text(warehouse: duckdb.DuckDBPyConnection, file: str, options: str) -> str:
    """Keep columns such as ``1.234`` texts, so that ``prepare`` asks what is meant.

    Where commas do not separate the columns, a point may separate thousands. DuckDB would read a
    decimal; that is right when any value shows it, such as ``0.5`` or ``1234.5``.
    """
    sniffed = warehouse.execute(f"SELECT Delimiter, Columns FROM sniff_csv({file}, {options})")
    delimiter, columns = sniffed.fetchone() or (",", [])
    numbers = [column["name"] for column in columns if column["type"] == "DOUBLE"]
    if delimiter == "," or not numbers:
        return ""
    texts = f"read_csv({file}, {_CSV}, all_varchar = true)"
    grouped = [
        f"bool_and(regexp_full_match(trim({_column(name)}), '{_GROUPED}'))"
        f" AND bool_or(contains({_column(name)}, '.'))"
        for name in numbers
    ]
    found = warehouse.execute(f"SELECT {', '.join(grouped)} FROM {texts}").fetchone() or ()
    unclear = [name for name, answer in zip(numbers, found, strict=True) if answer]
    pairs = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in unclear)
    return f", types = {{{pairs}}}" if unclear else ""


def _write(warehouse: duckdb.DuckDBPyConnection, query: str, into: Path, job: TrainingJob) -> None:
    """Run the one SELECT and write what it returns."""
    import duckdb

    try:
        statements = warehouse.extract_statements(query)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise SourceError("sql: must be one SELECT (or WITH … SELECT) over data")
        selected = warehouse.sql(query)
        _refuse_twice(selected.columns)  # written as they are, the second would be renamed
        selected.write_parquet(str(into))
    except duckdb.Error as error:
        if "CSV Error" in str(error):
            raise  # the file's fault, which shows only when it is read
        raise SourceError(f"{'sql' if job.sql else 'table'}: {_first(error)}") from error


def _refuse_twice(columns: list[str]) -> None:
    names = [name.lower() for name in columns]
    if twice := [name for name in columns if names.count(name.lower()) > 1]:
        raise SourceError(
            f"sql: selects {' and '.join(map(repr, twice))}, which have one name here; "
            "name its columns with AS"
        )


def _file(name: str) -> Path:
    """The file a job names, or a refusal that says why it is none."""
    if name.startswith(EXAMPLE_PREFIX):
        return example_path(name)
    try:
        path = Path(name).expanduser()
        known, folder = path.is_file(), path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(f"file: {name[:80]!r} cannot be a file: {error}") from error
    if not known:
        what = "is a folder" if folder else "does not exist"
        raise SourceError(f"file: {path} {what}; name a CSV or Parquet file, or example:weekly")
    if path.suffix.lower() not in _ENDINGS:
        raise SourceError(f"file: {path.name} must end in {', '.join(_ENDINGS)}")
    return path


def _quoted(name: str) -> str:
    """A table as SQL takes it; ``schema.table`` are two names."""
    return ".".join(map(_column, name.split(".")))


def _column(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: Path | str) -> str:
    """A path or a name as a text of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _first(error: Exception) -> str:
    """The sentence of DuckDB's message that a person needs; the rest is its parser's art."""
    return str(error).strip().split("\n")[0]
