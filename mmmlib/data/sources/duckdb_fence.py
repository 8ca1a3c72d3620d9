"""What a job's SQL may do in DuckDB: read the tables of its file, within bounds where it is a look.

The statement is judged by DuckDB's own parser, and by what is allowed: sources that are not known
to be harmless are refused, such as those that show the server's paths and settings.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.ground import SourceError, settings

if TYPE_CHECKING:
    import duckdb

_SOURCES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT", "CTE"}
_MAKING_ROWS = {"unnest", "range", "generate_series", "json_each", "json_tree"}
_INTROSPECTION = ("duckdb_", "pragma_", "sqlite_", "pg_", "information_schema")
_REACHING = ("current_setting", "getenv", "getvariable", "which_secret", "write_log", "nextval",
             "currval", "query", "read_")  # fmt: skip


def only_data(warehouse: duckdb.DuckDBPyConnection, query: str) -> None:
    """Let a SELECT pass that reads tables and makes rows, and nothing else.

    Raises
    ------
    SourceError
        It asks the database about itself or about the machine, or is no plain SELECT.
    """
    found = warehouse.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
    parsed: dict[str, Any] = json.loads(found[0][0])
    if parsed["error"]:
        said = str(parsed.get("error_message", "it cannot be read")).split("\n")[0]
        raise SourceError(f"sql: must be one SELECT over data: {said}")
    for node in _nodes(parsed):
        if why := _refused(node):
            raise SourceError(f"sql: {why}; a job's SQL reads its own data only")


def _refused(node: dict[str, Any]) -> str:
    kind = str(node.get("type", ""))
    if kind == "SHOW_REF":
        return "holds DESCRIBE, SHOW or SUMMARIZE"
    if kind == "TABLE_FUNCTION":
        name = _lower(node.get("function", {}), "function_name")
        return "" if name in _MAKING_ROWS else f"calls the table function {name}"
    if kind == "BASE_TABLE":
        names = [_lower(node, f"{part}_name") for part in ("catalog", "schema", "table")]
        inner = names[0] in ("system", "temp") or any(n.startswith(_INTROSPECTION) for n in names)
        return (
            f"reads {'.'.join(filter(None, names))}, which describes the database" if inner else ""
        )
    if kind == "FUNCTION":
        name = _lower(node, "function_name")
        return f"calls {name}" if name.startswith((*_INTROSPECTION, *_REACHING)) else ""
    is_source = "alias" in node and "sample" in node
    return f"reads from {kind}" if is_source and kind not in _SOURCES else ""


def _lower(node: dict[str, Any], key: str) -> str:
    return str(node.get(key) or "").lower()


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a parsed statement; without recursion, since a person writes its depth."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


@contextmanager
def bounded(warehouse: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> Iterator[None]:
    """Stop what a look makes of data once it takes too long or writes too much.

    Raises
    ------
    SourceError
        It was stopped; the message says at which bound.
    """
    import duckdb

    seconds, most = settings().mmm_look_seconds, settings().mmm_look_mb * 1_000_000
    done, why = threading.Event(), []

    def watch() -> None:
        until = time.monotonic() + seconds
        while not done.wait(0.05):
            if time.monotonic() > until:
                why.append(f"took longer than {seconds} s (MMM_LOOK_SECONDS)")
            elif sum(_size(file) for file in files) > most:
                why.append(f"has more than {most / 1e6:.0f} MB (MMM_LOOK_MB)")
            if why:
                return warehouse.interrupt()

    watching = threading.Thread(target=watch, name="look", daemon=True)
    watching.start()
    try:
        yield
    except duckdb.InterruptException:
        raise SourceError(f"sql: what is looked at {why[0]}; select less") from None
    finally:
        done.set()
        watching.join()


def _size(path: Path) -> int:
    """Bytes of a file, or below a folder; files may vanish meanwhile."""
    try:
        return sum(map(_size, path.iterdir())) if path.is_dir() else path.stat().st_size
    except FileNotFoundError:
        return 0
