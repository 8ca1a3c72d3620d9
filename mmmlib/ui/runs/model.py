"""Every run of an archive as a row of a table, a page at a time. No widgets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mmmlib.archive import (
    BEST,
    PROGRESS,
    Archive,
    Run,
    RunId,
    Status,
    errors_of,
    promotion,
    together,
)
from mmmlib.ground import MMMError, columns as c
from mmmlib.run import duration

Row = dict[str, Any]

GOING = (Status.QUEUED, Status.RUNNING)
ENDED = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
NEWEST = 50  # looked at again and again: what goes on is among them
AT_ONCE = 300  # unread runs up to which a question is answered exactly at once
BATCH = 50
QUICK = 0.2  # seconds; a listing that takes longer is asked for less often
PATIENCE = 5.0  # times as long as a listing took, the next one waits


@dataclass(frozen=True)
class Question:
    """What the table shows: filters, order and page. Empty filters take everything."""

    search: str = ""
    status: str = ""
    revision: str = ""
    country: str = ""
    sort: str = "submitted"
    descending: bool = True
    page: int = 1
    size: int = 25


@dataclass(frozen=True)
class Answer:
    """A page of rows, how many match, and how many of all runs have been read for that."""

    rows: list[Row]
    matching: int
    total: int
    read: int


class RunsModel:
    """The runs of an archive; what has ended is read once."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.ids: list[RunId] = []  # newest first
        self._rows: dict[RunId, Row] = {}
        self._ended: set[RunId] = set()
        self._due = 0.0
        self._writing = threading.Lock()

    def look(self) -> None:
        """List the archive; one that takes long to list is listed less often."""
        if time.monotonic() < self._due:
            return
        started = time.monotonic()
        self.ids = [run.id for run in self.archive.runs()]
        took = time.monotonic() - started
        self._due = time.monotonic() + (PATIENCE * took if took > QUICK else 0.0)
        there = set(self.ids)
        with self._writing:
            self._rows = {id_: row for id_, row in self._rows.items() if id_ in there}
            self._ended &= there

    def read(self, ids: Iterable[RunId]) -> None:
        """Read runs that may have changed since they were read last."""
        changing = [id_ for id_ in ids if id_ not in self._ended]
        rows = together(self.archive.store, self._row, changing) if changing else []
        with self._writing:
            for id_, row in zip(changing, rows, strict=True):
                self._rows[id_] = row
                if row["status"] in ENDED or id_.old:
                    self._ended.add(id_)

    def unread(self) -> list[RunId]:
        """Runs that were never read, newest first."""
        return [id_ for id_ in self.ids if id_ not in self._rows]

    def read_rest(self) -> None:
        """Read all that was never read, with rests: clicks come first."""
        while rest := self.unread():
            for start in range(0, len(rest), BATCH):
                self.read(rest[start : start + BATCH])
                time.sleep(0.01)

    def going(self) -> list[Row]:
        """Runs that go on, then those that wait, each in the order of submission."""
        live = [id_ for id_, row in list(self._rows.items()) if row["status"] in GOING]
        self.read({*self.ids[:NEWEST], *live})
        rows = [row for row in list(self._rows.values()) if row["status"] in GOING]
        rows.sort(key=lambda row: (row["status"] == Status.QUEUED, row["submitted"]))
        return rows

    def answer(self, question: Question) -> Answer:
        """Return the rows of a question.

        Filters by status and text, and orders by anything but the time, know the runs that have
        been read; :meth:`read_rest` reads on in the background.
        """
        if len(rest := self.unread()) <= AT_ONCE:
            self.read(rest)
        found = [id_ for id_ in self.ids if self._matches(id_, question)]
        if question.sort != "submitted":
            found.sort(key=lambda id_: self._order(id_, question.sort, question.descending))
        elif not question.descending:
            found.reverse()
        start = question.size * (question.page - 1)
        shown = found[start : start + question.size]
        self.read(shown)
        return Answer(
            rows=[row for id_ in shown if (row := self._rows.get(id_))],
            matching=len(found),
            total=len(self.ids),
            read=len(self._rows),
        )

    def choices(self) -> dict[str, list[str]]:
        """Every revision and country, and the ends that a run can have."""
        return {
            "revisions": sorted({id_.revision for id_ in self.ids}),
            "countries": sorted({id_.country for id_ in self.ids}),
            "statuses": [status.value for status in Status],
        }

    def _matches(self, id_: RunId, question: Question) -> bool:
        if question.revision and id_.revision != question.revision:
            return False
        if question.country and id_.country != question.country:
            return False
        row = self._rows.get(id_, {})
        if question.status and row.get("status") != question.status:
            return False
        if not question.search:
            return True
        keys = ("id", "submitted", "status", "note", "best", "who")
        text = " ".join([str(id_), *(str(row.get(key, "")) for key in keys)]).lower()
        return all(word in text for word in question.search.lower().split())

    def _order(self, id_: RunId, key: str, descending: bool) -> tuple[bool, Any]:
        """Key to sort by: what a run does not have comes last, whatever the direction."""
        value = self._rows.get(id_, {}).get(key)
        if value is None or value == "":
            return (True, 0)
        if isinstance(value, str):
            return (False, [-ord(letter) for letter in value] if descending else value)
        return (False, -value if descending else value)

    def _row(self, id_: RunId) -> Row:
        """A run that cannot be read has a row that says so: the others stay usable."""
        run = Run(self.archive.store, id_)
        try:
            return _read(run)
        except (MMMError, ValueError) as error:  # ValueError: JSON or fields of another version
            return {**_empty(run), "status": "unreadable", "note": str(error).split("\n")[0]}


