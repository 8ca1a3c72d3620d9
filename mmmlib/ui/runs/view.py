"""The list's traits and its events."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from traitlets import Bool, Dict, Int, List, Unicode

from mmmlib.ground import MMMError
from mmmlib.ui.background import in_background
from mmmlib.ui.routes import PAGES, Query, Session, address
from mmmlib.ui.runs.model import Question, Row, RunsModel
from mmmlib.ui.view import View

FILTERS = ("search", "status", "revision", "country")
SIZES = (10, 25, 50, 100)


class RunsView(View):
    """What goes on, and a table of runs; a click on a row opens the run."""

    drawn_by = (__file__, "runs.vue")
    rows: List[Row] = List().tag(sync=True)  # of the page shown
    going: List[Row] = List().tag(sync=True)
    matching = Int(0).tag(sync=True)
    total = Int(0).tag(sync=True)
    read = Int(0).tag(sync=True)  # runs that filters and orders know
    choices = Dict().tag(sync=True)
    question = Dict().tag(sync=True)
    loaded = Bool(False).tag(sync=True)
    trouble = Unicode().tag(sync=True)  # why the archive cannot be read; empty: it can
    place = Unicode().tag(sync=True)
    comparable = Bool("compare" in PAGES).tag(sync=True)

    def __init__(self, session: Session, question: Question, **traits: Any) -> None:
        self._go = session.go
        self._model = RunsModel(session.archive)
        self._question = question
        self._rest: threading.Thread | None = None
        super().__init__(session.say, place=session.archive.store.root, **traits)
        self.question = question.__dict__

    def refresh(self) -> None:
        """Read the archive; what was known stays where it cannot be read."""
        try:
            self._model.look()
            self.going = self._model.going()
            self._answer()
            self.choices = self._model.choices()
            self.trouble = ""
        except MMMError as error:
            self.trouble = str(error)
        self.loaded = True
        if self._model.unread() and not (self._rest and self._rest.is_alive()):
            self._rest = in_background(self._model.read_rest, self.say)

    def vue_train(self, _: object) -> None:
        self._go(address("train"))

    def vue_sample(self, _: object) -> None:
        self._go(address("train", example="demo"))

    def vue_choose(self, run: str) -> None:
        self._go(address(run=str(run)))

    def vue_compare(self, runs: list[str]) -> None:
        self._go(address("compare", runs=",".join(str(run) for run in runs)))

    def vue_ask(self, wanted: dict[str, Any]) -> None:
        """Show another page, order or filter."""
        filters = {key: str(wanted.get(key) or "")[:200] for key in FILTERS}
        size = int(wanted.get("size") or 25)
        self._question = replace(
            _filtered(filters),
            sort=str(wanted.get("sort") or "submitted"),
            descending=bool(wanted.get("descending", True)),
            page=max(1, int(wanted.get("page") or 1)),
            size=size if size in SIZES else 25,
        )
        self.question = self._question.__dict__
        self._answer()

    def _answer(self) -> None:
        found = self._model.answer(self._question)
        self.rows = found.rows
        self.matching, self.total, self.read = found.matching, found.total, found.read


def open_page(session: Session, query: Query) -> RunsView:
    """Open the list of runs, filtered as the address says."""
    return RunsView(session, _filtered(query))


def _filtered(by: Mapping[str, str]) -> Question:
    search, status, revision, country = (by.get(key, "") for key in FILTERS)
    return Question(search, status, revision, country)
