"""The live model's traits: fits while one drags, and a job with what was dragged."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Dict, Unicode

from mmmlib.archive import Run
from mmmlib.errors import RunError
from mmmlib.ui.background import in_background
from mmmlib.ui.pages import Query, Session, address
from mmmlib.ui.trained import trained_run
from mmmlib.ui.view import View

if TYPE_CHECKING:
    from mmmlib.ui.live.model import LiveModel

LOADING = (
    "Reading the model and its data. The first time on a machine it is also compiled, which takes"
    " ten seconds."
)


class LiveView(View):
    """The page of the live model."""

    template_file = (__file__, "live.vue")
    facts = Dict().tag(sync=True)
    answer = Dict().tag(sync=True)  # number of the question, and the fit
    note = Unicode(LOADING).tag(sync=True)  # why there is nothing to drag yet
    failed = Bool(False).tag(sync=True)  # there never will be

    def __init__(self, session: Session, run: Run, candidate: str, **traits: Any) -> None:
        self._session, self._run, self._candidate = session, run, candidate
        self._model: LiveModel | None = None
        self.loading: threading.Thread | None = None
        super().__init__(session.say, **traits)

    @property
    def model(self) -> LiveModel:
        """The model that is dragged; ``RunError`` while it is being read."""
        if self._model is None:
            raise RunError("the model is still being read; try again in a moment")
        return self._model

    def refresh(self) -> None:
        """Read the model once, in a thread; nothing of it changes."""
        if self.loading is None:
            self.loading = in_background(self._load, self.say)

    def vue_fit(self, asked: dict[str, Any]) -> None:
        """Fit what was dragged; ``number`` comes back so that the page knows which one."""
        fit = self.model.fit(dict(asked.get("moved") or {}))
        self.answer = {"number": int(asked.get("number", 0)), "fit": fit}

    def vue_save_job(self, asked: dict[str, Any]) -> None:
        """Send the run's job with what was dragged fixed."""
        text = self.model.job_text(dict(asked.get("moved") or {}), bool(asked.get("everything")))
        self.send({"method": "save", "args": ["job.yaml"]}, buffers=[text.encode()])

    def vue_choose(self, candidate: str) -> None:
        self._session.go(address("live", run=str(self._run), model=str(candidate)))

    def vue_open_run(self, _: object) -> None:
        self._session.go(address("results", run=str(self._run)))

    def vue_open_plan(self, _: object) -> None:
        self._session.go(address("plan", run=str(self._run), model=self.model.candidate))

    def _load(self) -> None:
        try:
            from mmmlib.ui.live.model import LiveModel

            model = LiveModel(self._run, self._candidate)
            facts = model.facts()
        except BaseException:
            self.note, self.failed = "This model cannot be shown live.", True
            raise
        self._model = model
        self.facts = facts


def open_page(session: Session, query: Query) -> LiveView:
    """Open the live model of the run and model that the address names.

    Raises
    ------
    RunError
        There is no such run, or it has not trained.
    """
    return LiveView(session, trained_run(session, query), query.get("model", ""))
