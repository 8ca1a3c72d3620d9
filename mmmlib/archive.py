"""Where a run lives: claim a folder, save and load its artifacts, list and find runs."""

from __future__ import annotations

import datetime as dt
import getpass
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mmmlib.errors import RunError
from mmmlib.job import TrainingJob
from mmmlib.manifest import ROBYN, TIME_FORMAT, Launch, Manifest, RunId, State, Status
from mmmlib.stores import Store, open_store

if TYPE_CHECKING:
    import pandas as pd

JOB, STATUS, MANIFEST, PROGRESS = "job.yaml", "status.json", "manifest.json", "progress.json"
ANNOTATIONS, CHECKS = "annotations.csv", "checks.json"
LAUNCH = "launch.json"
CANCEL, CHANGES, DATASET, HOLIDAYS = (
    "cancel.json",
    "changes.json",
    "dataset.parquet",
    "holidays.csv",
)
CONSOLE, BEST = "robyn_console.log", "best_model_id.txt"
TRUTH, TRUTH_PICTURE = "truth.csv", "truth.png"  # simulated data only
LOST_AFTER = dt.timedelta(seconds=60)


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


def user() -> str:
    """Return the name of the person this process belongs to."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id may have no name
        return str(os.getuid())


@dataclass(frozen=True)
class Run:
    """One run's folder. Cheap: nothing is read before it is asked for."""

    store: Store
    id: RunId

    def __str__(self) -> str:
        return str(self.id)

    @property
    def place(self) -> str:
        """The folder with its root, as a person would look for it."""
        return f"{self.store.root.rstrip('/')}/{self.id.folder}"

    def save(self, name: str, data: bytes) -> None:
        """Write an artifact."""
        self.store.put(self._key(name), data)

    def save_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as Parquet; equal tables give equal bytes."""
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False, compression="zstd")
        self.save(f"{name}.parquet", buffer.getvalue())

    def save_json(self, name: str, value: Any) -> None:
        """Write plain values as JSON."""
        self.save(name, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())

    def load(self, name: str) -> bytes:
        """Return an artifact's bytes; ``RunError`` when the run has none of that name."""
        try:
            return self.store.get(self._key(name))
        except KeyError:
            raise RunError(f"run {self.id} has no {name}; it has not come so far") from None

    def load_table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        import pandas as pd

        return pd.read_parquet(io.BytesIO(self.load(f"{name}.parquet")))

    def load_json(self, name: str) -> Any:
        """Read plain values."""
        return json.loads(self.load(name))

    def has(self, name: str) -> bool:
        """Say whether there is such an artifact."""
        return self.store.exists(self._key(name))

    def url(self, name: str) -> str:
        """Return a link to an artifact."""
        return self.store.url(self._key(name))

    def artifacts(self) -> dict[str, int]:
        """Names of everything in the folder, with sizes in bytes."""
        skip = len(self.id.folder) + 1
        return {stored.key[skip:]: stored.size for stored in self.store.list(self.id.folder)}

    @cached_property
    def job(self) -> TrainingJob:
        """The job as it was submitted."""
        return TrainingJob.from_yaml(self.load(JOB).decode())

    @property
    def manifest(self) -> Manifest | None:
        """The manifest; ``None`` while the run has not ended."""
        if not self.has(MANIFEST):
            return None
        return Manifest.model_validate_json(self.load(MANIFEST))

    @property
    def launch(self) -> Launch | None:
        """Who queued the run and for what; ``None`` for a run that was started at once."""
        if not self.has(LAUNCH):
            return None
        return Launch.model_validate_json(self.load(LAUNCH))

    def state(self, at: dt.datetime | None = None) -> State:
        """Where the run stands. Only a manifest makes an end; a silent writer is lost.

        ``status.json`` says what its writer last said. When that was more than 60 s before
        ``at`` (now), the writer is gone, whatever it said. A run that was launched waits for its
        turn as long as it takes; once handed over it has its executor's patience to begin.
        """
        if ended := self.manifest:
            return State(
                status=ended.status,
                heartbeat=ended.ended,
                started=ended.started,
                who=ended.who,
                where=ended.where,
                error=ended.error,
            )
        submitted = dt.datetime.strptime(self.id.timestamp, TIME_FORMAT).replace(tzinfo=dt.UTC)
        state = State(status=Status.QUEUED, heartbeat=submitted, started=submitted)
        patience = LOST_AFTER
        if self.has(STATUS):
            state = State.model_validate_json(self.load(STATUS))
        elif launch := self.launch:
            heard = launch.handed_over or launch.attended or at or now()
            state = state.model_copy(update={"heartbeat": heard, "who": launch.who})
            patience = dt.timedelta(seconds=launch.patience)
        if (at or now()) - state.heartbeat > patience:
            silence = f"nothing was heard of it after {state.heartbeat:%Y-%m-%d %H:%M:%S} UTC"
            return state.model_copy(
                update={"status": Status.LOST, "error": f"{silence}; its process was killed"}
            )
        if state.status not in (Status.QUEUED, Status.RUNNING):
            return state.model_copy(update={"status": Status.RUNNING})  # it is about to end
        return state

    def cancel(self, who: str = "") -> None:
        """Ask a run that goes on to stop; its own process ends it within seconds."""
        if (status := self.state().status) not in (Status.QUEUED, Status.RUNNING):
            raise RunError(f"run {self.id} is {status}; there is nothing to cancel")
        self.save_json(CANCEL, {"who": who or user(), "at": now().isoformat()})

    def _key(self, name: str) -> str:
        return f"{self.id.folder}/{name}"


class Archive:
    """All runs under a root."""

    def __init__(self, root: str = "") -> None:
        if not root:
            from mmmlib.settings import settings

            root = settings().root
        self.store = open_store(root)

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
            There is no such run under this root.
        """
        if name == "latest":
            newest = max(self.ids(), key=lambda id_: id_.timestamp, default=None)
            if newest is None:
                raise RunError(f"there is no run under {self.store.root}; start one with `mmm run`")
            return Run(self.store, newest)
        run = Run(self.store, RunId.parse(name))
        if not run.has(JOB):
            raise RunError(f"there is no run {run.id} under {self.store.root}; see `mmm runs`")
        return run

    def ids(self, revision: str = "", country: str = "") -> Iterator[RunId]:
        """Every run's id; folders that are no runs are passed over."""
        for one in [revision] if revision else self.store.folders(ROBYN):
            for label in [country] if country else self.store.folders(f"{ROBYN}/{one}"):
                for timestamp in self.store.folders(f"{ROBYN}/{one}/{label}"):
                    try:
                        yield RunId.parse(f"{one}/{label}/{timestamp}")
                    except RunError:
                        continue

    def runs(self, revision: str = "", country: str = "") -> list[Run]:
        """Runs, newest first."""
        ids = sorted(self.ids(revision, country), key=lambda id_: id_.timestamp, reverse=True)
        return [Run(self.store, id_) for id_ in ids]