def _empty(run: Run) -> Row:
    return {
        "id": str(run),
        "revision": run.id.revision,
        "country": run.id.country,
        "submitted": submitted(run),
        "status": "",
        "note": "",
        "share": None,
        "took": "",
        "best": "",
        "promoted": False,
        "nrmse": None,
        "rssd": None,
        "who": "",
        "queue": "",
    }


def _read(run: Run) -> Row:
    if ended := run.manifest:
        made = promotion(run, ended.best) if ended.best else None
        errors = (made.errors or errors_of(run, made.candidate)) if made else ended.summary
        return _empty(run) | {
            "status": ended.status.value,
            "note": ended.error.split("\n")[0],
            "who": ended.who,
            "took": duration((ended.ended - ended.started).total_seconds()),
            "best": made.candidate if made else ended.best,
            "promoted": bool(made),
            "nrmse": errors.get(c.NRMSE_TRAIN),
            "rssd": errors.get(c.DECOMP_RSSD),
        }
    state = run.state()
    row = _empty(run) | {
        "status": state.status.value,
        "note": state.error.split("\n")[0],
        "who": state.who,
    }
    if run.id.old and run.has(BEST):
        row["best"] = run.load(BEST).decode().strip()
    if state.status is Status.QUEUED and (launch := run.launch):
        row["queue"] = launch.queue
    if state.status is Status.RUNNING:
        facts = run.load_json(PROGRESS) if run.has(PROGRESS) else {}
        row |= {"note": _brief(facts) or state.stage, "share": share(facts)}
    return row


def _brief(facts: dict[str, Any]) -> str:
    """How far a run is, in the width of a table's cell: ``train · search · 12 % · 7 s left``."""
    parts = [facts.get("stage", ""), facts.get("step", "")]
    if (done := share(facts)) is not None:
        parts.append(f"{done:.0f} %")
    if facts.get("seconds_left"):
        parts.append(f"{duration(facts['seconds_left'])} left")
    return " · ".join(part for part in parts if part)


def submitted(run: Run) -> str:
    """When a run was submitted, as people read it (UTC)."""
    return f"{run.submitted:%Y-%m-%d %H:%M:%S}"


def share(facts: dict[str, Any]) -> float | None:
    """Share of the candidates, or of a later part, that is done, in percent; ``None``: unknown."""
    if facts.get("part"):
        return 100.0 * float(facts["part_share"]) or None
    total = facts.get("total")
    return 100.0 * facts["done"] / total if total else None
