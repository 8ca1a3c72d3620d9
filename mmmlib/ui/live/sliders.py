"""What can be dragged: the hyperparameters of each medium, and lambda. Knows no compiler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mmmlib.ground import JobError, Problem, RunError, columns as c
from mmmlib.job import HYPERPARAMETERS, LIMITS, Range, TrainingJob, default_range, outside_limits

TITLES = {
    "alphas": "Shape of saturation (alpha)",
    "gammas": "Inflexion of saturation (gamma)",
    "thetas": "Carryover of each period (theta)",
    "scales": "Time scale of carryover (scale)",
    "shapes": "Shape of carryover (shape)",
}
_CLOSEST = 0.001  # a slider stops this far before a limit that is not allowed itself
DIGITS = 6


def sliders_of(
    job: TrainingJob,
    values: Mapping[str, float],
    narrowed: Mapping[str, Range] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """One entry a medium: ``name, role`` and its ``sliders`` from where the values stand.

    A slider reaches half the job's range beyond it on both sides, within Robyn's limits; ``low``
    and ``high`` are the searched range: that of the job, or what a refresh ``narrowed`` it to.
    """
    ranges = job.ranges()
    found = []
    for i, medium in enumerate(job.media):
        sliders = []
        for name in HYPERPARAMETERS[job.adstock]:
            key = f"{medium.name}_{name}"
            usual = default_range(name, job.adstock, medium.kind)
            slider = _slider(key, TITLES[name], name, values[key], ranges[key], usual)
            low, high = narrowed.get(key, ranges[key])
            sliders.append({**slider, "low": low, "high": high})
        role = "paid" if i < len(job.channels) else "organic"
        found.append({"name": medium.name, "role": role, "sliders": sliders})
    return found


def lambda_slider(
    job: TrainingJob,
    values: Mapping[str, float],
    narrowed: Mapping[str, Range] = MappingProxyType({}),
) -> dict[str, Any]:
    """The slider of lambda's place between its bounds."""
    low, high = narrowed.get(c.LAMBDA_HP, job.lambda_range)
    return {
        "key": c.LAMBDA_HP,
        "title": "Ridge penalty (lambda, 0 to 1 of its range)",
        "value": _rounded(values[c.LAMBDA_HP]),
        "least": 0.0,
        "most": 1.0,
        "step": 0.001,
        "low": low,
        "high": high,
    }


def checked(moved: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    """What was dragged, as numbers within Robyn's limits.

    Raises
    ------
    JobError
        With everything that is outside.
    """
    values, problems = {}, []
    for key, value in moved.items():
        if key not in names:
            problems.append(Problem(str(key), "is no hyperparameter of this model"))
        elif not isinstance(value, int | float) or not math.isfinite(value):
            problems.append(Problem(key, f"{value!r} is no number"))
        elif said := _outside(key, float(value)):
            problems.append(Problem(key, said))
        else:
            values[key] = float(value)
    if problems:
        raise JobError(problems)
    return values


def fixed_job(job: TrainingJob, fixed: Mapping[str, float]) -> TrainingJob:
    """The job with some hyperparameters fixed; its search takes the others.

    The job of a refresh continues nothing any more: a refresh moves what is fixed.

    Raises
    ------
    RunError
        Nothing would be left to search.
    JobError
        The job does not hold together.
    """
    values = job.to_values() | {"refresh_of": ""}
    for group in ("channels", "organic"):
        for medium in values[group]:
            for name in HYPERPARAMETERS[job.adstock]:
                if (key := f"{medium['name']}_{name}") in fixed:
                    medium["ranges"][name] = [_rounded(fixed[key])] * 2
    if c.LAMBDA_HP in fixed:
        values["lambda_range"] = [_rounded(fixed[c.LAMBDA_HP])] * 2
    made = TrainingJob.parse(values)
    searched = [*made.ranges().values(), made.lambda_range]
    searched += [made.train_size] if made.ts_validation else []
    if all(low == high for low, high in searched) and not made.penalty_factors:
        raise RunError("every hyperparameter would be fixed: leave at least one to the search")
    return made


def _slider(
    key: str, title: str, name: str, value: float, searched: Range, usual: Range
) -> dict[str, Any]:
    least, least_allowed, most, most_allowed = LIMITS[name]
    low, high = searched if searched[0] < searched[1] else usual
    reach = (high - low) / 2
    return {
        "key": key,
        "title": title,
        "value": _rounded(value),
        "least": max(least if least_allowed else least + _CLOSEST, min(low, value) - reach),
        "most": min(most if most_allowed else most - _CLOSEST, max(high, value) + reach),
        "step": 0.01 if high - low > 1 else 0.001,
    }


def _outside(key: str, value: float) -> str | None:
    if key == c.LAMBDA_HP:
        return None if 0 <= value <= 1 else f"{value:g} is outside 0 to 1"
    name = key.rsplit("_", 1)[-1]
    if name not in LIMITS:
        return "cannot be dragged"
    return outside_limits(name, value, value)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
