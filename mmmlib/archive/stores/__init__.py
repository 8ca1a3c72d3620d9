"""Where bytes live. A store knows keys (``robyn/r100/de/20261123_053424/job.yaml``), not runs."""

from __future__ import annotations

import builtins
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class StoredObject:
    """One object of a store: its key, its size in bytes and when it was written (UTC).

    ``sha256`` is that of its bytes where the store keeps it beside them, otherwise empty.
    """

    key: str
    size: int
    modified: dt.datetime
    sha256: str = ""


class Store(Protocol):
    """Atomic, durable bytes under posix-like keys. Every failure is a ``StoreError``.

    A reader never sees half an object, a writer that returns has stored it. Any thread may call.

    Attributes
    ----------
    root : str
        Where the objects are: a folder or a URL.
    pace : float
        Seconds that should lie between two writes of one object while a run goes on.
    parallel : int
        Requests at once that pay.
    """

    root: str
    pace: float
    parallel: int

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

    def delete_folder(self, prefix: str) -> None:
        """Remove every object below the folder ``prefix``, and the folder."""

    def url(self, key: str) -> str:
        """Return a link a browser on this person's machine can open."""


def together(
    store: Store, function: Callable[[Item], Answer], items: Iterable[Item]
) -> list[Answer]:
    """Call a function with each item, as many at once as pay with the store.

    Returns
    -------
    list
        The answers in the order of the items. Every item is tried; the first error is raised then.
    """
    items = [*items]
    try:
        with ThreadPoolExecutor(store.parallel, thread_name_prefix="store") as threads:
            coming = [threads.submit(function, item) for item in items]
    except RuntimeError:  # an interpreter that ends starts no threads; a run may end just then
        return [function(item) for item in items]
    return [answer.result() for answer in coming]


def put_all(store: Store, objects: Mapping[str, bytes]) -> None:
    """Write several objects at once; on return all are stored."""
    together(store, lambda item: store.put(*item), objects.items())


def open_store(root: str) -> Store:
    """Open the store of a root: a folder, or a URL whose scheme is registered.

    Raises
    ------
    StoreError
        The scheme is not registered (it never falls back to a folder of that name), or the
        settings allow another root only.
    """
    from mmmlib.ground import StoreError, names

    if why := refused_root(root):
        raise StoreError(why)
    scheme = _scheme(root)
    if scheme not in names.STORES:
        known = ", ".join(f"{name}://" for name in names.STORES)
        raise StoreError(f"root {root!r}: no store for {scheme}://; use a folder or one of {known}")
    store: Store = names.load(names.STORES[scheme])(root)
    return store


def refused_root(root: str) -> str:
    """Say why this process does not open a root: it has one of its own; empty where it does.

    Where others are served (``MMM_ONLY_ROOT``) a job's root would be a way out of the archive: to
    folders and buckets that the server may write, and to queues of their own. Every door to an
    archive leads through here, so form, launch and children need no fence of their own.
    """
    from mmmlib.ground import settings

    only = settings().mmm_only_root
    if not only or not root or _place(root) == _place(only):
        return ""
    return (
        f"root {root[:200]!r} is not opened: this dashboard uses its own archive only, "
        "and no folder in it; leave root empty"
    )


def _scheme(root: str) -> str:
    scheme, separator, _ = root.partition("://")
    return scheme if separator else "file"


def _place(root: str) -> str:
    """A root without what does not change where it is; a folder is followed to where it leads."""
    if _scheme(root) != "file":
        return root.rstrip("/")
    from mmmlib.ground import names

    folder: Store = names.load(names.STORES["file"])(root)
    return folder.root
