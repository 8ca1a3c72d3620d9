"""Traits of the notebook that is read."""

from __future__ import annotations

from typing import Any

from traitlets import List, Unicode

from mmmlib.ui.run.notebooks.model import notebooks_of, read_notebook
from mmmlib.ui.run.panel import Panel


class NotebooksView(Panel):
    """Tab Notebooks."""

    drawn_by = (__file__, "notebooks.vue")
    names: List[str] = List().tag(sync=True)
    name = Unicode().tag(sync=True)
    cells: List[dict[str, Any]] = List().tag(sync=True)

    def fill(self) -> None:
        self.names = notebooks_of(self.run)
        if self.names:
            self.vue_choose(self.names[-1])

    def vue_choose(self, name: str) -> None:
        if name in self.names:
            self.cells = read_notebook(self.run, str(name))
            self.name = str(name)
