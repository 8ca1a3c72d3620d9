"""Response curves of a stored model, and the archived allocation. No widgets."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from mmmlib.archive import BEST, Run, load_in_full, promoted_name
from mmmlib.ground import columns as c, from_sheet
from mmmlib.ui.plain import cell, number, numbers
from mmmlib.ui.run.period import period_of

POINTS = 120  # of a curve, at most
METRICS = "allocator_metrics.csv"
WARNINGS = "allocation_warnings.csv"
_FIGURES = {  # what people read of the metrics; the solver's own figures are in the file
    "spend_per_period": "Spend a {period}",
    "response_per_period": "Response a {period}",
    "total_spend": "Spend in all",
    "total_response": "Response in all",
    c.ROAS: "ROAS",
    c.CPA: "CPA",
    "target_roas": "Target ROAS",
    "target_cpa": "Target CPA",
}
_GOALS = {
    "max_response": "the most response for the budget",
    "target_efficiency": "the budget that meets a target",
}


class CurvesModel:
    """The curves of the candidates that are stored in full."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.curves = load_in_full(run, "response_curves")
        self.channels = load_in_full(run, "channels")

    def stored(self) -> list[str]:
        """Candidates whose curves are there, the best model first."""
        best = self.run.load(BEST).decode().strip()
        others = [name for name in self.channels[c.CANDIDATE].unique() if name != best]
        return [best, *others]

    def of(self, candidate: str) -> list[dict[str, Any]]:
        """Return a model's curves, one a channel, largest spend first.

        Keys: ``channel, x`` (spend a period), ``y`` (response a period), ``marginal``,
        ``spend, response, slope`` (where it stands in the window), ``most`` (end of the grid).
        """
        curves = self.curves[self.curves[c.CANDIDATE] == candidate]
        places = self.channels[self.channels[c.CANDIDATE] == candidate]
        drawn = []
        for place in places.sort_values(c.CURRENT_SPEND, ascending=False).to_dict("records"):
            curve = curves[curves[c.CHANNEL] == place[c.CHANNEL]].sort_values(c.SPEND)
            step = max(1, -(-len(curve) // POINTS))
            thin = pd.concat([curve.iloc[:-1:step], curve.iloc[-1:]])
            drawn.append(
                {
                    "channel": place[c.CHANNEL],
                    "x": numbers(thin[c.SPEND]),
                    "y": numbers(thin[c.RESPONSE]),
                    "spend": number(place[c.CURRENT_SPEND]),
                    "response": number(place[c.CURRENT_RESPONSE]),
                    "slope": number(place[c.CURRENT_MARGINAL]),
                }
            )
        return drawn

    def plans(self, candidate: str = "") -> list[dict[str, Any]]:
        """Return the archived allocations: ``name, rows`` of each ``allocation_*.csv``.

        Those of a promoted candidate where it has its own, the best model's otherwise.
        """
        folder = self._folder(candidate)
        scenarios = {
            name[len(folder) + len("allocation_") : -len(".csv")]: name
            for name in sorted(self.run.artifacts())
            if name.startswith(folder) and _is_plan(name.removeprefix(folder))
        }
        return [
            {"name": _GOALS.get(scenario, scenario), "rows": _rows(self.run, name)}
            for scenario, name in scenarios.items()
        ]

    def _folder(self, candidate: str) -> str:
        """Where the candidate's plan is: its own, or the run's."""
        own = promoted_name(candidate, METRICS)
        return own.removesuffix(METRICS) if candidate and self.run.has(own) else ""

    def figures(self, candidate: str = "") -> list[dict[str, Any]]:
        """Return ``title, current, planned, lift`` (percent) of the archived allocation.

        What Robyn's own allocator said is among them; empty where nothing was allocated.
        """
        metrics = self._folder(candidate) + METRICS
        if not self.run.has(metrics):
            return []
        return [
            {
                "title": title.format(period=self.period),
                "current": row[c.CURRENT],
                "planned": row[c.PLANNED],
                "lift": row[c.LIFT_PERCENT],
            }
            for row in _rows(self.run, metrics)
            if (title := _title(str(row[c.METRIC])))
        ]

    def warnings(self, candidate: str = "") -> list[str]:
        """Return what the allocator warned of."""
        warnings = self._folder(candidate) + WARNINGS
        if not self.run.has(warnings):
            return []
        return [str(row["warning"]) for row in _rows(self.run, warnings)]

    @cached_property
    def period(self) -> str:
        """Name of one period of the data: ``day``, ``week``, ``month`` or ``period``."""
        return period_of(self.run)


def _is_plan(name: str) -> bool:
    named = name.startswith("allocation_") and name.endswith(".csv") and "/" not in name
    return named and name != WARNINGS


def _title(metric: str) -> str:
    """A figure's name for people; empty for those that say how well the solver did."""
    if metric.startswith("robyn_"):
        return "Robyn: " + metric.removeprefix("robyn_").replace("_", " ")
    return _FIGURES.get(metric, "")


def _rows(run: Run, name: str) -> list[dict[str, Any]]:
    table = from_sheet(run.load(name), keep_default_na=True)
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].fillna("").astype(str)
    return [
        {str(key): cell(value) for key, value in row.items()}
        for row in table.to_dict(orient="records")
    ]
