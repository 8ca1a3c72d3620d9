"""A first job from a look at the data: which column plays which role, each with its reason.

Roles come from words in the columns' names (:mod:`mmmlib.data.guess.words`) and from what the
columns hold. A guess is a proposal for a person: what is not certain is listed in
:attr:`Guess.doubts`, and what only a person can know is asked, one question at a time: no job is
proposed that its own check would refuse.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.guess.exposures import bare_media, match_exposures, one_unit, planned, totals
from mmmlib.data.guess.proposal import Guess
from mmmlib.data.guess.roles import Roles, ask, ask_which, guess_roles, product_target, rows_apart
from mmmlib.data.guess.sample import SampledColumn, SampledTable, read_sample
from mmmlib.data.guess.settle import settled
from mmmlib.data.guess.shape import Shape, joined_shape, shape_of
from mmmlib.data.guess.words import read_name, slug
from mmmlib.data.sources import open_source
from mmmlib.ground import DataError, Problem, period_of
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "unknown"  # label of a country that neither the data nor the person name
ALL = "*"
MOST_ROWS = 2_000_000  # of a table that is read whole to be looked at
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TAKEN = {"date", "target", "ds", "lambda", "trend", "season", "weekday", "monthly", "holiday",
          "intercept", "actual", "fitted", "train_size", "dep_var"}  # fmt: skip


def guess_job(
    file: str,
    chosen: Mapping[str, str] | None = None,
    more: Sequence[str] = (),
    *,
    settle: bool = False,
) -> Guess:
    """Propose a job for a file, or a shipped one (``example:weekly``).

    Parameters
    ----------
    file : str
        The file, as the job will name it: CSV, Parquet or a workbook.
    chosen : mapping, optional
        What the person knows: ``country`` (a label, a value of the country's column, or ``*`` for
        the sum of all), ``date`` and ``target`` (columns), ``spend`` (columns, by commas; in quotes
        where a name has one),
        ``first_date`` (of the first of numbered weeks), ``table`` (a sheet), ``no_row`` (``zero``
        or ``fill``).
    more : sequence of str
        Further files, which are joined to the first by date.
    settle : bool
        Whether the job is held against its data: what a check would refuse is left out or asked.

    Raises
    ------
    SourceError
        The file cannot be read as a table.
    DataError
        A question that only a person can answer, or what the file lacks.
    """
    chosen = chosen or {}
    sample = read_sample(file, chosen.get("table", ""))
    values = {"file": file, "engine": "native", "source": "duckdb"}
    found = guess_of(sample, values, chosen, [(each, read_sample(each)) for each in more])
    if not settle:
        return found
    return settled(found, chosen)


def guess_table(
    connection: str, table: str, sql: str, chosen: Mapping[str, str] | None = None
) -> Guess:
    """Propose a job for a table of Snowflake, or for what one SELECT returns.

    Names, Decimals and NULLs are judged as they come. Of more than :data:`MOST_ROWS` rows only the
    first few are looked at, which is said.

    Raises
    ------
    SnowflakeError
        The source cannot be read.
    DataError
        A question that only a person can answer, or what the table lacks.
    """
    given = {"source": "snowflake", "connection": connection, "table": table, "sql": sql}
    values = {"engine": "native", **{key: value for key, value in given.items() if value}}
    chosen = {key: value for key, value in (chosen or {}).items() if key != "table"}
    with tempfile.TemporaryDirectory() as folder:
        file, whole = _everything(given, Path(folder))
        sample = read_sample(str(file))
    found = guess_of(replace(sample, whole=sample.whole and whole), values, chosen)
    return settled(found, chosen)


def _everything(given: dict[str, str], folder: Path) -> tuple[Path, bool]:
    """All columns of a source as a Parquet file, and whether these are all rows."""
    roles = {"country": UNKNOWN, "target": "x", "channels": [{"name": "x", "spend": "x"}]}
    source = open_source("snowflake")
    looked = source.preview(TrainingJob.model_validate(roles | given | {"date": "x"}))
    file = folder / "table.parquet"
    if looked.rows > MOST_ROWS:
        looked.head.to_parquet(file)
        return file, False
    names = list(looked.types)
    read = [{"name": f"c{at}", "column": name} for at, name in enumerate(names)]
    job = TrainingJob.model_validate(roles | given | {"date": names[0], "context": read})
    source.extract(job, file)
    return file, True


def guess_of(
    sample: SampledTable,
    values: dict[str, Any],
    chosen: Mapping[str, str],
    more: Sequence[tuple[str, SampledTable]] = (),
) -> Guess:
    """Propose a job for a sample of what ``values`` name as the source."""
    shape = shape_of(sample, chosen)
    if more:
        shape = joined_shape(values["file"], shape, more, chosen)
    sample = shape.sample
    columns = {column.name: column for column in sample.columns}
    roles = guess_roles(sample, shape.date, shape.country, shape.roles)
    roles.doubts[:0] = [*sample.said, *shape.doubts]
    _apply(chosen, roles, columns)
    bare_media(roles)
    totals(roles, columns)
    planned(roles)
    products = product_target(roles) if not chosen.get("target") else []
    if not (products or roles.of("target")):
        ask_which(roles)
    _refuse_without(roles, columns, shape, bool(products or roles.of("target")))
    one_unit(roles)
    ask(roles, columns, bool(products or roles.of("target")))
    exposures = match_exposures(roles)
    _unusable_spends(roles, columns, exposures)

    date = roles.of("date")[0]
    target = products[0]["name"] if products else roles.of("target")[0]
    values = values | shape.values | ({"table": chosen["table"]} if chosen.get("table") else {})
    values |= _country(shape, columns, chosen.get("country", ""), roles)
    values |= _time(
        columns[date], _same_country(values, columns, columns[date]), roles, sample.whole
    )
    values |= {"target": target, "target_type": _target_type(target)}
    values |= _variables(roles, exposures, columns)
    if values.get("holidays") == "":
        values["prophet"].remove("holiday")
    if products:
        values["features"] = products
        roles.reasons[target] = f"is the product of {' and '.join(products[0]['columns'])}"
    if values["country"] == UNKNOWN:
        values["prophet"].remove("holiday")
        roles.doubts.insert(
            0, "the country is not in the data; set `country` (de) and add holiday to `prophet`"
        )
    if not sample.whole:
        roles.doubts.append(f"only the first {sample.rows:,} rows were looked at")
    found = Guess(values, dict(roles.roles), roles.reasons, tuple(dict.fromkeys(roles.doubts)))
    TrainingJob.parse(found.values)
    return found


def _apply(chosen: Mapping[str, str], roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """The person's columns take the place of the guessed ones."""
    for role, holds in (("date", "date"), ("target", "number")):
        if not (name := chosen.get(role, "")):
            continue
        if name not in columns:
            raise DataError([Problem(role, f"the data have no column {name!r}")])
        if columns[name].holds != holds:
            what = f"{name!r} holds {columns[name].holds}, not a {holds}"
            raise DataError([Problem(role, what)])
        for other in roles.of(role):  # type: ignore[arg-type]
            if other != name:
                roles.give(other, "left out", f"{name!r} was named as the {role}")
        roles.give(name, role, "was named by you")  # type: ignore[arg-type]
        roles.doubts = [text for text in roles.doubts if repr(name) not in text]
    spends = next(csv.reader([chosen.get("spend", "")], skipinitialspace=True), [])
    spends = [name.strip() for name in spends if name.strip()]
    for name in spends:
        if name not in columns or columns[name].holds != "number":
            why = "the data have no column" if name not in columns else "no number is"
            raise DataError([Problem("spend", f"{why} {name!r}")])
        roles.give(name, "spend", "was named by you")
        roles.doubts = [text for text in roles.doubts if repr(name) not in text]


