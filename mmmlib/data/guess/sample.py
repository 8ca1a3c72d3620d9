"""A sample of a file, and what each column of it holds: dates, numbers, text or nothing.

Everything in a CSV file is read as text: what a value means is then judged by the whole column,
in the decimal style and date format that fit most of its values.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmmlib.data.examples import EXAMPLE_PREFIX, example_path
from mmmlib.data.guess.words import read_name
from mmmlib.data.prepare.dates import LIKE_DATE, SERIAL, SIX_MONTHS, SIX_WEEKS, written_dates
from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.values import TOTAL, as_numbers, decimal_mark
from mmmlib.data.sources.endings import FILES
from mmmlib.data.sources.plain_table import plain_table
from mmmlib.ground import SourceError, constant

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 3_000_000
LEAST_ROWS = 400
FITS = 0.9  # share of a column's values that must have a type for the column to have it


@dataclass(frozen=True)
class SampledColumn:
    """What one column holds.

    Attributes
    ----------
    name : str
    holds : str
        ``date``, ``number``, ``text`` or ``nothing``.
    values : Series
        datetime64, float or str; missing where a value is missing or does not fit.
    date_format : str
        Format of the dates of a text column; empty where they need none.
    other_format : str
        A second format that all dates fit as well (day and month may be exchanged), or empty.
    """

    name: str
    holds: Literal["date", "number", "text", "nothing"]
    values: pd.Series
    date_format: str = ""
    other_format: str = ""

    @property
    def levels(self) -> tuple[str, ...]:
        """The different values as text, sorted."""
        return tuple(sorted(map(str, self.values.dropna().unique())))

    @property
    def constant(self) -> bool:
        """Whether the column never changes."""
        return self.values.nunique(dropna=True) <= 1

    @property
    def hardly_varies(self) -> bool:
        """Whether what moves is rounding: a number that is constant for a model."""
        return self.holds == "number" and constant(self.values.dropna().to_numpy())

    @property
    def negative(self) -> int:
        """How many numbers are below zero."""
        return int((self.values < 0).sum()) if self.holds == "number" else 0

    @property
    def zeros(self) -> float:
        """Share of zeros among the numbers."""
        return float((self.values == 0).mean()) if self.holds == "number" else 0.0


@dataclass(frozen=True)
class SampledTable:
    """The first rows of a file.

    Attributes
    ----------
    columns : tuple of SampledColumn
        In the order of the file.
    rows : int
        Rows that were read.
    whole : bool
        Whether these are all the rows of the file.
    said : tuple of str
        What was left out to read it as a table: titles, total rows, other sheets.
    """

    columns: tuple[SampledColumn, ...]
    rows: int
    whole: bool
    said: tuple[str, ...] = ()


def read_sample(file: str, sheet: str = "") -> SampledTable:
    """Read the first rows of a CSV or Parquet file or of a workbook, of any separator.

    Raises
    ------
    SourceError
        The file is none, is empty, or is no table.
    """
    try:
        frame, whole, said = _read(_path(file), sheet)
    except OSError as error:
        raise SourceError(f"file: {file[:80]} cannot be read: {error.strerror}") from error
    if frame.shape[0] == 0:
        raise SourceError(f"file: {file} has no rows; it needs a header and a row a week or a day")
    if frame.shape[1] == 1:
        raise SourceError(
            f"file: {file} has one column only ({frame.columns[0]!r}); a model needs dates, a "
            "target and spends. Is the separator one of , ; | or tab?"
        )
    if twice := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise SourceError(f"file: {file} has more than one column {twice[0]!r}; rename one")
    if (rows := _total_rows(frame)).any():
        said.append(f"{int(rows.sum())} rows are named a total and left out")
        frame = frame[~rows]
    return sample_of(frame, whole, tuple(said))


def sample_of(frame: pd.DataFrame, whole: bool, said: tuple[str, ...] = ()) -> SampledTable:
    """Judge the columns of a table."""
    texts = [frame[name] for name in frame.columns if frame[name].dtype == object]
    mark = decimal_mark(texts)
    columns = tuple(column(frame[name], mark) for name in frame.columns)
    return SampledTable(columns, len(frame), whole, said)


def _total_rows(frame: pd.DataFrame) -> pd.Series:
    """Rows that say total where their date should stand."""
    import pandas as pd

    none = pd.Series(False, frame.index)
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        text = frame[name].astype("object").where(frame[name].notna(), "").astype(str).str.strip()
        named = text.str.fullmatch(TOTAL)
        if named.any() and not named.all() and column(frame[name][~named]).holds == "date":
            return named
    return none


def column(values: pd.Series, mark: str = "") -> SampledColumn:
    """Judge what a column holds; its values as they were read.

    ``mark`` is the decimal mark that the other columns show.
    """
    import pandas as pd

    name = str(values.name)
    if pd.api.types.is_datetime64_any_dtype(values):
        return SampledColumn(name, "date", values)
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return SampledColumn(name, "number", values.astype(float))
    named = read_name(name).says("DATE")
    if not named and (plain := _plain_numbers(values)) is not None:
        return SampledColumn(name, "number", plain)
    filled = values.dropna()
    if len(filled) and filled.map(lambda each: isinstance(each, Decimal)).all():
        return SampledColumn(name, "number", pd.to_numeric(values, errors="coerce").astype(float))
    text = values.astype("object").where(values.notna(), "").astype(str).str.strip()
    text = text.where(text != "")
    filled = text.dropna()
    if filled.empty:
        return SampledColumn(name, "nothing", text)
    if found := _dates(filled, named):
        dates, ways = found
        formats = [way for way in ways if way.startswith("%")]
        first = formats[0] if formats and formats[0] != "%Y-%m-%d" else ""
        if first and len(ways) == 1:  # one that only reads a canonical text need not be said
            first = (
                first if pd.to_datetime(filled, format=first, errors="coerce").notna().all() else ""
            )
        return SampledColumn(name, "date", dates.reindex(text.index), first, "".join(formats[1:2]))
    if (plain := _plain_numbers(values)) is not None:
        return SampledColumn(name, "number", plain)
    flags = filled.str.lower()
    if set(flags.unique()) <= {"true", "false"}:
        return SampledColumn(name, "number", (flags == "true").astype(float).reindex(text.index))
    numbers = as_numbers(text, name, Ledger(frozenset()), mark or ",")
    if isinstance(numbers, pd.Series) and numbers.notna().any():
        return SampledColumn(name, "number", numbers)
    return SampledColumn(name, "text", text)


def steps(dates: pd.Series) -> pd.Series:
    """Days between neighbouring different dates."""
    between: pd.Series = dates.dropna().drop_duplicates().sort_values().diff().dropna().dt.days
    return between


def _dates(filled: pd.Series, named: bool) -> tuple[pd.Series, list[str]] | None:
    """Dates and the ways in which they can be read, the one with the most even steps first."""
    head = filled.drop_duplicates().iloc[:1000]
    looks = head.iloc[:20].str.fullmatch(LIKE_DATE)
    if looks.mean() < FITS:  # spares thousands of columns of numbers thirty attempts each
        return None
    fitting = []
    for way, dates in written_dates(head).items():
        if way in (SERIAL, SIX_WEEKS, SIX_MONTHS) and not named:
            continue  # numbers of five or six digits that nothing calls dates
        share = dates.notna().mean()
        if share >= FITS and dates.dropna().dt.year.between(1990, 2100).all():
            even = _evenness(dates)
            fitting.append((-share, -even, way))
    best = sorted(fitting, key=lambda each: each[:2])
    ways = [way for share, _, way in best if share == best[0][0]]
    if not ways:
        return None
    only = ways[0] if ways[0].startswith("%") else ""
    return written_dates(filled, only)[ways[0]], ways


def _evenness(dates: pd.Series) -> float:
    """Share of the steps between dates that are alike; a month is one whatever its days."""
    between = steps(dates)
    if not len(between):
        return 0.0
    if (dates.dropna().dt.day == 1).all():
        days = dates.dropna().drop_duplicates().sort_values()
        between = (days.dt.year * 12 + days.dt.month).diff().dropna()
    return float((between == between.median()).mean())


def _path(file: str) -> Path:
    if file.startswith(EXAMPLE_PREFIX):
        return example_path(file)
    try:
        path = Path(file).expanduser()
    except RuntimeError as error:  # ~name of nobody
        raise SourceError(f"file: {file[:80]} cannot be a file: {error}") from error
    if path.is_dir():
        raise SourceError(f"file: {file} is a folder; name a CSV or Parquet file in it")
    if not path.is_file():
        raise SourceError(f"file: {file} does not exist; name a CSV or Parquet file")
    if path.suffix.lower() not in FILES:
        raise SourceError(f"file: {file} must end in {', '.join(FILES)}")
    if path.stat().st_size == 0:
        raise SourceError(f"file: {file} is empty; it needs a header and a row a week or a day")
    return path


def _read(path: Path, sheet: str) -> tuple[pd.DataFrame, bool, list[str]]:
    """The first rows, and whether they are all; text as the source reads it, but untyped."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as warehouse:
        reader = "read_parquet(?)"
        text, changes = plain_table(path, Path(folder), sheet)
        if path.suffix.lower() != ".parquet":
            reader = "read_csv(?, all_varchar = true, header = true)"
        try:
            data = warehouse.sql(f"SELECT * FROM {reader}", params=[str(text)])
            rows = max(LEAST_ROWS, MOST_CELLS // max(1, len(data.columns)))
            frame = data.limit(rows + 1).to_arrow_table().to_pandas(date_as_object=False)
        except duckdb.Error as error:
            why = str(error).strip().split("\n")[0]
            raise SourceError(f"file: {path.name} cannot be read as a table: {why}") from error
    said = [f"{change.what}: {change.why}" for change in changes]
    return frame.iloc[:rows], len(frame) <= rows, said


def _plain_numbers(values: pd.Series) -> pd.Series | None:
    """The numbers of a text column all of whose values are plain ones; ``None`` otherwise.

    Eight digits may be a date, and are left to the slower judgement.
    """
    import numpy as np
    import pandas as pd

    texts = ["nan" if value is None else value for value in values]
    joined = " ".join(texts[:20])
    if "_" in joined or re.search(r"\b\d{8}\b", joined):
        return None
    try:
        numbers = np.array(texts, dtype=float)
    except (ValueError, TypeError):
        return None
    if np.isnan(numbers).all():
        return None
    return pd.Series(
        np.where(np.isfinite(numbers), numbers, np.nan), values.index, name=values.name
    )
