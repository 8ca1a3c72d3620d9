"""The one holidays table that goes to every engine: by country, or from a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import TrainingJob

HOLIDAY = "holiday"
RESERVED = {
    "trend", "season", "weekday", "monthly", "holiday", "holidays", "yearly", "weekly", "daily",
    "additive_terms", "multiplicative_terms", "extra_regressors_additive", "zeros",
    "extra_regressors_multiplicative", "ds", "y", "t", "cap", "floor", "yhat",
}  # fmt: skip
_ISO = {"UK": "GB"}  # labels people use that are not ISO 3166 codes


def holidays_table(job: TrainingJob, dates: pd.Series) -> pd.DataFrame:
    """Return ``date, holiday`` of the years the periods of the data reach into, as calendar days.

    ``job.holidays`` is a country's ISO code or a CSV file with ``ds`` (or ``date``) and
    ``holiday``; when it is empty the job's country is taken for the code.
    """
    if HOLIDAY not in job.prophet:
        return _table([])
    period = dates.diff().max()  # the last week of a year may hold the next one's first day
    years = range(dates.min().year, (dates.max() + period - pd.Timedelta(days=1)).year + 1)
    if is_file(job.holidays):
        return _from_file(Path(job.holidays), years)
    return _by_country(job.holidays or job.country, years)


def is_file(holidays: str) -> bool:
    """Say whether a job's ``holidays`` names a file, not a country."""
    return "." in holidays or "/" in holidays


def iso_code(label: str) -> str:
    """ISO 3166 code behind a label people use."""
    return _ISO.get(label.upper(), label.upper())


def code_of_name(name: str) -> str:
    """ISO code of a country by its code or its English name; empty where none is known."""
    import holidays
    from holidays.registry import COUNTRIES

    code = iso_code(name.strip())
    if code in holidays.list_supported_countries():
        return code
    plain = "_".join(name.strip().lower().replace("-", " ").split())
    entry = COUNTRIES.get(plain)
    return str(entry[1]) if entry else ""


def holiday_countries() -> dict[str, str]:
    """English name by ISO code of every country whose holidays are known, in the names' order."""
    import holidays
    from holidays.registry import COUNTRIES

    known = holidays.list_supported_countries()
    named = {
        str(entry[1]): " ".join(
            word if word in ("and", "of", "the") else word.capitalize() for word in key.split("_")
        )
        for key, entry in COUNTRIES.items()
        if entry[1] in known
    }
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def floor_to_week(table: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Move holidays to the first day of the data's week.

    Names of the same week are joined; at a turn of the year the old year's and the new one's
    stay two rows of one date.

    Source: Robyn ``R/inputs.R: set_holidays``, which floors to the weekday of the first row and
    groups by week and year.
    """
    offset = (table[c.DATE] - first).dt.days % 7
    moved = table.assign(
        year=table[c.DATE].dt.year, **{c.DATE: table[c.DATE] - pd.to_timedelta(offset, unit="D")}
    )
    joined = moved.groupby([c.DATE, "year"], sort=True)[HOLIDAY].agg(", ".join)
    return joined.reset_index().drop(columns="year")


def for_robyn(table: pd.DataFrame, country: str) -> pd.DataFrame:
    """Holidays as Robyn takes them: ``ds, holiday, country, year``.

    Robyn joins holidays of one date and year into one regressor. :func:`floor_to_week` has done
    so already, by the years of the days themselves: rows of one date get different years here.
    """
    table = table.rename(columns={c.DATE: "ds"})
    within = table.groupby("ds").cumcount()
    return table.assign(country=country, year=table["ds"].dt.year + within)


def floor_to_month(table: pd.DataFrame) -> pd.DataFrame:
    """Move holidays to the first day of their month; names of the same month are joined."""
    moved = table.assign(**{c.DATE: table[c.DATE].dt.to_period("M").dt.to_timestamp()})
    joined = moved.groupby(c.DATE, sort=True)[HOLIDAY]
    return joined.agg(lambda names: ", ".join(dict.fromkeys(names))).reset_index()


def _by_country(label: str, years: range) -> pd.DataFrame:
    import holidays

    code = iso_code(label)
    if code not in holidays.list_supported_countries():
        raise DataError(
            [
                Problem(
                    "holidays",
                    f"no holidays are known for {label!r}; name an ISO code (DE), a CSV file "
                    "with ds and holiday, or take holiday out of prophet",
                )
            ]
        )
    calendar = holidays.country_holidays(code, years=years, language="en_US")
    return _table(sorted(calendar.items()))


def read_holidays(path: Path) -> pd.DataFrame:
    """Read ``date, holiday`` from a CSV file with ``ds`` (or ``date``) and ``holiday``.

    Raises
    ------
    DataError
        With every line that is no holiday, and why.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError([Problem("holidays", f"{path} cannot be read: {error}")]) from error
    table = table.rename(columns={"ds": c.DATE})
    if not {c.DATE, HOLIDAY} <= set(table.columns):
        raise DataError([Problem("holidays", f"{path} needs the columns ds (or date) and holiday")])
    names = table[HOLIDAY].str.strip()
    dates = pd.to_datetime(table[c.DATE].str.strip(), format="ISO8601", errors="coerce")
    problems = [
        Problem(f"holidays, line {line}", why)
        for line, date, text, name in zip(
            range(2, len(table) + 2), dates, table[c.DATE], names, strict=True
        )
        for applies, why in (
            (pd.isna(date), f"{text[:40]!r} is no date; write it as 2018-12-31"),
            (not name, "has no name; write what is celebrated"),
            (not name.isprintable(), f"{name[:40]!r} holds characters that cannot be shown"),
            (name.lower() in RESERVED, f"{name!r} is a name prophet uses itself; choose another"),
        )
        if applies
    ]
    if problems:
        raise DataError(problems)
    return pd.DataFrame({c.DATE: dates, HOLIDAY: names})


def _from_file(path: Path, years: range) -> pd.DataFrame:
    table = read_holidays(path)
    table = table[table[c.DATE].dt.year.isin(years)]
    return _table(list(zip(table[c.DATE], table[HOLIDAY], strict=True)))


def _table(rows: list[tuple[object, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[c.DATE, HOLIDAY])
    table[c.DATE] = pd.to_datetime(table[c.DATE])
    return table.sort_values(c.DATE, kind="stable", ignore_index=True)