def _unusable_spends(
    roles: Roles, columns: dict[str, SampledColumn], exposures: Mapping[str, str]
) -> None:
    for name in (*roles.of("spend"), *exposures.values()):
        if columns[name].negative:
            roles.doubts.append(
                f"{name!r} is negative in {columns[name].negative} rows; correct them, a run "
                "refuses them"
            )


def _refuse_without(
    roles: Roles, columns: dict[str, SampledColumn], shape: Shape, target: bool
) -> None:
    there = ", ".join(repr(name)[:60] for name in list(columns)[:10])
    there += " …" if len(columns) > 10 else ""
    needs = {
        "date": "no column holds dates; write them as 2018-12-31",
        "target": "no column of numbers looks like sales; name it with --target",
        "spend": "no channel: no column looks like spend; name them with --spend, or rename those "
        "that are, such as tv_spend; costs in another file go first: mmm job init COSTS SALES",
    }
    has = {"date": roles.of("date"), "target": target, "spend": roles.of("spend")}
    if not has["date"]:
        if shape.report and any(read_name(name).says("SPEND") for name in columns):
            needs["date"] = (
                f"no column holds dates: this is a report of one row a {shape.report}. Export it "
                "again by week or by day (Google Ads: segment by time; Meta: breakdown by time)"
            )
            has |= {"target": True, "spend": True}
        missing = [
            Problem(role, f"{why}. There are: {there}")
            for role, why in needs.items()
            if not has[role]
        ]
        raise DataError(missing)
    if not target and shape.values.get("pivot") and roles.of("spend"):
        own = f" ({shape.results} is what the platform claims for itself)" if shape.results else ""
        why = (
            f"these are costs without what was sold{own}. Give the sales, one row a date, as a "
            "further file: mmm job init COSTS SALES; or name a column with --target"
        )
        raise DataError([Problem("target", why)])
    numbers = any(column.holds == "number" and not column.constant for column in columns.values())
    free = roles.of("context") or roles.of("exposure")
    missing = [
        Problem(role, f"{why}. There are: {there}")
        for role, why in needs.items()
        if not has[role] and not (free and numbers)
    ]
    if missing:
        raise DataError(missing)


