"""One tab of a run's page: made when it is first opened, read in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable

from traitlets import Bool

from mmmlib.archive import Run
from mmmlib.ui.pages import Session
from mmmlib.ui.view import Say, View, told


class Panel(View):
    """A tab.

    Parameters
    ----------
    session : Session
    run : Run
    changed : callable
        Called when this tab has changed what other tabs show, such as by a promotion.
    """

    loaded = Bool(False).tag(sync=True)

    def __init__(self, session: Session, run: Run, changed: Callable[[], None]) -> None:
        self.session = session
        self.run = run
        self.changed = changed
        super().__init__(session.say)
        self.reading = in_background(session.say, self._read)

    def fill(self) -> None:
        """Read the archive and set the traits; called in a thread."""

    def _read(self) -> None:
        try:
            self.fill()
        finally:
            self.loaded = True


def in_background(say: Say, work: Callable[[], None]) -> threading.Thread:
    """Do something while clicks are still answered; what goes wrong is told."""

    def run() -> None:
        with told(say):
            work()

    thread = threading.Thread(target=run, name=work.__qualname__, daemon=True)
    thread.start()
    return thread
