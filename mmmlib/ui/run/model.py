"""All that a person asks first about a run, as plain values. No widgets."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from mmmlib.archive import (
    CANCEL,
    CHANGES,
    CONSOLE,
    MANIFEST,
    PROGRESS,
    STATUS,
    Run,
    now,
)
from mmmlib.archived import TRAINING
from mmmlib.manifest import Status
from mmmlib.progress import duration
from mmmlib.ui.run.findings import Findings, read_findings
from mmmlib.ui.runs.model import share, submitted

LOG_LINES = 14
GOING = (Status.QUEUED, Status.RUNNING)


class RunModel:
    """One run as the page shows it; what cannot change any more is read once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.over = False  # nothing of this run will change
        self._findings: Findings | None = None

    def facts(self) -> dict[str, Any]:
        """Status, progress and log tail.

        Keys: ``id, revision, country, submitted, status, stage, error, who, where, place,
        started, quoted, took, going, cancelling, progress, log``.
        """
        run, ended = self.run, self.run.has(MANIFEST)
        state = run.state()
        self.over = ended
        going = state.status in GOING
        last = state.heartbeat if not going else now()
        return {
            "id": str(run.id),
            "revision": run.id.revision,
            "country": run.id.country,
            "submitted": submitted(run.id),
            "status": state.status.value,
            "stage": state.stage,
            "error": state.error,
            "who": state.who,
            "where": state.where,
            "place": run.place,
            "started": f"{state.started:%Y-%m-%d %H:%M:%S}" if run.has(STATUS) else "",
            "quoted": self._quoted,
            "took": duration((last - state.started).total_seconds()),
            "going": going,
            "cancelling": going and run.has(CANCEL),
            "progress": self._progress() if going else {},
            "log": self._log() if state.status is not Status.SUCCEEDED else "",
        }

    @cached_property
    def _quoted(self) -> str:
        """The time that was expected when the run was launched; it is written before anything."""
        from mmmlib.ui.train.quote import quoted_and_actual

        return str(quoted_and_actual(self.run).get("quoted", ""))

    def changes(self) -> list[dict[str, Any]]:
        """The change ledger; empty as long as there is none."""
        rows: list[dict[str, Any]] = self.run.load_json(CHANGES) if self.run.has(CHANGES) else []
        return rows

    def artifacts(self) -> list[dict[str, Any]]:
        """Names and sizes of everything in the run's folder."""
        found = self.run.artifacts().items()
        return [{"name": name, "bytes": size, "size": readable(size)} for name, size in found]

    def findings(self) -> Findings | None:
        """What the training found; ``None`` before it has."""
        if self._findings is None and self.run.has(TRAINING) and not self._still_writing():
            self._findings = read_findings(self.run)
        return self._findings

    def _still_writing(self) -> bool:
        """The one-pager comes last; until then the page would show half of the result."""
        return not self.run.has(MANIFEST) and not any(
            name.endswith(".png") for name in self.run.artifacts()
        )

    def cancel(self) -> None:
        """Ask the run to stop, or take it out of the queue; its process ends within seconds.

        Raises
        ------
        RunError
            It has ended, or nobody works on it any more.
        """
        from mmmlib.launch.queue import cancel

        cancel(self.run)

    def _progress(self) -> dict[str, Any]:
        facts = self.run.load_json(PROGRESS) if self.run.has(PROGRESS) else {}
        left = facts.get("seconds_left")
        shown: dict[str, Any] = {
            "title": " · ".join(filter(None, (facts.get("stage"), facts.get("step")))),
            "share": share(facts),
            "tiles": [],
        }
        if facts.get("total"):
            shown["tiles"] = [
                ["Candidates", f"{facts['done']:,} of {facts['total']:,}"],
                ["Rate", f"{facts['rate']:,.0f} per second"],
                ["Time left", duration(left) if left is not None else "not known yet"],
                ["Best NRMSE so far", f"{facts['best_nrmse']:.4f}"],
                ["Best DECOMP.RSSD so far", f"{facts['best_rssd']:.4f}"],
            ]
        return shown

    def _log(self) -> str:
        if not self.run.has(CONSOLE):
            return ""
        lines = self.run.load(CONSOLE).decode(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])


def readable(size: int) -> str:
    """Bytes as people read them: ``812 B``, ``3.4 kB``, ``1.2 MB`` (powers of 1000)."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
