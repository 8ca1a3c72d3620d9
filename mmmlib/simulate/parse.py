"""From YAML or the command line to a simulation: validated, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError

from mmmlib.ground import JobError, Problem
from mmmlib.job import plain_values, read_text
from mmmlib.simulate.rules import contradictions
from mmmlib.simulate.settings import SimulationSettings


class SimulationError(JobError):
    """The settings of a simulation are not valid, or contradict each other."""

    title = "the settings of the simulation are not valid"


class Simulation(SimulationSettings):
    """Everything that determines a simulated data set; ``docs/simulate.md`` has the formulas."""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Validate plain values.

        Raises
        ------
        SimulationError
            With every problem and the path of its field.
        """
        try:
            settings = cls.model_validate(dict(values))
        except ValidationError as error:
            raise SimulationError(_problem(detail) for detail in error.errors()) from None
        if problems := contradictions(settings):
            raise SimulationError(problems)
        return settings

    @classmethod
    def load(cls, path: str | Path, changes: Iterable[tuple[str, str]] = ()) -> Self:
        """Read a settings file, with ``changes`` as :func:`changed` takes them."""
        return cls.parse(changed(plain_values(read_text(path)), changes))


def changed(values: Mapping[str, Any], changes: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Set single values by their path, as ``channels.tv.roas``; each value is YAML.

    Entries of a list are found by their name or their number.

    Raises
    ------
    SimulationError
        A path leads nowhere, or a value is not YAML.
    """
    made: dict[str, Any] = yaml.safe_load(yaml.safe_dump(dict(values)))
    for path, text in changes:
        *way, last = path.split(".")
        try:
            place: Any = made
            for part in way:
                place = place[_key(place, part)]
            place[_key(place, last)] = yaml.safe_load(text)
        except (KeyError, IndexError, TypeError, ValueError):
            raise SimulationError(
                [Problem(path, "no such setting; see docs/simulate.md")]
            ) from None
        except yaml.YAMLError as error:
            raise SimulationError([Problem(path, f"{text!r} is not YAML: {error}")]) from None
    return made


def _key(place: Any, part: str) -> str | int:
    if not isinstance(place, list):
        return part
    names = [item.get("name") for item in place if isinstance(item, dict)]
    return names.index(part) if part in names else int(part)


def _problem(detail: Mapping[str, Any]) -> Problem:
    """pydantic's error, with the path as a person writes it."""
    where = ""
    for part in detail["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    messages = {
        "extra_forbidden": "unknown setting; remove it or correct its spelling",
        "missing": "is missing; add it",
    }
    return Problem(where, messages.get(detail["type"], detail["msg"]))
