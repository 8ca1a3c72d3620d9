"""A sample of a file, and what each column of it holds: dates, numbers, text or nothing.

Everything in a CSV file is read as text: what a value means is then judged by the whole column,
in the decimal style and date format that fit most of its values.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmmlib.data.examples import EXAMPLE_PREFIX, example_path
from mmmlib.data.sources.text_encoding import as_utf8, encoding_of
from mmmlib.ground import SourceError

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 3_000_000
LEAST_ROWS = 400
FITS = 0.9  # share of a column's values that must have a type for the column to have it

_TEXT = (".csv", ".tsv", ".txt")
DATE_FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%Y%m%d", "%Y-%m-%d %H:%M:%S",
)  # fmt: skip
_LIKE_DATE = re.compile(r"\d{8}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
_POINT = re.compile(r"[+-]?(\d+|\d{1,3}([,'\s]\d{3})+)?(\.\d+)?([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}([.'\s]\d{3})+)?(,\d+)?([eE][+-]?\d+)?")
_CURRENCY = re.compile(r"(EUR|USD|GBP|CHF|[€$£%])", re.IGNORECASE)


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
    """

    columns: tuple[SampledColumn, ...]
    rows: int
    whole: bool


def read_sample(file: str) -> SampledTable:
    """Read the first rows of a CSV or Parquet file, of any separator, through DuckDB.

    Raises
    ------
    SourceError
        The file is none, is empty, or is no table.
    """
    try:
        frame, whole = _read(_path(file))
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
    return SampledTable(tuple(column(frame[name]) for name in frame.columns), len(frame), whole)


def column(values: pd.Series) -> SampledColumn:
    """Judge what a column holds; its values as they were read."""
    import pandas as pd

    name = str(values.name)
    if pd.api.types.is_datetime64_any_dtype(values):
        return SampledColumn(name, "date", values)
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return SampledColumn(name, "number", values.astype(float))
    if (plain := _plain_numbers(values)) is not None:
        return SampledColumn(name, "number", plain)
    text = values.astype("object").where(values.notna(), "").astype(str).str.strip()
    text = text.where(text != "")
    filled = text.dropna()
    if filled.empty:
        return SampledColumn(name, "nothing", text)
    if formats := _date_formats(filled):
        dates = pd.to_datetime(text, format=formats[0], errors="coerce")
        iso = formats[0].startswith("%Y-%m-%d")
        return SampledColumn(name, "date", dates, "" if iso else formats[0], "".join(formats[1:2]))
    numbers = _numbers(filled).reindex(text.index)
    if numbers.notna().sum() >= FITS * len(filled):
        return SampledColumn(name, "number", numbers)
    return SampledColumn(name, "text", text)


def steps(dates: pd.Series) -> pd.Series:
    """Days between neighbouring different dates."""
    between: pd.Series = dates.dropna().drop_duplicates().sort_values().diff().dropna().dt.days
    return between


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
    if path.suffix.lower() not in (*_TEXT, ".parquet"):
        raise SourceError(f"file: {file} must end in {', '.join((*_TEXT, '.parquet'))}")
    if path.stat().st_size == 0:
        raise SourceError(f"file: {file} is empty; it needs a header and a row a week or a day")
    return path


def _read(path: Path) -> tuple[pd.DataFrame, bool]:
    """The first rows, and whether they are all; text as the source reads it, but untyped."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as warehouse:
        reader = "read_parquet(?)"
        text = path
        if path.suffix.lower() != ".parquet":
            reader = "read_csv(?, all_varchar = true, header = true)"
            text = _as_utf8(path, Path(folder, "text.csv"))
        try:
            data = warehouse.sql(f"SELECT * FROM {reader}", params=[str(text)])
            rows = max(LEAST_ROWS, MOST_CELLS // max(1, len(data.columns)))
            frame = data.limit(rows + 1).to_arrow_table().to_pandas(date_as_object=False)
        except duckdb.Error as error:
            why = str(error).strip().split("\n")[0]
            raise SourceError(f"file: {path.name} cannot be read as a table: {why}") from error
    return frame.iloc[:rows], len(frame) <= rows


def _as_utf8(path: Path, into: Path) -> Path:
    """The file itself where it is text in UTF-8, or a copy that is."""
    with path.open("rb") as stream:
        head = stream.read(65536)
    encoding = encoding_of(path)
    if b"\0" in head and encoding != "utf-16":
        raise SourceError(f"file: {path.name} is no text; write it as CSV or Parquet")
    if encoding == "utf-8":
        return path
    as_utf8(path, encoding, into)
    return into


def _date_formats(filled: pd.Series) -> list[str]:
    """Formats that fit the values, the one with the most even steps first."""
    import pandas as pd

    head = filled.drop_duplicates().iloc[:1000]
    looks = head.iloc[:20].str.fullmatch(_LIKE_DATE)
    if looks.mean() < FITS:  # spares thousands of columns of numbers eleven attempts each
        return []
    fitting = []
    for date_format in DATE_FORMATS:
        dates = pd.to_datetime(head, format=date_format, errors="coerce")
        share = dates.notna().mean()
        if share >= FITS and dates.dropna().dt.year.between(1990, 2100).all():
            between = steps(dates)
            even = float((between == between.median()).mean()) if len(between) else 0.0
            fitting.append((-share, -even, date_format))
    best = sorted(fitting, key=lambda each: each[:2])
    return [date_format for share, _, date_format in best if share == best[0][0]]


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


def _numbers(filled: pd.Series) -> pd.Series:
    """Numbers in the decimal style that fits the most values; missing where one does not fit."""
    import numpy as np
    import pandas as pd

    text = filled.str.replace(_CURRENCY, "", regex=True).str.strip()
    point, comma = text.str.fullmatch(_POINT), text.str.fullmatch(_COMMA)
    if comma.sum() > point.sum():
        plain = text.where(comma).str.replace(r"[.'\s]", "", regex=True).str.replace(",", ".")
    else:
        plain = text.where(point).str.replace(r"[,'\s]", "", regex=True)
    return pd.to_numeric(plain, errors="coerce").replace([np.inf, -np.inf], np.nan)
