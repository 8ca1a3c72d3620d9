"""The list's traits and its one event."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, List, Unicode

from mmmlib.errors import MMMError
from mmmlib.ui.pages import Query, Session, address
from mmmlib.ui.runs.model import Row, RunsModel
from mmmlib.ui.view import View


class RunsView(View):
    """A table of runs; a click on a row opens the run."""

    template_file = (__file__, "runs.vue")
    rows: List[Row] = List().tag(sync=True)
    loaded = Bool(False).tag(sync=True)
    trouble = Unicode().tag(sync=True)  # why the archive cannot be read; empty: it can
    place = Unicode().tag(sync=True)

    def __init__(self, session: Session, **traits: Any) -> None:
        self._go = session.go
        self._model = RunsModel(session.archive)
        super().__init__(session.say, place=session.archive.store.root, **traits)

    def refresh(self) -> None:
        """Read the archive; what was known stays where it cannot be read."""
        try:
            self.rows = self._model.rows()
            self.trouble = ""
        except MMMError as error:
            self.trouble = str(error)
        self.loaded = True

    def vue_train(self, _: object) -> None:
        self._go(address("train"))

    def vue_choose(self, run: str) -> None:
        self._go(address(run=str(run)))


def open_page(session: Session, query: Query) -> RunsView:
    """Open the list of runs."""
    return RunsView(session)
