"""What the pages about one model of one run share: their head, where both are chosen."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from traitlets import Bool, Dict, List, Unicode

from mmmlib.archive import Run, chosen_model
from mmmlib.ground import MMMError
from mmmlib.ui.background import in_background
from mmmlib.ui.pieces import pieces
from mmmlib.ui.routes import Query, Session, address
from mmmlib.ui.trained import models_of, title_of, trained_runs
from mmmlib.ui.view import View


class ModelPage(View):
    """A page about one model of one run; both can be changed in its head.

    Parameters
    ----------
    session : Session
    run : Run
    query : mapping
        Of the address: ``model`` is a candidate; the one the run stands for without it.
    """

    page = ""  # name of the page in mmmlib.ui.routes.PAGES
    refusal = ""  # what it says of a model that it cannot read
    note = Unicode().tag(sync=True)  # what stands there as long as there is no model
    failed = Bool(False).tag(sync=True)  # there never will be
    head = Dict().tag(sync=True)  # of mmm-subject: the run, and once they are read its models
    runs: List[dict[str, str]] = List().tag(sync=True)  # trained ones to choose from

    def __init__(self, session: Session, run: Run, query: Query, **traits: Any) -> None:
        self._session, self._run = session, run
        self.query: Mapping[str, str] | None = {**query, "run": str(run)}
        self.loading: threading.Thread | None = None
        self.components = pieces()
        head = {
            "run": str(run),
            "revision": run.id.revision,
            "country": run.id.country,
            "title": title_of(run),
        }
        super().__init__(session.say, head=head, **traits)

    def refresh(self) -> None:
        """Read the model once, in a thread; nothing of it changes."""
        if self.loading is None:
            self.loading = in_background(self._load, self.say)
            in_background(self._list, self.say)

    @abstractmethod
    def load(self, candidate: str) -> None:
        """Read the page's model; called in a thread."""

    def wanted(self) -> str:
        """The candidate that the address asks for; empty: the one the run stands for."""
        return (self.query or {}).get("model", "")

    def vue_choose_run(self, run: str) -> None:
        self._session.go(address(self.page, run=str(run)))

    def vue_choose(self, candidate: str) -> None:
        self._session.go(address(self.page, run=str(self._run), model=str(candidate)))

    def vue_open_run(self, _: object) -> None:
        self._session.go(address("results", run=str(self._run)))

    def _load(self) -> None:
        try:
            candidate = self.wanted() or chosen_model(self._run).candidate
            models = models_of(self._run, candidate)
            self.head = {**self.head, "model": candidate, "models": models}
            self.load(candidate)
        except MMMError as error:  # for people: it stays on the page
            self.note, self.failed = f"{self.refusal} {error}", True
        except BaseException:
            self.note, self.failed = self.refusal, True
            raise

    def _list(self) -> None:
        self.runs = trained_runs(self._session.archive)
