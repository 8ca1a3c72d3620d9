"""Traits of the charts over time."""

from __future__ import annotations

from typing import Any

from traitlets import Dict, List, Unicode

from mmmlib.decisions import chosen_model
from mmmlib.ui.charts import components
from mmmlib.ui.run.over_time.model import OverTimeModel
from mmmlib.ui.run.panel import Panel


class OverTimeView(Panel):
    """Tab Over time."""

    template_file = (__file__, "over_time.vue")
    stored: List[str] = List().tag(sync=True)
    candidate = Unicode().tag(sync=True)
    wanted = Unicode().tag(sync=True)  # the promoted candidate, where it is not stored in full
    course = Dict().tag(sync=True)
    carryover: List[dict[str, Any]] = List().tag(sync=True)

    def __init__(self, *args: Any) -> None:
        self.components = components()
        super().__init__(*args)

    def fill(self) -> None:
        self.model = OverTimeModel(self.run)
        self.stored = self.model.stored()
        chosen = chosen_model(self.run).candidate
        there = chosen in self.stored
        self.wanted = "" if there else chosen
        self.vue_choose(chosen if there else self.stored[0])

    def vue_choose(self, candidate: str) -> None:
        if candidate in self.stored:
            self.course = self.model.of(str(candidate))
            self.carryover = self.model.carryover(str(candidate))
            self.candidate = str(candidate)
