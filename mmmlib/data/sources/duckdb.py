"""The embedded warehouse: CSV and Parquet files, and SQL on them, through DuckDB."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.examples import EXAMPLE_PREFIX, example_path
from mmmlib.data.sources import NOBODY, Extraction, Listener
from mmmlib.data.sources.duckdb_fence import bounded, only_data
from mmmlib.data.sources.duckdb_preview import preview_of
from mmmlib.data.sources.endings import FILES, TEXTS, WORKBOOKS
from mmmlib.data.sources.plain_table import plain_table
from mmmlib.data.sources.preview import Preview
from mmmlib.ground import Problem, SourceError
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import duckdb

_DATABASES = {".duckdb", ".db"}
_ENDINGS = (*FILES, *sorted(_DATABASES))
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
        """A file that is not there; what is wrong within one is said when it is read."""
        try:
            _file(job.file)
        except SourceError as error:
            return [Problem("file", str(error).removeprefix("file: "))]
        return []

    def preview(self, job: TrainingJob) -> Preview:
        """Look at the file, or at what the job's SQL makes of it."""
        with tempfile.TemporaryDirectory() as folder:
            raw = self.extract(job, Path(folder, "raw.parquet"), Listener(look=True))
            return preview_of(raw.path, job, raw.query)

    def extract(self, job: TrainingJob, into: Path, listener: Listener = NOBODY) -> Extraction:
        import duckdb

        path = _file(job.file)
        sheet = job.table if path.suffix.lower() in WORKBOOKS else ""
        query = job.sql or f"SELECT * FROM {_quoted('data' if sheet else job.table or 'data')}"
        with tempfile.TemporaryDirectory() as folder:
            spill = Path(folder, "spill")
            watched = (into, _unfinished(into), spill) if listener.look else ()
            settings: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": _MEMORY,
                "temp_directory": str(spill),
            }
            try:
                _refuse_empty(path)
                text, changes = plain_table(path, Path(folder), sheet)
                try:
                    # types are judged by the first rows: quick, and right or an error later on
                    with duckdb.connect(":memory:", config=settings) as warehouse:
                        _open(warehouse, text, into, job)
                        _write(warehouse, query, into, job, watched)
                except duckdb.ConversionException:
                    with duckdb.connect(":memory:", config=settings) as warehouse:
                        _open(warehouse, text, into, job, ", sample_size = -1")  # by all rows
                        _write(warehouse, query, into, job, watched)
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
        return Extraction(into, rows, columns, query, changes=changes)


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise SourceError(f"file: {path.name} is empty, it has no rows; export it again")


def _open(
    warehouse: duckdb.DuckDBPyConnection,
    path: Path,
    into: Path,
    job: TrainingJob,
    sample: str = "",
) -> None:
    """Make the file's tables, and take everything else out of the reach of the job's SQL."""
    name = _text(path)
    warehouse.execute("SET enable_progress_bar = false")  # it would be drawn into the notebook
    if path.suffix.lower() in _DATABASES:
        warehouse.execute(f"ATTACH {name} AS file (READ_ONLY); USE file")
    elif path.suffix.lower() in TEXTS:
        _refuse_repeated(warehouse, path, f"{_CSV}{sample}")
        types, numbers = _texts_of_numbers(warehouse, name, f"{_CSV}{sample}", bool(job.sql))
        rows = f"read_csv({name}, {_CSV}{sample}{types})"
        read = f" REPLACE ({', '.join(numbers)})" if numbers else ""
        warehouse.execute(f"CREATE VIEW data AS SELECT *{read} FROM {rows}")
    else:
        warehouse.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet({name})")
    allowed = ", ".join(map(_text, (path, into, _unfinished(into))))
    warehouse.execute(f"SET allowed_paths = [{allowed}]; SET enable_external_access = false")


def _refuse_repeated(warehouse: duckdb.DuckDBPyConnection, path: Path, options: str) -> None:
    """Refuse a header with one name twice: DuckDB renames the second, which is then a column of
    its own, and a channel whose money stands there twice."""
    sniffed = warehouse.execute(
        f"SELECT Delimiter, Quote, SkipRows, HasHeader FROM sniff_csv({_text(path)}, {options})"
    ).fetchone()
    delimiter, quote, skipped, header = sniffed or (",", '"', 0, False)
    if not header or len(delimiter) != 1:
        return
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for _ in range(skipped):
            next(lines, "")
        quoting = quote if len(quote) == 1 and quote.isprintable() else '"'
        names = next(csv.reader(lines, delimiter=delimiter, quotechar=quoting), [])
    seen = Counter(name.strip().casefold() for name in names if name.strip())
    if twice := [name for name, count in seen.items() if count > 1]:
        named = ", ".join(map(repr, twice[:5]))
        raise SourceError(f"file {path.name}: {named} heads more than one column; rename one")