def _country(
    shape: Shape, columns: dict[str, SampledColumn], label: str, roles: Roles
) -> dict[str, Any]:
    """The country column, the country this job is for, and whose holidays are known."""
    if not shape.country:
        if label == ALL:
            raise DataError(
                [Problem("country", "no column tells countries apart that '*' adds up")]
            )
        return {"country": label or UNKNOWN}
    name, value = shape.country, shape.country_value
    if value == ALL:
        return {"country": "all", "country_column": name, "country_value": ALL} | _holidays(
            "", roles
        )
    known = label if _LABEL.fullmatch(label) else ""
    own = (
        known or (value if _LABEL.fullmatch(value) else slug(read_name(value).words, 32)) or UNKNOWN
    )
    found: dict[str, Any] = {"country": own, "country_column": name}
    if own.casefold() != value.casefold():
        found["country_value"] = value
    from mmmlib.data.holidays import code_of_name

    said = own.casefold() == value.casefold() or bool(known and code_of_name(known))
    return found | _holidays(own if said else value, roles)


def _holidays(name: str, roles: Roles) -> dict[str, Any]:
    """The ISO code by which holidays are known, where the value is no code itself."""
    from mmmlib.data.holidays import code_of_name

    code = code_of_name(name)
    if code and code != name.upper():
        return {"holidays": code}
    if not code:
        roles.doubts.append(
            f"no holidays are known for {name or 'all of them'!r}; set `holidays` (DE) and add "
            "holiday to `prophet`"
        )
        return {"holidays": ""}
    return {}


