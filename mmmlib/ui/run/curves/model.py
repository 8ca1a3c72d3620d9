"""Response curves of a stored model, and the archived allocation. No widgets."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from mmmlib import columns as c
from mmmlib.archive import BEST, Run
from mmmlib.ui.plain import cell, number, numbers

POINTS = 120  # of a curve, at most
METRICS = "allocator_metrics.csv"


class CurvesModel:
    """The curves of the candidates that are stored in full."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.curves = run.load_table("response_curves")
        self.channels = run.load_table("channels")

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

    def plans(self) -> list[dict[str, Any]]:
        """Return the archived allocations: ``name, rows`` of each ``allocation_*.csv``."""
        names = [name for name in self.run.artifacts() if _is_plan(name)]
        return [
            {"name": name[len("allocation_") : -len(".csv")], "rows": _rows(self.run, name)}
            for name in sorted(names)
        ]

    def metrics(self) -> list[dict[str, Any]]:
        """Return the rows of ``allocator_metrics.csv``; empty where nothing was allocated."""
        return _rows(self.run, METRICS) if self.run.has(METRICS) else []


def _is_plan(name: str) -> bool:
    return name.startswith("allocation_") and name.endswith(".csv") and "/" not in name


def _rows(run: Run, name: str) -> list[dict[str, Any]]:
    table = pd.read_csv(io.BytesIO(run.load(name)), keep_default_na=True)
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].fillna("").astype(str)
    return [
        {str(key): cell(value) for key, value in row.items()}
        for row in table.to_dict(orient="records")
    ]
