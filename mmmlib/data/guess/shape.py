"""What a table is before roles are guessed: its dates, long or wide, one geo or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data.guess.sample import SampledColumn, SampledTable
from mmmlib.data.guess.words import read_name
from mmmlib.ground import DataError, Problem

if TYPE_CHECKING:
    import pandas as pd

ALL = "*"
MOST_COUNTRIES = 300
MOST_CHANNELS = 60  # different texts of a pivot that is proposed
_BY = (  # what a long table's rows are of, the best first
    "channel channels kanal kanali canal canale medium mediums kanaal チャネル variablename "
    "variable metric kpi",
    "platform plattform source quelle network publisher broadcaster sender provider vendor outlet",
    "campaign campaigns kampagne kampagnen campagne campana campanha campagna kampanya "
    "キャンペーン kampania kampanie",
)


@dataclass(frozen=True)
class Shape:
    """A sample as one row a date, and what the job must say for it to become so.

    Attributes
    ----------
    sample : SampledTable
        One row a date (or a date and a country).
    date, country : str
        The columns of both; empty where there is none.
    country_value : str
        The value of the country's column this job is for; ``*`` for all.
    values : dict
        Keys of the job: ``pivot``, ``week_column``, ``first_date``.
    roles : dict
        Role and reason of columns that are known by the shape alone.
    doubts : tuple of str
    report : str
        What a row is of, where there are no dates.
    results : str
        The column in which a platform claims results for itself, or empty.
    """

    sample: SampledTable
    date: str = ""
    country: str = ""
    country_value: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, tuple[Any, str]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    report: str = ""
    results: str = ""


def shape_of(sample: SampledTable, chosen: Mapping[str, str]) -> Shape:
    """Find dates, country and the text that makes rows columns.

    Raises
    ------
    DataError
        A question: which country, the first of numbered weeks.
    """
    shape = _dated(Shape(sample), chosen)
    if not shape.date:
        texts = [c.name for c in shape.sample.columns if c.holds == "text"]
        return replace(shape, report=texts[0] if texts else "")
    date = next(column for column in shape.sample.columns if column.name == shape.date)
    if (undated := date.values.isna()).any() and not undated.all():  # blank rows, totals
        columns = tuple(replace(c, values=c.values[~undated]) for c in shape.sample.columns)
        shape = replace(shape, sample=replace(shape.sample, columns=columns))
    shape = _of_country(shape, chosen)
    return _made_wide(shape, chosen)


def _dated(shape: Shape, chosen: Mapping[str, str]) -> Shape:
    columns = {column.name: column for column in shape.sample.columns}
    if (name := chosen.get("date", "")) in columns and columns[name].holds == "date":
        return replace(shape, date=name)
    dates = [column for column in columns.values() if column.holds == "date"]
    if dates:
        best = max(dates, key=lambda c: (read_name(c.name).says("DATE"), c.values.nunique()))
        return replace(shape, date=best.name)
    numbers = [column for column in columns.values() if column.holds == "number"]
    years = [c for c in numbers if read_name(c.name).says("YEAR") and _within(c, 1990, 2100)]
    weeks = [c for c in columns.values() if read_name(c.name).says("WEEK") and _within(c, 1, 53)]
    if years and weeks:
        return _of_two_columns(shape, years[0], weeks[0])
    counters = [c for c in numbers if read_name(c.name).says("DATE") and _counts(c)]
    if not counters or _within(counters[0], 1990, 2100):
        return shape
    counter = counters[0]
    first = chosen.get("first_date", "")
    if not first:
        low, high = counter.values.min(), counter.values.max()
        why = (
            f"{counter.name!r} numbers the rows from {low:g} to {high:g}; a model needs dates. "
            "Which date has the first row? Answer with --first-date 2022-01-03"
        )
        raise DataError([Problem("date", why)])
    import pandas as pd

    try:
        start = pd.Timestamp(first)
    except ValueError:
        raise DataError([Problem("first_date", f"{first!r} is no date")]) from None
    days = start + pd.to_timedelta(7 * (counter.values - counter.values.min()), unit="D")
    made = replace(counter, holds="date", values=days.rename(counter.name))
    return replace(_with(shape, made), date=counter.name, values={"first_date": first})


def _of_two_columns(shape: Shape, year: SampledColumn, week: SampledColumn) -> Shape:
    from mmmlib.data.prepare.values import of_year_and_week

    days = of_year_and_week(year.values.astype(int), week.values, year.name)
    if isinstance(days, Problem):
        return shape
    made = replace(year, holds="date", values=days.rename(year.name))
    shape = _with(shape, made)
    role = {week.name: ("left out", f"is the number of the week beside {year.name!r}")}
    return replace(shape, date=year.name, values={"week_column": week.name}, roles=role)


def _with(shape: Shape, made: SampledColumn) -> Shape:
    columns = tuple(made if c.name == made.name else c for c in shape.sample.columns)
    return replace(shape, sample=replace(shape.sample, columns=columns))


def _within(column: SampledColumn, low: int, high: int) -> bool:
    values = column.values
    if column.holds != "number":
        return False
    filled = values.dropna()
    return bool(len(filled) and filled.between(low, high).all() and (filled % 1 == 0).all())


def _counts(column: SampledColumn) -> bool:
    steps = column.values.drop_duplicates().diff().iloc[1:]
    return len(steps) > 0 and bool((steps == 1).all())


def _of_country(shape: Shape, chosen: Mapping[str, str]) -> Shape:
    """The column of the countries, and which of them: chosen, the only one, or a question."""
    columns = {column.name: column for column in shape.sample.columns}
    repeats = bool(columns[shape.date].values.duplicated().any())
    label = chosen.get("country", "")
    for column in columns.values():
        column = _as_labels(column, repeats)
        if column.holds != "text" or not 1 <= len(column.levels) <= MOST_COUNTRIES:
            continue
        named = read_name(column.name).says("COUNTRY")
        coded = all(len(level) == 2 and level.isalpha() for level in column.levels)
        if not (named or (coded and repeats) or (repeats and _is_panel(shape, column))):
            continue
        levels = column.levels
        why = "is named like a country" if named else "holds two-letter codes, dates repeat"
        why = why if named or coded else "has one row of each for every date"
        role = {column.name: ("country", f"{why}: {', '.join(levels[:5])}")}
        alike = [level for level in levels if level.strip().casefold() == label.casefold()]
        some = ", ".join(levels[:8]) + (f" … ({len(levels)})" if len(levels) > 8 else "")
        if label == ALL or (alike and label):
            value = ALL if label == ALL else alike[0]
        elif len(levels) == 1:  # the label of the job is for the person to choose
            value = levels[0]
        elif label:
            raise DataError(
                [Problem("country", f"{label!r} is not in {column.name!r}, which has {some}")]
            )
        else:
            why = (
                f"{column.name!r} holds {some}. Which one is this job for? Answer with --country "
                f"{levels[0]!r}, or --country '*' to add all of them up; one job each is a batch"
            )
            raise DataError([Problem("country", why)])
        shape = _with(shape, column)
        shape = replace(shape, country=column.name, country_value=value, roles=shape.roles | role)
        return _of_all(shape, column) if value == ALL else _rows_of(shape, column, value)
    return shape


def _as_labels(column: SampledColumn, repeats: bool) -> SampledColumn:
    """Numbers of stores or regions are labels, where dates repeat."""
    filled = column.values.dropna()
    if not repeats or column.holds != "number" or not read_name(column.name).says("COUNTRY"):
        return column
    if not len(filled) or filled.nunique() > MOST_COUNTRIES or (filled % 1 != 0).any():
        return column
    return replace(column, holds="text", values=filled.astype(int).astype(str))


def _is_panel(shape: Shape, column: SampledColumn) -> bool:
    """Whether a text tells the rows of a date apart that each have several spends of their own."""
    if len(column.levels) < 2 or _rank(column)[0] < len(_BY):
        return False
    dates = next(c.values for c in shape.sample.columns if c.name == shape.date)
    if (dates.astype(str) + "|" + column.values.astype(str)).duplicated().any():
        return False
    numbers = [c for c in shape.sample.columns if c.holds == "number" and _varies(c, dates)]
    names = [read_name(c.name) for c in numbers]
    return sum(name.says("SPEND") and not name.rate for name in names) >= 2


def _of_all(shape: Shape, country: SampledColumn) -> Shape:
    """All countries: what is constant in each is no series, and rows that repeat are said."""
    columns = {column.name: column for column in shape.sample.columns}
    roles: dict[str, tuple[Any, str]] = {
        c.name: ("left out", f"is a constant of each {country.name!r}")
        for c in columns.values()
        if c.holds == "number" and not c.constant and not _varies(c, country.values)
    }
    dates = columns[shape.date].values
    pairs = dates.astype(str) + "|" + country.values.astype(str)
    doubts = []
    if (twice := pairs.duplicated()).any():
        those = sorted(set(country.values[twice].astype(str)))
        doubts.append(
            f"{country.name!r} {', '.join(those[:5])} has dates with several rows, "
            f"{int(twice.sum())} in all; they are added up too"
        )
    return replace(shape, roles=shape.roles | roles, doubts=(*shape.doubts, *doubts))


def _rows_of(shape: Shape, country: SampledColumn, value: str) -> Shape:
    keep = (country.values.astype(str).str.strip() == value.strip()).to_numpy()
    columns = tuple(replace(c, values=c.values[keep]) for c in shape.sample.columns)
    return replace(shape, sample=replace(shape.sample, columns=columns))


def _made_wide(shape: Shape, chosen: Mapping[str, str]) -> Shape:
    """Propose a pivot where dates repeat under texts that are channels, campaigns or variables."""
    columns = {c.name: c for c in shape.sample.columns if c.name != shape.country}
    date = columns[shape.date]
    geo = shape.country_value == ALL
    if not date.values.dropna().duplicated().any():
        return shape
    keys = date.values
    texts = [c for c in columns.values() if c.holds == "text" and len(c.levels) > 1]
    texts = [c for c in texts if len(c.levels) <= MOST_CHANNELS]
    varying = [c for c in columns.values() if c.holds == "number" and _varies(c, keys)]
    names = {c.name: read_name(c.name) for c in varying}
    plain = [c for c in varying if not names[c.name].rate]
    spends = [c.name for c in plain if names[c.name].says("SPEND")]
    seen = [c.name for c in plain if names[c.name].says("EXPOSURE") and c.name not in spends]
    clicks = [name for name in seen if names[name].says("CLICKS")]
    views = [name for name in seen if name not in clicks]
    results = [
        c.name for c in plain
        if c.name not in (*spends, *seen)
        and (names[c.name].says("REVENUE") or names[c.name].says("CONVERSION"))
    ]  # fmt: skip
    ranked = sorted(texts, key=_rank)
    bare = not spends and not seen and len(varying) == 1 and bool(texts)
    if sold := columns.get(chosen.get("target", "")):
        _refuse_repeated(sold, keys, [c for c in shape.sample.columns if c.holds == "text"])
    if geo and not (ranked and _rank(ranked[0])[0] < len(_BY)):
        return shape  # rows of several countries, which are added up
    sums = [chosen["target"]] if chosen.get("target") in {c.name for c in varying} else []
    if bare and not sums and _rank(ranked[0])[0] < len(_BY):
        by, values = ranked[0], [varying[0].name]
    elif spends and ranked and (len(spends) == 1 or _rank(ranked[0])[0] < len(_BY)):
        by, values = ranked[0], [*spends[:1], *(views or clicks)[:1]]
    elif results and not spends:
        sums = sums or results
        return _pivoted(shape, None, [], sums, results, varying)
    else:
        return shape
    values = [name for name in values if name not in sums]
    return _pivoted(shape, by, values, sums, results, varying)


def _refuse_repeated(target: SampledColumn, dates: pd.Series, texts: list[SampledColumn]) -> None:
    """A target that stands in several rows of one date and text would be counted several times."""
    if not _varies(target, dates):
        return
    for text in texts:
        keys = [dates, text.values.astype(str)]
        groups = target.values.groupby(keys)
        if (groups.size() > 1).all() and not (groups.nunique() > 1).any():
            why = (
                f"{target.name!r} says the same in all rows of one date and {text.name!r}: added "
                "up it would be counted several times. Name one of them with --country (or the "
                "country_column), or give the sales as a further file of one row a date"
            )
            raise DataError([Problem("target", why)])


def _rank(column: SampledColumn) -> tuple[int, int]:
    words = set(read_name(column.name).words) | {"".join(read_name(column.name).words)}
    places = [at for at, known in enumerate(_BY) if words & set(known.split())]
    return min(places, default=len(_BY)), len(column.levels)


def _varies(column: SampledColumn, keys: pd.Series) -> bool:
    return bool((column.values.groupby(keys).nunique() > 1).any())


def _pivoted(
    shape: Shape,
    by: SampledColumn | None,
    values: list[str],
    sums: list[str],
    results: list[str],
    varying: list[SampledColumn],
) -> Shape:
    """The wide sample, and the pivot that makes it."""
    import pandas as pd

    from mmmlib.data.prepare.ledger import Ledger
    from mmmlib.data.prepare.pivot import pivoted
    from mmmlib.job import Pivot

    columns = {c.name: c for c in shape.sample.columns}
    keys = columns[shape.date].values
    moving = {c.name for c in varying} | ({by.name} if by else set()) | {shape.country, shape.date}
    kept = [
        c for c in columns.values()
        if c.name not in moving and not (c.holds == "text" and _varies(c, keys))
        and c.holds in ("number", "text")
    ]  # fmt: skip
    frame = pd.DataFrame({c.name: c.values for c in columns.values()})[keys.notna().to_numpy()]
    pivot = Pivot(by=by.name if by else "", values=tuple(values), sums=tuple(sums))
    wide = pivoted(frame, shape.date, pivot, [c.name for c in kept], Ledger(frozenset()))
    kept_names = {c.name for c in kept}
    made = [name for name in map(str, wide.columns) if name not in {shape.date, *kept_names, *sums}]
    new = [
        replace(columns[shape.date], values=wide[shape.date])
        if name == shape.date
        else replace(columns[name], values=wide[name])
        if name in columns and (name in kept_names or name in sums)
        else SampledColumn(
            name, "number", wide[name].fillna(0.0) if len(values) > 1 else wide[name]
        )
        for name in map(str, wide.columns)
    ]
    roles: dict[str, tuple[Any, str]] = {}
    for column in columns.values():
        name = column.name
        if name in {c.name for c in new} or name == shape.country:
            continue
        why = "is left out: it differs in the rows of one date"
        if by and name == by.name:
            why = f"its {len(by.levels)} texts become columns"
        elif name in values:
            why = f"becomes a column of each {by.name}" if by else ""
        elif name in results:
            why = "is what a platform claims for itself; to explain it, name it with --target"
        elif column.holds == "date":
            why = "holds dates too"
        elif column.holds == "number" and read_name(name).rate:
            why = "is a rate of other columns"
        roles[name] = ("left out", why)
    if by and len(values) == 1 and read_name(values[0]).says("SPEND"):
        roles |= {name: ("spend", f"is {values[0]!r} of {by.name} {name!r}") for name in made}
    about = (
        f"rows are of {len(by.levels)} values of {by.name!r}: each becomes columns of "
        f"{', '.join(values)}, added up by date"
        if by
        else f"several rows a date: {', '.join(sums)} is added up"
    )
    sample = SampledTable(tuple(new), len(wide), shape.sample.whole, shape.sample.said)
    return replace(
        shape,
        sample=sample,
        country=shape.country,
        values=shape.values | {"pivot": pivot.model_dump(mode="json")},
        roles={**shape.roles, **roles},
        doubts=(*shape.doubts, about),
        results=results[0] if results else "",
    )


def joined_shape(
    file: str, shape: Shape, more: Sequence[tuple[str, SampledTable]], chosen: Mapping[str, str]
) -> Shape:
    """The shape of several files joined by date."""
    import pandas as pd

    from mmmlib.data.prepare.join import joined
    from mmmlib.data.prepare.ledger import Ledger
    from mmmlib.data.prepare.roles import Column as Use

    shapes, entries = [(file, shape)], []
    for name, sample in more:
        other = shape_of(sample, {key: value for key, value in chosen.items() if key == "country"})
        if not other.date:
            raise DataError([Problem("join", f"{name} has no column of dates to join it by")])
        date = next(c for c in other.sample.columns if c.name == other.date)
        entry: dict[str, Any] = {"file": name, "date": other.date}
        entry |= {"date_format": date.date_format} if date.date_format else {}
        entry |= {"pivot": other.values["pivot"]} if "pivot" in other.values else {}
        entries.append(entry)
        shapes.append((name, other))
    tables, kinds, uses = [], {}, {}
    for name, each in shapes:
        columns = [c for c in each.sample.columns if c.holds in ("number", "text", "date")]
        own = [c for c in columns if c.name == each.date or c.holds != "date"]
        frame = pd.DataFrame({c.name: c.values for c in own if c.name != each.country})
        for column in own:
            kinds[column.name] = column
            role = "text" if column.holds == "text" else "media"
            if read_name(column.name).says("CONTEXT") and role == "media":
                role = "context"
            uses[column.name] = Use(role, "join")  # type: ignore[arg-type]
        frame = frame.dropna(subset=[each.date]).rename(columns={each.date: shape.date})
        tables.append((Path(name).name, frame))
    ledger = Ledger(frozenset())
    whole = joined(tables, shape.date, uses, ledger)
    new = tuple(replace(kinds[str(name)], values=whole[name]) for name in whole.columns)
    sample = SampledTable(
        new, len(whole), all(each.sample.whole for _, each in shapes), shape.sample.said
    )
    said = [f"{change.what}: {change.why}" for change in ledger.changes]
    roles = {name: role for _, each in reversed(shapes) for name, role in each.roles.items()}
    others = [doubt for _, each in shapes[1:] for doubt in each.doubts]
    return replace(
        shape,
        sample=sample,
        values=shape.values | {"join": entries},
        roles=roles,
        doubts=(*shape.doubts, *others, *said),
        results="",
    )
