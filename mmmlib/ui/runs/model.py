"""Every run of an archive as a row of a table. No widgets."""

from __future__ import annotations

from typing import Any

from mmmlib import columns as c
from mmmlib.archive import PROGRESS, Archive, Run
from mmmlib.errors import MMMError
from mmmlib.manifest import RunId, Status
from mmmlib.progress import duration
from mmmlib.stores import together

Row = dict[str, Any]


class RunsModel:
    """The runs of an archive; what has ended is read once."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._ended: dict[RunId, Row] = {}

    def rows(self) -> list[Row]:
        """Rows of plain JSON values, newest first; numbers that a run does not have are ``None``.

        A run that cannot be read has a row that says so: the others stay usable.
        """
        return together(self.archive.store, self._row, self.archive.runs())

    def _row(self, run: Run) -> Row:
        if run.id in self._ended:
            return self._ended[run.id]
        try:
            row = _read(run)
        except (MMMError, ValueError) as error:  # ValueError: JSON or fields of another version
            return {**_empty(run.id), "status": "unreadable", "note": str(error).split("\n")[0]}
        if row["status"] in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED):
            self._ended[run.id] = row
        return row


def _empty(id_: RunId) -> Row:
    return {
        "id": str(id_),
        "revision": id_.revision,
        "country": id_.country,
        "submitted": submitted(id_),
        "status": "",
        "note": "",
        "share": None,
        "took": "",
        "best": "",
        "nrmse": None,
        "rssd": None,
        "who": "",
    }


def _read(run: Run) -> Row:
    state = run.state()
    row = _empty(run.id) | {
        "status": state.status.value,
        "note": state.error.split("\n")[0],
        "who": state.who,
    }
    if ended := run.manifest:
        row |= {
            "took": duration((ended.ended - ended.started).total_seconds()),
            "best": ended.best,
            "nrmse": ended.summary.get(c.NRMSE_TRAIN),
            "rssd": ended.summary.get(c.DECOMP_RSSD),
        }
    elif state.status is Status.RUNNING:
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


def submitted(id_: RunId) -> str:
    """When a run was submitted, as people read it (UTC)."""
    day, time = id_.timestamp.split("_")
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def share(facts: dict[str, Any]) -> float | None:
    """Share of the candidates that are done, in percent; ``None`` outside the search."""
    total = facts.get("total")
    return 100.0 * facts["done"] / total if total else None
