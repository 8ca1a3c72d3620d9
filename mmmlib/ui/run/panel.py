"""One tab of a run's page: made when it is first opened, read in the background."""

from __future__ import annotations

from collections.abc import Callable

from traitlets import Bool

from mmmlib.archive import Run
from mmmlib.ui.background import in_background
from mmmlib.ui.routes import Session
from mmmlib.ui.view import View


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
        self.reading = in_background(self._read, session.say)

    def fill(self) -> None:
        """Read the archive and set the traits; called in a thread."""

    def _read(self) -> None:
        try:
            self.fill()
        finally:
            self.loaded = True
