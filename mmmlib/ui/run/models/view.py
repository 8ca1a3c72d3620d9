"""The cloud's traits; a click on a point shows its card, a promotion asks for the reason."""

from __future__ import annotations

from typing import Any

from traitlets import Dict, Unicode

from mmmlib.archive import promote
from mmmlib.ui.charts import components
from mmmlib.ui.run.findings import picture_of
from mmmlib.ui.run.models.model import ModelsModel
from mmmlib.ui.run.panel import Panel


class ModelsView(Panel):
    """Tab Models."""

    drawn_by = (__file__, "models.vue")
    cloud = Dict().tag(sync=True)
    card = Dict().tag(sync=True)
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
        promote(self.run, str(self.card["id"]), self.session.user, str(why or ""))
        self.cloud = self.model.cloud()
        self.changed()
