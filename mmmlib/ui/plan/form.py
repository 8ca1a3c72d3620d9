"""The planner's form: what a person asks, to and from the allocator's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmlib.ground import JobError, Problem
from mmmlib.job import Allocator, TrainingJob

ALL, LAST, DATES = "all", "last", "dates"
_PERIOD = {ALL: (), LAST: ("last",), DATES: ("start", "end")}  # what counts, by kind of period


def form_of(settings: Allocator, channels: list[str]) -> dict[str, Any]:
    """What the form shows for settings; every channel has an entry."""
    values = settings.model_dump(mode="json")
    period = LAST if settings.last else DATES if settings.start or settings.end else ALL
    free = {"low": None, "high": None, "locked": False}
    own = {name: values["channels"].get(name, free) for name in channels}
    return {**values, "period": period, "channels": own}


def settings_of(form: Mapping[str, Any], job: TrainingJob) -> Allocator:
    """Settings of a form. What the form's choices hide does not count.

    Raises
    ------
    JobError
        With everything that is wrong with it.
    """
    scenario, period = form.get("scenario"), str(form.get("period", ALL))
    goal = "target" if scenario == "target_efficiency" else "total_budget"
    wanted = ("low", "high", "today", "response", "least_chance", goal, *_PERIOD.get(period, ()))
    asked: dict[str, Any] = {"scenario": scenario}
    asked |= {key: form.get(key) for key in wanted if form.get(key) not in (None, "")}
    channels = {name: _own(own) for name, own in dict(form.get("channels") or {}).items()}
    asked["channels"] = {name: own for name, own in channels.items() if own}
    if period == LAST and "last" not in asked:
        raise JobError([Problem("allocator.last", "how many periods count? write a number")])
    # the rules of the whole job, less what dropping a channel may have left behind in it
    values = {**job.to_values(), "calibration": [], "objective_weights": [], "allocator": asked}
    return TrainingJob.parse(values).allocator


def _own(own: Mapping[str, Any]) -> dict[str, Any]:
    """A channel's bounds; a locked one has none."""
    if own.get("locked"):
        return {"locked": True}
    return {key: own[key] for key in ("low", "high") if own.get(key) not in (None, "")}
