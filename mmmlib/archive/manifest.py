"""What identifies a run and proves what it was: id, status, artifact hashes, receipt."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from mmmlib import __version__
from mmmlib.ground import RunError

ROBYN = "robyn"  # first folder of the archive's layout, whatever the engine
TIME_FORMAT = "%Y%m%d_%H%M%S"
_LABEL = "([A-Za-z0-9_-]{1,32})"
_ID = re.compile(rf"(?:robyn/)?{_LABEL}/{_LABEL}/((?:\d{{4}})?\d{{4}}_\d{{6}})/?")


class Status(StrEnum):
    """Where a run stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, order=True)
class RunId:
    """``revision/country/YYYYMMDD_HHMMSS`` (UTC at submission).

    Runs of the system before this one are named ``MMDD_HHMMSS``.
    """

    revision: str
    country: str
    timestamp: str

    @classmethod
    def parse(cls, text: str) -> RunId:
        """Read ``r100/de/20261123_053424``, with or without the leading ``robyn/``."""
        if not (match := _ID.fullmatch(text.strip())):
            raise RunError(f"{text!r} is no run; write revision/country/YYYYMMDD_HHMMSS")
        return cls(*match.groups())

    @property
    def old(self) -> bool:
        """Whether the run was made before runs had their year in their name, and a manifest."""
        return len(self.timestamp) < len("YYYYMMDD_HHMMSS")

    @property
    def folder(self) -> str:
        """The run's folder below the root."""
        return f"{ROBYN}/{self}"

    def __str__(self) -> str:
        return f"{self.revision}/{self.country}/{self.timestamp}"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """UTF-8 JSON, indented for people."""
        return (self.model_dump_json(indent=2) + "\n").encode()


class State(_Record):
    """``status.json``: status and stage now, and the heartbeat that shows the writer lives.

    Attributes
    ----------
    process : str
        The writer, as ``children.handle`` names it: whoever is on the same machine knows at once
        when it is gone.
    alone : bool
        Whether that process does nothing but this run, so that the run goes on while it lives.
    """

    status: Status
    stage: str = ""
    heartbeat: dt.datetime
    started: dt.datetime
    who: str = ""
    where: str = ""
    error: str = ""
    process: str = ""
    alone: bool = False

    def lost(self, error: str) -> State:
        """The same run, given up."""
        return self.model_copy(update={"status": Status.LOST, "error": error})


class Launch(_Record):
    """``launch.json``: a run that was queued; written by the launch, before the run begins.

    Attributes
    ----------
    executor, queue : str
        What executes the run, and the queue it waits in (``local-{host}`` or the executor).
    folder : str
        Where relative paths of the job start, on the machine of the queue.
    attended : datetime or None
        Heartbeat of a terminal that waits to execute the run itself.
    handed_over, handle, patience
        When the executor took the run, the executor's name for it, and the seconds it may take
        until the run says its first word.
    """

    executor: str
    queue: str
    who: str = ""
    submitted: dt.datetime
    folder: str = ""
    attended: dt.datetime | None = None
    handed_over: dt.datetime | None = None
    handle: str = ""
    patience: float = 60.0


class Artifact(_Record):
    """Size in bytes and SHA-256 of one artifact."""

    size: int
    sha256: str


class Receipt(_Record):
    """What another machine needs to train the same again."""

    dataset_sha256: str
    job_sha256: str
    seed: int
    workers: int
    refresh_of: str = ""
    engine: str
    engine_version: str
    code_commit: str
    python: str
    platform: str
    cores: int
    packages: dict[str, str]


FORMAT = 1  # of the archive; a change that older code would read wrongly makes it one more


class Manifest(_Record):
    """``manifest.json``, a run's last file: without it no run has ended.

    Attributes
    ----------
    format : int
        Of everything in the run's folder; what was archived before there was a number has 1.
    version : str
        Of the product that archived the run; empty where it did not say so.
    seal : str
        SHA-256 of everything else in the manifest; empty in those of before there was one.
    """

    format: int = 1
    version: str = ""
    run: str
    status: Status
    error: str = ""
    started: dt.datetime
    ended: dt.datetime
    who: str = ""
    where: str = ""
    best: str = ""
    summary: dict[str, Any] = {}
    artifacts: dict[str, Artifact]
    receipt: Receipt
    seal: str = ""

    def to_json(self) -> bytes:
        """UTF-8 JSON with its seal."""
        return super(Manifest, self._sealed()).to_json()

    def _sealed(self) -> Manifest:
        plain = json.loads(self.model_dump_json(exclude={"seal"}))
        return self.model_copy(update={"seal": _seal(plain)})

    @classmethod
    def read(cls, data: bytes, run: RunId) -> Manifest:
        """Read a run's manifest.

        Raises
        ------
        RunError
            Its format is newer than this version knows, or it was changed after the run ended.
        """
        try:
            values = json.loads(data)
            seal = values.pop("seal", "")
        except (ValueError, AttributeError) as error:
            raise damaged(run, "manifest.json") from error
        if (found := values.get("format", 1)) > FORMAT:
            made = values.get("version") or "a newer version"
            raise RunError(
                f"run {run} was archived by {made} in format {found}; this is version "
                f"{__version__}, which reads formats up to {FORMAT}: read it with {made} or later"
            )
        if seal and seal != _seal(values):
            raise damaged(run, "manifest.json")
        return cls.model_validate(values)


def damaged(run: RunId, name: str) -> RunError:
    """The error of a file that is not what the manifest says."""
    return RunError(
        f"{run.folder}/{name} is not what the manifest says: it was changed or damaged after the "
        "run ended; restore it from a backup, or train the run again"
    )


def _seal(values: dict[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
