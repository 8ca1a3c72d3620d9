"""Traits of the curves; another model is drawn when it is chosen."""

from __future__ import annotations

from typing import Any

from traitlets import List, Unicode

from mmmlib.decisions import chosen_model
from mmmlib.ui.charts import components
from mmmlib.ui.run.curves.model import CurvesModel
from mmmlib.ui.run.panel import Panel


class CurvesView(Panel):
    """Tab Curves."""

    template_file = (__file__, "curves.vue")
    stored: List[str] = List().tag(sync=True)
    candidate = Unicode().tag(sync=True)
    wanted = Unicode().tag(sync=True)  # the promoted candidate, where its curves are not stored
    curves: List[dict[str, Any]] = List().tag(sync=True)
    plans: List[dict[str, Any]] = List().tag(sync=True)
    metrics: List[dict[str, Any]] = List().tag(sync=True)

    def __init__(self, *args: Any) -> None:
        self.components = components()
        super().__init__(*args)

    def fill(self) -> None:
        self.model = CurvesModel(self.run)
        self.stored = self.model.stored()
        chosen = chosen_model(self.run).candidate
        there = chosen in self.stored
        self.wanted = "" if there else chosen
        self.vue_choose(chosen if there else self.stored[0])
        self.metrics = self.model.metrics()
        self.plans = self.model.plans()

    def vue_choose(self, candidate: str) -> None:
        if candidate in self.stored:
            self.curves = self.model.of(str(candidate))
            self.candidate = str(candidate)
