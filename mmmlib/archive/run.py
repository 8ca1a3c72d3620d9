"""A run's folder: its files, what it says of itself, where it stands."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mmmlib.archive import heard, old as old_runs
from mmmlib.archive.manifest import (
    TIME_FORMAT,
    Artifact,
    Launch,
    Manifest,
    RunId,
    State,
    Status,
    damaged,
)
from mmmlib.archive.stores import Store, StoredObject, put_all, together
from mmmlib.ground import RunError, children, read_table, scrub_values
from mmmlib.job import TrainingJob

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


REFRESH_CHANGES = "refresh_changes.csv"  # of a refresh only


TRUTH, TRUTH_PICTURE = "truth.csv", "truth.png"  # simulated data only
REPORT = "report.html"  # for those who decide: one file that needs nothing beside it


LOST_AFTER = dt.timedelta(seconds=60)


LOOK_SECONDS = 10.0  # a run is given up after a longer silence than this


_LIVE = (STATUS, PROGRESS, LAUNCH, CANCEL)  # said while a run goes on; its end is the manifest's


_LOOKED: dict[str, float] = {}  # when this process last saw that a run has no end


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
        """Write an artifact.

        Raises
        ------
        RunError
            The run has ended: a process that was given up and wakes changes nothing of it. What
            people add to an ended run lies in folders of its own.
        """
        self._must_go_on({name: data})
        self.store.put(self._key(name), data)

    def add(self, name: str, data: bytes) -> None:
        """Write beside the artifacts of an ended run what a person asked for later.

        Raises
        ------
        RunError
            The run itself made an artifact of that name, which stays as it is.
        """
        if (ended := self.manifest) and name in ended.artifacts:
            raise RunError(f"run {self.id} has an artifact {name} of its own; it is not changed")
        self.store.put(self._key(name), data)

    def save_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as Parquet; equal tables give equal bytes."""
        self.save(f"{name}.parquet", _parquet(table))

    def save_tables(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Write several tables at once."""
        files = {self._key(f"{name}.parquet"): _parquet(table) for name, table in tables.items()}
        self._must_go_on(tables)
        put_all(self.store, files)

    def save_json(self, name: str, value: Any) -> None:
        """Write plain values as JSON; known secrets in their texts are hidden."""
        text = json.dumps(scrub_values(value), indent=2, ensure_ascii=False)
        self.save(name, f"{text}\n".encode())

    def load(self, name: str) -> bytes:
        """Return an artifact's bytes.

        Raises
        ------
        RunError
            The run has none of that name, or it is not the one that was archived.
        """
        try:
            data = self._get(name)
        except KeyError:
            why = "it was made without" if self.id.old else "it has not come so far"
            raise RunError(f"run {self.id} has no {name}; {why}") from None
        self._must_be_archived(name, data)
        return data

    def load_table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        return read_table(io.BytesIO(self.load(f"{name}.parquet")))

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
        return {name: stored.size for name, stored in self._listed().items()}

    def contents(self) -> dict[str, Artifact]:
        """Size and hash of everything in the folder; read again where the store keeps no hash."""

        def content(item: tuple[str, StoredObject]) -> Artifact:
            name, stored = item
            if stored.sha256:
                return Artifact(size=stored.size, sha256=stored.sha256)
            data = self.load(name)
            return Artifact(size=len(data), sha256=hashlib.sha256(data).hexdigest())

        listed = self._listed()
        return dict(zip(listed, together(self.store, content, listed.items()), strict=True))

    @cached_property
    def job(self) -> TrainingJob:
        """The job as it was submitted."""
        return TrainingJob.from_yaml(self.load(JOB).decode())

    @property
    def manifest(self) -> Manifest | None:
        """The manifest; ``None`` while the run has not ended. Once written it never changes.

        Raises
        ------
        RunError
            A newer version archived the run, in a format that this one does not know.
        """
        try:
            return self._ended
        except KeyError:
            return None

    @cached_property
    def _ended(self) -> Manifest:
        return Manifest.read(self._get(MANIFEST), self.id)

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
        if self.id.old:
            return old_runs.state(self.id, self._listed())
        submitted = self.submitted
        state = State(status=Status.QUEUED, heartbeat=submitted, started=submitted)
        patience = LOST_AFTER
        try:
            state = State.model_validate_json(self._get(STATUS))
        except KeyError:  # nobody has started it
            if launch := self.launch:
                word = launch.handed_over or launch.attended or at or now()
                state = state.model_copy(update={"heartbeat": word, "who": launch.who})
                patience = dt.timedelta(seconds=launch.patience)
                if launch.attended and not launch.handed_over:  # its terminal waits
                    state = state.model_copy(update={"process": launch.handle, "alone": True})
                elif not launch.handed_over and at is None:
                    return state  # it waits for its turn, however long
        lives = children.lives(state.process) if at is None else None
        if lives is False:
            if Run(self.store, self.id).has(MANIFEST):  # it ended between our two looks
                return Run(self.store, self.id).state()
            return state.lost(f"its process {state.process.partition(':')[0]} was killed")
        if not (lives and state.alone) and self._silent(state, patience, at):
            silence = f"nothing was heard of it after {state.heartbeat:%Y-%m-%d %H:%M:%S} UTC"
            return state.lost(f"{silence}; its process was killed")
        if state.status not in (Status.QUEUED, Status.RUNNING):
            return state.model_copy(update={"status": Status.RUNNING})  # it is about to end
        return state

    def _silent(self, state: State, patience: dt.timedelta, at: dt.datetime | None) -> bool:
        """Whether nothing is heard of the writer.

        The time of day may have been set, or be another machine's. It counts for who looks for
        the first time; who has seen the heart beat believes his own two looks. Nobody ends a run
        for the time of day (``launching.settle``).
        """
        by_day = (at or now()) - state.heartbeat > patience
        if at is not None:
            return by_day
        same = heard.unchanged(self.place, state.heartbeat.isoformat())
        return same > patience.total_seconds() or (by_day and not heard.has_changed(self.place))

    def _must_go_on(self, names: Iterable[str]) -> None:
        """Refuse to write artifacts of a run that has an end; looked at every few seconds."""
        if all("/" in name for name in names):
            return  # decisions and scenarios are made of ended runs
        looked = _LOOKED.get(self.place)
        if looked is not None and heard.monotonic() - looked < LOOK_SECONDS:
            return
        if self.has(MANIFEST):
            raise RunError(f"run {self.id} has ended ({self.state().status}); it is not changed")
        _LOOKED[self.place] = heard.monotonic()

    def _must_be_archived(self, name: str, data: bytes) -> None:
        """Compare what was read of an ended run with the hash in its manifest."""
        if name in _LIVE or self.id.old or ("/" in name and not name.startswith("inputs/")):
            return  # decisions and scenarios have a life of their own
        if not (ended := self.manifest) or not (known := ended.artifacts.get(name)):
            return
        if hashlib.sha256(data).hexdigest() != known.sha256:
            raise damaged(self.id, name)

    @property
    def submitted(self) -> dt.datetime:
        """When the run was submitted, UTC; an old one's year is that of its first object."""
        if self.id.old:
            return old_runs.submitted(self.id, self._listed())
        return dt.datetime.strptime(self.id.timestamp, TIME_FORMAT).replace(tzinfo=dt.UTC)

    def cancel(self, who: str = "") -> None:
        """Ask a run that goes on to stop; its own process ends it within seconds."""
        if (status := self.state().status) not in (Status.QUEUED, Status.RUNNING):
            raise RunError(f"run {self.id} is {status}; there is nothing to cancel")
        self.save_json(CANCEL, {"who": who or user(), "at": now().isoformat()})

    def seen(self) -> Run:
        """The run as it is now: one listing answers what it has, whatever comes later."""
        seen = _Seen(self.store, self.id)
        seen.__dict__.update(self.__dict__)  # what was read already
        return seen

    def _get(self, name: str) -> bytes:
        return self.store.get(self._key(name))

    def _listed(self) -> dict[str, StoredObject]:
        skip = len(self.id.folder) + 1
        return {stored.key[skip:]: stored for stored in self.store.list(self.id.folder)}

    def _key(self, name: str) -> str:
        return f"{self.id.folder}/{name}"


class _Seen(Run):
    """A run whose folder was listed once."""

    def has(self, name: str) -> bool:
        return name in self._listing

    def _get(self, name: str) -> bytes:
        if not self.has(name):
            raise KeyError(name)
        return super()._get(name)

    def _listed(self) -> dict[str, StoredObject]:
        return self._listing

    @cached_property
    def _listing(self) -> dict[str, StoredObject]:
        return super()._listed()


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()
