"""Texts, Decimals and whole numbers to dates and floats; what is unclear is refused."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.ground import Problem

MISSING = {"", "-", "--", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "."}
FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d")
_UNITS = re.compile(r"[\s\u00a0\u202f'’€$£¥%]|EUR|USD|GBP|CHF")
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?")


def as_numbers(column: pd.Series, name: str, ledger: Ledger) -> pd.Series | Problem:
    """The column as float64, NaN where nothing was written; texts are read by one rule.

    A column of texts is written with decimal points or with decimal commas throughout: the rule
    that reads all of it is taken. When both do and disagree (``1,234``), it is refused.
    """
    if pd.api.types.is_complex_dtype(column):
        return Problem(name, "holds complex numbers; correct them")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = pd.Series(values, index=column.index)
    else:
        read = _texts(column, name, ledger)
        if isinstance(read, Problem):
            return read
        numbers = read
    if count := int(np.isinf(numbers.to_numpy()).sum()):
        return Problem(name, f"{count} values are infinite; correct them, or leave them empty")
    return numbers


def _texts(column: pd.Series, name: str, ledger: Ledger) -> pd.Series | Problem:
    values = [_plain(value) for value in column]
    texts = [value for value in values if isinstance(value, str)]
    odd = [value for value in values if not isinstance(value, str | float)]
    if odd:
        return Problem(name, f"{len(odd)} values are no numbers, such as {odd[0]!r}; correct them")
    cleaned = [_UNITS.sub("", text) for text in texts]
    point = [_read(text, _POINT, ",", ".") for text in cleaned]
    comma = [_read(text, _COMMA, ".", ",") for text in cleaned]
    point_fails = [text for text, number in zip(texts, point, strict=True) if number is None]
    comma_fails = [text for text, number in zip(texts, comma, strict=True) if number is None]
    if point_fails and comma_fails:
        bad = min(point_fails, comma_fails, key=len)
        seen = ", ".join(repr(text) for text in dict.fromkeys(bad[:20]))[:100]
        return Problem(name, f"{len(bad)} values are no numbers, such as {seen}; correct them")
    if not point_fails and not comma_fails and point != comma:
        unclear = next(t for t, a, b in zip(texts, point, comma, strict=True) if a != b)
        return Problem(
            name, f"{unclear!r} is a thousand or a decimal; write numbers without separators"
        )
    read = iter(comma if point_fails else point)
    numbers = [value if isinstance(value, float) else next(read) for value in values]
    if texts:
        mark = "comma" if point_fails else "point"
        example = f"such as {texts[0]!r}, with a decimal {mark}"
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
    if not text or not grammar.fullmatch(text) or not any(sign.isdigit() for sign in text):
        return None
    return float(text.replace(thousands, "").replace(decimal, "."))


def as_dates(column: pd.Series, name: str, date_format: str, ledger: Ledger) -> pd.Series | Problem:
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
    if pd.api.types.is_numeric_dtype(column) and not texts.str.fullmatch(r"\d{8}").all():
        return Problem(name, "holds numbers, not dates; write dates as 2018-12-31")
    return _dates_of_texts(texts, name, date_format, ledger)


def _day_text(value: Any) -> str:
    """A value as it would be written; a whole number without its fraction."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    # a time of midnight is no time
    return re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", str(value).strip())


def _dates_of_texts(
    texts: pd.Series, name: str, date_format: str, ledger: Ledger
) -> pd.Series | Problem:
    parsed = {}
    for each in [date_format] if date_format else FORMATS:
        try:
            parsed[each] = pd.to_datetime(texts, format=each, errors="coerce")
        except ValueError as error:
            return Problem("date_format", f"{each!r} is none, such as %d/%m/%Y: {error}")
    whole = {each: dates for each, dates in parsed.items() if not dates.isna().any()}
    if not whole:
        return _no_dates(texts, name, parsed)
    chosen, dates = next(iter(whole.items()))
    if any((other != dates).any() for other in whole.values()):
        ways = " and ".join(whole)
        return Problem(name, f"{texts.iloc[0]!r} can be read as {ways}; set date_format in the job")
    if chosen != FORMATS[0]:
        ledger.note("dates read", name, len(dates), f"such as {texts.iloc[0]!r}, as {chosen}")
    return _days(dates, name, ledger)


def _no_dates(texts: pd.Series, name: str, parsed: dict[str, pd.Series]) -> Problem:
    best = min(parsed, key=lambda each: int(parsed[each].isna().sum()))
    bad = texts[parsed[best].isna()]
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
    days = dates.astype("datetime64[ns]").dt.normalize()
    if count := int((days != dates).sum()):
        ledger.note("times left out", name, count, "the hours do not matter, days and weeks do")
    return days


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
