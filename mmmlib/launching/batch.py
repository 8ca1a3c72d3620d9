"""Many jobs on one executor: followed, tried again where they fail, resumed where it stopped.

The state of a batch is in the archive, ``batches/{id}/``: ``batch.json`` what it trains, written
once; ``attempts/{number}.json`` the runs of each job; ``summary.json`` its end. The runs are in
the queue, so that they go on when the process that follows them ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmmlib.archive import TIME_FORMAT, Archive, Run, Status, now, user
from mmmlib.ground import JobError, Problem, RunError
from mmmlib.job import TrainingJob
from mmmlib.launching.executor import allowed_executor, open_executor
from mmmlib.launching.matrix import Item, read_plan
from mmmlib.launching.queue import GOING, Queue, settle, submit
from mmmlib.launching.webhook import tell

WAITING, REFUSED = "waiting", "refused"  # beside the statuses of runs
AGAIN = (Status.FAILED, Status.LOST)  # a run that somebody cancelled is not tried again


@dataclass
class Row:
    """One job of a batch: where it stands and the runs that were tried, the last one counts."""

    name: str
    status: str = WAITING
    error: str = ""
    runs: list[str] = field(default_factory=list)
    seconds: float = 0.0
    best: str = ""


class Batch:
    """A batch of an archive; :meth:`step` moves it on."""

    def __init__(self, archive: Archive, id_: str) -> None:
        self.archive, self.id = archive, id_
        try:
            plan = json.loads(archive.store.get(self._key("batch.json")))
        except KeyError:
            known = ", ".join(archive.store.folders("batches")[-5:]) or "none"
            raise RunError(
                f"there is no batch {id_} under {archive.store.root}; the last ones are {known}"
            ) from None
        self.executor: str = plan["executor"]
        self.retries: int = plan["retries"]
        self.folder: str = plan["folder"]
        self.who: str = plan["who"]
        self.items = [Item(**item) for item in plan["items"]]
        self.rows = [Row(item.name) for item in self.items]
        self._queue = Queue(archive, open_executor(self.executor))
        for number, row in enumerate(self.rows):
            row.runs = self._attempts(number)

    @property
    def ended(self) -> bool:
        """Whether every job has its end."""
        return all(row.status not in (WAITING, *GOING) for row in self.rows)

    @property
    def succeeded(self) -> bool:
        """Whether every job has a run that succeeded."""
        return all(row.status == Status.SUCCEEDED for row in self.rows)

    def step(self) -> list[Row]:
        """Look at every job that goes on, submit what waits or is to be tried again.

        Raises
        ------
        LaunchError
            The executor is away; the batch can be resumed.
        """
        self._queue.drain()
        for number, (item, row) in enumerate(zip(self.items, self.rows, strict=True)):
            if row.status in (WAITING, *GOING):
                self._move(number, item, row)
        return self.rows

    def finish(self) -> dict[str, Any]:
        """Write the summary, tell the webhook, and return what was said."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.status] = counts.get(row.status, 0) + 1
        summary = {
            "batch": self.id,
            "ended": now().isoformat(),
            "counts": counts,
            "jobs": [asdict(row) for row in self.rows],
        }
        self._save("summary.json", summary)
        tell({"event": "batch", "place": self.archive.store.root, **summary})
        return summary

    def _move(self, number: int, item: Item, row: Row) -> None:
        """One job's next step."""
        if item.problem:
            row.status, row.error = REFUSED, item.problem
            return
        if not row.runs:
            self._submit(number, item, row)
            return
        run = self.archive.run(row.runs[-1])
        row.status = settle(run, self._queue.executor)
        if ended := run.manifest:
            row.error, row.best = ended.error, ended.best
            row.seconds = (ended.ended - ended.started).total_seconds()
        elif row.status == Status.LOST:
            row.error = run.state().error
        if row.status in AGAIN and len(row.runs) <= self.retries:
            self._submit(number, item, row)

    def _submit(self, number: int, item: Item, row: Row) -> None:
        def record(run: Run) -> None:
            row.runs.append(str(run.id))
            self._save(_attempts(number), row.runs)  # before it is queued: never trained twice

        try:
            job = TrainingJob.parse(item.values)
            submit(job, self.executor, self.who, self.folder, on_claim=record)
        except JobError as error:
            row.status, row.error = REFUSED, str(error)
            return
        row.status = Status.QUEUED

    def _attempts(self, number: int) -> list[str]:
        try:
            runs: list[str] = json.loads(self.archive.store.get(self._key(_attempts(number))))
        except KeyError:
            return []
        return runs

    def _save(self, name: str, value: Any) -> None:
        self.archive.store.put(self._key(name), json.dumps(value, indent=2).encode())

    def _key(self, name: str) -> str:
        return f"batches/{self.id}/{name}"


def start_batch(path: str, root: str, executor: str, retries: int, **keys: Any) -> Batch:
    """Make a batch of a folder, a job or a matrix; nothing is submitted before its first step.

    ``keys`` are set in every job: the words of ``mmm batch -p``.

    Raises
    ------
    JobError
        There is nothing to train, no job is valid, or they name different archives.
    LaunchError
        The executor is not set up here, or cannot reach the archive.
    """
    if retries < 0:
        raise JobError([Problem("retries", "must not be negative")])
    items = read_plan(path, **keys)
    if all(item.problem for item in items):
        raise JobError(Problem(item.name, item.problem) for item in items)
    archive = Archive(root or _one_root(items))
    executor = allowed_executor(executor)
    open_executor(executor).check(archive.store.root)
    for item in items:
        if item.values:
            item.values["root"] = archive.store.root
    plan = {
        "executor": executor,
        "retries": retries,
        "who": user(),
        "folder": str(Path.cwd()),
        "submitted": now().isoformat(),
        "items": [asdict(item) for item in items],
    }
    return Batch(archive, _claim(archive, json.dumps(plan, indent=2).encode()))


def open_batch(root: str, id_: str) -> Batch:
    """Open a batch of an archive, to go on where it stopped."""
    return Batch(Archive(root), id_)


def _claim(archive: Archive, plan: bytes) -> str:
    """The second of the start names a batch; a second batch of it gets a number."""
    stamp, number = now().strftime(TIME_FORMAT), 1
    id_ = stamp
    while not archive.store.put_if_absent(f"batches/{id_}/batch.json", plan):
        number += 1
        id_ = f"{stamp}-{number}"
    return id_


def _one_root(items: Iterable[Item]) -> str:
    roots = {item.values["root"] for item in items if item.values}
    if len(roots) > 1:
        raise JobError([Problem("root", "the jobs name different archives; say --root for all")])
    return str(roots.pop())


def _attempts(number: int) -> str:
    return f"attempts/{number:04d}.json"
