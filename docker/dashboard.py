"""Serves the dashboard; when the container is stopped, ends the runs that go on in it first.

A run is a process of its own, which outlives the server but not the container: killed with it, the
run would be lost. Asked to end, it is cancelled, with its log and manifest archived. What waits in
the queue stays there for the next start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

GRACE_SECONDS = 8.0  # Docker and Cloud Run kill ten seconds after they ask
VARIABLE = "MMM_CLOSING"  # names the file that says: no further run starts here
RUNS = {b"execute", b"run"}  # commands of `mmm` that train


def main() -> int:
    """Serve until a signal comes or the server ends; return the exit code."""
    closing = Path(os.environ[VARIABLE])
    closing.unlink(missing_ok=True)  # of this container's last stop
    command = ["mmm", "app", "--host", "0.0.0.0", "--port", os.environ["PORT"]]
    server = subprocess.Popen(command)

    def stop(number: int, frame: object) -> None:
        server.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    code = server.wait()
    end_runs(closing)
    return code


def end_runs(closing: Path) -> None:
    """Ask every run of this container to end, and wait for them."""
    closing.touch()
    deadline = time.monotonic() + GRACE_SECONDS
    asked: set[int] = set()
    while (going := set(runs(closing))) and time.monotonic() < deadline:
        for pid in going - asked:
            os.kill(pid, signal.SIGTERM)
        asked |= going
        time.sleep(0.05)


def runs(closing: Path) -> Iterator[int]:
    """Processes that train: a command of `mmm` with this container's variable."""
    own = f"{VARIABLE}={closing}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if RUNS & set(arguments) and own in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
        except OSError:  # it has ended, or is somebody else's
            continue


if __name__ == "__main__":
    sys.exit(main())
