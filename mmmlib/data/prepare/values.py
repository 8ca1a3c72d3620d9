"""Texts, Decimals and whole numbers to dates and floats; what is unclear is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd

from mmmlib.data.prepare.dates import ISO, MIDNIGHTS, monday, written_dates
from mmmlib.data.prepare.ledger import Ledger
from mmmlib.ground import Problem

MISSING = {"", "-", "--", "–", "—", "na", "n/a", "n.a.", "#n/a", "#na", "#ref!", "#div/0!",
           "#value!", "nan", "null", "(null)", "none", "nil", ".", "k.a.", "n.d.", "nd",
           "?"}  # fmt: skip
TOTAL = re.compile(
    r"(?:grand |sub ?)?(?:totals?|gesamt|gesamtsumme|summe|insgesamt|totale|totaux|suma|somme|sum"
    r"|toplam|genel toplam|totaal|合計)\b.*",
    re.IGNORECASE,
)
CURRENCIES = "EUR|USD|GBP|CHF|JPY|TRY|INR|BRL|PLN|SEK|NOK|DKK|CZK|HUF|AUD|CAD|CNY|MXN|zł|kr|TL|R\\$"
_UNITS = re.compile(rf"[\s\u00a0\u202f'’€$£¥₺₹%]|(?:{CURRENCIES})(?![A-Za-z])")
_FACTORS = {
    "k": 1e3,
    "tsd": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "mln": 1e6,
    "bn": 1e9,
    "mrd": 1e9,
}
_FACTOR = re.compile(r"(.*\d)(k|tsd|mn|mio|mln|m|bn|mrd)\.?", re.IGNORECASE)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?")


def as_numbers(column: pd.Series, name: str, ledger: Ledger, mark: str = "") -> pd.Series | Problem:
    """The column as float64, NaN where nothing was written; texts are read by one rule.

    A column of texts is written with decimal points or with decimal commas throughout: the rule
    that reads all of it is taken. When both do and disagree (``1,234``), ``mark`` decides, which
    the table's other columns tell (:func:`decimal_mark`); without it the column is refused.
    """
    if pd.api.types.is_complex_dtype(column):
        return Problem(name, "holds complex numbers; correct them")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = pd.Series(values, index=column.index)
    else:
        read = _texts(column, name, ledger, mark)
        if isinstance(read, Problem):
            return read
        numbers = read
    if count := int(np.isinf(numbers.to_numpy()).sum()):
        return Problem(name, f"{count} values are infinite; correct them, or leave them empty")
    return numbers


def decimal_mark(columns: Iterable[pd.Series]) -> str:
    """The decimal mark that columns of texts show beyond doubt; empty where none or both do."""
    marks = set()
    for column in columns:
        if pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column):
            texts = [text for text in map(_plain, column) if isinstance(text, str)]
            point, comma = _both(texts)
            if texts and (None in point) != (None in comma):
                marks.add("," if None in point else ".")
    return marks.pop() if len(marks) == 1 else ""


def _both(texts: list[str]) -> tuple[list[float | None], list[float | None]]:
    """The numbers of texts by decimal points, and by decimal commas."""
    cleaned = [_UNITS.sub("", text) for text in texts]
    return (
        [_read(text, _POINT, ",", ".") for text in cleaned],
        [_read(text, _COMMA, ".", ",") for text in cleaned],
    )


def _texts(column: pd.Series, name: str, ledger: Ledger, mark: str) -> pd.Series | Problem:
    values = [_plain(value) for value in column]
    texts = [value for value in values if isinstance(value, str)]
    odd = [value for value in values if not isinstance(value, str | float)]
    if odd:
        return Problem(name, f"{len(odd)} values are no numbers, such as {odd[0]!r}; correct them")
    point, comma = _both(texts)
    point_fails = [text for text, number in zip(texts, point, strict=True) if number is None]
    comma_fails = [text for text, number in zip(texts, comma, strict=True) if number is None]
    if point_fails and comma_fails:
        bad = min(point_fails, comma_fails, key=len)
        seen = ", ".join(repr(text) for text in dict.fromkeys(bad[:20]))[:100]
        return Problem(name, f"{len(bad)} values are no numbers, such as {seen}; correct them")
    by = "," if point_fails else "."
    if not point_fails and not comma_fails and point != comma:
        unclear = next(t for t, a, b in zip(texts, point, comma, strict=True) if a != b)
        if not mark:
            return Problem(
                name, f"{unclear!r} is a thousand or a decimal; write numbers without separators"
            )
        by = mark
    read = iter(comma if by == "," else point)
    numbers = [value if isinstance(value, float) else next(read) for value in values]
    if texts:
        example = f"such as {texts[0]!r}, with a decimal {'comma' if by == ',' else 'point'}"
        ledger.note("texts read as numbers", name, len(texts), example)
    return pd.Series(numbers, index=column.index, dtype="float64")


def _plain(value: Any) -> Any:
    """A float (NaN where nothing was written), a text to be read, or the value itself."""
    if value is None or value is pd.NA or value is pd.NaT:
        return float("nan")
    if isinstance(value, str):
        text = value.strip()
        return float("nan") if text.casefold() in MISSING else text
    if isinstance(value, np.timedelta64):  # NumPy counts it among the integers
        return value
    if isinstance(value, int | float | Decimal | np.floating | np.integer | np.bool_):
        try:
            return float(value)
        except (ValueError, OverflowError):  # a signalling NaN; more than 1e308
            return value
    return value


def _read(text: str, grammar: re.Pattern[str], thousands: str, decimal: str) -> float | None:
    """A number, maybe with a factor (``22.4k``), or negative as in accounts: ``(5)``, ``5-``."""
    sign = 1.0
    if (text.startswith("(") and text.endswith(")")) or (text.endswith("-") and len(text) > 1):
        sign, text = -1.0, text.strip("()").removesuffix("-")
    factor = 1.0
    if found := _FACTOR.fullmatch(text):
        text, factor = found[1], _FACTORS[found[2].lower()]
    text = text.replace("−", "-")
    if not grammar.fullmatch(text) or not any(char.isdigit() for char in re.split("[eE]", text)[0]):
        return None
    number = float(text.replace(thousands, "").replace(decimal, "."))
    return sign * (round(number * factor, 6) if factor != 1.0 else number)


def without_total_rows(frame: pd.DataFrame, date: str, ledger: Ledger) -> pd.DataFrame:
    """Leave out rows that are no data: totals by their name or their sums, and blank rows.

    A row without a date is a total where each of its numbers is the sum of the column's others.
    """
    texts = frame[date].map(lambda value: str(value).strip() if isinstance(value, str) else "")
    empty = (
        frame[date].isna() | (frame[date].map(lambda v: isinstance(v, str)) & (texts == ""))
    ).to_numpy()
    filled = frame.drop(columns=date).notna() & (frame.drop(columns=date) != "")
    rows = {
        "total rows left out": texts.map(lambda text: bool(TOTAL.fullmatch(text))).to_numpy(
            dtype=bool
        ),
        "blank rows left out": empty & ~filled.any(axis=1).to_numpy(dtype=bool),
    }
    undated = empty & ~rows["blank rows left out"]
    if 0 < undated.sum() <= 3 and _are_sums(frame, undated):
        rows["total rows left out"] = rows["total rows left out"] | undated
    gone = np.zeros(len(frame), dtype=bool)
    for what, found in rows.items():
        if found.any():
            said = next((text for text in texts[found] if text), "no date")
            ledger.note(what, date, int(found.sum()), f"{date} says {said!r}; they are no data")
            gone |= found
    return frame[~gone]


def _are_sums(frame: pd.DataFrame, rows: np.ndarray) -> bool:
    """Whether some rows hold, in each of their numbers, the sum of the column's other rows."""
    found = 0
    for name in frame.columns:
        numbers = as_numbers(frame[name], str(name), Ledger(frozenset()), ".")
        if isinstance(numbers, Problem) or numbers[rows].isna().all():
            continue
        rest = float(numbers[~rows].sum())
        if not all(
            abs(value - rest) <= 1e-6 * max(1.0, abs(rest)) for value in numbers[rows].dropna()
        ):
            return False
        found += 1
    return found > 0


