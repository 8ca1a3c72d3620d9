"""Runs of the time before job.yaml, named ``MMDD_HHMMSS``: what their objects tell of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress

from mmmlib.archive.manifest import TIME_FORMAT, RunId, State, Status
from mmmlib.archive.stores import StoredObject

RESULT = "best_model_id.txt"  # a run that ended well has it


def submitted(id_: RunId, stored: Mapping[str, StoredObject]) -> dt.datetime:
    """When an old run was submitted: its name lacks the year, its first object has one.

    A run of New Year's Eve whose objects were written in January is of the year before.
    """
    now = dt.datetime.now(dt.UTC)
    first = min((each.modified for each in stored.values()), default=now)
    for year in (first.year, first.year - 1):
        with suppress(ValueError):  # 29 February
            moment = dt.datetime.strptime(f"{year}{id_.timestamp}", TIME_FORMAT)
            # its clock may have been a local one
            if moment.replace(tzinfo=dt.UTC) <= first + dt.timedelta(days=1):
                return moment.replace(tzinfo=dt.UTC)
    return first


def state(id_: RunId, stored: Mapping[str, StoredObject]) -> State:
    """The state of a run that has no manifest because there was none: what its files say."""
    started = submitted(id_, stored)
    done = RESULT in stored
    return State(
        status=Status.SUCCEEDED if done else Status.FAILED,
        heartbeat=max([started, *(each.modified for each in stored.values())]),
        started=started,
        error="" if done else f"it has no {RESULT}",
    )
