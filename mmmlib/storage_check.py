"""Self-test of an archive's store: write, read, list, claim, delete, each with its time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from mmmlib.errors import MMMError, StoreError
from mmmlib.stores import Store, open_store


@dataclass(frozen=True)
class Step:
    """One step: what was tried, whether it worked, its seconds, and what was found or is wrong."""

    name: str
    ok: bool
    seconds: float
    message: str


def check_storage(root: str) -> list[Step]:
    """Try every operation on an object of its own below ``self-test/``; stops at a failure.

    Nothing is raised: a store that cannot be opened is a step that failed.
    """
    try:
        store = open_store(root)
    except MMMError as error:
        return [Step("open", False, 0.0, str(error))]
    key, data = f"self-test/{secrets.token_hex(8)}", secrets.token_bytes(64)
    actions = {
        "write": lambda: store.put(key, data),
        "claim": lambda: _claimed_once(store, key),
        "read": lambda: _read(store, key, data),
        "list": lambda: _listed(store, key),
        "delete": lambda: store.delete(key),
    }
    steps: list[Step] = []
    for name, action in actions.items():
        steps.append(_step(name, action))
        if not steps[-1].ok:
            break
    return steps


def _step(name: str, action: Callable[[], None]) -> Step:
    started = time.perf_counter()
    message = ""
    try:
        action()
    except KeyError as missing:
        message = f"{missing} was written but is not there"
    except MMMError as error:
        message = str(error)
    return Step(name, not message, time.perf_counter() - started, message)


def _claimed_once(store: Store, key: str) -> None:
    if store.put_if_absent(key, b""):
        raise StoreError(f"{key} could be claimed twice; runs would overwrite each other")


def _read(store: Store, key: str, data: bytes) -> None:
    if store.get(key) != data:
        raise StoreError(f"{key} was not read as it was written; do not use this root")


def _listed(store: Store, key: str) -> None:
    if key not in [stored.key for stored in store.list("self-test")]:
        raise StoreError(f"{key} was written but is not listed")
