"""What no single key of a job can tell: contradictions between keys."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator

from mmmlib.ground import Problem, names
from mmmlib.job.model import JobKeys
from mmmlib.job.ranges import HYPERPARAMETERS, outside_limits

# Names the tables use themselves (columns.py) or Robyn gives to its own terms.
RESERVED = {
    "ds",
    "dep_var",
    "date",
    "target",
    "lambda",
    "train_size",
    "(Intercept)",
    "intercept",
    "actual",
    "fitted",
}

# A run of the archive, and maybe one of its candidates.
_REFRESH_OF = r"(robyn/)?[A-Za-z0-9_-]{1,32}/[A-Za-z0-9_-]{1,32}/(\d{4})?\d{4}_\d{6}(/\d+_\d+_\d+)?"

# What may be acknowledged: see dataset.Change.
ACKNOWLEDGEABLE = ("fill", "drop", "rows")


Rule = Callable[[JobKeys], Iterator[Problem]]
RULES: list[tuple[frozenset[str], Rule]] = []


def rule(*keys: str) -> Callable[[Rule], Rule]:
    """Register a rule with the keys it reads, ``channels.name`` for a key of every channel."""

    def register(asked: Rule) -> Rule:
        RULES.append((frozenset(keys), asked))
        return asked

    return register


def contradictions(job: JobKeys, unknown: Collection[str] = ()) -> list[Problem]:
    """Return everything in which keys of the job contradict each other, or nothing known.

    A rule that reads a key of which the value is ``unknown`` is left out, rather than say
    something about a default that nobody chose.
    """

    def is_unknown(key: str) -> bool:
        return any(
            f"{key}.".startswith(f"{path}.") or path.startswith(f"{key}.") for path in unknown
        )

    asked = (asked for keys, asked in RULES if not any(map(is_unknown, keys)))
    return [problem for rule_ in asked for problem in rule_(job)]


@rule("engine")
def _engine(job: JobKeys) -> Iterator[Problem]:
    yield from _known("engine", job.engine, names.ENGINES)


@rule("source")
def _source(job: JobKeys) -> Iterator[Problem]:
    yield from _known("source", job.source, names.SOURCES)


def _known(key: str, name: str, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(key, f"{name!r} is not known; use one of: {', '.join(known)}")


@rule("table", "sql")
def _table_or_sql(job: JobKeys) -> Iterator[Problem]:
    if job.table and job.sql:
        yield Problem("table", "and sql are both given; keep one")


@rule("source", "file", "connection", "dates")
def _of_duckdb(job: JobKeys) -> Iterator[Problem]:
    if job.source != "duckdb":
        return
    if not job.file:
        yield Problem("file", "is empty; name a CSV or Parquet file, or example:weekly")
    for key in ("connection", "dates"):
        if getattr(job, key):
            yield Problem(key, "is read by source: snowflake only; remove it")


@rule("source", "file", "table", "sql", "dates")
def _of_snowflake(job: JobKeys) -> Iterator[Problem]:
    if job.source != "snowflake":
        return
    if job.file:
        yield Problem("file", "is read by source: duckdb only; remove it")
    if not job.table and not job.sql:
        yield Problem("table", "is empty; write DATABASE.SCHEMA.TABLE, or one SELECT as sql")
    if job.dates and job.sql:
        yield Problem("dates", "choose rows of a table; write the range into the sql instead")


@rule("dates")
def _dates(job: JobKeys) -> Iterator[Problem]:
    if job.dates and job.dates[0] > job.dates[1]:
        yield Problem("dates", "must not end before they start")


@rule("channels.name", "organic.name", "context.name", "context.factor", "prophet")
def _variables(job: JobKeys) -> Iterator[Problem]:
    places = [
        (f"{group}[{i}].name", item.name)
        for group in ("channels", "organic", "context")
        for i, item in enumerate(getattr(job, group))
    ]
    counts = Counter(name for _, name in places)
    for where, name in places:
        if counts[name] > 1:
            yield Problem(where, f"{name!r} names {counts[name]} variables; names must differ")
        if name in RESERVED or name in job.prophet:
            yield Problem(where, f"{name!r} is a name the model uses itself; choose another")
    if repeated := [name for name, n in Counter(job.prophet).items() if n > 1]:
        yield Problem("prophet", f"names {', '.join(repeated)} twice")
    for i, item in enumerate(job.context):
        if item.factor and not job.prophet:
            yield Problem(
                f"context[{i}].factor",
                "a factor is estimated by prophet; name at least one prophet component",
            )


@rule("channels.ranges", "organic.ranges", "adstock")
def _ranges(job: JobKeys) -> Iterator[Problem]:
    needed = HYPERPARAMETERS[job.adstock]
    for group in ("channels", "organic"):
        for i, item in enumerate(getattr(job, group)):
            for name, (low, high) in item.ranges.items():
                where = f"{group}[{i}].ranges.{name}"
                if name not in needed:
                    yield Problem(
                        where, f"{job.adstock} adstock has no {name}; use {', '.join(needed)}"
                    )
                elif why := outside_limits(name, low, high):
                    yield Problem(where, why)


@rule("lambda_range")
def _lambda(job: JobKeys) -> Iterator[Problem]:
    low, high = job.lambda_range
    if not 0 <= low <= high <= 1:
        yield Problem("lambda_range", "must be [low, high] within 0 and 1, low not above high")


@rule("prophet", "prophet_options")
def _orders(job: JobKeys) -> Iterator[Problem]:
    options = job.prophet_options.given()
    for key, component in (("yearly_seasonality", "season"), ("weekly_seasonality", "weekday")):
        if key in options and component not in job.prophet:
            yield Problem(f"prophet_options.{key}", f"is of {component}, which prophet lacks")


@rule("window")
def _window(job: JobKeys) -> Iterator[Problem]:
    if job.window and job.window[0] >= job.window[1]:
        yield Problem("window", "must start before it ends")


@rule("train_size", "ts_validation")
def _split(job: JobKeys) -> Iterator[Problem]:
    low, high = job.train_size
    if job.ts_validation and not 0.1 <= low <= high <= 0.98:
        yield Problem("train_size", "must be [low, high] within 0.1 and 0.98, low not above high")


@rule("objective_weights", "calibration")
def _weights(job: JobKeys) -> Iterator[Problem]:
    weights = job.objective_weights
    count, wanted = 2, "two weights (nrmse, rssd)"
    if job.calibration:
        count, wanted = 3, "three weights (nrmse, rssd, mape)"
    if weights and (len(weights) != count or min(weights) < 0 or sum(weights) == 0):
        yield Problem("objective_weights", f"needs {wanted}, none negative")


@rule("allocator", "channels.name")
def _allocator(job: JobKeys) -> Iterator[Problem]:
    known = {channel.name for channel in job.channels}
    settings = job.allocator
    low, high = settings.bounds()
    if low > high:
        yield Problem("allocator.low", f"({low:g}) is above allocator.high ({high:g})")
    for name, own in settings.channels.items():
        where = f"allocator.channels.{name}"
        if name not in known:
            yield Problem(where, f"is no paid channel; use one of: {', '.join(sorted(known))}")
        low, high = settings.bounds(name)
        if own.locked and (own.low is not None or own.high is not None):
            yield Problem(where, "is locked and has bounds; keep one of both")
        elif low > high:
            yield Problem(where, f"its low {low:g} is above its high {high:g}")
    if settings.target is not None and settings.scenario == "max_response":
        yield Problem("allocator.target", "is only for the scenario target_efficiency")
    if settings.total_budget is not None and settings.scenario == "target_efficiency":
        yield Problem(
            "allocator.total_budget", "is what target_efficiency finds; leave it out, or use high"
        )
    if settings.today == "exposure" and settings.response == "series":
        yield Problem(
            "allocator.today",
            "exposure counts only by Robyn's definition; leave it out, or set response: mean_spend",
        )
    if settings.last is not None and (settings.start or settings.end):
        yield Problem("allocator.last", "and start or end are both given; keep one")
    if settings.start and settings.end and settings.start > settings.end:
        yield Problem("allocator.start", f"{settings.start} is after its end {settings.end}")


@rule("features")
def _features(job: JobKeys) -> Iterator[Problem]:
    wanted = {
        "sum": (1, 1000),
        "ratio": (2, 2),
        "product": (2, 10),
        "lag": (1, 1),
        "one_hot": (1, 1),
    }
    for i, feature in enumerate(job.features):
        low, high = wanted[feature.operation]
        if not low <= len(feature.columns) <= high:
            yield Problem(
                f"features[{i}].columns",
                f"{feature.operation} takes {_number(low, high)} of them, "
                f"not {len(feature.columns)}",
            )
    names_ = Counter(feature.name for feature in job.features)
    for i, feature in enumerate(job.features):
        if names_[feature.name] > 1:
            yield Problem(f"features[{i}].name", f"{feature.name!r} is made twice")


def _number(low: int, high: int) -> str:
    if low == high:
        return str(low)
    return "one or more" if low == 1 else f"{low} to {high}"


@rule("pivot", "join")
def _pivots(job: JobKeys) -> Iterator[Problem]:
    pivots = [("pivot", job.pivot)]
    pivots += [(f"join[{i}].pivot", joined.pivot) for i, joined in enumerate(job.join)]
    for where, pivot in pivots:
        if bool(pivot.by) != bool(pivot.values):
            yield Problem(where, "needs both: by, the column of texts, and values, its numbers")
        if twice := [name for name in pivot.values if name in pivot.sums]:
            yield Problem(f"{where}.sums", f"{twice[0]!r} is among the values too; keep one")


@rule("source", "join", "country_value", "first_date", "week_column")
def _joined(job: JobKeys) -> Iterator[Problem]:
    if not job.join:
        return
    if job.source != "duckdb":
        yield Problem("join", "joins files, source: duckdb only; join tables in sql")
    for key in ("first_date", "week_column"):
        if getattr(job, key):
            yield Problem(key, "is for one file; files are joined by the dates they have")
    if job.country_value == "*":
        yield Problem("country_value", "* adds up rows of one file; join needs one row a date")


@rule("first_date")
def _first_date(job: JobKeys) -> Iterator[Problem]:
    if job.first_date and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", job.first_date):
        yield Problem("first_date", f"{job.first_date!r} is no date; write it as 2018-12-31")
    elif job.first_date:
        try:
            dt.date.fromisoformat(job.first_date)
        except ValueError as error:
            yield Problem("first_date", f"{job.first_date} is no date: {error}")


@rule("country_value", "country_column")
def _country_value(job: JobKeys) -> Iterator[Problem]:
    if job.country_value and not job.country_column:
        yield Problem("country_value", "is a value of country_column, which is empty; name it")


@rule("channels", "organic", "context", "features")
def _control_characters(job: JobKeys) -> Iterator[Problem]:
    for group in ("channels", "organic", "context", "features"):
        for i, item in enumerate(getattr(job, group)):
            if not item.name.isprintable():
                why = f"{item.name!r} holds characters that cannot be shown; choose another name"
                yield Problem(f"{group}[{i}].name", why)


@rule("acknowledge")
def _acknowledged(job: JobKeys) -> Iterator[Problem]:
    for i, text in enumerate(job.acknowledge):
        kind, colon, column = text.partition(":")
        if kind not in ACKNOWLEDGEABLE or not colon or not column:
            kinds = ", ".join(f"{name}:COLUMN" for name in ACKNOWLEDGEABLE)
            yield Problem(f"acknowledge[{i}]", f"{text!r} is none of {kinds}")


@rule("calibration", "channels.name", "organic.name", "window")
def _calibration(job: JobKeys) -> Iterator[Problem]:
    known = {medium.name for medium in job.media}
    for i, study in enumerate(job.calibration):
        where = f"calibration[{i}]"
        if unknown := [name for name in study.channels if name not in known]:
            yield Problem(
                f"{where}.channels",
                f"{', '.join(unknown)} is no channel; use {', '.join(sorted(known))}",
            )
        if len(set(study.channels)) < len(study.channels):
            yield Problem(f"{where}.channels", "names a channel twice; name each once")
        if study.start >= study.end:
            yield Problem(f"{where}.start", "must be before its end; one day is no study")
        if job.window and (study.start < job.window[0] or study.end > job.window[1]):
            yield Problem(where, f"lies outside the window ({job.window[0]} to {job.window[1]})")
        if study.lift == 0:
            yield Problem(f"{where}.lift", "is 0; the distance to it cannot be a share of it")


@rule("channels.prior", "channels.sign")
def _priors(job: JobKeys) -> Iterator[Problem]:
    for i, channel in enumerate(job.channels):
        prior = channel.prior
        if prior == type(prior)():
            continue
        where = f"channels[{i}].prior"
        pairs = (prior.low, prior.high), (prior.mean, prior.spread)
        given = [pair for pair in pairs if pair != (None, None)]
        if len(given) != 1 or None in given[0]:
            yield Problem(where, "needs low and high, or mean and spread, and not both")
        elif prior.low is not None and prior.high is not None and prior.low >= prior.high:
            yield Problem(where, f"its low {prior.low:g} is not below its high {prior.high:g}")
        if channel.sign == "default":
            yield Problem(where, "is of an effect with a sign; give the channel one, or no prior")


@rule("refresh_of")
def _refresh(job: JobKeys) -> Iterator[Problem]:
    if job.refresh_of and not re.fullmatch(_REFRESH_OF, job.refresh_of):
        yield Problem(
            "refresh_of",
            f"{job.refresh_of!r} is no run; write revision/country/YYYYMMDD_HHMMSS, and "
            "/CANDIDATE after it for a model that is not the best one",
        )
