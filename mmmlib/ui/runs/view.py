"""The list's traits and its one event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traitlets import Bool, List, Unicode

from mmmlib.ui.runs.model import Row
from mmmlib.ui.view import Say, View


class RunsView(View):
    """A table of runs; a click on a row calls ``choose`` with the run's id."""

    template_file = (__file__, "runs.vue")
    rows: List[Row] = List().tag(sync=True)
    loaded = Bool(False).tag(sync=True)
    trouble = Unicode().tag(sync=True)  # why the archive cannot be read; empty: it can
    place = Unicode().tag(sync=True)

    def __init__(self, say: Say, choose: Callable[[str], None], **traits: Any) -> None:
        self._choose = choose
        super().__init__(say, **traits)

    def show(self, rows: list[Row]) -> None:
        """Show these rows."""
        self.trouble = ""
        self.rows = rows
        self.loaded = True

    def fail(self, reason: str) -> None:
        """Say why there are no newer rows."""
        self.trouble = reason
        self.loaded = True

    def vue_choose(self, run: str) -> None:
        self._choose(str(run))
