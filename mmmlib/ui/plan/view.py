"""The planner's traits: the form's answers, and its files. Its scenarios are a view below it."""

from __future__ import annotations

import threading
from typing import Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait, Dict, List

from mmmlib.archive import Run
from mmmlib.ground import RunError, columns as c
from mmmlib.plan import Scenario, delete_scenario, load_scenario, save_scenario
from mmmlib.ui.background import in_background
from mmmlib.ui.model_page import ModelPage
from mmmlib.ui.plan.model import PlanModel
from mmmlib.ui.plan.saved import SavedScenarios
from mmmlib.ui.routes import Query, Session, address
from mmmlib.ui.trained import trained_run
from mmmlib.ui.view import View


class ScenariosView(View):
    """Saved scenarios side by side."""

    drawn_by = (__file__, "scenarios.vue")
    rows: List[dict[str, Any]] = List().tag(sync=True)
    can_save = Dict().tag(sync=True)  # yes: whether there is a plan to be saved

    def __init__(self, session: Session, run: Run, page: PlanView, **traits: Any) -> None:
        self._session, self._run, self._page = session, run, page
        self._saved = SavedScenarios(run)
        super().__init__(session.say, **traits)

    def refresh(self) -> None:
        """Read what others may have saved."""
        self.rows = self._saved.rows()

    def vue_keep(self, asked: dict[str, Any]) -> None:
        """Save the plan that is shown."""
        name, replace = str(asked.get("name", "")), bool(asked.get("replace"))
        scenario = self._page.model.scenario(name, self._session.user)
        save_scenario(self._run, scenario, replace)
        self.refresh()
        self.send({"method": "kept", "args": [scenario.name]})

    def vue_show(self, name: str) -> None:
        """Put a scenario into the form, with its model."""
        scenario = load_scenario(self._run, str(name))
        query = {"run": str(self._run), "model": scenario.candidate, "scenario": scenario.name}
        self._session.go(address("plan", **query))

    def vue_remove(self, name: str) -> None:
        delete_scenario(self._run, str(name), self._session.user)
        self.refresh()

    def vue_save_file(self, asked: dict[str, Any]) -> None:
        """Send chosen scenarios as one file."""
        names = [str(name) for name in asked.get("names") or []]
        self._session.save(*self._saved.file(names, _kind(asked.get("kind"))))


class PlanView(ModelPage):
    """The planner's page."""

    drawn_by = (__file__, "plan.vue")
    page = "plan"
    facts = Dict().tag(sync=True)
    form = Dict().tag(sync=True)  # what the browser's form starts from
    answer = Dict().tag(sync=True)
    refusal = "This model cannot be planned with; choose another."
    frontier: List[Any] = List().tag(sync=True)
    scenarios = AnyTrait(None, allow_none=True).tag(sync=True, **widget_serialization)

    def __init__(self, session: Session, run: Run, query: Query, **traits: Any) -> None:
        self._model: PlanModel | None = None
        self._drawn: Any = None  # bounds of the frontier that is shown
        self._drawing: threading.Thread | None = None
        self._wanted, self._lock = False, threading.Lock()
        super().__init__(session, run, query, **traits)
        self.scenarios = ScenariosView(session, run, self)

    @property
    def model(self) -> PlanModel:
        """The model that is planned with; ``RunError`` while it is being read."""
        if self._model is None:
            raise RunError("the model is still being read; try again in a moment")
        return self._model

    def refresh(self) -> None:
        """Read the model once, in a thread; the scenarios now and then."""
        super().refresh()
        self.scenarios.refresh()

    def vue_plan(self, asked: dict[str, Any]) -> None:
        """Answer a form; ``number`` comes back so that the page knows which one."""
        self._answer(dict(asked.get("form") or {}), int(asked.get("number", 0)))

    def vue_open_live(self, _: object) -> None:
        self._session.go(address("live", run=str(self._run), model=self.wanted()))

    def vue_save_file(self, kind: str) -> None:
        self._session.save(*self.model.file(_kind(kind)))

    def wanted(self) -> str:
        """The candidate of the address, or that of the scenario it names."""
        scenario = self._scenario()
        return super().wanted() or (scenario.candidate if scenario else "")

    def load(self, candidate: str) -> None:
        scenario = self._scenario()
        model = PlanModel(self._run, candidate)
        form = model.form(scenario.settings if scenario else None)
        self._model = model
        self.form = form
        self._answer(form, 0)
        self.facts = model.facts()

    def _scenario(self) -> Scenario | None:
        name = (self.query or {}).get("scenario")
        return load_scenario(self._run, name) if name else None

    def _answer(self, form: dict[str, Any], number: int) -> None:
        model = self.model
        answer = model.answer(form)
        self.answer = {**answer, "number": number}
        self.scenarios.can_save = {"yes": not answer["problems"]}
        with self._lock:
            self._wanted = True
            if self._drawing is None:
                self._drawing = in_background(self._draw, self.say)

    def _draw(self) -> None:
        """The response of every budget, anew for as long as the bounds have moved meanwhile."""
        try:
            while self._take():
                made = self.model.latest
                bounds = made and made[1].table[[c.SPEND_LOW, c.SPEND_HIGH]].to_numpy().tolist()
                if made and bounds != self._drawn:
                    self.frontier = self.model.frontier(*made)
                    self._drawn = bounds
        except BaseException:
            with self._lock:
                self._drawing = None
            raise

    def _take(self) -> bool:
        """Whether there is something to draw; the thread ends, under the same lock, when not."""
        with self._lock:
            wanted, self._wanted = self._wanted, False
            if not wanted:
                self._drawing = None
            return wanted


def open_page(session: Session, query: Query) -> PlanView:
    """Open the planner on the run and model that the address names.

    Raises
    ------
    RunError
        There is no such run, or it has not trained.
    """
    return PlanView(session, trained_run(session, query), query)


def _kind(kind: object) -> str:
    if kind not in ("csv", "xlsx"):
        raise RunError(f"{kind!r}: a plan is exported as csv or xlsx")
    return str(kind)
