"""Dates as people and platforms write them, read as days.

A date is written in one of :data:`FORMATS`, maybe with the month in words of seven languages, as
the number of a week (``2022-W05``, ``KW 05/2022``), as year and month or year and week in six
digits (``202205``), as a spreadsheet's day number (``44562``) or as a range of which the first day
counts.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the form reads names of columns without it
    import pandas as pd

ISO = "%Y-%m-%d"
FORMATS = (
    ISO, "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y%m%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y",
    "%d %b %Y", "%d %b %y", "%b-%d-%Y", "%Y-%b-%d", "%b %Y", "%b-%Y", "%b-%y", "%b %y", "%Y-%b",
    "%Y %b", "%Y-%m", "%m/%Y", "%m.%Y", "%Y/%m", "%Y年%m月%d日", "%Y年%m月",
)  # fmt: skip
WEEKS, SIX_WEEKS, SIX_MONTHS = "weeks of the year", "YYYYWW", "YYYYMM"
SERIAL = "a spreadsheet's day numbers"
LIKE_DATE = re.compile(
    r"\d{5,6}|\d{8}|\d{1,4}[-./]\d{1,2}([-./]\d{1,4})?([ T].*)?|.*\d{4}年.*"
    r"|(?=.*\d)(?=.*(?:[^\W\d_]{3}|kw|wk|cw|w\d|s\d)).{4,40}|.*\d.* (-|–|to|bis|au|~) .*\d.*",
    re.IGNORECASE,
)

_MONTHS = {
    "Jan": "jan january januar jaenner janner janvier janv enero ene gennaio gen janeiro ocak "
    "januari oca",
    "Feb": "feb february februar fevrier fevr fev febrero febbraio fevereiro subat februari sub",
    "Mar": "mar march marz maerz mrz mars marzo marco mart maart mrt",
    "Apr": "apr april avril avr abril abr aprile nisan nis",
    "May": "may mai mayo maggio mag maio mayis mei",
    "Jun": "jun june juni juin junio giugno giu junho haziran haz",
    "Jul": "jul july juli juillet juil julio luglio lug julho temmuz tem",
    "Aug": "aug august aout agosto ago agustos augustus agu",
    "Sep": "sep sept september septembre septiembre settembre set setembro eylul eyl",
    "Oct": "oct october oktober okt octobre octubre ottobre ott outubro out ekim eki",
    "Nov": "nov november novembre noviembre novembro kasim kas",
    "Dec": "dec december dezember dez decembre diciembre dic dicembre dezembro aralik ara",
}
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
_WEEK = r"(?:iso ?)?(?:kw|cw|wk|w|s|week|woche|semaine|semana|settimana|hafta|sem)\.?"
_YEAR_WEEK = re.compile(rf"(\d{{4}})\s*[-/ ]?\s*{_WEEK}\s*[-/ ]?\s*(\d{{1,2}})", re.IGNORECASE)
_WEEK_YEAR = re.compile(rf"{_WEEK}\s*[-/ ]?\s*(\d{{1,2}})\s*[-/ ,.]\s*(\d{{4}})", re.IGNORECASE)
_RANGE = re.compile(r"\s+(?:-|–|—|to|bis|au|a|al|until|~)\s+|\s*[~–—]\s*|(?<=\d\d)/(?=\d{4}-)")
MIDNIGHTS = ("22:00", "23:00")  # of Europe, in UTC
_TIMED = r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$"
_EPOCH = dt.date(1899, 12, 30)  # day 0 of spreadsheets, whose 1900 is a leap year


def written_dates(texts: pd.Series, only: str = "") -> dict[str, pd.Series]:
    """Return the dates of a column of texts, by the ways in which they can be read.

    Parameters
    ----------
    texts : Series of str
    only : str
        A format of ``strptime`` that is known; empty tries all there are.

    Returns
    -------
    dict
        Way of reading → datetime64, missing where a value cannot be read so. Ways that read
        nothing are left out.

    Raises
    ------
    ValueError
        ``only`` is no format.
    """
    import pandas as pd

    plain = texts.map(_plain)
    timed = plain.str.extract(_TIMED)
    if timed[1].isin(MIDNIGHTS).all():  # midnights of a zone east of UTC: the day after
        timed[0] = (pd.to_datetime(timed[0]) + pd.Timedelta(days=1)).dt.strftime(ISO)
    plain = plain.where(timed[0].isna(), timed[0])
    if only:
        raw = pd.to_datetime(texts, format=only, errors="coerce")
        return {
            only: raw if raw.notna().all() else pd.to_datetime(plain, format=only, errors="coerce")
        }
    ways: dict[str, pd.Series] = {}
    head = plain.iloc[:50]
    for written in FORMATS:
        if pd.to_datetime(head, format=written, errors="coerce").notna().any():
            fits = plain.where(plain.str.len() == 8) if written == "%Y%m%d" else plain
            ways[written] = pd.to_datetime(fits, format=written, errors="coerce")
    others: dict[str, Callable[[str], dt.date | None]] = {WEEKS: _week}
    six = plain.str.fullmatch(r"(?:19|20)\d{4}")
    if six.mean() > 0.5:
        number = plain[six].str[4:].astype(int)
        weeks = bool((number > 12).any())
        others |= {SIX_WEEKS if weeks else SIX_MONTHS: _six(weeks)}
    if plain.str.fullmatch(r"[2-6]\d{4}").mean() > 0.5:
        others[SERIAL] = _serial
    for way, read in others.items():
        dates = plain.map(read)
        if dates.notna().any():
            ways[way] = pd.to_datetime(dates, errors="coerce")
    return {way: dates for way, dates in ways.items() if dates.notna().any()}


def _plain(text: str) -> str:
    """The first day of a range; months in English; no names of weekdays, no time of midnight."""
    text = _RANGE.split(text.strip(), maxsplit=1)[0].strip()
    if not any(char.isalpha() for char in text):
        return re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", text)
    text = re.sub(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?$", "", text)
    words = re.sub(r"[^\W\d_]+\.?", _english, text.replace(",", " "))
    words = re.sub(r"(\d)(?:st|nd|rd|th)\b|(\d)\.(?= )", r"\1\2", words)
    return re.sub(r"\s+", " ", words).strip()


def _english(found: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKD", found[0].rstrip(".").lower().replace("ı", "i"))
    plain = re.sub(r"[\u0300-\u036f]", "", plain)
    if month := _MONTH_OF.get(plain):
        return month
    weekdays = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    if plain[:3] in weekdays and plain.endswith(("day", plain[:3])):
        return ""
    return "" if plain in ("de", "del", "of") else found[0]


def _week(text: str) -> dt.date | None:
    if found := _YEAR_WEEK.fullmatch(text):
        return monday(int(found[1]), int(found[2]))
    if found := _WEEK_YEAR.fullmatch(text):
        return monday(int(found[2]), int(found[1]))
    return None


def monday(year: int, week: int) -> dt.date | None:
    """The Monday of an ISO week; ``None`` where the year has no such week."""
    try:
        return dt.date.fromisocalendar(year, week, 1)
    except ValueError:
        return None


def _six(weeks: bool) -> Callable[[str], dt.date | None]:
    def read(text: str) -> dt.date | None:
        if not re.fullmatch(r"(?:19|20)\d{4}", text):
            return None
        year, number = int(text[:4]), int(text[4:])
        if weeks:
            return monday(year, number)
        return dt.date(year, number, 1) if 1 <= number <= 12 else None

    return read


def _serial(text: str) -> dt.date | None:
    return _EPOCH + dt.timedelta(days=int(text)) if re.fullmatch(r"[2-6]\d{4}", text) else None
