"""Statements: a job's table with its rows chosen, or the job's own SQL when it only reads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.dataset import needed
from mmmlib.data.sources.preview import named
from mmmlib.data.sources.snowflake.session import SnowflakeColumn
from mmmlib.ground import SnowflakeError
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    from sqlglot import exp

PLAIN_DATES = ("DATE", "TIMESTAMP_NTZ")
# Functions that do or reach something although they stand in a SELECT: stages, files, results of
# others, models that are paid by the word.
_REACHING = ("SYSTEM$", "RESULT_SCAN", "GET_DDL", "GET_PRESIGNED", "GET_STAGE", "GET_ABSOLUTE",
             "GET_RELATIVE", "BUILD_", "TO_FILE", "FL_", "AI_", "DIRECTORY", "LAST_QUERY_ID",
             "CORTEX", "EXTRACT_SEMANTIC", "IDENTIFIER")  # fmt: skip
# Table functions that make rows of what they are given; all others are refused, known or not.
_MAKING_ROWS = {"FLATTEN", "EXPLODE", "GENERATOR", "SPLIT_TO_TABLE", "STRTOK_SPLIT_TO_TABLE"}


@dataclass(frozen=True)
class Query:
    """A statement and the values bound to its question marks."""

    sql: str
    binds: tuple[str | dt.date, ...] = ()

    def __str__(self) -> str:
        """As the log shows it."""
        values = ", ".join(str(value) for value in self.binds)
        return f"{self.sql} -- with {values}" if values else self.sql


@dataclass(frozen=True)
class TableQuery:
    """What is read of a table, and what is not."""

    rows: Query
    others: Query | None  # counts rows of other countries
    labels: Query | None  # the countries there are
    left_out: tuple[str, ...]


def quoted(name: str) -> str:
    """One identifier, exactly as it is."""
    return '"' + name.replace('"', '""') + '"'


def table_name(text: str) -> str:
    """``table``, ``schema.table`` or ``database.schema.table``, quoted.

    A part without quotes is in upper case, as Snowflake takes it; ``"My table"`` stays.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        table: Any = sqlglot.parse_one(text, read="snowflake", into=exp.Table)
    except SqlglotError:
        table = None
    parts: list[Any] = table.parts if isinstance(table, exp.Table) else []
    plain = (
        bool(parts)
        and len(parts) <= 3
        and all(isinstance(part, exp.Identifier) for part in parts)
        and not any(
            value for key, value in table.args.items() if key not in ("this", "db", "catalog")
        )
    )
    if not plain:
        raise SnowflakeError(
            "table",
            f"table: {text!r} is no DATABASE.SCHEMA.TABLE; put parts that hold other characters "
            'into double quotes, such as MARKETING.PUBLIC."Weekly spend"',
        )
    return ".".join(quoted(p.name if p.quoted else p.name.upper()) for p in parts)


def only_reads(sql: str) -> str:
    """The SQL of a job, without a semicolon at its end, when it is one statement that only reads.

    Raises
    ------
    SnowflakeError
        Of kind ``sql``, with the reason. The parser is a fence, not the wall: the role the job
        runs as must be one that can only read.
    """
    import sqlglot
    from sqlglot import TokenType, exp
    from sqlglot.dialects.snowflake import Snowflake
    from sqlglot.errors import SqlglotError

    try:
        if TokenType.DARROW in {token.token_type for token in Snowflake().tokenize(sql)}:
            # a statement of any kind may stand behind it, which would be read as JSON's ->>
            raise _unread("holds the flow operator ->>; a job's SQL only reads")
        parsed = [each for each in sqlglot.parse(sql, read="snowflake") if each is not None]
    except (SqlglotError, RecursionError) as error:
        said = str(error).split("\n")[0] if isinstance(error, SqlglotError) else "nested too deeply"
        raise _unread(f"cannot be read as Snowflake's SQL: {said}") from None
    statements = [each for each in parsed if not isinstance(each, exp.Semicolon)]
    if len(statements) != 1:
        raise _unread(f"must be one statement, not {len(statements)}")
    statement = statements[0]
    if not isinstance(statement, exp.Query):
        raise _unread(f"must be a SELECT (or WITH … SELECT), not {statement.key.upper()}")
    if why := _does_more(statement):
        raise _unread(f"{why}; a job's SQL only reads")
    text = sql.rstrip()
    while text.endswith(";"):
        text = text[:-1].rstrip()
    return text


