"""The storage self-test: does a root take, give, list, link and remove an object?"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from mmmlib.archive.stores import Store, open_store
from mmmlib.ground import MMMError, StoreError

FOLDER = "self-test"
FETCH_TIMEOUT = 15.0  # seconds


@dataclass(frozen=True)
class StorageStep:
    """One step of the self-test.

    Attributes
    ----------
    name : str
        ``write``, ``claim``, ``read``, ``list``, ``sign``, ``fetch`` or ``delete``.
    ok : bool
        Whether it worked. A step that could not be tried did not.
    seconds : float
        How long it took.
    message : str
        What was found or, where it failed, what is missing by name and what to do.
    """

    name: str
    ok: bool
    seconds: float
    message: str


def check_storage(root: str) -> list[StorageStep]:
    """Write an object of its own below a root, use it in every way, remove it; never raises.

    Parameters
    ----------
    root : str
        A folder or ``gs://bucket/prefix``.

    Returns
    -------
    list of StorageStep
        In the order tried. After a failed write only the steps that need no object follow.
    """
    try:
        store = open_store(root)
    except MMMError as error:
        return [StorageStep("open", False, 0.0, str(error))]
    key, data = f"{FOLDER}/{uuid.uuid4().hex}.json", b'{"written by": "the storage self-test"}\n'
    link = ""

    def sign() -> str:
        nonlocal link
        link, said = _link(store, key)
        return said

    steps = [_step("write", lambda: _written(store, key, data))]
    if not steps[0].ok:
        return [*steps, _step("list", lambda: _listed(store, ""))]
    steps += [
        _step("claim", lambda: _claimed(store, key)),
        _step("read", lambda: _read(store, key, data)),
        _step("list", lambda: _listed(store, key)),
        _step("sign", sign),
    ]
    if link:
        steps.append(_step("fetch", lambda: _fetched(link, data)))
    steps.append(_step("delete", lambda: _deleted(store, key)))
    return steps


def _step(name: str, attempt: Callable[[], str]) -> StorageStep:
    started = time.perf_counter()
    try:
        said, ok = attempt(), True
    except MMMError as error:
        said, ok = str(error), False
    return StorageStep(name, ok, time.perf_counter() - started, said)


def _written(store: Store, key: str, data: bytes) -> str:
    store.put(key, data)
    return f"{store.root}/{key}"


def _claimed(store: Store, key: str) -> str:
    if store.put_if_absent(key, b"two writers"):
        raise StoreError(
            f"{store.root} lets two writers claim the same object: runs could overwrite each "
            "other; use another root"
        )
    return "a second writer was refused"


def _read(store: Store, key: str, data: bytes) -> str:
    if store.get(key) != data:
        raise StoreError(f"{store.root}/{key} came back with other bytes; do not use this root")
    return "the same bytes came back"


def _listed(store: Store, key: str) -> str:
    found = [stored.key for stored in store.list(FOLDER)]
    if key and key not in found:
        raise StoreError(f"{store.root}/{FOLDER} does not list what was written a moment ago")
    return f"{len(found)} objects in {FOLDER}/"


def _link(store: Store, key: str) -> tuple[str, str]:
    """A link and what kind it is; on a bucket only a signature will do."""
    from mmmlib.archive.stores.gcs import GcsStore

    if isinstance(store, GcsStore):
        return store.signed_url(key), "V4 URL, valid for 60 minutes"
    return store.url(key), "a link to the file"


def _fetched(link: str, data: bytes) -> str:
    try:
        with urllib.request.urlopen(link, timeout=FETCH_TIMEOUT) as response:
            came = response.read()
    except urllib.error.HTTPError as error:
        raise StoreError(
            f"the link is refused ({error.code}): the account that signs may not read; give it "
            "storage.objects.get (the role roles/storage.objectUser on the bucket)"
        ) from error
    except OSError as error:
        raise StoreError(f"the link cannot be opened from here: {error}") from error
    if came != data:
        raise StoreError("the link leads to other bytes; look for a proxy on the way")
    return "the same bytes, without a login"


def _deleted(store: Store, key: str) -> str:
    store.delete(key)
    if store.exists(key):
        raise StoreError(f"{store.root}/{key} is still there after it was deleted")
    return "removed"
