"""Looking without reading all of it: previews, and the test of a connection step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib.data.sources.preview import PREVIEW_ROWS, Preview, named, spends
from mmmlib.data.sources.snowflake.connections import connection
from mmmlib.data.sources.snowflake.profile import Profile
from mmmlib.data.sources.snowflake.query import quoted, table_name
from mmmlib.data.sources.snowflake.session import SnowflakeSession, session
from mmmlib.ground import SnowflakeError
from mmmlib.job import TrainingJob


def look(opened: SnowflakeSession, job: TrainingJob, inner: str) -> Preview:
    """Preview a table or a SELECT in brackets: two statements, few rows."""
    columns = opened.columns(f"SELECT * FROM {inner} AS looked_at")
    names = [column.name for column in columns]
    types = {column.name: column.type for column in columns}
    date = named(names, job.date)
    channels = {c: n for c, n in spends(job, names).items() if types[n] in ("NUMBER", "FLOAT")}
    asked = ["COUNT(*) AS N"]
    if date:
        asked += [f"TO_VARCHAR({f}({quoted(date)})) AS {f}_DATE" for f in ("MIN", "MAX")]
    asked += [f"SUM({quoted(name)}) AS S{i}" for i, name in enumerate(channels.values())]
    rows = opened.rows(f"SELECT {', '.join(asked)} FROM {inner} AS looked_at")[0]
    order = f" ORDER BY {quoted(date)}" if date else ""
    head = opened.rows(f"SELECT * FROM {inner} AS looked_at{order} LIMIT {PREVIEW_ROWS}")
    sums = rows[3 if date else 1 :]
    return Preview(
        head=pd.DataFrame(head, columns=pd.Index(names)),
        rows=int(rows[0]),
        types=types,
        first=str(rows[1] or "") if date else "",
        last=str(rows[2] or "") if date else "",
        spend={name: float(total or 0) for name, total in zip(channels, sums, strict=True)},
        query=job.sql or table_name(job.table),
    )


@dataclass(frozen=True)
class Step:
    """One step of a connection's test; ``kind`` says what failed, empty where nothing did."""

    title: str
    seconds: float
    kind: str = ""
    message: str = ""


def try_connection(
    name: str = "", table: str = "", columns: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """Try a connection step by step, up to the first step that fails.

    Parameters
    ----------
    name : str
        The connection; empty takes the default.
    table : str
        A table to look for, ``DATABASE.SCHEMA.TABLE``; none is looked for when empty.
    columns : tuple of str
        Columns the table should have, whatever their case.

    Returns
    -------
    tuple of Step
        The last one has a ``kind`` and a message where something failed.
    """
    return tuple(_steps(name, table, columns))


def _steps(name: str, table: str, columns: tuple[str, ...]) -> Iterator[Step]:
    found: list[Profile] = []
    yield (step := _timed("profile", lambda: found.append(connection(name))))
    if step.kind:
        return
    started = time.perf_counter()
    entered = False
    try:
        with session(found[0], "test") as opened:
            entered = True
            place = opened.place
            who = f"{place['user']} as {place['role'] or 'no role'}"
            yield Step("login", time.perf_counter() - started, message=who)
            yield from _inside(opened, table, columns)
    except SnowflakeError as error:
        if entered:
            raise
        yield Step("login", time.perf_counter() - started, error.kind, str(error))


def _inside(opened: SnowflakeSession, table: str, columns: tuple[str, ...]) -> Iterator[Step]:
    checks: list[tuple[str, Callable[[], Any]]] = [
        ("warehouse", lambda: _warehouse(opened)),
        ("database", lambda: _database(opened)),
    ]
    if table:
        checks.append(("table", lambda: _table(opened, table, columns)))
    for title, check in checks:
        yield (step := _timed(title, check))
        if step.kind:
            return


def _warehouse(opened: SnowflakeSession) -> str:
    wanted, there = str(opened.profile.values.get("warehouse", "")), opened.place["warehouse"]
    if wanted and not there:
        role = opened.place["role"]
        raise SnowflakeError(
            "warehouse",
            f"warehouse {wanted} does not exist, or role {role} may not use it; "
            f"GRANT USAGE ON WAREHOUSE {wanted} TO ROLE {role}",
        )
    # a real statement: a warehouse that is suspended has to start for it
    opened.rows("SELECT COUNT(*) AS N FROM (VALUES (1), (2)) AS T (X)")
    return there


def _database(opened: SnowflakeSession) -> str:
    wanted, there = str(opened.profile.values.get("database", "")), opened.place["database"]
    if wanted and not there:
        raise SnowflakeError(
            "database",
            f"database {wanted} does not exist, or role {opened.place['role']} may not use it",
        )
    return there


def _table(opened: SnowflakeSession, table: str, columns: tuple[str, ...]) -> str:
    present = [c.name for c in opened.columns(f"SELECT * FROM {table_name(table)}")]
    if missing := [name for name in columns if not named(present, name)]:
        shown = ", ".join(present[:20]) + (" …" if len(present) > 20 else "")
        raise SnowflakeError(
            "column", f"table {table} has no column {', '.join(missing)}; it has {shown}"
        )
    opened.rows(f"SELECT 1 AS ONE FROM {table_name(table)} LIMIT 1")  # may it be read?
    return f"{len(present)} columns"


def _timed(title: str, check: Callable[[], Any]) -> Step:
    started = time.perf_counter()
    try:
        said = check()
    except SnowflakeError as error:
        return Step(title, time.perf_counter() - started, error.kind, str(error))
    return Step(title, time.perf_counter() - started, message=str(said or ""))
