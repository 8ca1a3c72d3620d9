"""The source ``snowflake``: a table or one SELECT, read by a named connection."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mmmlib.data.dataset import needed
from mmmlib.data.prepare.ledger import Change
from mmmlib.data.sources import NOBODY, Extraction, Listener
from mmmlib.data.sources.preview import Preview
from mmmlib.data.sources.snowflake import cache
from mmmlib.data.sources.snowflake.connections import connection
from mmmlib.data.sources.snowflake.query import (
    Query,
    TableQuery,
    only_reads,
    table_name,
    table_query,
)
from mmmlib.data.sources.snowflake.session import SnowflakeSession, session
from mmmlib.data.sources.snowflake.stream import readable, write
from mmmlib.ground import Problem, SnowflakeError, SourceError
from mmmlib.job import TrainingJob

ATTEMPTS = 3
PAUSE_SECONDS = 2.0  # before the second attempt; twice as long before each further one
Answer = TypeVar("Answer")


class SnowflakeSource:
    """Reads what the job asks for with its connection, in chunks, and keeps it for a while."""

    def extract(self, job: TrainingJob, into: Path, listener: Listener = NOBODY) -> Extraction:
        """Write the job's raw data to Parquet; see :class:`mmmlib.data.sources.Source`."""
        checked = only_reads(job.sql) if job.sql else table_name(job.table)
        profile = connection(job.connection)

        def once() -> Extraction:
            with session(profile, listener.run or "local") as opened:
                if job.sql:
                    return _of_sql(opened, job, Query(checked), into, listener)
                return _of_table(opened, job, checked, into, listener)

        return again_where_it_helps(once, listener.log)

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """A table that is no name, or SQL that does more than read."""
        try:
            only_reads(job.sql) if job.sql else table_name(job.table)
        except SnowflakeError as error:
            where, _, message = str(error).partition(": ")
            return [Problem(where, message)]
        return []

    def preview(self, job: TrainingJob) -> Preview:
        """Look at the job's table or SQL; Snowflake counts, only the first rows travel."""
        from mmmlib.data.sources.snowflake.preview import look

        inner = f"({only_reads(job.sql)}\n)" if job.sql else table_name(job.table)

        def once() -> Preview:
            with session(connection(job.connection), "preview") as opened:
                return look(opened, job, inner)

        return again_where_it_helps(once, NOBODY.log)


def again_where_it_helps(once: Callable[[], Answer], log: Callable[[str], None]) -> Answer:
    """Try a few times what a network or a service has let fail; nothing else is tried again.

    The connector repeats single requests itself; this is for a session or a result that is lost.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return once()
        except SnowflakeError as error:
            if not error.again:
                raise
            pause = PAUSE_SECONDS * 2 ** (attempt - 1)
            log(f"{error}; attempt {attempt + 1} of {ATTEMPTS} in {pause:g} s")
            time.sleep(pause)
    return once()


def _of_sql(
    opened: SnowflakeSession, job: TrainingJob, query: Query, into: Path, listener: Listener
) -> Extraction:
    return _read(opened, job, query, None, into, listener)


def _of_table(
    opened: SnowflakeSession, job: TrainingJob, table: str, into: Path, listener: Listener
) -> Extraction:
    chosen = table_query(job, opened.columns(f"SELECT * FROM {table}"))
    return _read(opened, job, chosen.rows, chosen, into, listener)


def _read(
    opened: SnowflakeSession,
    job: TrainingJob,
    query: Query,
    table: TableQuery | None,
    into: Path,
    listener: Listener,
) -> Extraction:
    """Read from the cache, or from Snowflake."""
    import pyarrow.parquet as pq

    place = opened.place
    as_whom = f"role {place['role'] or 'none'}, warehouse {place['warehouse'] or 'none'}"
    listener.log(f"snowflake: {place['user']} on {place['account']}, {as_whom}")
    key = cache.key(place, query)
    changes: tuple[Change, ...] = ()
    left_out = list(table.left_out) if table else []
    if kept := cache.find(key):
        shutil.copyfile(kept.path, into)
        others = kept.others
        when = f"{kept.at:%Y-%m-%d %H:%M:%S} UTC"
        listener.log(f"snowflake: from the cache, as read at {when}; mmm cache clear reads anew")
        why = f"as Snowflake answered at {when}; mmm cache clear reads anew"
        with pq.ParquetFile(into) as file:
            changes = (Change("taken from the cache", "source", file.metadata.num_rows, why),)
    else:
        with opened.result(query.sql, query.binds) as result:
            wanted = needed(job, [column.name for column in result.columns])
            columns = readable(result.columns, wanted)
            left_out += [c.name for c in result.columns if c not in columns]
            write(result, columns, into, listener)
        others = _others(opened, table)
    with pq.ParquetFile(into) as file:
        rows, names = file.metadata.num_rows, tuple(file.schema_arrow.names)
    if rows == 0:
        raise _empty(opened, job, table)
    if not kept:
        cache.keep(key, into, place, query, rows, others)
    return Extraction(into, rows, names, str(query), tuple(left_out), others, changes)


def _others(opened: SnowflakeSession, table: TableQuery | None) -> int:
    """How many rows of other countries were not read."""
    if not table or not table.others:
        return 0
    return int(opened.rows(table.others.sql, table.others.binds)[0][0])


def _empty(opened: SnowflakeSession, job: TrainingJob, table: TableQuery | None) -> SourceError:
    """Why nothing came: no rows at all, none in the range, or none of the country."""
    if not table:
        return SourceError("sql: the query has no rows")
    if table.labels:
        found = [row[0] for row in opened.rows(table.labels.sql, table.labels.binds)]
        labels = [str(label) for label in found if label is not None]
        if labels:
            shown = ", ".join(labels[:20]) + (" …" if len(labels) > 20 else "")
            return SourceError(f"country: {job.country!r} is not in the table; there is {shown}")
    if job.dates:
        return SourceError(
            f"dates: table {job.table} has no rows from {job.dates[0]} to {job.dates[1]}"
        )
    return SourceError(f"table: {job.table} has no rows")
