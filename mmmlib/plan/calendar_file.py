"""A calendar as a planner has it: channels down, periods across; xlsx or csv, in and out."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.ground import AllocationError, Problem, StoreError, columns as c, period_name
from mmmlib.plan.calendar import MOST_PERIODS, Calendar, steps_from

SHEET = "plan"
TOTAL = "total"  # a row and a column of xlsx, for people: never read
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_MOST_BYTES = 20_000_000
_ACROSS = 2  # column of the first date

Cells = Sequence[Sequence[Any]]


def calendar_xlsx(sheets: Mapping[str, Calendar]) -> bytes:
    """A workbook with a sheet a calendar: periods across, money with two decimals, totals.

    No text in it is a formula.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    for place, (title, calendar) in enumerate(sheets.items()):
        sheet = book.active if place == 0 else book.create_sheet()
        sheet.title = title
        money, dates = calendar.money, calendar.dates
        sheet.append([c.CHANNEL, *(date.to_pydatetime() for date in dates), TOTAL])
        for name, row in zip(calendar.channels, money.T, strict=True):
            sheet.append([None, *row.tolist(), round(float(row.sum()), 2)])
            cell = sheet.cell(sheet.max_row, 1)
            cell.value, cell.data_type, cell.quotePrefix = name, "s", True
        sums = [round(float(column.sum()), 2) for column in money]
        sheet.append([TOTAL, *sums, calendar.total])
        for cell in (*sheet[1], *sheet[sheet.max_row]):
            cell.font = Font(bold=True)
        for cell in sheet[1][1:-1]:
            cell.number_format = "yyyy-mm-dd"
        for cells in sheet.iter_rows(min_row=2, min_col=_ACROSS):
            for cell in cells:
                cell.number_format = "#,##0.00"
        sheet.freeze_panes = "B2"
        for column in sheet.columns:
            sheet.column_dimensions[column[0].column_letter].width = 14
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def calendar_csv(calendar: Calendar) -> bytes:
    """Channels down, periods across; a name that a spreadsheet takes for a formula is quoted."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([c.CHANNEL, *(f"{date:%Y-%m-%d}" for date in calendar.dates)])
    for name, row in zip(calendar.channels, calendar.money.T, strict=True):
        quoted = f"'{name}" if name.startswith(_FORMULA) else name
        writer.writerow([quoted, *(repr(float(value)) for value in row)])
    return buffer.getvalue().encode()


def write_calendar(calendar: Calendar, path: Path) -> None:
    """Write a calendar as ``.xlsx`` or ``.csv``.

    Raises
    ------
    StoreError
        The file is neither, or cannot be written.
    """
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise StoreError(f"{path}: a calendar is written as .csv or .xlsx; choose one of them")
    is_csv = path.suffix.lower() == ".csv"
    try:
        path.write_bytes(calendar_csv(calendar) if is_csv else calendar_xlsx({SHEET: calendar}))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def read_calendar(
    path: Path, channels: Sequence[str], history: pd.DatetimeIndex, sheet: str = ""
) -> Calendar:
    """Read a media plan: channels down, first days of the periods across.

    A row and a column named ``total`` are for people and not read; an empty cell is 0 and noted.

    Parameters
    ----------
    path : Path
        ``.xlsx`` or ``.csv``.
    channels : sequence of str
        The model's paid channels: each has one row.
    history : DatetimeIndex
        Dates of the data, in whose step the plan's are.
    sheet : str
        Of a workbook; its first one where empty.

    Raises
    ------
    AllocationError
        Everything that is wrong with it, by sheet and cell.
    StoreError
        The file is not there, or is neither.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise StoreError(f"{path}: a calendar is read from .csv or .xlsx; save it as one of them")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise StoreError(f"{path} has {len(data):,} bytes, more than a plan may ({_MOST_BYTES:,})")
    if suffix == ".csv":
        return _Reading(path.name, _csv_cells(path, data), channels, history).calendar()
    title, cells = _xlsx_cells(path, data, sheet)
    return _Reading(title, cells, channels, history).calendar()


def _csv_cells(path: Path, data: bytes) -> Cells:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StoreError(f"{path} is not UTF-8; save it as CSV UTF-8, or as .xlsx") from None
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    return [[_unquoted(row[0]), *row[1:]] if row else row for row in rows]


def _unquoted(name: str) -> str:
    return name[1:] if name[:1] == "'" and name[1:].startswith(_FORMULA) else name


class _Uncomputed:
    """A formula without a stored result."""


def _xlsx_cells(path: Path, data: bytes, sheet: str) -> tuple[str, Cells]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), data_only=True)
        formulas = load_workbook(io.BytesIO(data))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise StoreError(f"{path} is no workbook that can be read ({error})") from error
    if sheet and sheet not in book.sheetnames:
        raise StoreError(f"{path} has no sheet {sheet!r}; it has {', '.join(book.sheetnames)}")
    title = sheet or book.sheetnames[0]
    values, written = book[title], formulas[title]
    if not hasattr(values, "iter_rows"):
        raise StoreError(f"{path}: {title} is a chart, no sheet of cells; name another sheet")
    cells = []
    for row in values.iter_rows():
        made = [cell.value for cell in row]
        for i, cell in enumerate(row):
            if cell.value is None and written.cell(cell.row, cell.column).data_type == "f":
                made[i] = _Uncomputed()
        cells.append(made)
    return title, cells


