"""A file as a plain table: one header, one row a line, in UTF-8, whatever stood around it.

Exports of platforms begin with titles, workbooks have sheets and merged headings. What is left
out here is a row of the change ledger. One reader for everything that looks at files.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmmlib.data.prepare.ledger import Change
from mmmlib.data.prepare.values import TOTAL
from mmmlib.data.sources.endings import TEXTS, WORKBOOKS
from mmmlib.data.sources.text_encoding import as_utf8, encoding_of
from mmmlib.ground import SourceError

_LOOKED_AT = 80  # lines in which a header is looked for
_DATED_ROWS = 10  # of a sheet that holds dates, which comes before those that hold none
_SEPARATORS = (",", ";", "\t", "|")


def plain_table(path: Path, folder: Path, sheet: str = "") -> tuple[Path, tuple[Change, ...]]:
    """Return the file itself where it is plain, or a plain copy of it in ``folder``.

    Parameters
    ----------
    sheet : str
        Sheet of a workbook; empty takes the one with the most cells of those that hold dates.

    Raises
    ------
    SourceError
        The file is no text or no workbook, or has no such sheet.
    """
    ending = path.suffix.lower()
    if ending in WORKBOOKS:
        return _of_workbook(path, folder, sheet)
    if ending not in TEXTS:
        return path, ()
    with path.open("rb") as stream:
        zero = b"\0" in stream.read(65536)
    encoding = encoding_of(path)
    if zero and encoding != "utf-16":
        raise SourceError(f"file: {path.name} is no text; write it as CSV, Parquet or a workbook")
    if encoding != "utf-8":
        text = folder / "text.csv"
        as_utf8(path, encoding, text)
        path = text
    return _without_titles(path, folder)


def _without_titles(path: Path, folder: Path) -> tuple[Path, tuple[Change, ...]]:
    """A copy that begins with the header and has no totals, where either is not so."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(itertools.islice(stream, _LOOKED_AT))
    mark = _separator(lines)
    header = _header([_fields(line, mark) for line in lines])
    ends = [*lines[header + 1 : header + 4], *_last_lines(path)]
    totals = {line.strip() for line in ends if _is_total(_fields(line, mark))}
    if not header and not totals:
        return path, ()
    plain, changes, gone = folder / "plain.csv", [], 0
    with path.open(encoding="utf-8-sig") as stream, plain.open("w", encoding="utf-8") as written:
        for line in itertools.islice(stream, header, None):
            if line.strip() in totals:
                gone += 1
            elif line.strip().strip("".join(_SEPARATORS)):
                written.write(line)
    if header:
        titles = " / ".join(line.strip(" \r\n;,#\"'") for line in lines[:header])[:100]
        changes.append(Change("lines left out", "file", header, f"before the header: {titles}"))
    if gone:
        said = sorted(totals)[0][:60]
        changes.append(Change("total rows left out", "file", gone, f"such as {said!r}"))
    return plain, tuple(changes)


def _fields(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), [])


def _last_lines(path: Path) -> list[str]:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 8192))
        return stream.read().decode("utf-8", "ignore").splitlines()[-5:]


def _is_total(fields: Sequence[str]) -> bool:
    """Whether a row's first filled cell says that it is a total."""
    first = next((cell.strip() for cell in fields if cell.strip()), "")
    return bool(TOTAL.fullmatch(first)) and len(fields) > 1


def _separator(lines: Sequence[str]) -> str:
    """The separator by which most lines have the same number of fields."""

    def score(mark: str) -> tuple[int, int]:
        counts = Counter(len(next(csv.reader([line], delimiter=mark), [])) for line in lines)
        counts.pop(1, None)
        counts.pop(0, None)
        fields, times = max(counts.items(), key=lambda item: item[1], default=(1, 0))
        return times, fields

    return max(_SEPARATORS, key=score)


def _header(rows: Sequence[Sequence[Any]]) -> int:
    """Number of rows before the header: the first row in which most columns have a name."""
    filled = [sum(1 for cell in row if str(cell).strip()) for row in rows]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0
    wide = widths.most_common(1)[0][0]
    needed = max(2, -(-6 * min(wide, max(filled)) // 10))
    for at, (row, count) in enumerate(zip(rows, filled, strict=True)):
        if count >= needed and not str(row[0]).lstrip().startswith("#"):
            return at
    return 0


def _of_workbook(path: Path, folder: Path, sheet: str) -> tuple[Path, tuple[Change, ...]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = list(book.sheet_names)
        if sheet and sheet not in names:
            raise SourceError(f"table: {path.name} has no sheet {sheet!r}; there are {names}")
        read = {name: book.get_sheet_by_name(name) for name in ([sheet] if sheet else names)}
        rows_of: dict[str, Any] = {
            name: each.to_python(skip_empty_area=True) for name, each in read.items()
        }
    except (CalamineError, OSError) as error:
        raise SourceError(f"file: {path.name} cannot be read as a workbook: {error}") from error
    filled = {
        name: sum(cell != "" for row in rows for cell in row) for name, rows in rows_of.items()
    }
    if not filled or not max(filled.values()):
        raise SourceError(f"file: {path.name} has no sheet with anything in it")
    dated = {
        name: sum(any(isinstance(cell, dt.date) for cell in row) for row in rows)
        for name, rows in rows_of.items()
    }
    name = max(filled, key=lambda each: (dated[each] >= _DATED_ROWS, filled[each]))
    rows: Sequence[Sequence[Any]] = rows_of[name]
    header = _header([[_cell(cell) for cell in row] for row in rows[:_LOOKED_AT]])
    if _is_heading(rows, header, read[name].merged_cell_ranges):
        header += 1
    table = [_headings(rows, header, bool(read[name].merged_cell_ranges)), *rows[header + 1 :]]
    kept = [at for at in range(len(table[0])) if any(_cell(row[at]) for row in table)]
    plain = folder / "sheet.csv"
    with plain.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        for row in table:
            cells = [_cell(row[at]) for at in kept]
            if any(cells):
                writer.writerow(cells)
    others = f"; others are {', '.join(each for each in names if each != name)}"
    why = f"sheet {name!r}{others if len(names) > 1 else ''}"
    if header:
        why += f"; {header} rows stand before the header"
    return plain, (Change("sheet read", "file", len(table) - 1, why),)


def _is_heading(rows: Sequence[Sequence[Any]], at: int, merged: Any) -> bool:
    """Whether a row that names most columns is one of merged headings over the names."""
    wide = any(start[0] == end[0] and end[1] > start[1] for start, end in merged or ())
    below = rows[at + 1] if at + 1 < len(rows) else ()
    return wide and bool(below) and all(isinstance(cell, str) for cell in below) and any(below)


def _headings(rows: Sequence[Sequence[Any]], header: int, merged: bool) -> list[str]:
    """Names of the columns; a heading merged over several columns is put before each of them."""
    names = [_cell(cell).replace("\n", " ") for cell in rows[header]]
    if not header or not merged or sum(1 for cell in rows[header - 1] if cell != "") < 2:
        return names
    above, heading = [], ""
    for cell in rows[header - 1]:
        heading = _cell(cell) or heading
        above.append(heading)
    return [
        f"{heading} {name}" if heading and name and heading != name else name or heading
        for heading, name in zip(above, names, strict=True)
    ]


def _cell(value: Any) -> str:
    """A cell as text: days without a time of midnight, whole numbers without a fraction."""
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
