"""Who holds the slots of a queue: a claim in the store that many processes change safely.

The claim is a chain of small objects ``{number}.json``; the highest number counts and names the
runs that hold a slot. Nobody replaces an object: a change is the next number, written by
``put_if_absent``, which of many racers one gets. A holder needs no heartbeat here, since its run
has one: a slot is free again when its run has ended or is lost.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import asdict, dataclass

from mmmlib.archive import Store, now


@dataclass(frozen=True)
class Slot:
    """A run that holds a slot, since when (ISO, UTC), and a word nobody else has."""

    run: str
    at: str
    token: str

    @classmethod
    def of(cls, run: str) -> Slot:
        """Return a new slot for a run."""
        return cls(run, now().isoformat(), secrets.token_hex(8))

    @property
    def age(self) -> dt.timedelta:
        """Time since it was taken."""
        return now() - dt.datetime.fromisoformat(self.at)


class Slots:
    """The slots of one queue."""

    def __init__(self, store: Store, queue: str) -> None:
        self.store = store
        self.folder = f"launch/{queue}/places"

    def read(self) -> tuple[int, list[Slot]]:
        """Return the number that counts, 0 when there is none, and who holds a slot."""
        while True:
            number = max(self._numbers(), default=0)
            if not number:
                return 0, []
            try:
                slots = json.loads(self.store.get(self._key(number)))
            except KeyError:  # a newer one has come, and this was removed
                continue
            return number, [Slot(**slot) for slot in slots]

    def take(self, seen: int, held: list[Slot], new: Slot) -> bool:
        """Take a slot beside those that are held, if nobody was faster since ``seen``.

        A racer that was slow may write a number that was already removed. It is not the highest
        one then, which says nothing of the racer, and so is given up.
        """
        number = seen + 1
        data = json.dumps([asdict(slot) for slot in (*held, new)], indent=2).encode()
        if not self.store.put_if_absent(self._key(number), data):
            return False
        highest, slots = self.read()
        if new not in slots:
            self.store.delete(self._key(number))
            return False
        for old in self._numbers():
            if old < highest:
                self.store.delete(self._key(old))
        return True

    def _numbers(self) -> list[int]:
        names = (stored.key.rpartition("/")[2] for stored in self.store.list(self.folder))
        return [int(name.removesuffix(".json")) for name in names]

    def _key(self, number: int) -> str:
        return f"{self.folder}/{number:09d}.json"
