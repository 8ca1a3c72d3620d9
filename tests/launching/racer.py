"""Ten processes launch at the same moment: ``racer.py ROOT JOB COUNT``.

Each run is a real process that holds a folder while it works; were there two at once, the second
could not make it, and its run would end as failed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Launch, Status
from mmmlib.archive.run import Run
from mmmlib.ground import names
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.queue import drain, submit
from mmmlib.run.preflight import accepted
from mmmlib.run.supervisor import Supervisor


class Racing:
    """Forks a process for each run."""

    queue = "racing"
    patience = 60.0
    remote = False

    def slots(self) -> int:
        return 1

    def check(self, root: str) -> None:
        return None

    def start(self, run: Run, launch: Launch) -> str:
        if (pid := os.fork()) == 0:
            if os.fork() == 0:  # a process of its own, whoever started it
                _work(run)
            os._exit(0)
        os.waitpid(pid, 0)
        return "forked"

    def ended(self, handle: str) -> tuple[Status, str] | None:
        return None

    def stop(self, handle: str) -> None:
        return None


def _work(run: Run) -> None:
    busy = Path(run.store.root, "busy")
    with Supervisor(run):
        busy.mkdir()
        with open(Path(run.store.root, "order.txt"), "a") as order:
            order.write(f"{run}\n")
        time.sleep(0.1)
        busy.rmdir()
    drain(run.store.root)
    os._exit(0)


def main(root: str, job_file: str, count: int) -> None:
    names.EXECUTORS = {"racing": f"{__name__}:Racing"}
    job = TrainingJob.load(job_file)
    accepted(job)  # imports what takes seconds before the race
    start = time.time() + 1.0
    pids = []
    for _ in range(count):
        if (pid := os.fork()) == 0:
            time.sleep(max(0.0, start - time.time()))
            submit(job, "racing")
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    end = time.time() + 300
    while time.time() < end:
        if all(run.manifest for run in Archive(root).runs()):
            break
        time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
