"""The run and the models that a page on one model is about, and those it could be about."""

from __future__ import annotations

from typing import Any

from mmmlib.archive import BEST, TRAINING, Archive, Run, promotion, together
from mmmlib.ground import RunError, columns as c
from mmmlib.ui.routes import Query, Session

LISTED = 300  # newest runs that can be chosen; others by their address


def trained_run(session: Session, query: Query) -> Run:
    """The run that the address names, or the newest one that has trained.

    Raises
    ------
    RunError
        There is no such run, or it has not trained.
    """
    if name := query.get("run"):
        run = session.archive.run(name)
        if not run.has(TRAINING):
            raise RunError(f"run {run} has no model yet; choose one that has trained")
        return run
    for run in session.archive.runs():
        if run.has(TRAINING):
            return run
    raise RunError("no run here has trained a model yet; train one first")


def trained_runs(archive: Archive) -> list[dict[str, str]]:
    """The newest runs that have trained, newest first, as ``value, title``."""
    runs = [run for run in archive.runs() if not run.id.old][:LISTED]
    trained = together(archive.store, lambda run: run.has(TRAINING), runs)
    return [
        {"value": str(run), "title": title_of(run)}
        for run, there in zip(runs, trained, strict=True)
        if there
    ]


def title_of(run: Run) -> str:
    """A run as people choose it: revision, country, and when it was submitted (UTC)."""
    return f"{run.id.revision} · {run.id.country} · {run.submitted:%Y-%m-%d %H:%M:%S}"


def models_of(run: Run, candidate: str = "") -> list[dict[str, Any]]:
    """Models to choose from, as ``value, title``: best, winners, promoted, and the given one."""
    best = run.load(BEST).decode().strip()
    titles = {best: "best model"}
    if run.has("clusters.parquet"):
        clusters = run.load_table("clusters")
        for winner, number in zip(clusters[c.CANDIDATE], clusters[c.CLUSTER], strict=True):
            if number > 0:
                said = f"winner of cluster {number}"
                titles[winner] = f"best model, {said}" if winner == best else said
    if promoted := promotion(run, best):
        titles[promoted.candidate] = f"promoted by {promoted.who}"
    if candidate:
        titles.setdefault(candidate, "chosen")
    return [{"value": value, "title": f"{value} ({title})"} for value, title in titles.items()]