# A text without currency, percent and spaces; and the numbers it may be.
_BARE = r"regexp_replace({}, '[\s\x{{a0}}\x{{202f}}''’€$£¥₺₹%]|EUR|USD|GBP|CHF', '', 'g')"
_POINTED = r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d+)?"
_COMMAED = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?"
_AT_ONCE = 500  # columns asked about in one query: DuckDB plans thousands for minutes
_NOTHING = "('', '-', '--', 'na', 'n/a', '#n/a', 'nan', 'null', 'none')"


def _texts_of_numbers(
    warehouse: duckdb.DuckDBPyConnection, file: str, options: str, for_sql: bool
) -> tuple[str, list[str]]:
    """Which columns stay texts, and which texts SQL must see as the numbers they are.

    Beside columns with decimal commas, or where commas do not separate the columns, a point may
    separate thousands (``1.234``): such columns stay texts unless a value shows the decimal, such
    as ``0.5``, and ``prepare`` reads them by the mark of the others, or asks. A job's SQL adds up
    what it selects, so it is given numbers wherever cleaning would read them.
    """
    sniffed = warehouse.execute(f"SELECT Delimiter, Columns FROM sniff_csv({file}, {options})")
    delimiter, columns = sniffed.fetchone() or (",", [])
    doubles = [column["name"] for column in columns if column["type"] == "DOUBLE"]
    written = [column["name"] for column in columns if column["type"] == "VARCHAR"]
    texts = f"read_csv({file}, {_CSV}, all_varchar = true)"
    reads = _read_as(warehouse, texts, written)
    commas = any(comma and not point for _, point, comma in reads.values())
    grouped = delimiter != "," or commas
    if grouped or (for_sql and written):
        reads |= _read_as(warehouse, texts, doubles)
    marks = {
        "." if point else "," for _, point, comma in reads.values() if bool(point) != bool(comma)
    }
    unclear = [name for name in doubles if grouped and reads[name][0]]
    pairs = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in unclear)
    types = f", types = {{{pairs}}}" if unclear else ""
    if not for_sql:
        return types, []
    mark = marks.pop() if len(marks) == 1 else ""
    numbers = []
    for name in (*unclear, *written):
        _, point, comma = reads[name]
        by = mark if point and comma else "." if point else "," if comma else ""
        if by:
            numbers.append(f"{_as_number(_column(name), by)} AS {_column(name)}")
    return types, numbers


def _read_as(
    warehouse: duckdb.DuckDBPyConnection, texts: str, names: list[str]
) -> dict[str, tuple[Any, ...]]:
    """Of each column: does a point only ever separate thousands, and how may all of it be read?"""
    found: dict[str, tuple[Any, ...]] = {}
    for at in range(0, len(names), _AT_ONCE):
        some, asked = names[at : at + _AT_ONCE], []
        for name in some:
            bare = f"trim({_BARE.format(_column(name))})"
            there = f"FILTER (WHERE lower({bare}) NOT IN {_NOTHING})"
            asked += [
                f"bool_and(regexp_full_match(trim({_column(name)}), '{_GROUPED}'))"
                f" AND bool_or(contains({_column(name)}, '.'))",
                f"bool_and(regexp_full_match({bare}, '{_POINTED}')) {there}",
                f"bool_and(regexp_full_match({bare}, '{_COMMAED}')) {there}",
            ]
        answers = warehouse.execute(f"SELECT {', '.join(asked)} FROM {texts}").fetchone() or ()
        found |= {name: answers[3 * i : 3 * i + 3] for i, name in enumerate(some)}
    return found


def _as_number(column: str, mark: str) -> str:
    """A text as the number it is, by its decimal mark; nothing where nothing was written."""
    thousands = "," if mark == "." else "."
    bare = f"replace(trim({_BARE.format(column)}), '{thousands}', '')"
    return f"TRY_CAST(replace({bare}, ',', '.') AS DOUBLE)"


def _unfinished(into: Path) -> Path:
    """DuckDB writes there, then renames."""
    return into.with_name(f"tmp_{into.name}")


def _write(
    warehouse: duckdb.DuckDBPyConnection,
    query: str,
    into: Path,
    job: TrainingJob,
    watched: tuple[Path, ...],
) -> None:
    """Run the one SELECT and write what it returns; within bounds where its files are watched."""
    import duckdb

    try:
        statements = warehouse.extract_statements(query)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise SourceError("sql: must be one SELECT (or WITH … SELECT) over data")
        only_data(warehouse, query)
        with bounded(warehouse, watched) if watched else nullcontext():
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
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        what = "is a folder" if folder else f"does not exist{where}"
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
