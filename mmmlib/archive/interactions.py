"""Who did what in an archive: launched, cancelled, promoted, deleted. One call for everyone.

Each interaction is one object of the store, ``interactions/{YYYYMMDD}/{time}_{id}.json``, written
once and never changed; the service's log has the same facts.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mmmlib.archive.stores import Store
from mmmlib.ground import Severity, StoreError, event

FOLDER = "interactions"


class Did(StrEnum):
    """What people do."""

    LAUNCHED = "launched"
    CANCELLED = "cancelled"
    PROMOTED = "promoted"
    NOTED = "noted"
    KEPT = "kept"
    RELEASED = "released"
    DELETED = "deleted"
    PLANNED = "planned"
    CLEARED = "cleared"  # a cache


@dataclass(frozen=True)
class Interaction:
    """One thing that somebody did.

    Attributes
    ----------
    at : str
        When, in UTC (ISO 8601).
    who : str
        The address that IAP vouches for, or a machine's user.
    did : str
        A value of :class:`Did`.
    run : str
        Id of the run it was done to; empty where it was none.
    details : mapping
        Plain values, such as the promoted candidate and the reason given.
    """

    at: str
    who: str
    did: str
    run: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def record(store: Store, did: Did, who: str, run: object = "", **details: Any) -> Interaction:
    """Write down what somebody has done; call it right after it was done.

    Raises
    ------
    StoreError
        It could not be written; the message says that the thing itself was done.
    """
    now = dt.datetime.now(dt.UTC)
    done = Interaction(now.isoformat(timespec="microseconds"), who, did.value, str(run), details)
    words = f"{who} {done.did} {done.run or ', '.join(map(str, details.values()))}"
    event(words, Severity.NOTICE, user=who, run=done.run, interaction=done.did, details=details)
    key = f"{FOLDER}/{now:%Y%m%d}/{now:%H%M%S_%f}_{secrets.token_hex(3)}.json"
    try:
        store.put(key, json.dumps(asdict(done), ensure_ascii=False).encode())
    except StoreError as error:
        raise StoreError(f"{words}: done, but not written down: {error}") from error
    return done


def recent(store: Store, limit: int = 50) -> list[Interaction]:
    """Return the last interactions, newest first."""
    found: list[Interaction] = []
    for day in reversed(store.folders(FOLDER)):
        for stored in reversed(store.list(f"{FOLDER}/{day}")):
            try:
                found.append(Interaction(**json.loads(store.get(stored.key))))
            except (KeyError, ValueError, TypeError):  # deleted meanwhile, or not one of ours
                continue
            if len(found) == limit:
                return found
    return found
