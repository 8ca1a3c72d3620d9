"""Named scenarios: plans a person saved in the run they were made from, to compare and export.

One file a scenario, ``scenarios/{digest of its name}.json``, so that two people who save at once do
not lose each other's. It holds the request and the whole answer: what somebody decided upon stays
what they saw, whatever a later version would compute. A deleted scenario stays on file, marked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmmlib.archive import Did, Run, now, record
from mmmlib.ground import RunError, columns as c, scrub, scrub_values
from mmmlib.job import Allocator
from mmmlib.plan.allocation import Allocation, TargetType
from mmmlib.plan.basis import Basis
from mmmlib.plan.sheet import workbook
from mmmlib.plan.uplift import Uplift

SCENARIOS = "scenarios"
LONGEST_NAME = 60
_TEXTS = (c.CHANNEL, c.BINDING)


class Scenario(BaseModel):
    """A saved plan: who asked what of which model, and the answer.

    Attributes
    ----------
    name, who : str
    saved : datetime
        UTC.
    candidate : str
        The model.
    settings : Allocator
        What was asked.
    period : str
        ``day``, ``week`` or ``period``; spend and response are per one of these.
    budget, periods, scenario, target_type, target, kkt_residual, gap, warnings, uplift
        As in :class:`mmmlib.plan.allocation.Allocation`.
    texts, figures : dict
        Its table by column.
    deleted_by : str
        Who deleted it, empty while nobody has.
    deleted : datetime or None
    """

    # null would lose what is infinite (the slope of a curve at 0)
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    who: str
    saved: dt.datetime
    candidate: str
    settings: Allocator
    period: str
    budget: float
    periods: int
    scenario: Literal["max_response", "target_efficiency"]
    target_type: TargetType
    target: float | None
    kkt_residual: float
    gap: float
    warnings: tuple[str, ...]
    texts: dict[str, list[str]]
    figures: dict[str, list[float]]
    uplift: Uplift | None = None
    deleted_by: str = ""
    deleted: dt.datetime | None = None

    @classmethod
    def of(
        cls, name: str, who: str, basis: Basis, settings: Allocator, allocation: Allocation
    ) -> Scenario:
        """A plan under a name, saved now.

        Raises
        ------
        RunError
            The name is empty or too long.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME:
            has = f"this one has {len(name)}"
            raise RunError(f"a scenario's name needs 1 to {LONGEST_NAME} characters; {has}")
        table = allocation.table
        return cls(
            name=name,
            who=who,
            saved=now(),
            candidate=basis.candidate,
            settings=settings,
            period=basis.period,
            budget=allocation.budget,
            periods=allocation.periods,
            scenario=settings.scenario,
            target_type=allocation.target_type,
            target=allocation.target,
            kkt_residual=allocation.kkt_residual,
            gap=allocation.gap,
            warnings=allocation.warnings,
            uplift=allocation.uplift,
            texts={key: [str(text) for text in table[key]] for key in _TEXTS},
            figures={
                str(key): table[key].astype(float).tolist() for key in table if key not in _TEXTS
            },
        )

    @property
    def allocation(self) -> Allocation:
        """The answer."""
        table = pd.DataFrame({**self.texts, **self.figures})
        order = [c.CHANNEL, *(name for name in self.figures if name != c.MOST_EVER), c.BINDING]
        return Allocation(
            table[[*order, c.MOST_EVER]], self.budget, self.periods, self.scenario,
            self.target_type, self.kkt_residual, self.gap, self.target, self.warnings,
            self.uplift,
        )  # fmt: skip


def save_scenario(run: Run, scenario: Scenario, replace: bool = False) -> None:
    """Write a scenario into its run.

    Raises
    ------
    RunError
        There is one of that name, and ``replace`` is not given.
    """
    key, data = _file(scenario.name), _text(scenario)
    if not run.store.put_if_absent(f"{run.id.folder}/{key}", data):
        _replace(run, key, data, replace)
    record(run.store, Did.PLANNED, scenario.who, run, scenario=scrub(scenario.name))