def as_dates(column: pd.Series, name: str, job: DateKeys, ledger: Ledger) -> pd.Series | Problem:
    """The column as days (datetime64[ns]); every value must be a date, all written one way."""
    if count := int(column.isna().sum()):
        return Problem(name, f"{count} dates are missing; every row needs one")
    if pd.api.types.is_datetime64_any_dtype(column):
        return _days(column, name, ledger)
    dates_already = column.map(lambda value: isinstance(value, dt.date))
    if dates_already.all():
        if column.map(lambda value: getattr(value, "tzinfo", None) is not None).any():
            return Problem(name, "holds times with a time zone; give plain dates")
        return _days(pd.to_datetime(column.astype(object), errors="coerce"), name, ledger)
    texts = column.map(_day_text)
    if job.first_date:
        return _numbered(texts, name, job.first_date, ledger)
    if pd.api.types.is_numeric_dtype(column) and not texts.str.fullmatch(r"\d{5,6}|\d{8}").all():
        return Problem(
            name, "holds numbers, not dates; write dates as 2018-12-31, or say in first_date which "
            "date the first row has, one row a week"
        )  # fmt: skip
    if texts.str.contains(_TIME).all():
        times = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
        if not times.isna().any():
            return _days(times.dt.tz_localize(None), name, ledger)
    return _dates_of_texts(texts, name, job.date_format, ledger)


_TIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d"


class DateKeys(Protocol):
    """The keys of a job, or of a joined file, that say how dates are written."""

    @property
    def date_format(self) -> str: ...
    @property
    def first_date(self) -> str: ...


def _numbered(texts: pd.Series, name: str, first: str, ledger: Ledger) -> pd.Series | Problem:
    """Weeks that are numbered: the least number is the week of ``first_date``."""
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.isna().any() or (numbers % 1 != 0).any():
        return Problem("first_date", f"{name} holds more than numbers; leave first_date out")
    ledger.note("dates made", name, len(texts), f"number {numbers.min():g} is the week of {first}")
    days: pd.Series = pd.Timestamp(first) + pd.to_timedelta(7 * (numbers - numbers.min()), unit="D")
    return days


