"""A job's SQL reads its own data: not the database's settings, and a look within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.data.sources.duckdb import DuckDBSource
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import SourceError
from mmmlib.job.parse import TrainingJob


@pytest.fixture
def job(tmp_path: Path) -> TrainingJob:
    file = tmp_path / "sales.csv"
    file.write_text("d,x\n2024-01-01,1\n2024-01-08,2\n")
    return TrainingJob.load("demo").model_copy(update={"file": str(file), "table": ""})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name, value FROM duckdb_settings()",
        "SELECT value FROM Duckdb_Settings() WHERE name = 'temp_directory'",
        "SELECT * FROM duckdb_views",
        "SELECT sql FROM sqlite_master",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_views",
        'SELECT * FROM system.main."duckdb_databases"',
        "SELECT path FROM pragma_database_list",
        "SELECT current_setting('temp_directory') FROM data",
        "SELECT x FROM data WHERE x IN (SELECT 1 FROM duckdb_functions())",
        "WITH w AS (SELECT * FROM duckdb_extensions()) SELECT * FROM w",
        "SELECT * FROM query('SELECT * FROM duckdb_settings()')",
        "SELECT * FROM query_table('duckdb_settings')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM (DESCRIBE data)",
        "SELECT * FROM (SHOW ALL TABLES)",
        "SELECT (SELECT count(*) FROM duckdb_secrets()) AS n FROM data",
        "SELECT * FROM data, LATERAL (SELECT * FROM duckdb_tables())",
    ],
)
def test_what_describes_the_machine_is_refused(job: TrainingJob, sql: str) -> None:
    with pytest.raises(SourceError, match=r"^sql: ") as refused:
        DuckDBSource().preview(job.model_copy(update={"sql": sql}))
    assert str(Path(job.file).parent) not in str(refused.value)


def test_a_table_of_that_name_is_refused_too(job: TrainingJob) -> None:
    with pytest.raises(SourceError, match="describes the database"):
        DuckDBSource().preview(job.model_copy(update={"table": "duckdb_views"}))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM data",
        "FROM data SELECT d, x",
        "WITH w AS (SELECT d, sum(x) AS x FROM data GROUP BY d) SELECT * FROM w",
        "SELECT d, unnest([x, 2]) AS x FROM data",
        "SELECT a.d, b.x FROM data a JOIN data b USING (d) ORDER BY 1",
        "SELECT range AS x FROM range(3)",
        "SELECT * FROM (VALUES (1)) AS t (x)",
        "SELECT * FROM data UNION ALL BY NAME SELECT * FROM data",
        "SELECT d, list_sum(list_transform([x], lambda y: y + 1)) AS x FROM data",
        "SELECT * FROM (PIVOT data ON d IN ('2024-01-01') USING sum(x))",
        "SELECT d, sum(x) OVER (ORDER BY d) AS x FROM data QUALIFY row_number() OVER () < 3",
        "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3) FROM n",
    ],
)
def test_what_reads_data_passes(job: TrainingJob, sql: str) -> None:
    assert DuckDBSource().preview(job.model_copy(update={"sql": sql})).rows


@pytest.mark.parametrize(
    ("variable", "value", "sql"),
    [
        (
            "MMM_LOOK_SECONDS",
            "1",
            "SELECT sum(hash(a.range + b.range)) AS x FROM range(10000000) a, range(9999) b",
        ),
        ("MMM_LOOK_MB", "1", "SELECT hash(range)::VARCHAR AS x FROM range(2000000000)"),
    ],
)
def test_a_look_is_bounded(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sql: str
) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    try:
        with pytest.raises(SourceError, match=variable):
            DuckDBSource().preview(job.model_copy(update={"sql": sql}))
    finally:
        settings.cache_clear()