def _replace(run: Run, key: str, data: bytes, allowed: bool) -> None:
    there = _read(run, key)
    if not allowed and not there.deleted:
        raise RunError(
            f"run {run} already has a scenario {there.name!r}, saved by {there.who} on"
            f" {there.saved:%Y-%m-%d %H:%M} UTC; choose another name, or replace it"
        )
    run.save(key, data)


def load_scenarios(run: Run) -> list[Scenario]:
    """Every scenario of a run that is not deleted, oldest first."""
    skip = len(run.id.folder) + 1
    keys = [stored.key[skip:] for stored in run.store.list(f"{run.id.folder}/{SCENARIOS}")]
    found = [_read(run, key) for key in keys]
    return sorted((each for each in found if not each.deleted), key=lambda each: each.saved)


def load_scenario(run: Run, name: str) -> Scenario:
    """One scenario by its name; ``RunError`` when there is none."""
    if run.has(_file(name)) and not (found := _read(run, _file(name))).deleted:
        return found
    raise RunError(f"run {run} has no scenario {name!r}; somebody may have deleted it")


def delete_scenario(run: Run, name: str, who: str) -> None:
    """Mark a scenario as deleted; its file stays, with who did it and when."""
    gone = load_scenario(run, name).model_copy(update={"deleted_by": who, "deleted": now()})
    run.save(_file(name), _text(gone))
    record(run.store, Did.DELETED, who, run, scenario=scrub(name))


def comparison(scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """Scenarios one below the other: ``scenario``, its model, and the columns of its plan."""
    tables = []
    for each in scenarios:
        table = each.allocation.table
        table.insert(0, "model", each.candidate)
        table.insert(0, "scenario", each.name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def comparison_xlsx(scenarios: Sequence[Scenario]) -> bytes:
    """A workbook: spend and response of each scenario side by side, figures, what was asked."""
    side = {
        title: _side_by_side(scenarios, now_, then)
        for title, now_, then in (
            ("spend", c.CURRENT_SPEND, c.PLANNED_SPEND),
            ("response", c.CURRENT_RESPONSE, c.PLANNED_RESPONSE),
        )
    }
    figures = [each.allocation.metrics().assign(scenario=each.name) for each in scenarios]
    asked = pd.DataFrame(
        {
            "scenario": each.name,
            "model": each.candidate,
            "saved_by": each.who,
            "saved": f"{each.saved:%Y-%m-%d %H:%M} UTC",
            "asked": each.scenario,
            "per": each.period,
            "periods": each.periods,
            "budget": each.budget,
            "target": each.target,
            "settings": each.settings.model_dump_json(exclude_defaults=True),
            "warnings": "\n".join(each.warnings),
        }
        for each in scenarios
    )
    return workbook({**side, "figures": pd.concat(figures, ignore_index=True), "asked": asked})


def _side_by_side(scenarios: Sequence[Scenario], today: str, planned: str) -> pd.DataFrame:
    """One row a channel; each scenario's own today beside its plan, as their periods may differ."""
    columns = {}
    for each in scenarios:
        table = each.allocation.table.set_index(c.CHANNEL)
        columns[f"today ({each.name})"] = table[today]
        columns[each.name] = table[planned]
    table = pd.DataFrame(columns)
    table.loc["total"] = table.sum()
    return table.rename_axis(c.CHANNEL).reset_index()


def _file(name: str) -> str:
    """Its name in the run; names that differ in case or spaces only are one."""
    plain = " ".join(name.split()).casefold()
    return f"{SCENARIOS}/{hashlib.sha256(plain.encode()).hexdigest()[:16]}.json"


def _text(scenario: Scenario) -> bytes:
    """Its file; known secrets in it are hidden, as in everything that is archived."""
    values = scrub_values(json.loads(scenario.model_dump_json()))
    return (json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _read(run: Run, key: str) -> Scenario:
    try:
        return Scenario.model_validate_json(run.load(key))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise RunError(f"{run.place}/{key} is no scenario ({said}); move it away") from error
