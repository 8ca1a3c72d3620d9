"""From YAML or the command line to a simulation: validated, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from mmmlib.ground import JobError
from mmmlib.job import changed, plain_values, problem_of, read_text
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
            raise SimulationError(problem_of(d, cls) for d in error.errors()) from None
        if problems := contradictions(settings):
            raise SimulationError(problems)
        return settings

    @classmethod
    def load(cls, path: str | Path, changes: Iterable[tuple[str, Any]] = ()) -> Self:
        """Read a settings file, with ``changes`` as :func:`mmmlib.job.changed` takes them."""
        try:
            return cls.parse(changed(plain_values(read_text(path)), changes, cls))
        except JobError as error:
            raise SimulationError(error.problems) from None
