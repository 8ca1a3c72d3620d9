"""The live model's traits: fits while one drags, and a job with what was dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Dict

from mmmlib.archive import Run
from mmmlib.ground import RunError
from mmmlib.ui.model_page import ModelPage
from mmmlib.ui.routes import Query, Session, address
from mmmlib.ui.trained import trained_run

if TYPE_CHECKING:
    from mmmlib.ui.live.model import LiveModel

LOADING = (
    "Reading the model and its data. The first time on a machine it is also compiled, which takes"
    " ten seconds."
)


class LiveView(ModelPage):
    """The page of the live model."""

    drawn_by = (__file__, "live.vue")
    page = "live"
    facts = Dict().tag(sync=True)
    answer = Dict().tag(sync=True)  # number of the question, and the fit
    refusal = "This model cannot be shown live; choose another."

    def __init__(self, session: Session, run: Run, query: Query, **traits: Any) -> None:
        self._model: LiveModel | None = None
        super().__init__(session, run, query, note=LOADING, **traits)

    @property
    def model(self) -> LiveModel:
        """The model that is dragged; ``RunError`` while it is being read."""
        if self._model is None:
            raise RunError("the model is still being read; try again in a moment")
        return self._model

    def load(self, candidate: str) -> None:
        from mmmlib.ui.live.model import LiveModel

        model = LiveModel(self._run, candidate)
        facts = model.facts()
        self._model = model
        self.facts = facts

    def vue_fit(self, asked: dict[str, Any]) -> None:
        """Fit what was dragged; ``number`` comes back so that the page knows which one."""
        fit = self.model.fit(dict(asked.get("moved") or {}))
        self.answer = {"number": int(asked.get("number", 0)), "fit": fit}

    def vue_save_job(self, asked: dict[str, Any]) -> None:
        """Send the run's job with what was dragged fixed."""
        text = self.model.job_text(dict(asked.get("moved") or {}), bool(asked.get("everything")))
        self._session.save("job.yaml", text.encode())

    def vue_open_plan(self, _: object) -> None:
        self._session.go(address("plan", run=str(self._run), model=self.wanted()))


def open_page(session: Session, query: Query) -> LiveView:
    """Open the live model of the run and model that the address names.

    Raises
    ------
    RunError
        There is no such run, or it has not trained.
    """
    return LiveView(session, trained_run(session, query), query)
