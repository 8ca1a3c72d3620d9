"""The archive as it is: folders and objects, and whether an object can be read."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from mmmlib.archive import MANIFEST, ROBYN, Archive, Store
from mmmlib.ground import RunError, StoreError
from mmmlib.ui.run.download import readable

LIMIT = 500  # objects of a folder that are shown
_RUN_DEPTH = 4  # robyn / revision / country / timestamp


def browse(store: Store, folder: str) -> dict[str, Any]:
    """Return the folders below a folder, and its objects.

    A store lists everything below a folder at once, so that objects are only read where there
    can be few: in a run's folder, and beside the runs. ``folder`` is empty for the root.
    """
    parts = [part for part in folder.split("/") if part]
    deep = len(parts) >= _RUN_DEPTH or (bool(parts) and parts[0] != ROBYN)
    objects = store.list("/".join(parts)) if deep else []
    return {
        "folder": "/".join(parts),
        "parts": [{"name": n, "path": "/".join(parts[: i + 1])} for i, n in enumerate(parts)],
        "folders": [] if deep else store.folders("/".join(parts)),
        "objects": [
            {
                "key": stored.key,
                "name": stored.key[len("/".join(parts)) + 1 :],
                "bytes": stored.size,
                "size": readable(stored.size),
                "modified": f"{stored.modified:%Y-%m-%d %H:%M:%S}",
            }
            for stored in objects[:LIMIT]
        ],
        "more": max(0, len(objects) - LIMIT),
    }


def try_object(archive: Archive, key: str) -> str:
    """Read an object whole and say how that went, against the run's manifest where it has one.

    Raises
    ------
    StoreError
        It is not there, cannot be read, or is not what the manifest says.
    """
    started = time.perf_counter()
    try:
        data = archive.store.get(key)
    except KeyError:
        raise StoreError(f"{archive.store.root} has no {key}; list the folder again") from None
    took = time.perf_counter() - started
    digest = hashlib.sha256(data).hexdigest()
    words = f"{readable(len(data))} in {took:.3f} s, SHA-256 {digest[:16]}…"
    if not (expected := _expected(archive, key)):
        return f"{words}; no manifest names it"
    if expected != digest:
        raise StoreError(f"{key} is not what the manifest says: {words}, there {expected[:16]}…")
    return f"{words}, as the manifest says"


def _expected(archive: Archive, key: str) -> str:
    """The hash in the manifest of an object's run; empty where there is none."""
    top, *parts = key.split("/")
    if top != ROBYN or len(parts) < _RUN_DEPTH or key.endswith(f"/{MANIFEST}"):
        return ""
    try:
        manifest = archive.run("/".join(parts[:3])).manifest
    except RunError:
        return ""
    artifact = manifest.artifacts.get("/".join(parts[3:])) if manifest else None
    return artifact.sha256 if artifact else ""
