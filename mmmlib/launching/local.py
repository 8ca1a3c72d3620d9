"""Runs as detached processes of this machine, one at a time.

Such a process outlives the tab, the kernel and the server that launched it; it does not outlive
a container, which is why a service on Cloud Run launches through ``cloudrun``.
"""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

from mmmlib.archive import Launch, Run, Status
from mmmlib.ground import LaunchError, children, settings
from mmmlib.launching.executor import command

MMM = "mmmlib.cli:main"  # the command line, as a child calls it


class LocalExecutor:
    """One run at a time on this machine; its queue carries the machine's name.

    Another machine with the same archive has a queue of its own, since it does not have this
    one's files.
    """

    patience = 300.0  # a busy machine takes its time to import what a run needs
    ask_after = 0.0  # a look at a process costs nothing
    remote = False

    def __init__(self) -> None:
        host = re.sub(r"[^A-Za-z0-9_.-]", "_", socket.gethostname())
        self.queue = f"local-{host}"

    def slots(self) -> int:
        """One, since a search uses every core; none in a container that is being stopped."""
        closing = settings().mmm_closing
        return 0 if closing and Path(closing).exists() else 1

    def check(self, root: str) -> None:
        """Nothing: every archive can be reached from this machine."""

    def start(self, run: Run, launch: Launch) -> str:
        """Start a process in a session of its own, in the folder the job was launched from."""
        return children.handle(detached(run, launch.folder).pid)

    def fate(self, handle: str) -> tuple[Status, str] | None:
        """Lost, where the process is gone; unknown, where it is another container's."""
        lives = children.lives(handle)
        if lives is None:
            return None
        if lives:
            return Status.RUNNING, ""
        return Status.LOST, f"its process {handle.partition(':')[0]} was killed"

    def stop(self, handle: str) -> None:
        """Nothing: a process that lives reads ``cancel.json`` itself."""


def detached(run: Run, folder: str = "") -> subprocess.Popen[bytes]:
    """Start ``mmm execute`` of a run, independent of this process."""
    try:
        process = children.start(
            MMM, command(run), tied=False, cwd=folder or None, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise LaunchError(f"no process could be started in {folder}: {error.strerror}") from error
    process.returncode = 0  # it is not ours to wait for; no warning when we end before it
    return process
