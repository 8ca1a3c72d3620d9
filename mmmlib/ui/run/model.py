"""All that a person asks first about a run, as plain values. No widgets."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from mmmlib.archive import (
    BEST,
    CANCEL,
    CHANGES,
    CONSOLE,
    MANIFEST,
    PROGRESS,
    STATUS,
    TRAINING,
    Archive,
    Run,
    RunId,
    Status,
    is_kept,
    now,
)
from mmmlib.run import duration
from mmmlib.ui.run.findings import Findings, read_findings
from mmmlib.ui.runs.model import share, submitted

LOG_LINES = 14
NEIGHBOURS = 300  # runs of one revision and country that can be chosen
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
        started, quoted, took, going, cancelling, trained, kept, old, best`` (of an old run),
        ``progress, log``.
        """
        run, ended = self.run, self.run.has(MANIFEST)
        state = run.state()
        self.over = ended or run.id.old
        going = state.status in GOING
        last = state.heartbeat if not going else now()
        return {
            "id": str(run.id),
            "revision": run.id.revision,
            "country": run.id.country,
            "submitted": submitted(run),
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
            "trained": not going and run.has(TRAINING),
            "kept": is_kept(run),
            "old": run.id.old,
            "best": run.load(BEST).decode().strip() if run.id.old and run.has(BEST) else "",
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

    def findings(self) -> Findings | None:
        """What the training found; ``None`` before the run has ended, or without a model.

        Pages are drawn last, in any order: before the end half of the result would be shown.
        """
        if self._findings is None and self.run.has(TRAINING) and not self._going():
            self._findings = read_findings(self.run)
        return self._findings

    def _going(self) -> bool:
        return self.run.state().status in GOING

    def forget(self) -> None:
        """Read the findings again: a decision has changed them."""
        self._findings = None

    def cancel(self, who: str = "") -> None:
        """Ask the run to stop, or take it out of the queue; its process ends within seconds.

        Raises
        ------
        RunError
            It has ended, or nobody works on it any more.
        """
        from mmmlib.launching import cancel

        cancel(self.run, who)

    def _progress(self) -> dict[str, Any]:
        facts = self.run.load_json(PROGRESS) if self.run.has(PROGRESS) else {}
        left = facts.get("seconds_left")
        shown: dict[str, Any] = {
            "title": " · ".join(filter(None, (facts.get("stage"), facts.get("step")))),
            "share": share(facts),
            "tiles": [],
            "history": facts.get("history", []),
        }
        if facts.get("total"):
            shown["tiles"] = [
                ["Candidates", f"{facts['done']:,} of {facts['total']:,}"],
                *trial(facts),
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


def trial(facts: dict[str, Any]) -> list[list[str]]:
    """The tile of the trials; empty where the engine does not tell them apart."""
    trials = facts.get("trials") or []
    if len(trials) < 2:
        return []
    each = facts["total"] / len(trials)
    ended = sum(done >= each for done in trials)
    return [["Trials ended", f"{ended} of {len(trials)}"]]


def neighbours(archive: Archive, id_: RunId) -> dict[str, Any]:
    """Where one can go from a run: ``revisions``, ``countries`` of its revision, ``runs`` of both.

    Runs are ``id`` and ``title`` (when they were submitted), newest first.
    """
    every = archive.runs()
    here = [run for run in every if run.id.revision == id_.revision]
    runs = [run for run in here if run.id.country == id_.country]
    return {
        "revisions": sorted({run.id.revision for run in every}),
        "countries": sorted({run.id.country for run in here}),
        "runs": [{"id": str(run), "title": submitted(run)} for run in runs[:NEIGHBOURS]],
    }


def newest(archive: Archive, revision: str, country: str = "") -> RunId | None:
    """The newest run of a revision, of the country where there is one."""
    runs = archive.runs(revision)
    here = [run.id for run in runs if run.id.country == country] or [run.id for run in runs]
    return here[0] if here else None


def first_shown(archive: Archive) -> Run:
    """The newest run that has trained, among the last twenty; otherwise the newest one."""
    for run in archive.runs()[:20]:
        if run.has(TRAINING) and run.has(MANIFEST):
            return run
    return archive.run("latest")
