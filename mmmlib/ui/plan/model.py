"""Answers the planner's form for one model of one run. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mmmlib.archive import Run, chosen_model, load_in_full
from mmmlib.ground import AllocationError, JobError, RunError, columns as c, to_sheet
from mmmlib.job import Allocator
from mmmlib.plan import (
    Allocation,
    Basis,
    Scenario,
    basis_of,
    chosen_models,
    doubts_of,
    efficiency,
    plan_xlsx,
)
from mmmlib.ui.plain import plain, plains
from mmmlib.ui.plan.form import form_of, settings_of

CURVE_POINTS = 49
FRONTIER_POINTS = 25


class PlanModel:
    """One model's plans; reading takes a moment, an answer milliseconds.

    Parameters
    ----------
    run : Run
    candidate : str
        The model; the best one when empty.
    """

    def __init__(self, run: Run, candidate: str = "") -> None:
        self.run = run
        self.basis = _basis(run, candidate)
        self.channels = [str(name) for name in self.basis.channels[c.CHANNEL]]
        self._made: tuple[Allocator, Allocation] | None = None  # the plan last shown

    def facts(self) -> dict[str, Any]:
        """What does not change with the form."""
        basis, history = self.basis, self.basis.history
        dates = [] if history is None else [f"{day:%Y-%m-%d}" for day in history[c.DATE]]
        return {
            "run": str(self.run),
            "model": basis.candidate,
            "conversion": basis.target_type == "conversion",
            "target": basis.job.target,
            "period": basis.period,
            "periods": basis.periods,
            "start": dates[0] if dates else "",
            "end": dates[-1] if dates else "",
        }

    def form(self, settings: Allocator | None = None) -> dict[str, Any]:
        """The form of settings, those of the run's job by default."""
        return form_of(settings or self.basis.job.allocator, self.channels)

    def answer(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Solve what the form asks.

        Returns
        -------
        dict
            ``problems`` (``where`` in the form and ``message``); without any also the plan:
            ``rows, figures, warnings, reach`` and what :meth:`curves` gives.
        """
        self._made = None
        try:
            settings = settings_of(form, self.basis.job)
            allocation = self.basis.plan(settings)
        except (JobError, AllocationError) as error:
            said = [(p.where.removeprefix("allocator."), p.message) for p in error.problems]
            return {"problems": [{"where": where, "message": text} for where, text in said]}
        self._made = settings, allocation
        table = allocation.table
        low, high = (float(table[name].sum()) for name in (c.SPEND_LOW, c.SPEND_HIGH))
        today = float(table[c.CURRENT_SPEND].sum())
        return {
            "problems": [],
            "rows": [self._row(row) for row in table.to_dict("records")],
            "figures": [*_figures(allocation), *self._added(allocation, settings)],
            "periods": allocation.periods,
            "budget": plain(allocation.budget * allocation.periods),
            "target": plain(allocation.target) if allocation.target is not None else None,
            "reach": plains([total * allocation.periods for total in (low, high, today)], 12),
            "bounds": list(settings.bounds()),
            "gap": allocation.gap,
            "warnings": list(allocation.warnings),
            "curves": self._curves(allocation, settings),
            "uplift": allocation.uplift.words() if allocation.uplift else "",
        }

    def frontier(self, settings: Allocator, allocation: Allocation) -> list[list[float | None]]:
        """The most response at budgets between the bounds: ``[spend, response]`` per period."""
        table = allocation.table
        low, high = (table[name].to_numpy() for name in (c.SPEND_LOW, c.SPEND_HIGH))
        curves, points = self.basis.curves(settings), []
        for budget in np.linspace(low.sum(), high.sum(), FRONTIER_POINTS):
            try:
                best = curves.for_budget(low, high, float(budget))
            except AllocationError:  # from here on only harmful channels could take the money
                break
            response = curves.respond(best.spend)[0].sum()
            points.append(plains([budget, response]))
        return points

    @property
    def latest(self) -> tuple[Allocator, Allocation] | None:
        """The plan that is shown; ``None`` where what was asked last has none."""
        return self._made

    @property
    def made(self) -> tuple[Allocator, Allocation]:
        """The plan that is shown, and what was asked.

        Raises
        ------
        RunError
            What the form asks has no plan.
        """
        made = self._made  # another thread may answer a new form meanwhile
        if made is None:
            raise RunError("what the form asks has no plan; correct what it marks first")
        return made

    def scenario(self, name: str, who: str) -> Scenario:
        """The plan that is shown, under a name."""
        return Scenario.of(name, who, self.basis, *self.made)

    def file(self, kind: str) -> tuple[str, bytes]:
        """The plan that is shown as a file, ``xlsx`` or ``csv``: its name and its bytes."""
        allocation = self.made[1]
        name = f"plan-{str(self.run).replace('/', '-')}-{self.basis.candidate}.{kind}"
        if kind == "xlsx":
            return name, plan_xlsx(allocation)
        return name, to_sheet(allocation.table)

    def _row(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """One channel of the plan, and where its spend stands among all that was ever spent."""
        name, history = row[c.CHANNEL], self.basis.history
        plain_row = {
            str(key): str(value) if key in (c.CHANNEL, c.BINDING) else plain(value)
            for key, value in row.items()
        }
        if history is not None:
            past = history[name].to_numpy(dtype=np.float64)
            plain_row["reached"] = int((past >= row[c.PLANNED_SPEND]).sum())
            plain_row["observed"] = len(past)
        return plain_row

    def _added(self, allocation: Allocation, settings: Allocator) -> list[dict[str, Any]]:
        """Efficiency of the money that is added or saved, as figure ``added``.

        Against the best plan for today's budget: against today it would count what moving
        money between the channels brings as the work of the added money. Nothing where the
        budget is today's, or where the bounds have no plan for today's.
        """
        table = allocation.table
        low, high = (table[name].to_numpy() for name in (c.SPEND_LOW, c.SPEND_HIGH))
        today, planned = float(table[c.CURRENT_SPEND].sum()), float(table[c.PLANNED_SPEND].sum())
        if abs(planned - today) <= 1e-9 * today or not low.sum() <= today <= high.sum():
            return []
        curves = self.basis.curves(settings)
        try:
            best = curves.for_budget(low, high, today)
        except AllocationError:  # only harmful channels could take all of today's money
            return []
        gained = table[c.PLANNED_RESPONSE].sum()
        gained -= curves.respond(best.spend)[0].sum()
        found = efficiency(float(gained), planned - today, allocation.target_type)
        return [{"name": "added", "today": None, "plan": plain(found), "lift": None}]

    def _curves(self, allocation: Allocation, settings: Allocator) -> list[dict[str, Any]]:
        """Response curves as far as the bounds or anything ever spent reach."""
        table, curves = allocation.table, self.basis.curves(settings)
        ends = table[[c.SPEND_HIGH, c.PLANNED_SPEND, c.CURRENT_SPEND, c.MOST_EVER]].max(axis=1)
        grid = np.linspace(0, 1.05 * ends.to_numpy(dtype=np.float64), CURVE_POINTS)
        response = np.array([curves.respond(spend)[0] for spend in grid])
        return [
            {"channel": name, "spend": plains(spend, 5), "response": plains(curve, 5)}
            for name, spend, curve in zip(self.channels, grid.T, response.T, strict=True)
        ]


def _basis(run: Run, candidate: str) -> Basis:
    """The model's curves: those stored, or made of what is stored of every candidate."""
    stored = set(load_in_full(run, "channels")[c.CANDIDATE])
    candidate = candidate or chosen_model(run).candidate
    if candidate in stored:
        return basis_of(run, candidate)
    from mmmlib.run import channels_of

    some = basis_of(run, min(stored))
    channels = channels_of(run, candidate)
    models = None
    if some.exposures is not None:
        models = chosen_models(
            run.load_table("candidates"), channels, some.job, len(some.exposures)
        )
    doubts = doubts_of(run, candidate)
    return replace(some, candidate=candidate, channels=channels, models=models, doubts=doubts)


def _figures(allocation: Allocation) -> list[dict[str, Any]]:
    """Headline figures: today, planned, and the change in percent."""
    metrics = {row[c.METRIC]: row for row in allocation.metrics().to_dict("records")}
    period = ("spend_per_period", "response_per_period")
    found = [{"name": name, **_pair(metrics[name])} for name in (*period, "total_spend")]
    found.append({"name": "efficiency", **_pair(metrics[allocation.efficiency])})
    return found


def _pair(metric: Mapping[Any, Any]) -> dict[str, float | None]:
    keys = {"today": c.CURRENT, "plan": c.PLANNED, "lift": c.LIFT_PERCENT}
    return {short: plain(metric[key]) for short, key in keys.items()}
