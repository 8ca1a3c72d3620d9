"""Traits of the curves; another model is drawn when it is chosen."""

from __future__ import annotations

from typing import Any

from traitlets import List, Unicode

from mmmlib.ui.run.curves.model import CurvesModel
from mmmlib.ui.run.stored import StoredPanel


class CurvesView(StoredPanel):
    """Tab Curves."""

    drawn_by = (__file__, "curves.vue")
    curves: List[dict[str, Any]] = List().tag(sync=True)
    period = Unicode("period").tag(sync=True)  # name of one: day, week or period
    plans: List[dict[str, Any]] = List().tag(sync=True)
    figures: List[dict[str, Any]] = List().tag(sync=True)  # of the archived allocation
    warnings: List[str] = List().tag(sync=True)
    model: CurvesModel

    def read(self) -> CurvesModel:
        return CurvesModel(self.run)

    def draw(self, candidate: str) -> None:
        self.curves = self.model.of(candidate)
        self.figures = self.model.figures(candidate)
        self.warnings = self.model.warnings(candidate)
        self.plans = self.model.plans(candidate)

    def fill(self) -> None:
        super().fill()
        self.period = self.model.period
