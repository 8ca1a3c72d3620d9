"""Traits of the charts over time."""

from __future__ import annotations

from typing import Any

from traitlets import Dict, List

from mmmlib.ui.run.over_time.model import OverTimeModel
from mmmlib.ui.run.stored import StoredPanel


class OverTimeView(StoredPanel):
    """Tab Over time."""

    drawn_by = (__file__, "over_time.vue")
    course = Dict().tag(sync=True)
    carryover: List[dict[str, Any]] = List().tag(sync=True)
    model: OverTimeModel

    def read(self) -> OverTimeModel:
        return OverTimeModel(self.run)

    def draw(self, candidate: str) -> None:
        self.course = self.model.of(candidate)
        self.carryover = self.model.carryover(candidate)
