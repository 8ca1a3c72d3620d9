"""Runs taken out of the archive: only ended ones that nobody keeps; who and when stays."""

from __future__ import annotations

import json

from mmmlib.archive.decisions import is_kept
from mmmlib.archive.interactions import Did, record
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import MANIFEST, Run, now
from mmmlib.ground import RunError, scrub

DELETED = "deleted"  # folder below the root: {run}.json says who deleted the run


def delete_run(run: Run, who: str, why: str = "") -> None:
    """Delete everything in a run's folder; what remains is who did so, when and why.

    Raises
    ------
    RunError
        The run goes on, or is kept.
    """
    state = run.state()
    if state.status in (Status.QUEUED, Status.RUNNING):
        raise RunError(f"run {run} is {state.status}; cancel it before it is deleted")
    if is_kept(run):
        raise RunError(f"run {run} is kept; release it before it is deleted")
    left = {
        "run": str(run),
        "who": who,
        "at": now().isoformat(),
        "why": scrub(why.strip()),
        "status": state.status.value,
        "artifacts": len(run.artifacts()),
        "best": run.manifest.best if run.manifest else "",
        "manifest": json.loads(run.load(MANIFEST)) if run.has(MANIFEST) else None,
    }
    text = json.dumps(left, indent=2, ensure_ascii=False)
    run.store.put(f"{DELETED}/{run.id}.json", f"{text}\n".encode())
    run.store.delete_folder(run.id.folder)
    record(run.store, Did.DELETED, who, run, why=left["why"])
