"""How bytes lie in a bucket: content type by name, text compressed, keys that stay below the root.

Compression is deterministic: equal bytes are stored as equal bytes.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import PurePosixPath

from mmmlib.ground import StoreError

GZIP_FROM = 1024  # bytes; below, a header costs more than it saves
_TEXT = {
    ".csv": "text/csv; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".yaml": "application/yaml; charset=utf-8",
}
_BINARY = {
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".rds": "application/octet-stream",  # R has no registered one
    ".zip": "application/zip",
}
TYPES = {**_TEXT, **_BINARY}  # of everything that a run writes
# Small files that listing a run reads stay where reading costs nothing; these may grow cold.
COLD = (".parquet", ".RDS", ".ipynb", ".pdf", ".png", ".log")


@dataclass(frozen=True)
class Content:
    """The stored form of an artifact: its body, content type and encoding (``gzip`` or none)."""

    body: bytes
    type: str
    encoding: str | None


def stored(key: str, data: bytes) -> Content:
    """Return the form in which the bytes of a key are stored."""
    suffix = PurePosixPath(key).suffix.lower()
    if suffix not in _TEXT:
        return Content(data, _BINARY.get(suffix, "application/octet-stream"), None)
    if len(data) < GZIP_FROM:
        return Content(data, _TEXT[suffix], None)
    return Content(gzip.compress(data, compresslevel=6, mtime=0), _TEXT[suffix], "gzip")


def key_parts(key: str) -> tuple[str, ...]:
    """Folders and name of a key; ``StoreError`` when it is none."""
    parts = PurePosixPath(key).parts
    if key.startswith("/") or ".." in parts or any(sign in key for sign in "\0\r\n"):
        raise StoreError(f"{key!r} is not a key: it would leave the archive")
    return parts
