"""Serves the dashboard; when the container is stopped, ends the runs that go on in it first.

A run is a process of its own, which outlives the server but not the container: killed with it, the
run would be lost. Asked to end, it has failed, with its log and manifest archived. What waits in
the queue stays there for the next start.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

GRACE_SECONDS = 8.0  # Docker and Cloud Run kill ten seconds after they ask
VARIABLE = "MMM_CLOSING"  # names the file that says: no further run starts here
# Commands of `mmm` that train: typed, or given to a child of ours in its code.
TRAINS = re.compile(rb"(^|\0)(execute|run)\0|\bmain\(\['(execute|run)'")
ASKED: set[int] = set()


def main() -> int:
    """Serve until a signal comes or the server ends; return the exit code."""
    closing = Path(os.environ[VARIABLE])
    closing.unlink(missing_ok=True)  # of this container's last stop
    server = subprocess.Popen(["mmm", "app", "--host", "0.0.0.0", "--port", os.environ["PORT"]])

    def stop(number: int, frame: object) -> None:
        server.terminate()
        ask(closing)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    code = server.wait()
    deadline = time.monotonic() + GRACE_SECONDS
    while ask(closing) and time.monotonic() < deadline:
        time.sleep(0.05)
    return code


def ask(closing: Path) -> set[int]:
    """Ask each run of this container to end, once, and return those that have not ended."""
    closing.touch()
    going = set(runs(closing))
    for pid in going - ASKED:
        ASKED.add(pid)
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGTERM)
    return going


def runs(closing: Path) -> Iterator[int]:
    """Processes that train: a command of `mmm` with this container's variable."""
    own = f"{VARIABLE}={closing}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if TRAINS.search(command) and own in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
        except OSError:  # it has ended, or is somebody else's
            continue


if __name__ == "__main__":
    sys.exit(main())
