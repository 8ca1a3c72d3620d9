"""One session with Snowflake: timeouts, a query tag, types, results in Arrow batches."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.data.sources.snowflake.diagnose import diagnosed
from mmmlib.data.sources.snowflake.profile import Profile
from mmmlib.ground import settings

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = {
    0: "NUMBER",
    1: "FLOAT",
    2: "TEXT",
    3: "DATE",
    4: "TIMESTAMP",
    5: "VARIANT",
    6: "TIMESTAMP_LTZ",
    7: "TIMESTAMP_TZ",
    8: "TIMESTAMP_NTZ",
    9: "OBJECT",
    10: "ARRAY",
    11: "BINARY",
    12: "TIME",
    13: "BOOLEAN",
}
Bind = str | int | float | object  # a date too


@dataclass(frozen=True)
class SnowflakeColumn:
    """A column of a result: its name as Snowflake writes it, and its type."""

    name: str
    type: str


class SnowflakeSession:
    """A connection that is logged in. Made by :func:`session`."""

    def __init__(self, connected: Any, profile: Profile, seconds: int) -> None:
        self._connection = connected
        self.profile = profile
        self._seconds = seconds

    @property
    def place(self) -> dict[str, str]:
        """As whom and where this session reads, as Snowflake itself says it."""
        said = {key: getattr(self._connection, key) or "" for key in ("account", "user")}
        said |= {key: getattr(self._connection, key) or "" for key in ("role", "warehouse")}
        return said | {key: getattr(self._connection, key) or "" for key in ("database", "schema")}

    def columns(self, query: str) -> list[SnowflakeColumn]:
        """Columns a query would return; it is compiled, not run."""
        with self._errors(), self._connection.cursor() as cursor:
            return [_column(each) for each in cursor.describe(query)]

    def rows(self, query: str, binds: Sequence[Bind] = ()) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        with self._errors(), self._connection.cursor() as cursor:
            self._execute(cursor, query, binds)
            return list(cursor.fetchall())

    @contextmanager
    def result(self, query: str, binds: Sequence[Bind] = ()) -> Iterator[Result]:
        """Run a query; its result is read while the context lasts."""
        with self._errors(), self._connection.cursor() as cursor:
            self._execute(cursor, query, binds)
            yield Result(cursor)

    def _execute(self, cursor: Any, query: str, binds: Sequence[Bind]) -> None:
        # 5.x takes the limit at the login and would ignore it here
        limits = {"timeout": self._seconds} if _version() < 5 else {}
        cursor.execute(query, tuple(binds) or None, **limits)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with translated(self.profile, self._seconds):
            yield


class Result:
    """A result on its way."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.rows: int = cursor.rowcount or 0
        self.columns = [_column(each) for each in cursor.description]

    def batches(self) -> Iterator[pa.Table]:
        """The rows, a chunk at a time; the connector fetches few chunks ahead."""
        yield from self._cursor.fetch_arrow_batches(force_microsecond_precision=True)


@contextmanager
def session(profile: Profile, who: str) -> Iterator[SnowflakeSession]:
    """Log in, and out again whatever happens.

    Parameters
    ----------
    who : str
        What reads: a run's id, or ``preview``. It is in the query tag ``mmm-trainer/{who}``.

    Raises
    ------
    SnowflakeError
        Its kind says whether the account's name, the network, the login or the role failed.
    """
    import snowflake.connector

    logging.getLogger("snowflake.connector").setLevel(logging.ERROR)  # it warns at each retry
    seconds = settings().mmm_snowflake_statement_seconds
    options: dict[str, Any] = {
        **profile.parameters(),
        "application": "mmm_trainer",
        **_limits(seconds),
        "paramstyle": "qmark",  # values are bound by Snowflake, never written into the statement
        "client_prefetch_threads": 2,  # chunks held in memory at a time
        "session_parameters": {
            "QUERY_TAG": f"mmm-trainer/{who}",
            "STATEMENT_TIMEOUT_IN_SECONDS": seconds,
            "ABORT_DETACHED_QUERY": True,  # a client that was killed leaves no query behind
            "TIMEZONE": "UTC",
        },
    }
    with translated(profile, seconds, connecting=True):
        connected = snowflake.connector.connect(**options)
    try:
        yield SnowflakeSession(connected, profile, seconds)
    finally:
        _close(connected)


@contextmanager
def translated(profile: Profile, seconds: int, connecting: bool = False) -> Iterator[None]:
    """Errors of the connector become ours."""
    from snowflake.connector.errors import Error

    known: list[type[Exception]] = [Error]
    if _version() < 5:  # lets errors of its copy of requests through
        from snowflake.connector.vendored.requests.exceptions import RequestException

        known.append(RequestException)
    try:
        yield
    except tuple(known) as error:
        raise diagnosed(
            error, profile, seconds, connecting
        ) from None  # its frames may show a secret


def _close(connected: Any) -> None:
    """Log out; a server that is gone already is no reason to lose what was read."""
    from snowflake.connector.errors import Error

    try:
        connected.close(retry=False)
    except Error:
        logging.getLogger(__name__).info("the session could not be closed; it ends by itself")


def _limits(seconds: int) -> dict[str, Any]:
    """Time limits under the names that the connector's version has for them."""
    login = settings().mmm_snowflake_login_seconds
    network = settings().mmm_snowflake_network_seconds
    if _version() >= 5:
        keep = "enable_server_session_keep_alive_auto_detection"  # False: always log out
        limits = {"query_timeout": seconds, "request_timeout": network, keep: False}
    else:
        # Snowflake answers within 45 s, if only that the statement still runs
        limits = {"network_timeout": network, "socket_timeout": max(1, network // 2)}
    return {"login_timeout": login, **limits}


def _column(described: Any) -> SnowflakeColumn:
    return SnowflakeColumn(described.name, TYPES.get(described.type_code, "of another kind"))


def _version() -> int:
    import snowflake.connector

    return int(snowflake.connector.__version__.split(".")[0])
