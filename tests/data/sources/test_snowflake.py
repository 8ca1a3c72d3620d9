"""Tables and SQL of a real server, through the real connector."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.extract import dataset_of
from mmmlib.data.sources import Extraction, Listener, open_source
from mmmlib.data.sources.snowflake import cache
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import DataError, SnowflakeError, SourceError
from mmmlib.job.parse import TrainingJob
from tests.servers.running import SnowflakeServer

MakeJob = Callable[..., TrainingJob]


@pytest.fixture
def from_table(make_job: MakeJob) -> Callable[..., TrainingJob]:
    def make(table: str = "WEEKLY", **values: Any) -> TrainingJob:
        return make_job(source="snowflake", file="", table=table, **values)

    return make


@pytest.fixture
def from_sql(make_job: MakeJob) -> Callable[..., TrainingJob]:
    def make(sql: str, **values: Any) -> TrainingJob:
        return make_job(source="snowflake", file="", sql=sql, **values)

    return make


def extract(job: TrainingJob, folder: Path, listener: Listener | None = None) -> Extraction:
    return open_source("snowflake").extract(job, folder / "raw.parquet", listener or Listener())


def test_only_what_the_job_uses_is_read(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner(
        "CREATE OR REPLACE TABLE WIDE AS SELECT *, 1 AS SECRET_MARGIN, 'x' AS NOTE FROM WEEKLY"
    )
    raw = extract(from_table("WIDE"), tmp_path, Listener(run="r100/de/1"))
    assert raw.left_out == ("SECRET_MARGIN", "NOTE")
    (read,) = snowflake.statements()
    assert "SECRET_MARGIN" not in read["sql"]
    assert read["parameters"]["QUERY_TAG"] == "mmm-trainer/r100/de/1"
    assert read["parameters"]["STATEMENT_TIMEOUT_IN_SECONDS"] == 1800
    assert read["parameters"]["ABORT_DETACHED_QUERY"] is True
    assert (read["user"], read["role"], read["warehouse"]) == ("TRAINER", "READER", "TRAINING")
    ledger = dataset_of(from_table("WIDE")).changes
    assert any(c.what == "columns left out" and "SECRET_MARGIN" in c.where for c in ledger)


def test_dates_and_country_are_pushed_down_as_bound_values(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner(
        "CREATE OR REPLACE TABLE LANDS AS SELECT *, ' De' AS LAND FROM WEEKLY "
        "UNION ALL SELECT *, 'fr' FROM WEEKLY UNION ALL SELECT *, NULL FROM WEEKLY LIMIT 624"
    )
    chosen = {"country_column": "land", "dates": ["2016-01-04", "2018-12-31"], "window": []}
    job = from_table("LANDS", **chosen)
    raw = extract(job, tmp_path)
    table = pd.read_parquet(raw.path)
    assert (raw.rows, raw.others) == (157, 2 * 157)
    assert table["DATE"].iloc[0] == dt.date(2016, 1, 4)  # both ends are in
    assert table["DATE"].iloc[-1] == dt.date(2018, 12, 31)
    read = snowflake.statements()[0]
    assert "2016" not in read["sql"]
    assert "DE" not in read["sql"].replace("ORDER", "")
    assert [bind["value"] for bind in read["binds"].values()][-1] == "DE"
    left_out = [c for c in dataset_of(job).changes if c.what == "rows left out"]
    assert [(c.count, c.why) for c in left_out] == [(2 * 157, "not de")]


def test_a_country_that_is_missing_is_told_the_others(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner("CREATE OR REPLACE TABLE ONLY_FR AS SELECT *, 'fr' AS LAND FROM WEEKLY")
    with pytest.raises(SourceError, match="country: 'de' is not in the table; there is fr"):
        extract(from_table("ONLY_FR", country_column="LAND"), tmp_path)


def test_a_time_on_the_last_day_is_in(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner(
        "CREATE OR REPLACE TABLE TIMED AS SELECT * EXCLUDE DATE, "
        "DATE::TIMESTAMP + INTERVAL 12 HOUR AS DATE FROM WEEKLY"
    )
    job = from_table("TIMED", dates=["2016-01-04", "2016-01-11"], window=[])
    assert extract(job, tmp_path).rows == 2


@pytest.mark.parametrize("kind", ["VARCHAR", "TIMESTAMPTZ", "INTEGER"])
def test_a_range_of_no_dates_is_refused(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path, kind: str
) -> None:
    value = "20200101" if kind == "INTEGER" else f"DATE::{kind}"
    snowflake.owner(
        f"CREATE OR REPLACE TABLE ODD AS SELECT * EXCLUDE DATE, {value} AS DATE FROM WEEKLY"
    )
    with pytest.raises(SnowflakeError, match="a range is only taken of DATE or TIMESTAMP_NTZ"):
        extract(from_table("ODD", dates=["2016-01-04", "2016-01-11"]), tmp_path)


def test_numbers_are_the_nearest_floats(
    snowflake: SnowflakeServer, from_sql: MakeJob, tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    texts = [f"{a}.{b:09d}" for a, b in generator.integers(0, 10**9, (400, 2))]
    texts += ["0.1", "12.34", "99999999999999999999999999999.999999999", "-0.000000001"]
    pd.DataFrame({"t": texts}).to_parquet(tmp_path / "texts.parquet")
    snowflake.owner(
        f"CREATE OR REPLACE TABLE EXACT AS SELECT t::DECIMAL(38, 9) AS N, "
        f"9007199254740993::BIGINT AS BIG, NULL::DECIMAL(10, 2) AS NOTHING "
        f"FROM read_parquet('{tmp_path / 'texts.parquet'}')"
    )
    raw = pd.read_parquet(extract(from_sql("SELECT * FROM EXACT"), tmp_path).path)
    assert raw["N"].tolist() == [float(Decimal(text)) for text in texts]
    assert raw["BIG"].tolist() == [9007199254740992.0] * len(texts)
    assert raw["NOTHING"].isna().all()
    assert set(map(str, raw.dtypes)) == {"float64"}


def test_upper_case_decimals_and_gaps_make_a_dataset(
    snowflake: SnowflakeServer, from_table: MakeJob
) -> None:
    names = "revenue tv_S ooh_S print_S facebook_I search_clicks_P search_S facebook_S"
    columns = names.split()
    shouted = ", ".join(f"{name}::DECIMAL(18, 4) AS {name.upper()}" for name in columns)
    snowflake.owner(
        f"CREATE OR REPLACE TABLE SHOUTED AS SELECT DATE, {shouted}, events AS EVENTS, "
        "competitor_sales_B AS COMPETITOR_SALES_B, CASE WHEN DATE = '2016-01-04' THEN NULL ELSE "
        "newsletter END AS NEWSLETTER FROM WEEKLY"
    )
    dataset = dataset_of(from_table("SHOUTED"))
    assert len(dataset.frame) == 208
    assert dataset.frame["revenue"].dtype == np.float64
    said = {(change.what, change.where) for change in dataset.changes}
    assert ("column renamed", "tv_S") in said
    assert any(where == "newsletter" and "fill" in what for what, where in said)


def test_zoned_dates_are_refused_where_they_matter(
    snowflake: SnowflakeServer, from_table: MakeJob
) -> None:
    snowflake.owner(
        "CREATE OR REPLACE TABLE ZONED AS SELECT * EXCLUDE DATE, DATE::TIMESTAMPTZ AS DATE "
        "FROM WEEKLY"
    )
    with pytest.raises(DataError, match="DATE: holds times with a time zone; give plain dates"):
        dataset_of(from_table("ZONED"))


def test_nested_values_are_refused_or_left_out(
    snowflake: SnowflakeServer, from_sql: MakeJob, tmp_path: Path
) -> None:
    sql = "SELECT *, PARSE_JSON('[1]') AS EXTRA FROM WEEKLY"
    assert extract(from_sql(sql), tmp_path).left_out == ("EXTRA",)
    sql = 'SELECT "DATE", PARSE_JSON(\'[1]\') AS "revenue" FROM WEEKLY'
    with pytest.raises(SnowflakeError, match="column revenue is VARIANT; give sql"):
        extract(from_sql(sql), tmp_path)


@pytest.mark.parametrize(
    ("sql", "kind", "message"),
    [
        ("SELECT * FROM NOTHING", "table", "role 'READER' may not read it"),
        ("SELECT NOTHING FROM WEEKLY", "column", "there is no such column"),
        ("SELECT 1 AS A, 2 AS A", "column", "selects 'A' more than once"),
        ("SELECT * FROM WEEKLY WHERE 1 = 0", "", "the query has no rows"),
    ],
)
def test_sql_that_fails_is_said(
    snowflake: SnowflakeServer, from_sql: MakeJob, tmp_path: Path, sql: str, kind: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as refused:
        extract(from_sql(sql), tmp_path)
    assert getattr(refused.value, "kind", "") == kind
    assert len(snowflake.statements()) <= 1  # what is wrong is not tried again


def test_tables_that_fail_are_said(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    with pytest.raises(SnowflakeError, match="the table does not exist") as refused:
        extract(from_table("NOTHING"), tmp_path)
    assert refused.value.kind == "table"
    snowflake.owner("CREATE OR REPLACE TABLE EMPTY AS FROM WEEKLY LIMIT 0")
    with pytest.raises(SourceError, match="table: EMPTY has no rows"):
        extract(from_table("EMPTY"), tmp_path)
    with pytest.raises(SourceError, match="no rows from 1990-01-01 to 1990-02-01"):
        extract(from_table("WEEKLY", dates=["1990-01-01", "1990-02-01"]), tmp_path)


def test_a_long_result_comes_in_chunks(
    snowflake: SnowflakeServer, from_sql: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner("CREATE OR REPLACE TABLE LONG AS SELECT range AS N FROM range(25000)")
    heard: list[tuple[int, int]] = []
    listener = Listener(rows=lambda done, total: heard.append((done, total)))
    raw = extract(from_sql("SELECT N FROM LONG ORDER BY N"), tmp_path, listener)
    assert pd.read_parquet(raw.path)["N"].tolist() == list(range(25_000))
    assert heard[-1] == (25_000, 25_000)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})
    assert len(heard) >= 3


def test_an_answer_is_kept_for_a_while(
    snowflake: SnowflakeServer,
    from_table: MakeJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = from_table()
    first = extract(job, tmp_path)
    before = pd.read_parquet(first.path)
    assert first.changes == ()
    again = extract(job, tmp_path)
    assert len(snowflake.statements()) == 1
    pd.testing.assert_frame_equal(pd.read_parquet(again.path), before)
    (change,) = again.changes
    assert change.what == "taken from the cache"
    assert dataset_of(job).changes[0].what == "taken from the cache"
    (kept,) = cache.cached()
    assert (kept.rows, kept.place.split(" · ")[2]) == (208, "READER")
    assert oct(kept.path.stat().st_mode)[-3:] == "600"

    monkeypatch.setenv("SNOWFLAKE_ROLE", "SYSADMIN")  # another role may see other rows
    extract(job, tmp_path)
    assert len(snowflake.statements()) == 2
    monkeypatch.setenv("MMM_CACHE_HOURS", "0.00001")
    settings.cache_clear()
    time.sleep(0.05)
    extract(job, tmp_path)
    assert len(snowflake.statements()) == 3
    assert cache.clear_cache() == 1  # what was too old went when something new was kept
    assert cache.cached() == []
    monkeypatch.setenv("MMM_CACHE_HOURS", "0")
    settings.cache_clear()
    extract(job, tmp_path)
    assert cache.cached() == []


def test_the_cache_never_folds_case() -> None:
    from mmmlib.data.sources.snowflake.query import Query

    place = {"account": "A", "role": "R"}
    keys = {
        cache.key(place, Query('SELECT "a" FROM t')),
        cache.key(place, Query('SELECT "A" FROM t')),
        cache.key(place, Query('SELECT "A"  FROM t')),
        cache.key({**place, "role": "r"}, Query('SELECT "A" FROM t')),
        cache.key(place, Query('SELECT "A" FROM t', ("2020-01-01",))),
        cache.key(place, Query('SELECT "A" FROM t', (dt.date(2020, 1, 1),))),
    }
    assert len(keys) == 6


def test_half_a_cache_is_none(
    snowflake: SnowflakeServer, from_table: MakeJob, tmp_path: Path
) -> None:
    extract(from_table(), tmp_path)
    (kept,) = cache.cached()
    kept.path.with_suffix(".json").write_text("{")
    extract(from_table(), tmp_path)
    kept.path.unlink()
    extract(from_table(), tmp_path)
    assert len(snowflake.statements()) == 3


def test_a_preview_is_that_of_the_same_file(
    snowflake: SnowflakeServer, from_table: MakeJob, make_job: MakeJob, job: TrainingJob
) -> None:
    here, there = open_source("duckdb").preview(job), open_source("snowflake").preview(from_table())
    assert (there.rows, there.first, there.last) == (here.rows, here.first[:10], here.last[:10])
    assert there.spend == pytest.approx(here.spend, rel=1e-12)
    assert list(there.head.columns) == list(here.head.columns)
    assert len(there.head) == len(here.head) == 100
    assert there.types["DATE"] == "DATE"
    tags = {each["parameters"]["QUERY_TAG"] for each in snowflake.statements()}
    assert tags == {"mmm-trainer/preview"}
    sql = make_job(source="snowflake", file="", sql="SELECT * FROM WEEKLY LIMIT 3 -- three;")
    assert open_source("snowflake").preview(sql).rows == 3


def test_spend_by_channel_is_drawn(job: TrainingJob) -> None:
    from mmmlib.report import style
    from mmmlib.report.preview import preview_figure

    drawn = preview_figure(open_source("duckdb").preview(job))
    texts = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert texts == ["ooh", "tv", "search", "print", "facebook"]
    assert style.png(drawn).startswith(b"\x89PNG")
