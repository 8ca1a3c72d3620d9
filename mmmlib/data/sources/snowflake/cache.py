"""Extractions kept for a while, under a key of everything that changes the answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmmlib.data.sources.snowflake.query import Query
from mmmlib.ground import settings

VERSION = 1  # of how a result is written; another one does not find what this one wrote


@dataclass(frozen=True)
class CachedExtraction:
    """An extraction in the cache.

    Attributes
    ----------
    path : Path
        Its Parquet file.
    at : datetime
        When Snowflake answered (UTC).
    """

    path: Path
    at: dt.datetime
    rows: int
    others: int
    query: str
    place: str

    @property
    def age(self) -> dt.timedelta:
        """Time since Snowflake answered."""
        return dt.datetime.now(dt.UTC) - self.at

    @property
    def fresh(self) -> bool:
        """Whether it is young enough to be used; one of the future is not."""
        limit = dt.timedelta(hours=settings().mmm_cache_hours)
        return dt.timedelta(0) <= self.age < limit


def key(place: Mapping[str, str], query: Query) -> str:
    """Hash of account, user, role, warehouse, database, schema, exact SQL and bound values.

    Nothing is folded: ``"a"`` and ``"A"`` are two columns, and a role sees its own rows.
    """
    binds = [[type(value).__name__, str(value)] for value in query.binds]
    said = json.dumps([VERSION, sorted(place.items()), query.sql, binds])
    return hashlib.sha256(said.encode()).hexdigest()


def find(key_: str) -> CachedExtraction | None:
    """The extraction kept under a key, when it is young enough."""
    kept = _read(_folder() / f"{key_}.json")
    return kept if kept and kept.fresh else None


def keep(
    key_: str, extracted: Path, place: Mapping[str, str], query: Query, rows: int, others: int
) -> None:
    """Keep a copy of an extraction; what is too old goes."""
    if settings().mmm_cache_hours <= 0:
        return
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kept in cached():
        if not kept.fresh:
            _remove(kept.path)
    facts = {
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "rows": rows,
        "others": others,
        "query": str(query),
        "place": " · ".join(value for value in place.values() if value),
    }
    unfinished = folder / f"{key_}.{os.getpid()}.tmp"
    try:
        shutil.copyfile(extracted, unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(folder / f"{key_}.parquet")
        unfinished.write_text(json.dumps(facts))
        unfinished.chmod(0o600)
        unfinished.replace(folder / f"{key_}.json")  # last: without it there is nothing
    finally:
        unfinished.unlink(missing_ok=True)


def cached() -> list[CachedExtraction]:
    """Everything that is kept, the newest first."""
    kept = [found for path in _folder().glob("*.json") if (found := _read(path))]
    return sorted(kept, key=lambda each: each.at, reverse=True)


def clear_cache() -> int:
    """Remove everything; returns how many extractions there were."""
    there = cached()
    if _folder().is_dir():
        shutil.rmtree(_folder())
    return len(there)


def _folder() -> Path:
    return settings().mmm_cache.expanduser() / "snowflake"


def _read(path: Path) -> CachedExtraction | None:
    """What a file of facts says; half a file, or one without its data, is nothing."""
    data = path.with_suffix(".parquet")
    try:
        facts = json.loads(path.read_text())
        at = dt.datetime.fromisoformat(facts.pop("at"))
        return CachedExtraction(path=data, at=at, **facts) if data.is_file() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _remove(path: Path) -> None:
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
