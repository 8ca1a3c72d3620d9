"""What may be read: one statement that only reads, and tables by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmmlib.data.sources.snowflake.query import only_reads, table_name
from mmmlib.ground.errors import JobError, SnowflakeError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.preflight import accepted

MakeJob = Callable[..., TrainingJob]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sales",
        "WITH w AS (SELECT d, SUM(x) AS x FROM sales GROUP BY d) SELECT * FROM w",
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        '(SELECT "a;b" FROM t)',
        "SELECT 'DROP TABLE t; --' AS text FROM t -- a remark; and another",
        "SELECT DATE_TRUNC('week', d) AS d, v:price::FLOAT AS price FROM t, LATERAL FLATTEN(t.x) f",
        "SELECT d FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY d ORDER BY x) = 1",
        "SELECT $1 FROM VALUES (1)",
        "SELECT '->>' AS arrow FROM t",
        "SELECT a FROM t, TABLE(FLATTEN(INPUT => t.x))",
        "SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 10))",
        "SELECT * FROM t, LATERAL (SELECT 1)",
        "SELECT value FROM t, LATERAL SPLIT_TO_TABLE(t.a, ',')",
        "SELECT value FROM TABLE(SPLIT_TO_TABLE('a,b', ','))",
        "SELECT * FROM db.s.t PIVOT (SUM(x) FOR c IN ('a', 'b'))",
        "SELECT * FROM t AT (OFFSET => -60)",
    ],
)
def test_what_reads_is_taken_as_it_is(sql: str) -> None:
    assert only_reads(sql) == sql
    assert only_reads(f"{sql}\n ; ;") == sql or "--" in sql


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE sales", "must be a SELECT .* not DROP"),
        ("DELETE FROM sales", "not DELETE"),
        ("INSERT INTO a SELECT * FROM b", "not INSERT"),
        ("UPDATE a SET b = 1", "not UPDATE"),
        ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", "not MERGE"),
        ("CREATE TABLE a AS SELECT 1", "not CREATE"),
        ("ALTER SESSION SET QUERY_TAG = 'x'", "not ALTER"),
        ("CALL procedure()", "must be a SELECT"),
        ("EXECUTE IMMEDIATE 'DROP TABLE a'", "must be a SELECT|cannot be read"),
        ("USE ROLE ACCOUNTADMIN", "not USE"),
        ("COPY INTO @stage FROM sales", "not COPY"),
        ("GRANT SELECT ON sales TO ROLE public", "not GRANT"),
        ("TRUNCATE TABLE a", "not TRUNCATE"),
        ("SHOW TABLES", "not SHOW"),
        ("SELECT 1; DROP TABLE sales", "one statement, not 2"),
        ("SELECT 1; SELECT 2", "one statement, not 2"),
        ("", "one statement, not 0"),
        ("-- nothing", "one statement, not 0"),
        ("SELEKT 1", "must be a SELECT|cannot be read"),
        ("SELECT FROM WHERE", "cannot be read|must be"),
        ("SELECT SYSTEM$CANCEL_ALL_QUERIES(1)", r"calls SYSTEM\$"),
        ("SELECT seq.NEXTVAL FROM t", "sequence|NEXTVAL"),
        ("SELECT $1 FROM @my_stage/file.csv", "stage"),
        ("SELECT * FROM t WHERE a = ?", "nobody gives"),
        ("select 1 ->> delete from t", "flow operator"),
        ("select 1 ->>\n  select * from $1", "flow operator|cannot be read"),
        ("select a ->> insert from t", "flow operator"),
        ("SELECT * FROM DIRECTORY(@s)", "no table"),
        ("SELECT * FROM directory('@s')", "no table"),
        ("SELECT * FROM TABLE(DIRECTORY(@s))", "no table"),
        ("SELECT * FROM TABLE(INFER_SCHEMA(LOCATION=>'@s', FILE_FORMAT=>'f'))", "no table"),
        ("SELECT * FROM TABLE(MY_FUNCTION(1))", "no table"),
        ("SELECT * FROM TABLE(db.s.my_function(1))", "no table|somebody defined"),
        ("SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())", "no table|somebody defined"),
        ("SELECT * FROM t, LATERAL my_function(t.a)", "no table"),
        ("SELECT IDENTIFIER('system$whitelist')()", "nobody can check|cannot be read"),
        ("SELECT * FROM IDENTIFIER('t')", "nobody can check|no table"),
        ("SELECT * FROM TABLE(IDENTIFIER('x'))", "nobody can check|no table"),
        ("SELECT GET_STAGE_LOCATION(@s)", "calls|stage"),
        ("SELECT BUILD_STAGE_FILE_URL('@s', 'x')", "calls"),
        ("SELECT TO_FILE('@s/x')", "calls"),
        ("SELECT SNOWFLAKE.CORTEX.COMPLETE('m', 'x')", "somebody defined"),
        ("SELECT * FROM t WHERE a IN (SELECT $1 FROM DIRECTORY(@s))", "no table"),
        ("WITH w AS (SELECT * FROM TABLE(f())) SELECT * FROM w", "no table"),
        ("SELECT * FROM t WHERE a = :a", "nobody gives"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "nested too deeply|cannot be read"),
    ],
)
def test_all_else_is_refused_with_the_reason(sql: str, why: str) -> None:
    with pytest.raises(SnowflakeError, match=why) as refused:
        only_reads(sql)
    assert refused.value.kind == "sql"


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("sales", '"SALES"'),
        ("marketing.public.sales", '"MARKETING"."PUBLIC"."SALES"'),
        ('Marketing."Weekly spend"', '"MARKETING"."Weekly spend"'),
        ('"a""b"', '"a""b"'),
        ("select_1$", '"SELECT_1$"'),
    ],
)
def test_names_are_quoted_as_snowflake_means_them(written: str, quoted: str) -> None:
    assert table_name(written) == quoted


@pytest.mark.parametrize(
    "written",
    ["a.b.c.d", "sales; DROP TABLE x", "sales AS s", "a b", "@stage", "TABLE(f())", "a.", "(a)",
     "sales WHERE 1=1", "a JOIN b", "sales -- x\n, b", ""],
)  # fmt: skip
def test_what_is_no_name_is_refused(written: str) -> None:
    with pytest.raises(SnowflakeError, match=r"is no DATABASE\.SCHEMA\.TABLE"):
        table_name(written)


def test_a_job_is_refused_before_it_runs(make_job: MakeJob) -> None:
    job = make_job(source="snowflake", file="", sql="DROP TABLE sales")
    with pytest.raises(JobError, match="sql: must be a SELECT"):
        accepted(job)
    with pytest.raises(JobError, match="table: 'a b' is no"):
        accepted(make_job(source="snowflake", file="", table="a b"))


def test_keys_that_contradict_each_other_are_said_at_once(make_job: MakeJob) -> None:
    with pytest.raises(JobError) as refused:
        make_job(source="snowflake", dates=["2020-01-02", "2020-01-01"], sql="SELECT 1")
    said = str(refused.value)
    assert "file: is read by source: duckdb only" in said
    assert "dates: choose rows of a table" in said
    assert "dates: must not end before they start" in said
    with pytest.raises(JobError) as refused:
        make_job(connection="prod", dates=["2020-01-01", "2020-01-02"])
    assert str(refused.value).count("is read by source: snowflake only") == 2
    with pytest.raises(JobError, match="table: is empty"):
        make_job(source="snowflake", file="")
