"""Tabs about one of the models that are stored in full: the best one and the clusters' winners."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol

from traitlets import List, Unicode

from mmmlib.archive import chosen_model
from mmmlib.ui.charts import components
from mmmlib.ui.pieces import pieces
from mmmlib.ui.run.panel import Panel


class StoredModels(Protocol):
    """What such a tab reads."""

    def stored(self) -> list[str]:
        """Candidates that are there, the best model first."""


class StoredPanel(Panel):
    """A tab that starts with the model the run stands for, where that is stored."""

    stored: List[str] = List().tag(sync=True)
    candidate = Unicode().tag(sync=True)
    wanted = Unicode().tag(sync=True)  # the promoted candidate, where it is not stored in full
    model: StoredModels

    def __init__(self, *args: Any) -> None:
        self.components = {**components(), **pieces()}
        super().__init__(*args)

    @abstractmethod
    def read(self) -> StoredModels:
        """Read the tables of the tab."""

    @abstractmethod
    def draw(self, candidate: str) -> None:
        """Set the traits of one stored candidate."""

    def fill(self) -> None:
        self.model = self.read()
        self.stored = self.model.stored()
        chosen = chosen_model(self.run).candidate
        there = chosen in self.stored
        self.wanted = "" if there else chosen
        self.vue_choose(chosen if there else self.stored[0])

    def vue_choose(self, candidate: str) -> None:
        if candidate in self.stored:
            self.draw(str(candidate))
            self.candidate = str(candidate)
