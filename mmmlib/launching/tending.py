"""What whoever serves an archive does for it: no queue stands still, no dead run has no end.

A run that ends hands over the next one; one that is killed cannot. So a server looks twice a
minute, and where no server runs, ``mmm queue --settle`` does it once.
"""

from __future__ import annotations

import itertools
import threading
import time

from mmmlib.archive import CANCEL, JOB, LOST_AFTER, MANIFEST, STATUS, Archive, Run, heard, together
from mmmlib.ground import LaunchError, MMMError, Severity, log
from mmmlib.launching.executor import open_executor
from mmmlib.launching.queue import GOING, Queue, drain, settle, waiting
from mmmlib.launching.slots import Slots

TEND_SECONDS = 30.0


class Tending:
    """An archive that is looked after.

    Parameters
    ----------
    root : str
        Its root; ``MMM_ROOT`` when empty.

    Examples
    --------
    >>> import tempfile
    >>> Tending(tempfile.mkdtemp()).once()
    []
    """

    def __init__(self, root: str = "") -> None:
        self.archive = Archive(root)
        self._over: set[str] = set()  # runs that have an end, or cannot be read

    def once(self) -> list[Run]:
        """Start what may start, end what is dead; return the runs that go on or wait."""
        going = self._settle_all()
        drain(self.archive.store.root)  # what was ended may have held a place
        return going

    def until(self, stop: threading.Event) -> None:
        """Look twice a minute; what cannot be reached is told, and tried again."""
        rest = self.archive.store.pace  # a look at every run costs requests in a bucket
        for number in itertools.count():
            try:
                if number % rest == 0:
                    self.once()
                else:
                    drain(self.archive.store.root)
            except MMMError as error:
                log(f"the queue was not looked at: {error}", Severity.WARNING)
            if stop.wait(TEND_SECONDS):
                return

    def _settle_all(self) -> list[Run]:
        """Give each run that died its end, whether it was launched or not; return the others."""
        store = self.archive.store
        runs = [
            Run(store, id_)
            for id_ in self.archive.ids()
            if not id_.old and str(id_) not in self._over
        ]
        ended = together(store, lambda run: run.has(MANIFEST) or not run.has(JOB), runs)
        self._over.update(str(run) for run, over in zip(runs, ended, strict=True) if over)
        going = []
        for run in (run for run, over in zip(runs, ended, strict=True) if not over):
            try:
                if settle(run) in GOING:
                    going.append(run)
                    self._queue_again(run)
            except (MMMError, ValueError) as error:  # ValueError: its JSON is damaged
                self._over.add(str(run))
                log(f"run {run} cannot be looked after: {error}", Severity.WARNING)
        return going

    def _queue_again(self, run: Run) -> None:
        """Give a run its ticket back whose launch was cut before it had one."""
        launch = run.launch
        if launch is None or launch.handed_over or launch.attended:
            return
        if run.has(STATUS) or run.has(CANCEL):
            return
        store = self.archive.store
        named = {ticket.run for ticket in waiting(store, launch.queue)}
        named |= {slot.run for slot in Slots(store, launch.queue).read()[1]}
        missing = heard.unchanged(f"{run.place} ticket", str(str(run) in named))
        if str(run) in named or missing < LOST_AFTER.total_seconds():
            return
        try:
            Queue(self.archive, open_executor(launch.executor)).put(run, launch)
        except LaunchError:  # another machine serves that queue
            return


def settled(root: str = "") -> list[Run]:
    """Look after an archive once, until it is known which of its silent runs are dead.

    Returns
    -------
    list of Run
        Those that go on or wait.
    """
    tending, begun = Tending(root), heard.monotonic()
    while True:
        going = tending.once()
        silent = [run for run in going if run.state().status not in GOING]
        if not silent or heard.monotonic() - begun > 2 * LOST_AFTER.total_seconds():
            return going
        time.sleep(LOST_AFTER.total_seconds() / 6)
