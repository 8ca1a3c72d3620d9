"""Whatever comes in: a dataset that keeps its contract, or a refusal that names the field."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, event, given, settings, strategies as st

from mmmlib.data.dataset import Dataset, needed, prepare_dataset
from mmmlib.data.sources import open_source
from mmmlib.ground.errors import DataError, JobError, SourceError
from mmmlib.job.model import JOB_KEYS
from mmmlib.job.parse import TrainingJob

DAYS = {"day": 1, "week": 7}
SEARCH = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NAMES = ["sales", "tv", "radio", "price", "event"]
ODD_NAMES = ["", " ", "a b", "quo\"te'", "🎉", "<b>", "x" * 300, "$x_{", "[red]", "Date", "trend"]
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.sampled_from(["../../etc", "~nobody/x", "a\0b.csv", "x" * 5000 + ".csv", *ODD_NAMES]),
    st.lists(st.one_of(st.floats(), st.text(max_size=3), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


# What a dataset promises


def assert_contract(dataset: Dataset, raw: pd.DataFrame, job: TrainingJob) -> None:
    """Dates on a grid, numbers and levels without gaps, and a ledger that accounts for rows."""
    frame = dataset.frame
    assert frame.columns[0] == job.date
    assert frame.columns.is_unique
    dates = frame[job.date]
    assert dates.dtype == "datetime64[ns]"
    assert len(frame) >= 2
    if dataset.interval == "month":
        months = dates.dt.to_period("M").astype("int64")
        assert (months.diff().dropna() == 1).all()
    else:
        days = DAYS[dataset.interval]
        assert (dates.diff().dropna() == pd.Timedelta(days=days)).all()
    texts = {item.column or item.name for item in job.context if item.factor}
    texts |= {f.columns[0] for f in job.features if f.operation == "one_hot"}
    for name in frame.columns[1:]:
        if frame[name].dtype == np.float64:
            assert np.isfinite(frame[name]).all(), name
        else:
            assert name in texts, name
            assert frame[name].map(type).eq(str).all(), name
    for medium in job.without(dataset.dropped).channels:
        assert (frame[medium.spend] >= 0).all()
        assert frame[medium.spend].nunique() > 1
    assert frame[job.target].notna().all()
    if job.interval:
        assert dataset.interval == job.interval
    if len(dataset.holidays) and dataset.interval != "month":
        offsets = (dataset.holidays["date"] - dates[0]).dt.days % days
        assert (offsets == 0).all()
    assert_ledger(dataset, raw, job)


def assert_ledger(dataset: Dataset, raw: pd.DataFrame, job: TrainingJob) -> None:
    """Every row that came or went, and every value that changed, has its line."""
    changes = dataset.changes
    assert all(change.count > 0 and change.why for change in changes)
    assert all(not c.acknowledge or c.acknowledge in job.acknowledge for c in changes)
    left_out = sum(c.count for c in changes if c.what == "rows left out")
    added = sum(c.count for c in changes if c.what == "rows added")
    weeks = any(c.what == "days to weeks" for c in changes)
    assert len(raw) - left_out + added == len(dataset.frame) * (7 if weeks else 1)
    if "date" not in raw:  # it is found as `Date`, too
        return
    if weeks or raw["date"].dtype != "datetime64[ns]" or job.country_column:
        return
    named = {change.where for change in changes}
    before = raw.drop_duplicates("date").set_index("date")
    after = dataset.frame.set_index(job.date)
    common = before.index.intersection(after.index)
    for name in set(after) & set(before):
        if name not in named and before[name].dtype == np.float64 and name != "event":
            one, other = before.loc[common, name], after.loc[common, name]
            assert (one == other).all(), f"{name} was changed in silence"


def assert_refusal(error: JobError | DataError | SourceError, named: bool = True) -> None:
    """The refusal says what is wrong, and the field; text that is no job has no fields."""
    if isinstance(error, SourceError):
        assert str(error).startswith(("file", "sql", "table")), error
        return
    assert error.problems
    for problem in error.problems:
        assert problem.message.strip(), error
        assert not named or problem.where.strip() or "key" in problem.message, error
        assert len(str(problem)) < 10_000


# Tables


@st.composite
def plain_tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(14, 45) | st.integers(14, 45) | st.integers(0, 45))
    step = draw(st.sampled_from([1, 1, 1, 1, 7, 7, 7, 7, 7, 2, 30]))
    first = draw(st.dates(dt.date(1995, 1, 1), dt.date(2035, 1, 1)))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    return pd.DataFrame(
        {
            "date": pd.date_range(first, periods=rows, freq=f"{step}D").astype("datetime64[ns]"),
            "sales": random.uniform(10, 1e6, rows).round(2),
            "tv": random.gamma(2, 100, rows).round(2),
            "radio": random.gamma(1, 50, rows) * (random.uniform(size=rows) > 0.3),
            "price": random.normal(10, 1, rows),
            "event": random.choice(["none", "promo"], rows),
            "land": random.choice(["de", "de", "DE ", "fr"], rows),
        }
    )


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(10**30), 10**30),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.decimals(allow_nan=False),
    st.text(max_size=6),
    st.binary(max_size=3),
    st.sampled_from(
        [
            "1,234", "1.234,5", "1 000", "€ 5", "5%", "n/a", "inf", "-", "1e999", "½", "²", "٣",
            "30.02.2020", "2020-02-30", "20200101", "01/02/2020", "2020-01-06T00:00:00Z",
            "9999-12-31", [1], (1, 2), {"a": 1}, pd.NaT, pd.NA, np.float32(1.5), np.int8(3),
            Decimal("Infinity"), Decimal("NaN"), 1 + 2j, pd.Timestamp("2020-01-06", tz="UTC"),
            pd.Timedelta(days=1), 10**400,
        ]
    ),
)  # fmt: skip


def _set(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    """Put odd values into a column."""
    at = draw(st.integers(0, table.shape[1] - 1))
    column = table.iloc[:, at].astype(object)
    for _ in range(draw(st.integers(1, 3))):
        if len(column):
            column.iat[draw(st.integers(0, len(column) - 1))] = draw(VALUES)
    columns = [table.iloc[:, i] if i != at else column for i in range(table.shape[1])]
    return pd.concat(columns, axis=1)


def _missing(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    name = draw(st.sampled_from(NAMES[:4]))
    rows = draw(st.lists(st.integers(0, max(len(table) - 1, 0)), max_size=8))
    if name in table and len(table) and table.columns.is_unique:
        table[name] = table[name].where(~table.index.isin(rows))
    return table


def _drop(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    rows = draw(st.sets(st.integers(0, max(len(table) - 1, 0)), max_size=5))
    return table[~table.index.isin(rows)].reset_index(drop=True)


def _repeat(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    again = table.head(draw(st.integers(1, 4)))
    if draw(st.booleans()) and "tv" in table and table.columns.is_unique:
        again = again.assign(tv=7.0)
    return pd.concat([table, again], ignore_index=True)


def _shuffle(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1, random_state=draw(st.integers(0, 99))).reset_index(drop=True)


def _rename(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    names: list[Any] = list(table.columns)
    new = st.sampled_from([*ODD_NAMES, *NAMES, "TV", " tv", "land"])
    names[draw(st.integers(0, len(names) - 1))] = draw(new)
    return table.set_axis(names, axis=1)


def _write(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    """Dates as texts, of one writing or of another."""
    form = draw(st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%b %d %Y", "%Y%m%d"]))
    dates = table.get("date")
    if not isinstance(dates, pd.Series) or not pd.api.types.is_datetime64_any_dtype(dates):
        return table
    return table.assign(date=dates.dt.strftime(form))


def _constant(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    value = draw(st.sampled_from([0.0, 5.0, np.nan, np.inf, "x", "3", None, True]))
    if not table.columns.is_unique:
        return table
    return table.assign(**{draw(st.sampled_from(NAMES)): value})


def _retype(draw: st.DrawFn, table: pd.DataFrame) -> pd.DataFrame:
    kind = draw(st.sampled_from(["str", "object", "category", "float32", "Int64", "string"]))
    name = draw(st.sampled_from([*NAMES, "date"]))
    if name not in table or not table.columns.is_unique:
        return table
    try:
        return table.astype({name: kind})
    except (TypeError, ValueError, OverflowError):
        return table


MUTATIONS = [_set, _missing, _drop, _repeat, _shuffle, _rename, _write, _constant, _retype]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    table = draw(plain_tables())
    for mutate in draw(st.lists(st.sampled_from(MUTATIONS), max_size=2)):
        table = mutate(draw, table)
    return table


# Jobs

VALID: dict[str, Any] = {
    "country": "de",
    "file": "data.csv",
    "date": "date",
    "target": "sales",
    "prophet": ["trend", "holiday"],
    "channels": [
        {"name": "tv", "spend": "tv", "kind": "tv", "ranges": {"thetas": [0.3, 0.8]}},
        {"name": "wireless", "spend": "radio", "exposure": "tv"},
    ],
    "organic": [{"name": "mail", "column": "tv"}],
    "context": [{"name": "price"}, {"name": "event", "factor": True}],
    "features": [{"name": "both", "operation": "sum", "columns": ["tv", "radio"]}],
    "acknowledge": ["fill:sales"],
    "window": ["2020-01-01", "2021-01-01"],
    "calibration": [{"channels": ["tv"], "start": "2020-02-01", "end": "2020-03-01", "lift": 5}],
    "allocator": {"low": 0.5, "high": 2, "channels": {"tv": {"low": 0.1}}},
    "objective_weights": [1, 2],
    "train_size": [0.5, 0.8],
    "lambda_range": [0, 1],
    "iterations": 100,
}
ACKNOWLEDGEMENTS = [
    f"{kind}:{name}"
    for kind, names in {
        "fill": NAMES,
        "rows": ["date", "sales"],
        "drop": ["tv", "wireless", "price", "event", "mail"],
    }.items()
    for name in names
]
FEATURES = [
    {"name": "both", "operation": "sum", "columns": ["tv", "radio"]},
    {"name": "rate", "operation": "ratio", "columns": ["tv", "radio"]},
    {"name": "per", "operation": "ratio", "columns": ["tv", "price"]},
    {"name": "late", "operation": "lag", "columns": ["price"], "periods": 3},
    {"name": "is", "operation": "one_hot", "columns": ["event"]},
    {"name": "event_sum", "operation": "sum", "columns": ["event", "tv"]},
    {"name": "later", "operation": "lag", "columns": ["both"]},
    {"name": "date", "operation": "lag", "columns": ["tv"]},
]


@st.composite
def fitting_jobs(draw: st.DrawFn) -> TrainingJob:
    """Valid jobs that mostly fit the tables."""
    column = st.sampled_from([*["tv"] * 12, "radio", "radio", "both", "price", "sales", "date"])
    every = draw(st.booleans())
    values: dict[str, Any] = {
        "country": draw(st.sampled_from(["de", "uk", "FR", "IT", "xx"])),
        "file": "data.csv",
        "date": "date",
        "target": draw(st.sampled_from(["sales"] * 12 + ["price", "date", "both"])),
        "prophet": draw(st.sampled_from([["trend"], ["trend", "holiday"], ["weekday", "holiday"]])),
        "holidays": draw(st.sampled_from([*[""] * 8, "FR", "~nobody/x.csv", "x" * 300 + ".csv"])),
        "channels": [
            {"name": "tv", "spend": draw(column)},
            {"name": "wireless", "spend": "radio", "exposure": draw(st.none() | column)},
        ],
        "organic": draw(st.sampled_from([[], [{"name": "mail", "column": "tv"}]])),
        "context": draw(
            st.sampled_from(
                [[], [{"name": "price"}], [{"name": "event", "factor": True}], [{"name": "event"}],
                 [{"name": "is_promo"}], [{"name": "late"}, {"name": "tv2", "column": "tv"}]]
            )
        ),
        "features": draw(
            st.just([]) | st.lists(st.sampled_from(FEATURES), max_size=3, unique_by=str)
        ),
        "acknowledge": ACKNOWLEDGEMENTS
        if every
        else draw(st.lists(st.sampled_from(ACKNOWLEDGEMENTS), max_size=3)),
        "interval": draw(st.sampled_from(["", "", "", "week", "day"])),
        "date_format": draw(st.sampled_from([*[""] * 9, "%d/%m/%Y", "%", "%q", "soon"])),
        "country_column": draw(st.sampled_from([*[""] * 6, "land", "land", "event"])),
        "window": draw(
            st.sampled_from([*[[]] * 4, ["2000-01-01", "2030-01-01"], ["2020-01-01", "2020-02-01"]])
        ),
    }  # fmt: skip
    try:
        return TrainingJob.parse(values)
    except JobError as error:
        assert_refusal(error)
        assume(False)
        raise


@settings(SEARCH, max_examples=1500)
@given(tables(), fitting_jobs())
def test_a_table_becomes_a_dataset_or_is_refused(table: pd.DataFrame, job: TrainingJob) -> None:
    read = needed(job, [str(name) for name in table.columns])
    left_out = [str(name) for name in table.columns if str(name) not in read]
    before = copy.deepcopy(table)
    try:
        dataset = prepare_dataset(table, job, [])
    except DataError as error:
        assert_refusal(error)
        return
    finally:
        pd.testing.assert_frame_equal(table, before)  # what came in is left as it was
    event("a dataset")
    assert_contract(dataset, table, job)
    narrow = prepare_dataset(table.loc[:, [str(n) in read for n in table.columns]], job, left_out)
    pd.testing.assert_frame_equal(narrow.frame, dataset.frame)


@settings(SEARCH, max_examples=40)
@given(plain_tables())
def test_plain_tables_are_accepted(table: pd.DataFrame) -> None:
    """The search above is not all refusals: what is in order becomes a dataset."""
    step = table["date"].diff().max().days if len(table) > 1 else 0
    assume(len(table) > 4 and step in DAYS.values())
    assume(table["radio"].nunique() > 1)
    job = TrainingJob.parse(
        {k: VALID[k] for k in ("country", "file", "date", "target", "channels", "prophet")}
    )
    dataset = prepare_dataset(table, job)
    assert_contract(dataset, table, job)
    assert dataset.frame["sales"].tolist() == table["sales"].tolist()


# Files


@settings(SEARCH, max_examples=120)
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
)
def test_a_csv_becomes_a_dataset_or_is_refused(
    table: pd.DataFrame, separator: str, encoding: str
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "data.csv")
        text = table.to_csv(index=False, sep=separator)
        file.write_bytes(text.encode(encoding, errors="replace"))
        assert_file(file, folder)


@settings(SEARCH, max_examples=120)
@given(st.binary(max_size=400) | st.text(alphabet='a,;"\n\t1é.-', max_size=200))
def test_any_bytes_are_a_dataset_or_refused(content: bytes | str) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    with TemporaryDirectory() as folder:
        for ending in ("csv", "parquet"):
            file = Path(folder, f"data.{ending}")
            file.write_bytes(data)
            assert_file(file, folder)


def assert_file(file: Path, folder: str) -> None:
    keys = ("country", "date", "target", "channels")
    job = TrainingJob.parse({key: VALID[key] for key in keys} | {"file": str(file)})
    try:
        raw = open_source("duckdb").extract(job, Path(folder, "raw.parquet"))
        read = needed(job, raw.columns)
        table = pd.read_parquet(raw.path, columns=read) if read else pd.DataFrame()
        dataset = prepare_dataset(table, job, [name for name in raw.columns if name not in read])
    except (DataError, SourceError) as error:
        assert_refusal(error)
    else:
        assert dataset.frame["date"].is_monotonic_increasing


# Jobs that are not


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into nested mappings and lists."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, each in value.items() for p in places(each, (*path, key))]
    elif isinstance(value, list):
        found += [p for i, each in enumerate(value) for p in places(each, (*path, i))]
    return found


@st.composite
def job_values(draw: st.DrawFn) -> dict[str, Any]:
    """A valid job with some of its values replaced, removed or added."""
    values = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([*places(values), *((key,) for key in JOB_KEYS)]))
        parent = values
        for part in path[:-1]:
            parent = parent[part]
        action = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"]))
        if action == "replace":
            parent[path[-1]] = draw(JUNK)
        elif action == "remove" and isinstance(parent, dict):
            parent.pop(path[-1], None)
        elif isinstance(parent, dict):
            parent[draw(st.text(max_size=5))] = draw(JUNK)
    return values


@settings(SEARCH, max_examples=400)
@given(job_values())
def test_a_job_is_valid_or_refused_with_its_fields(values: dict[str, Any]) -> None:
    try:
        job = TrainingJob.parse(values)
    except JobError as error:
        assert_refusal(error)
        return
    assert TrainingJob.from_yaml(job.to_yaml()) == job
    for low, high in job.ranges().values():
        assert low <= high


@settings(SEARCH, max_examples=150)
@given(
    st.text(alphabet="ab:-[]{}&*!?|>'\"%@#,. \n\t09", max_size=60)
    | st.text(max_size=40)
    | st.sampled_from(JOB_KEYS).flatmap(
        lambda key: st.text(max_size=12).map(lambda text: f"{key}: {text}")
    )
)
def test_any_text_is_a_job_or_refused(text: str) -> None:
    with pytest.raises(JobError) as refused:  # none of these has all the keys a job needs
        TrainingJob.from_yaml(text)
    assert_refusal(refused.value, named=False)


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 5000, "- " * 3000, "window: [2020-13-45, 2021-01-01]", "seed: " + "9" * 5000],
    ids=["deep", "deep list", "no date", "huge number"],
)
def test_text_that_breaks_readers_of_yaml(text: str) -> None:
    with pytest.raises(JobError):
        TrainingJob.from_yaml(text)