def of_year_and_week(years: pd.Series, weeks: pd.Series, name: str) -> pd.Series | Problem:
    """The Mondays of ISO weeks that stand in two columns."""
    pairs = [(_whole(year), _whole(week)) for year, week in zip(years, weeks, strict=True)]
    days = [monday(year, week) if year and week else None for year, week in pairs]
    if bad := [pair for pair, day in zip(pairs, days, strict=True) if day is None]:
        return Problem(name, f"{len(bad)} rows are no year and week, such as {bad[0]}")
    return pd.Series(pd.to_datetime(pd.Series(days, dtype=object)).to_numpy(), index=years.index)


def _whole(value: Any) -> int | None:
    found = re.fullmatch(r"\D*(\d+)(?:\.0+)?", str(value).strip())
    return int(found[1]) if found else None


def _day_text(value: Any) -> str:
    """A value as it would be written; a whole number without its fraction."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    # a time of midnight is no time
    return re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", str(value).strip())


def _dates_of_texts(
    texts: pd.Series, name: str, date_format: str, ledger: Ledger
) -> pd.Series | Problem:
    try:
        parsed = written_dates(texts, date_format)
    except ValueError as error:
        return Problem("date_format", f"{date_format!r} is none, such as %d/%m/%Y: {error}")
    whole = {each: dates for each, dates in parsed.items() if not dates.isna().any()}
    if not whole:
        return _no_dates(texts, name, parsed)
    chosen, dates = next(iter(whole.items()))
    if any((other != dates).any() for other in whole.values()):
        ways = " and ".join(whole)
        return Problem(name, f"{texts.iloc[0]!r} can be read as {ways}; set date_format in the job")
    if chosen != ISO:
        ledger.note("dates read", name, len(dates), f"such as {texts.iloc[0]!r}, as {chosen}")
    return _days(dates, name, ledger)


def _no_dates(texts: pd.Series, name: str, parsed: dict[str, pd.Series]) -> Problem:
    best = min(parsed, key=lambda each: int(parsed[each].isna().sum()), default="")
    bad = texts[parsed[best].isna()] if best else texts
    if len(bad) == len(texts):
        return Problem(name, f"{texts.iloc[0]!r} is no date; write dates as 2018-12-31")
    return Problem(
        name,
        f"{len(texts) - len(bad)} dates are written as {best}, but {len(bad)} are not, such as "
        f"{bad.iloc[0]!r}; write all of them the same way",
    )


def _days(dates: pd.Series, name: str, ledger: Ledger) -> pd.Series | Problem:
    if not pd.api.types.is_datetime64_dtype(dates):
        return Problem(name, "holds times with a time zone; give plain dates")
    if dates.isna().any():
        return Problem(name, f"{int(dates.isna().sum())} dates are beyond the calendar; correct it")
    if (dates.dt.year < 1900).any() or (dates.dt.year > 2200).any():
        return Problem(name, f"reaches from {dates.min():%Y} to {dates.max():%Y}; correct it")
    times = dates.astype("datetime64[ns]")
    days = times.dt.normalize()
    if (count := int((days != times).sum())) and isinstance(
        read := _local_midnights(times, days, name, ledger), pd.Series | Problem
    ):
        return read
    if count:
        ledger.note("times left out", name, count, "the hours do not matter, days and weeks do")
    return days


def _local_midnights(
    times: pd.Series, days: pd.Series, name: str, ledger: Ledger
) -> pd.Series | Problem | None:
    """Days of times that are midnights of another zone, which in UTC fall on the day before.

    22:00 and 23:00 are midnights in Europe, and read as such. Other single times after noon may be
    midnights elsewhere or just a time of the day: asked, not guessed.
    """
    clocks = sorted({f"{clock}" for clock in (times - days).map(lambda each: str(each)[-8:-3])})
    if set(clocks) <= set(MIDNIGHTS):
        why = f"{' and '.join(clocks)} are midnights of a zone east of UTC: the day after"
        ledger.note("times read as midnights", name, len(times), why)
        return days + pd.Timedelta(days=1)
    if len(clocks) <= 2 and min(clocks) > "13:00" and max(clocks) < "22:00":
        return Problem(
            name, f"all times are {' or '.join(clocks)}: midnights of another time zone, a day "
            "early? Write plain dates"
        )  # fmt: skip
    return None


def as_texts(column: pd.Series, name: str, ledger: Ledger) -> pd.Series:
    """The column as levels of a factor; what is missing is a level of its own."""
    if count := int(column.isna().sum()):
        ledger.note("level added", name, count, "values are missing: they are the level 'missing'")
    levels = [
        "missing" if missing else _level(value)
        for value, missing in zip(column, column.isna(), strict=True)
    ]
    return pd.Series(levels, index=column.index, dtype=object)


def _level(value: Any) -> str:
    """A level as a person writes it: 1, also where missing values made it the float 1.0."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)
