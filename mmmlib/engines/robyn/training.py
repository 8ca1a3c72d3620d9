"""One training in R, step by step: what is called in which order, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.data import Dataset, for_robyn
from mmmlib.engines.engine import Events, LogLine, PartDone, optimizer_of
from mmmlib.engines.robyn import tables as robyn_tables
from mmmlib.engines.robyn.allocation import robyns_allocation
from mmmlib.engines.robyn.frames import to_frame, to_table
from mmmlib.engines.robyn.hosts import Host, Hosts
from mmmlib.engines.robyn.messages import Frame, Kept
from mmmlib.engines.robyn.search import INPUT, SearchStanding, search_trials
from mmmlib.ground import columns as c, to_sheet, usable_cores
from mmmlib.job import TrainingJob
from mmmlib.model import ROBYNS_ALLOCATION, holiday_country

Step = Callable[[str], AbstractContextManager[None]]

MODELS, OUTPUTS = Kept("models"), Kept("outputs")


class Training:
    """Calls ``mmmr`` for one job.

    Parameters
    ----------
    dataset : Dataset
    job : TrainingJob
    hosts : Hosts
        None running yet.
    standing : SearchStanding
    events : callable
    """

    def __init__(
        self,
        dataset: Dataset,
        job: TrainingJob,
        hosts: Hosts,
        standing: SearchStanding,
        events: Events,
    ) -> None:
        self.dataset = dataset
        self.job = job
        self.hosts = hosts
        self.standing = standing
        self.events = events
        self.main: Host

    def run(self, step: Step) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Train; return the fields of a training result, and Robyn's own files by name."""
        with step("inputs"):
            self.main = self.hosts.start()
            self._inputs()
        with step("search"):
            processes = min(usable_cores(), self.job.trials)
            self.events(LogLine(self._budget(processes)))
            self.standing.tell()
            files = search_trials(self.hosts, self.main, self.standing, processes)
            self._call("mmmr_models", Kept(INPUT), files, keep=MODELS.name)
        with step("outputs"):
            folder = self._folder("outputs")
            self._call("mmmr_outputs", Kept(INPUT), MODELS, folder, keep=OUTPUTS.name)
            fields = self._tables()
        with step("artifacts"):
            shown = fields["channels"][c.CANDIDATE].unique().tolist()
            artifacts = self._artifacts(fields["best"], shown)
        for line in robyn_tables.describe(fields):
            self.events(LogLine(line))
        return fields, artifacts

    def _call(self, function: str, *arguments: Any, keep: str = "") -> Any:
        return self.hosts.call(self.main, function, *arguments, keep=keep)

    def _inputs(self) -> None:
        job = self.job
        media = [name for item in job.channels for name in (item.spend, item.exposure) if name]
        others = [item.column or item.name for item in job.organic]
        others += [item.column or item.name for item in job.context]
        used = dict.fromkeys([job.date, job.target, *media, *others])
        factors = [item.column or item.name for item in job.context if item.factor]
        holidays = for_robyn(self.dataset.holidays, holiday_country(job))
        said = job.to_values() | {
            "hyperparameters": job.ranges(),
            "optimizer": optimizer_of(job),
        }
        self._call(
            "mmmr_input",
            json.dumps(said, ensure_ascii=False),
            to_frame(self.dataset.frame[list(used)], factors),
            to_frame(holidays, ["holiday", "country"]),
            keep=INPUT,
        )

    def _tables(self) -> dict[str, Any]:
        found = self._call("mmmr_tables", Kept(INPUT), MODELS, OUTPUTS)
        for note in found.pop("notes", None) or ():
            self.events(LogLine(note))
        fields: dict[str, Any] = robyn_tables.searched(_as_tables(found), self.job)
        best, rule = robyn_tables.best_candidate(fields["candidates"], self.job)
        winners = fields["clusters"].loc[fields["clusters"][c.CLUSTER] > 0, c.CANDIDATE]
        shown = list(dict.fromkeys([best, *winners]))
        self.events(PartDone(f"responses of the {len(shown)} models stored in full"))
        full = self._call("mmmr_in_full", Kept(INPUT), MODELS, OUTPUTS, tuple(shown))
        fields |= robyn_tables.in_full(_as_tables(full), fields["decomposition"], shown)
        return fields | {"best": best, "rule": rule}

    def _artifacts(self, best: str, shown: list[str]) -> dict[str, bytes]:
        """What Robyn itself writes about its models."""
        made: dict[str, bytes] = {}
        objects = (Kept(INPUT), MODELS, OUTPUTS)
        for i, candidate in enumerate(shown):
            what = f"one-pager and JSON of {candidate}, {i + 1} of {len(shown)}"
            self.events(PartDone(what, i / len(shown)))
            folder = self._folder(f"pages_{candidate}")
            page = self._call("mmmr_onepager", *objects, candidate, folder)
            made[f"robyn_{candidate}.png"] = _read(page)
            exported = self._call("mmmr_export", *objects, candidate, folder)
            made[f"RobynModel-{candidate}.json"] = _read(exported)
        self.events(PartDone("Robyn's allocation"))
        table = robyns_allocation(self._call, objects, best, self.job)
        made[ROBYNS_ALLOCATION.format(self.job.allocator.scenario)] = to_sheet(table)
        for path in self._call("mmmr_save", Kept(INPUT), MODELS, self._folder("objects")):
            made[Path(path).name] = Path(path).read_bytes()
        return made

    def _folder(self, name: str) -> str:
        folder = self.hosts.folder / name
        folder.mkdir()
        return str(folder)

    def _budget(self, processes: int) -> str:
        job = self.job
        trials = f"{job.trials} trial{'s' if job.trials > 1 else ''}"
        return (
            f"{trials} of {job.iterations} iterations with {optimizer_of(job)}, seed {job.seed}, "
            f"in {processes} R process{'es' if processes > 1 else ''} of one core each"
        )


def _as_tables(returned: dict[str, Any]) -> dict[str, pd.DataFrame]:
    return {name: to_table(value) for name, value in returned.items() if isinstance(value, Frame)}


def _read(paths: list[str]) -> bytes:
    (path,) = paths
    return Path(path).read_bytes()
