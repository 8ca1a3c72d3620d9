"""Launching: a run is claimed and queued, and an executor trains it when its turn comes.

The queue is in the archive's store (``launch/{queue}/``), so that it drains without any tab or
server: whoever launches, and every run that ends, hands over the next one.

An executor is a class of :data:`mmmlib.ground.names.EXECUTORS` with the methods of
:class:`Executor`.
"""

from __future__ import annotations

from typing import Protocol

from mmmlib.archive import Launch, Run, Status


class Executor(Protocol):
    """Where runs are executed. Its constructor raises ``LaunchError`` where it is not set up.

    Attributes
    ----------
    queue : str
        Name of the queue that it serves.
    patience : float
        Seconds from the hand-over to the run's first word; a run that takes longer is lost.
    ask_after : float
        Seconds of silence after which it is asked for a run's fate; 0 where that costs nothing.
    remote : bool
        Whether runs are executed where the files of this machine are not.
    """

    queue: str
    patience: float
    ask_after: float
    remote: bool

    def slots(self) -> int:
        """Return how many runs may go on at once."""

    def check(self, root: str) -> None:
        """Raise ``LaunchError`` where runs cannot reach an archive; nothing is claimed then."""

    def start(self, run: Run, launch: Launch) -> str:
        """Hand a run over and return at once; the answer names it for the other methods.

        Raises
        ------
        LaunchError
            The executor did not take it.
        """

    def fate(self, handle: str) -> tuple[Status, str] | None:
        """Say how an execution ended, and why; ``running`` where it is known to go on.

        ``None`` where the executor cannot know more than the run's heartbeat says.
        """

    def stop(self, handle: str) -> None:
        """End an execution from outside; nothing happens when it has ended."""


def command(run: Run) -> list[str]:
    """Arguments of ``mmm`` that execute a queued run where they are typed."""
    return ["execute", str(run.id), "--root", run.store.root]


def allowed_executor(name: str = "") -> str:
    """Return the name of an executor that may be launched on; the default where none is named.

    Raises
    ------
    LaunchError
        This installation does not launch on it.
    """
    from mmmlib.ground import LaunchError, names, settings

    allowed = settings().executors
    if name in names.EXECUTORS and name not in allowed:
        raise LaunchError(f"runs are launched here on {', '.join(allowed)} only (MMM_EXECUTORS)")
    return name or allowed[0]


def open_executor(name: str) -> Executor:
    """Make the executor of a name.

    Raises
    ------
    LaunchError
        There is none of that name, or it is not set up here.
    """
    from mmmlib.ground import LaunchError, names

    if name not in names.EXECUTORS:
        known = ", ".join(names.EXECUTORS)
        raise LaunchError(f"there is no executor {name!r}; choose one of {known}")
    executor: Executor = names.load(names.EXECUTORS[name])()
    return executor
