"""Where a run lives: claim a folder, save and load its artifacts, list and find runs."""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mmmlib.archive.manifest import (
    ROBYN,
    TIME_FORMAT,
    RunId,
)
from mmmlib.archive.run import BEST, JOB, Run, now
from mmmlib.archive.stores import open_store, together
from mmmlib.ground import MMMError, RunError, columns as c
from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import pandas as pd


UNREADABLE = "unreadable"  # in place of a status


class Archive:
    """All runs under a root."""

    def __init__(self, root: str = "") -> None:
        if not root:
            from mmmlib.ground import settings

            root = settings().root
        self.store = open_store(root)
        self._years: dict[RunId, str] = {}  # when old runs were submitted

    def claim(self, job: TrainingJob) -> Run:
        """Make a new run of a job: exactly one caller gets each folder.

        The folder is the second of the submission; a collision takes the next one.
        """
        moment = now().replace(microsecond=0)
        while True:
            id_ = RunId(job.revision, job.country, moment.strftime(TIME_FORMAT))
            run = Run(self.store, id_)
            # job.yaml is the claim: it is written first, by one, and never again
            if self.store.put_if_absent(f"{id_.folder}/{JOB}", job.to_yaml().encode()):
                return run
            moment += dt.timedelta(seconds=1)

    def run(self, name: str) -> Run:
        """Find a run by its id; ``latest`` is the newest one.

        Raises
        ------
        RunError
            There is no such run under this root, or a newer version archived it.
        """
        if name == "latest":
            if not (found := self.runs()):
                raise RunError(f"there is no run under {self.store.root}; start one with `mmm run`")
            run = found[0]
        else:
            run = Run(self.store, RunId.parse(name))
        there = run.manifest or name == "latest"
        if not there and not (run.artifacts() if run.id.old else run.has(JOB)):
            raise RunError(f"there is no run {run.id} under {self.store.root}; see `mmm runs`")
        return run

    def trained(self, name: str = "latest") -> Run:
        """Find a run whose model is wanted; ``latest`` is the newest one that has a model.

        Raises
        ------
        RunError
            There is no such run, or ``latest`` and none has a model.
        """
        if name != "latest":
            return self.run(name)
        newest = self.run(name)  # says so where there is none at all
        for run in self.runs():
            if run.has(BEST):
                return run
        raise RunError(f"no run under {self.store.root} has a model; the newest is {newest}")

    def ids(self, revision: str = "", country: str = "") -> list[RunId]:
        """Every run's id; folders that are no runs are passed over.

        Folders of one depth are listed at once: the time grows with the number of revisions and
        countries a store answers one after the other, hardly with that of the runs.
        """
        revisions = [revision] if revision else self.store.folders(ROBYN)
        labels = self._below(revisions) if not country else [f"{r}/{country}" for r in revisions]
        found = []
        for folder in self._below(labels):
            with suppress(RunError):
                found.append(RunId.parse(folder))
        return found

    def _below(self, parents: list[str]) -> list[str]:
        """Folders below folders, with the names of their parents."""

        def names(parent: str) -> list[str]:
            return [f"{parent}/{name}" for name in self.store.folders(f"{ROBYN}/{parent}")]

        return [folder for below in together(self.store, names, parents) for folder in below]

    def runs(self, revision: str = "", country: str = "") -> list[Run]:
        """Runs, newest first. The years of old runs are asked for once."""
        ids = self.ids(revision, country)
        unknown = [id_ for id_ in ids if id_.old and id_ not in self._years]
        if unknown:
            self._years |= dict(
                zip(unknown, together(self.store, self._year, unknown), strict=True)
            )
        moments = {id_: self._years[id_] if id_.old else id_.timestamp for id_ in ids}
        there = [id_ for id_, moment in moments.items() if moment]
        there.sort(key=lambda id_: (moments[id_], str(id_)), reverse=True)
        return [Run(self.store, id_) for id_ in there]

    def table(self, revision: str = "", country: str = "", most: int | None = None) -> pd.DataFrame:
        """Runs as a table, newest first.

        Columns: ``run, status, seconds`` (it took so far), ``who, best`` (model), ``nrmse_train,
        decomp_rssd`` (NaN before the end), ``note`` (the error, or the stage). The status of a run
        whose files cannot be read is ``unreadable``, its note says why.
        """
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        for run in self.runs(revision, country)[:most]:
            try:
                state, manifest = run.state(), run.manifest
            except (MMMError, ValueError) as error:  # ValueError: its JSON is damaged
                why = str(error).split("\n")[0]
                rows.append((str(run), UNREADABLE, math.nan, "", "", None, None, why))
                continue
            summary = manifest.summary if manifest else {}
            rows.append(
                (
                    str(run),
                    str(state.status),
                    (state.heartbeat - state.started).total_seconds(),
                    state.who,
                    manifest.best if manifest else "",
                    *(summary.get(key) for key in (c.NRMSE_TRAIN, c.DECOMP_RSSD)),
                    (state.error or state.stage).split("\n")[0],
                )
            )
        shown = ("run", "status", "seconds", "who", "best", c.NRMSE_TRAIN, c.DECOMP_RSSD, "note")
        types = dict.fromkeys((c.NRMSE_TRAIN, c.DECOMP_RSSD), float)
        return pd.DataFrame(rows, columns=list(shown)).astype(types)

    def _year(self, id_: RunId) -> str:
        """An old run's time with its year; empty where the folder holds nothing."""
        run = Run(self.store, id_)
        return run.submitted.strftime(TIME_FORMAT) if run.artifacts() else ""
