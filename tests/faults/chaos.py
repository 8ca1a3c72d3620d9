"""Runs that are killed, stopped and asked to end at random, with clocks that jump, from a seed.

``python -m tests.faults.chaos ROOT LAUNCHES SEED`` launches that many runs of nothing into the
queue of :class:`Brief`, tends the archive as a server does, and prints what became of them. What
is real: queue, places, tickets, supervisors, signals, processes. What is short: the training, and
the minute after which a silent run is given up.
"""

from __future__ import annotations

import collections
import datetime as dt
import fcntl
import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from mmmlib.archive import Archive, Launch, Run, Status, run as run_module
from mmmlib.ground import LaunchError, MMMError, children, code_commit, names
from mmmlib.job import TrainingJob
from mmmlib.launching import queue, slots, tending
from mmmlib.run import supervisor

PATIENCE = 3.0  # seconds for the minute
TRAINS = 0.15  # seconds that a run takes
EMPTY_WITHIN = 60.0
OVERLAPS = "overlaps.txt"


class Brief:
    """One run at a time, each a process forked from whoever starts it."""

    queue = "brief"
    patience = PATIENCE
    ask_after = 0.0
    remote = False

    def slots(self) -> int:
        return 1

    def check(self, root: str) -> None:
        """Nothing: it is a folder of this machine."""

    def start(self, run: Run, launch: Launch) -> str:
        if pid := os.fork():
            return children.handle(pid)
        os.setsid()
        try:
            _execute(run)
        except BaseException:
            os._exit(1)
        os._exit(0)

    def fate(self, handle: str) -> tuple[Status, str] | None:
        lives = children.lives(handle)
        if lives is None:
            return None
        return (Status.RUNNING, "") if lives else (Status.LOST, "its process was killed")

    def stop(self, handle: str) -> None:
        """Nothing: a process that lives reads ``cancel.json``."""


def _execute(run: Run) -> None:
    """What ``mmm execute`` does, without a notebook; its clock may be wrong, and jump."""
    dice = random.Random(str(run))
    _jump(dice)
    try:
        with (
            supervisor.sigterm_interrupts(),
            supervisor.Supervisor(run, alone=True),
            Path(run.store.root, "training").open("a+") as lock,
        ):
            _one_at_a_time(lock, run)
            time.sleep(TRAINS * dice.uniform(0.2, 2))
            _jump(dice)
            run.save("table.csv", b"1,2\n")
    finally:
        with suppress(MMMError):
            queue.drain(run.store.root)


def _one_at_a_time(lock: object, run: Run) -> None:
    """Note a run that trains while another one does; who was stopped and given up does not."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[call-overload]
    except BlockingIOError:
        held = Path(run.store.root, "training.by")
        other = held.read_text() if held.exists() else ""
        if children.lives(other) and not _woken(run.store.root, other):
            with Path(run.store.root, OVERLAPS).open("a") as file:
                file.write(f"{run} beside {other}\n")
        return
    Path(run.store.root, "training.by").write_text(children.handle(os.getpid()))


def _woken(root: str, handle: str) -> bool:
    return handle in Path(root, "stopped.txt").read_text().split()


def _jump(dice: random.Random) -> None:
    """Set this process's time of day, now and then, by up to two hours."""
    by = dt.timedelta(seconds=dice.choice([0, 0, 0, 75, -75, dice.uniform(-7200, 7200)]))
    for module in (run_module, queue, slots, supervisor):
        module.now = lambda: dt.datetime.now(dt.UTC) + by  # type: ignore[attr-defined]


def _harm(dice: random.Random, root: str, stopped: dict[int, float]) -> str:
    """Do something to the process that trains now, if any."""
    held = Path(root, "training.by")
    handle = held.read_text() if held.exists() else ""
    if not children.lives(handle):
        return ""
    pid = int(handle.partition(":")[0])
    kind = dice.choice(["kill", "kill", "term", "int", "stop"])
    numbers = {"term": signal.SIGTERM, "int": signal.SIGINT, "stop": signal.SIGSTOP}
    with suppress(ProcessLookupError):
        if kind == "stop":
            stopped[pid] = time.monotonic() + dice.choice([0.5, 2 * PATIENCE])
            with Path(root, "stopped.txt").open("a") as file:
                file.write(f"{handle}\n")
        os.kill(pid, numbers.get(kind, signal.SIGKILL))
    return kind


def _wake(stopped: dict[int, float]) -> None:
    for pid, at in list(stopped.items()):
        if time.monotonic() > at:
            del stopped[pid]
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def main(root: str, launches: int, seed: int) -> dict[str, object]:
    """Launch, harm and tend until all is quiet; return what became of the runs."""
    names.EXECUTORS["brief"] = "tests.faults.chaos:Brief"
    minute = dt.timedelta(seconds=PATIENCE)
    for module in (run_module, queue, slots, tending):
        if hasattr(module, "LOST_AFTER"):
            module.LOST_AFTER = minute  # type: ignore[attr-defined]
    run_module.LOOK_SECONDS = 0.5
    supervisor.HEARTBEAT_SECONDS = supervisor.CANCEL_SECONDS = 0.25
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    code_commit()
    dice, stopped = random.Random(seed), dict[int, float]()
    Path(root).mkdir(parents=True, exist_ok=True)
    Path(root, "stopped.txt").touch()
    job = TrainingJob.load("demo").model_copy(update={"root": root})
    watch, harmed, made = tending.Tending(root), collections.Counter[str](), 0
    tended, deadline = 0.0, 0.0
    while True:
        if made < launches:
            _jump(dice)
            with suppress(LaunchError):
                queue.submit(job, "brief", folder=root)
            made += 1
            deadline = time.monotonic() + EMPTY_WITHIN
        if dice.random() < 0.6:
            harmed[_harm(dice, root, stopped)] += 1
        _wake(stopped)
        if time.monotonic() > tended:
            tended = time.monotonic() + 0.5
            going = watch.once()
            if made == launches and not going and not stopped:
                break
        if made == launches and time.monotonic() > deadline:
            break
        time.sleep(dice.uniform(0, 0.1))
    took = time.monotonic() - (deadline - EMPTY_WITHIN)
    time.sleep(2 * supervisor.CANCEL_SECONDS + 0.5)  # what was woken ends, and changes nothing
    return _became(root, harmed, took)


def _became(root: str, harmed: dict[str, int], took: float) -> dict[str, object]:
    archive = Archive(root)
    runs = archive.runs()
    ends = collections.Counter(run.manifest.status if run.manifest else "none" for run in runs)
    said = {str(run): json.loads(run.load("status.json"))["status"] for run in runs
            if run.has("status.json")}  # fmt: skip
    other = [str(run) for run in runs
             if run.manifest and said.get(str(run), run.manifest.status) != run.manifest.status
             ]  # fmt: skip
    for run in runs:  # each is whole: what the manifest lists is there, byte for byte
        for name in run.manifest.artifacts if run.manifest else ():
            run.load(name)
    overlaps = Path(root, OVERLAPS)
    return {
        "runs": len(runs),
        "ends": dict(ends),
        "harmed": {kind: number for kind, number in harmed.items() if kind},
        "status_differs": other,
        "overlaps": overlaps.read_text().splitlines() if overlaps.exists() else [],
        "waiting": len(queue.waiting(archive.store, "brief")),
        "empty_after": round(took, 1),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