class _Reading:
    """One sheet on its way to a calendar; collects everything that is wrong."""

    def __init__(
        self, title: str, cells: Cells, channels: Sequence[str], history: pd.DatetimeIndex
    ) -> None:
        self.title, self.channels, self.history = title, list(channels), history
        width = max((len(row) for row in cells), default=0)
        self.cells = [[*row, *[None] * (width - len(row))] for row in cells]
        self.problems: list[Problem] = []
        self.empty = 0

    def calendar(self) -> Calendar:
        dates = self._dates()
        rows = self._rows()
        money = {name: [self._money(at, column) for column in dates] for name, at in rows.items()}
        if self.problems:
            raise AllocationError(self.problems)
        table = pd.DataFrame({c.DATE: list(dates.values()), **money})[[c.DATE, *self.channels]]
        notes = (f"{self.empty} empty cells of {self.title} count as 0",) if self.empty else ()
        return Calendar(table.sort_values(c.DATE, ignore_index=True), notes)

    def _bad(self, row: int, column: int, said: str) -> None:
        """Row and column from 0."""
        self.problems.append(Problem(f"{self.title}!{_letters(column)}{row + 1}", said))

    def _dates(self) -> dict[int, pd.Timestamp]:
        """Column → date of the first row."""
        if not self.cells or len(self.cells[0]) < _ACROSS:
            said = "is empty; it needs a row of dates, and below it a row a channel"
            raise AllocationError([Problem(self.title, f"{said} (`mmm plan template`)")])
        found: dict[int, pd.Timestamp] = {}
        for column, value in enumerate(self.cells[0][1:], start=1):
            if _blank(value) and not any(not _blank(row[column]) for row in self.cells[1:]):
                continue
            if isinstance(value, str) and value.strip().casefold() == TOTAL:
                continue
            date = _as_date(value)
            if date is None:
                said = f"{value!r} is no date" if not _blank(value) else "lacks its date"
                self._bad(0, column, f"{said}; write the first day of the period as 2025-01-31")
            elif date in found.values():
                self._bad(0, column, f"{date:%Y-%m-%d} is there twice: the plan overlaps itself")
            else:
                found[column] = date
        if not found and not self.problems:
            self._bad(0, 1, "has no date")
        if len(found) > MOST_PERIODS:
            said = f"has {len(found):,} periods, more than a plan may ({MOST_PERIODS:,})"
            raise AllocationError([Problem(self.title, said)])
        if found:
            self._in_step(found)
        return found

    def _in_step(self, found: Mapping[int, pd.Timestamp]) -> None:
        """Each date in the data's step, none left out between them."""
        first, last, period = min(found.values()), max(found.values()), period_name(self.history)
        if (last - self.history[-1]).days > 40 * MOST_PERIODS:
            at = next(column for column, date in found.items() if date == last)
            self._bad(0, at, f"{last:%Y-%m-%d} is too far ahead of the data")
            return
        steps = steps_from(self.history, last)
        for column, date in found.items():
            if date < self.history[0]:
                begin = f"the data begin on {self.history[0]:%Y-%m-%d}"
                self._bad(0, column, f"{date:%Y-%m-%d} is before the data; {begin}")
            elif date not in steps:
                before = steps[steps <= date][-1]
                self._bad(0, column, f"{date:%Y-%m-%d} begins no {period} of the data; the {period}"
                                     f" it lies in begins on {before:%Y-%m-%d}")  # fmt: skip
        missing = steps[(steps > first) & (steps < last) & ~steps.isin(list(found.values()))]
        if len(missing):
            listed = ", ".join(f"{date:%Y-%m-%d}" for date in missing[:5])
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            self.problems.append(
                Problem(self.title, f"has a gap: the {period}s {listed}{more} are missing")
            )

    def _rows(self) -> dict[str, int]:
        """Channel → row."""
        found: dict[str, int] = {}
        for at, row in enumerate(self.cells[1:], start=1):
            name = "" if _blank(row[0]) else str(row[0]).strip()
            if not name:
                if any(not _blank(value) for value in row[1:]):
                    self._bad(at, 0, "lacks the name of its channel")
            elif name in self.channels:
                if name in found:
                    self._bad(at, 0, f"{name} is there twice; it stands in row {found[name] + 1}")
                found.setdefault(name, at)
            elif name.casefold() != TOTAL:
                known = ", ".join(self.channels)
                self._bad(at, 0, f"{name} is no paid channel of the model; it has {known}")
        for name in self.channels:
            if name not in found:
                said = f"lacks the channel {name}; give it a row, with 0 where nothing is spent"
                self.problems.append(Problem(self.title, said))
        return found

    def _money(self, row: int, column: int) -> float:
        value = self.cells[row][column]
        if _blank(value):
            self.empty += 1
            return 0.0
        if isinstance(value, _Uncomputed):
            self._bad(row, column, "is a formula without a result; open and save it in Excel")
            return 0.0
        try:
            if isinstance(value, bool | dt.date):
                raise ValueError
            money = float(value)
        except (TypeError, ValueError):
            self._bad(row, column, f"{value!r} is no number; write money without a currency or"
                                   " thousands separators")  # fmt: skip
            return 0.0
        if not np.isfinite(money) or money < 0:
            self._bad(row, column, f"{money:g} is no money to spend; it cannot be below 0")
        return money


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _as_date(value: Any) -> pd.Timestamp | None:
    try:
        if isinstance(value, dt.datetime):
            at = pd.Timestamp(value)
            return at if at == at.normalize() else None
        if isinstance(value, dt.date):
            return pd.Timestamp(value)
        return pd.Timestamp(dt.date.fromisoformat(value.strip()))
    except (AttributeError, ValueError):
        return None


def _letters(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))
