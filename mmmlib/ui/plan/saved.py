"""The saved scenarios of a run, as plain values to be compared. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmmlib.archive import Run
from mmmlib.ground import RunError, columns as c, to_sheet
from mmmlib.plan import SCENARIOS, Scenario, comparison, comparison_xlsx, load_scenarios
from mmmlib.ui.plain import plain, plains

_COLUMNS = {
    "today": c.CURRENT_SPEND,
    "spend": c.PLANNED_SPEND,
    "response": c.PLANNED_RESPONSE,
    "before": c.CURRENT_RESPONSE,
}


class SavedScenarios:
    """Scenarios of a run; files that have not changed are not read again."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._seen: list[Any] | None = None
        self._scenarios: list[Scenario] = []

    def rows(self) -> list[dict[str, Any]]:
        """One row a scenario, oldest first; spend and response by channel, per period."""
        seen = self.run.store.list(f"{self.run.id.folder}/{SCENARIOS}")
        if seen != self._seen:
            self._scenarios, self._seen = load_scenarios(self.run), seen
        return [_row(each) for each in self._scenarios]

    def file(self, names: Sequence[str], kind: str) -> tuple[str, bytes]:
        """Chosen scenarios as one file, ``xlsx`` or ``csv``: its name and its bytes."""
        chosen = [each for each in load_scenarios(self.run) if each.name in names]
        if not chosen:
            raise RunError("none of these scenarios is there any more; reload the page")
        name = f"scenarios-{str(self.run).replace('/', '-')}.{kind}"
        if kind == "xlsx":
            return name, comparison_xlsx(chosen)
        return name, to_sheet(comparison(chosen))


def _row(scenario: Scenario) -> dict[str, Any]:
    allocation = scenario.allocation
    table = allocation.table
    metrics = allocation.metrics().set_index(c.METRIC)
    return {
        "name": scenario.name,
        "who": scenario.who,
        "saved": f"{scenario.saved:%Y-%m-%d %H:%M}",
        "model": scenario.candidate,
        "kind": scenario.scenario,
        "conversion": scenario.target_type == "conversion",
        "target": None if scenario.target is None else plain(scenario.target),
        "period": scenario.period,
        "periods": scenario.periods,
        "efficiency": plain(metrics.loc[allocation.efficiency, c.PLANNED]),
        "efficiency_today": plain(metrics.loc[allocation.efficiency, c.CURRENT]),
        "warnings": list(scenario.warnings),
        "channels": list(table[c.CHANNEL]),
        **{key: plains(table[name], 10) for key, name in _COLUMNS.items()},
    }