def _same_country(
    values: dict[str, Any], columns: dict[str, SampledColumn], date: SampledColumn
) -> pd.Series:
    """Dates of the job's country only."""
    if not (name := values.get("country_column")) or name not in columns:
        return date.values
    if values.get("country_value") == ALL:
        return date.values.drop_duplicates()
    value = values.get("country_value") or values["country"]
    its = columns[name].values.astype(str).str.strip().str.lower() == value.lower()
    return date.values[its] if its.any() else date.values


def _time(date: SampledColumn, dates: pd.Series, roles: Roles, whole: bool) -> dict[str, Any]:
    dates = dates.dropna()
    apart, count = rows_apart(dates), dates.nunique()
    unit = period_of(apart)
    if unit is None:
        why = (
            f"dates of {date.name!r} are {apart:g} days apart; a model needs days, weeks or months"
        )
        raise DataError([Problem("date", why)])
    if whole and count < {"day": 700, "week": 100, "month": 24}[unit]:
        roles.doubts.append(f"{count} {unit}s are few; two years tell season from media")
    if dates.duplicated().any():
        day = dates[dates.duplicated()].iloc[0]
        roles.doubts.insert(
            0,
            f"dates repeat in {date.name!r}, such as {day:%Y-%m-%d}; a model needs one row a date",
        )
    if date.other_format:
        roles.doubts.append(
            f"dates of {date.name!r} can be read as {date.date_format or 'ISO'} or as "
            f"{date.other_format}; the first was taken, as its steps are the more even"
        )
    roles.reasons[date.name] += f"; one row a {unit}"
    values: dict[str, Any] = {
        "date": date.name,
        "date_format": date.date_format,
        "prophet": ["trend", "season", *(["weekday"] if unit == "day" else []), "holiday"],
    }
    if unit == "week":
        values |= _week_label(date, dates, roles)
    return values


_ENDS = {"end", "ending", "ends", "ended", "ende", "fin", "final", "fine", "bis", "koniec", "einde"}


def _week_label(date: SampledColumn, dates: pd.Series, roles: Roles) -> dict[str, Any]:
    """Whether weeks are named by their last day: by the column's name, or doubted by weekday."""
    words = read_name(date.name).words
    if set(words) & _ENDS or words[:2] == ("w", "e") or words == ("we",):
        roles.doubts.append(f"{date.name!r} names the last day of each week, as its name says")
        return {"week_label": "end"}
    day = dates.dropna().dt.day_name().mode().iloc[0]
    if day in ("Friday", "Saturday", "Sunday") and not {
        "start",
        "begin",
        "beginning",
        "from",
    } & set(words):
        roles.doubts.append(
            f"weeks are named by a {day}, taken for their first day; where it is the last one, set "
            "`week_label: end`"
        )
    return {}


def _target_type(target: str) -> str:
    name = read_name(target)
    return "conversion" if name.says("CONVERSION") and not name.says("REVENUE") else "revenue"


def _variables(
    roles: Roles, exposures: Mapping[str, str], columns: dict[str, SampledColumn]
) -> dict[str, Any]:
    """Channels, organic and context variables with names that differ."""
    taken = set(_TAKEN)
    channels = []
    for column in roles.of("spend"):
        name = read_name(column)
        own = slug(name.own_words) or slug(name.words) or "channel"
        channels.append(
            {"name": _free(own, taken), "spend": column, "exposure": exposures.get(column),
             "kind": name.kind}
        )  # fmt: skip
    organic = [_variable(column, taken) for column in roles.of("organic")]
    context = [
        _variable(column, taken) | {"factor": role == "factor"}
        for column, role in roles.roles.items()
        if role in ("context", "factor")
    ]
    return {"channels": channels, "organic": organic, "context": context}


def _variable(column: str, taken: set[str]) -> dict[str, Any]:
    """Name and column of a variable; no column where it is the name."""
    name = _free(slug(read_name(column).words) or "variable", taken)
    return {"name": name, "column": None if name == column else column}


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


__all__ = ["UNKNOWN", "Guess", "guess_job", "guess_of", "guess_table"]
