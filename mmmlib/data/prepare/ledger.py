"""The change ledger: nothing is changed silently, and what matters must be acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from mmmlib.ground import DataError, Problem

DROPPED = "variable dropped"
MATERIAL_SHARE = 0.05  # of the rows: fewer filled values of a channel are noise, more are a choice
Kind = Literal["fill", "drop", "rows"]


@dataclass(frozen=True)
class Change:
    """One row of the ledger: what was changed, where, how many values and why.

    ``acknowledge`` is what the job must say for a change that alters the model's numbers
    (``fill:revenue``); it is empty for changes that do not.
    """

    what: str
    where: str
    count: int
    why: str
    acknowledge: str = ""


class UnacknowledgedError(DataError):
    """Changes that alter the model's numbers and that the job does not accept."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            Problem(
                change.where,
                f"{change.what} ({change.count}; {change.why}); correct the data, or accept it "
                f"with acknowledge: [{change.acknowledge!r}]",
            )
            for change in self.changes
        )


@dataclass
class Ledger:
    """Collects changes in the order they are made."""

    acknowledged: frozenset[str]
    changes: list[Change] = field(default_factory=list)

    def note(self, what: str, where: str, count: int, why: str) -> None:
        """Record a change that does not alter what the numbers mean."""
        self.changes.append(Change(what, where, count, why))

    def material(self, kind: Kind, key: str, what: str, where: str, count: int, why: str) -> None:
        """Record a change the job has to acknowledge as ``kind:key``."""
        self.changes.append(Change(what, where, count, why, f"{kind}:{key}"))

    def settle(self) -> tuple[Change, ...]:
        """Return the ledger.

        Raises
        ------
        UnacknowledgedError
            Naming every material change the job does not acknowledge.
        """
        open_ = [
            change
            for change in self.changes
            if change.acknowledge and change.acknowledge not in self.acknowledged
        ]
        if open_:
            raise UnacknowledgedError(open_)
        return tuple(self.changes)
