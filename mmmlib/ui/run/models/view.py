"""The cloud's traits; a click on a point shows its card, a promotion asks for the reason."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, Unicode

from mmmlib.archive import Decision, promote
from mmmlib.run import complete_apart
from mmmlib.ui.background import in_background
from mmmlib.ui.charts import components
from mmmlib.ui.run.findings import picture_of
from mmmlib.ui.run.models.model import ModelsModel
from mmmlib.ui.run.panel import Panel


class ModelsView(Panel):
    """Tab Models."""

    drawn_by = (__file__, "models.vue")
    cloud = Dict().tag(sync=True)
    card = Dict().tag(sync=True)
    making = Bool(False).tag(sync=True)  # what the best model has, for a promoted one
    picture = Unicode().tag(sync=True)  # one-pager of the card's candidate, once asked for

    def __init__(self, *args: Any) -> None:
        self.components = components()
        super().__init__(*args)

    def fill(self) -> None:
        self.model = ModelsModel(self.run)
        cloud = self.model.cloud()
        self.card = self.model.card(cloud["best"])
        self.cloud = cloud

    def vue_pick(self, candidate: str) -> None:
        self.picture = ""
        self.card = self.model.card(str(candidate))

    def vue_draw(self, _: object) -> None:
        self.picture = picture_of(self.run, str(self.card["id"]))

    def vue_promote(self, why: str) -> None:
        """Let the run stand for the card's candidate."""
        made = promote(self.run, str(self.card["id"]), self.session.user, str(why or ""))
        self.cloud = self.model.cloud()
        self.changed()
        self.completing = in_background(lambda: self._complete(made), self.say)

    def _complete(self, made: Decision) -> None:
        """Make what the best model has, and show it."""
        self.making = True
        try:
            complete_apart(self.run, made.candidate, f"promoted by {made.who}: {made.text}")
        finally:
            self.making = False
        self.card = self.model.card(str(self.card["id"]))
        self.changed()
