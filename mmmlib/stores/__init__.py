"""Where bytes live. A store knows keys (``robyn/r100/de/20261123_053424/job.yaml``), not runs."""

from __future__ import annotations

import builtins
import datetime as dt
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object of a store: its key, its size in bytes and when it was written (UTC)."""

    key: str
    size: int
    modified: dt.datetime


class Store(Protocol):
    """Atomic, durable bytes under posix-like keys. Every failure is a ``StoreError``.

    A reader never sees half an object, a writer that returns has stored it.
    """

    root: str

    def put(self, key: str, data: bytes) -> None:
        """Write or replace an object."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one; of many callers exactly one gets ``True``."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes; ``KeyError`` when there is none."""

    def exists(self, key: str) -> bool:
        """Say whether there is such an object."""

    def list(self, prefix: str) -> builtins.list[StoredObject]:
        """Return every object whose key starts with the folder ``prefix``, sorted by key."""

    def folders(self, prefix: str) -> builtins.list[str]:
        """Return the names of the folders directly below the folder ``prefix``, sorted."""

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""

    def url(self, key: str) -> str:
        """Return a link a browser on this person's machine can open."""


def open_store(root: str) -> Store:
    """Open the store of a root: a folder, or a URL whose scheme is registered.

    Raises
    ------
    StoreError
        The scheme is not registered; it never falls back to a folder of that name.
    """
    from mmmlib import names
    from mmmlib.errors import StoreError

    scheme, separator, _ = root.partition("://")
    if not separator:
        scheme = "file"
    if scheme not in names.STORES:
        known = ", ".join(f"{name}://" for name in names.STORES)
        raise StoreError(f"root {root!r}: no store for {scheme}://; use a folder or one of {known}")
    store: Store = names.load(names.STORES[scheme])(root)
    return store
