"""The fit and the decomposition of a stored model over time. No widgets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mmmlib.archive import BEST, Run, load_in_full
from mmmlib.ground import columns as c
from mmmlib.ui.plain import numbers

_BANDS = ("val", "test")


class OverTimeModel:
    """The dates of the candidates that are stored in full."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.table = load_in_full(run, "decomposition_over_time")

    def stored(self) -> list[str]:
        """Candidates that are there, the best model first."""
        best = self.run.load(BEST).decode().strip()
        return [best, *(name for name in self.table[c.CANDIDATE].unique() if name != best)]

    def of(self, candidate: str) -> dict[str, Any]:
        """Return a model over time, dates in milliseconds since 1970.

        Keys: ``x, actual, fitted, residual``; ``parts``: name and contributions of each variable,
        the largest total last, so that it lies outermost; ``bands``: validation and test.
        """
        rows = self.table[self.table[c.CANDIDATE] == candidate]
        wide = rows.pivot(index=c.DATE, columns=c.VARIABLE, values=c.CONTRIBUTION).sort_index()
        actual, fitted = wide.pop(c.ACTUAL), wide.pop(c.FITTED)
        size = wide.abs().sum()
        first = [name for name in (c.INTERCEPT, "trend") if name in wide]
        order = [*first, *size.drop(first).sort_values(ascending=False).index]
        dates = pd.to_datetime(wide.index)
        return {
            "x": [int(date.timestamp() * 1000) for date in dates],
            "actual": numbers(actual),
            "fitted": numbers(fitted),
            "residual": numbers(actual - fitted),
            "parts": [{"name": str(name), "y": numbers(wide[name])} for name in order],
            "bands": self._bands(rows),
        }

    def carryover(self, candidate: str) -> list[dict[str, Any]]:
        """Return each medium's share of its effect that comes after its period, in percent."""
        rows = self.table[self.table[c.CANDIDATE] == candidate].dropna(subset=[c.IMMEDIATE])
        sums = rows.groupby(c.VARIABLE, sort=False)[[c.IMMEDIATE, c.CARRYOVER]].sum()
        shown = []
        for name, both in sums.iterrows():
            total = both[c.IMMEDIATE] + both[c.CARRYOVER]
            (share,) = numbers([100 * both[c.CARRYOVER] / total if total else float("nan")])
            shown.append({"name": str(name), "share": share})
        return sorted(shown, key=lambda item: -(item["share"] or 0.0))

    def _bands(self, rows: pd.DataFrame) -> list[dict[str, Any]]:
        found = []
        for split in _BANDS:
            dates = pd.to_datetime(rows.loc[rows[c.SPLIT] == split, c.DATE])
            if len(dates):
                start, end = (int(day.timestamp() * 1000) for day in (dates.min(), dates.max()))
                title = "validation" if split == "val" else split
                found.append({"from": start, "to": end, "title": title})
        return found