def _does_more(statement: exp.Query) -> str:
    from sqlglot import exp

    writing = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Set, exp.Use, exp.Merge, exp.Lock)
    for node in statement.walk():
        if isinstance(node, writing) and not isinstance(node, exp.Query):
            return f"holds {node.key.upper()}"
        variable = isinstance(node, exp.Placeholder | exp.Parameter | exp.SessionParameter)
        if variable and not node.name.isdigit():  # $1 is a column of VALUES
            return f"holds {node.sql(dialect='snowflake')}, a value that nobody gives"
        if why := _no_table(node):
            return why
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            return f"calls {node.sql(dialect='snowflake')}, which somebody defined"
        if isinstance(node, exp.Table) and node.sql(dialect="snowflake").lstrip("'").startswith(
            "@"
        ):
            return f"reads the stage {node.sql(dialect='snowflake')}, not a table"
        if isinstance(node, exp.Func):
            name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper()
            if name.startswith(_REACHING) or (name.endswith("NEXTVAL")):
                return f"calls {name}"
        if isinstance(node, exp.Column) and node.name.upper() == "NEXTVAL":
            return "takes a number from a sequence"
    return ""


def _no_table(node: exp.Expr) -> str:
    """Why a source of rows is no table, no SELECT and no function that makes rows."""
    from sqlglot import exp

    shown = node.sql(dialect="snowflake")
    if type(node).__name__ == "DynamicIdentifier":
        return f"names by {shown} what nobody can check"
    table = isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier)
    lateral = isinstance(node, exp.Lateral) and not isinstance(node.this, exp.Subquery)
    if not (table or lateral or isinstance(node, exp.TableFromRows)):
        return ""
    called = node.this
    name = called.name if isinstance(called, exp.Anonymous) else _word(called)
    return "" if name.upper() in _MAKING_ROWS else f"reads from {shown[:80]}, which is no table"


def _word(called: exp.Expr) -> str:
    from sqlglot import exp

    return called.sql_name() if isinstance(called, exp.Func) else called.key


def _unread(why: str) -> SnowflakeError:
    return SnowflakeError("sql", f"sql: {why}")


def table_query(job: TrainingJob, columns: list[SnowflakeColumn]) -> TableQuery:
    """What to read of the job's table: its columns, its dates, its country, in order of dates.

    Parameters
    ----------
    columns : list of SnowflakeColumn
        All columns of the table.
    """
    table = table_name(job.table)
    present = [column.name for column in columns]
    types = {column.name: column.type for column in columns}
    read = needed(job, present)
    if not read:
        shown = ", ".join(present[:20])
        raise SnowflakeError("column", f"table {job.table} has no column of the job; has: {shown}")
    date = named(present, job.date)
    one = job.country_column and job.country_value != "*"
    country = named(present, job.country_column) if one else ""
    ranged, binds = _range(job, date, types)
    chosen = f"UPPER(TRIM(TO_VARCHAR({quoted(country)}))) = ?" if country else ""
    where = _where(ranged, chosen)
    label = ((job.country_value or job.country).strip().upper(),) if country else ()
    order = f" ORDER BY {quoted(date)}" if date else ""
    rows = Query(
        f"SELECT {', '.join(map(quoted, read))} FROM {table}{where}{order}", (*binds, *label)
    )
    left_out = tuple(name for name in present if name not in read)
    if not country:
        return TableQuery(rows, None, None, left_out)
    neither = f"(NOT {chosen} OR {quoted(country)} IS NULL)"
    others = Query(f"SELECT COUNT(*) AS N FROM {table}{_where(ranged, neither)}", (*binds, *label))
    labels = Query(
        f"SELECT DISTINCT TO_VARCHAR({quoted(country)}) AS LABEL FROM {table}{_where(ranged)} "
        "ORDER BY 1 LIMIT 21",
        binds,
    )
    return TableQuery(rows, others, labels, left_out)


def _range(
    job: TrainingJob, date: str, types: dict[str, str]
) -> tuple[str, tuple[str | dt.date, ...]]:
    """The condition on the dates; the last day counts with all its hours."""
    if not job.dates:
        return "", ()
    if not date:
        raise SnowflakeError("column", f"dates: the table has no column {job.date!r} to choose by")
    if types[date] not in PLAIN_DATES:
        raise SnowflakeError(
            "column",
            f"dates: {date} is {types[date]}, and a range is only taken of DATE or TIMESTAMP_NTZ; "
            "leave dates empty, or give sql that makes it a date",
        )
    first, last = job.dates
    return f"{quoted(date)} >= ? AND {quoted(date)} < ?", (first, last + dt.timedelta(days=1))


def _where(*conditions: str) -> str:
    given = [condition for condition in conditions if condition]
    return f" WHERE {' AND '.join(given)}" if given else ""
