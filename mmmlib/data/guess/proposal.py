"""What a guess is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmmlib.job import TrainingJob


@dataclass(frozen=True)
class Guess:
    """A proposed job.

    Attributes
    ----------
    values : dict
        Keys of the job that differ from their defaults; a valid job.
    roles : dict
        Role by column, in the order of the file.
    reasons : dict
        Why, in words, by column; for keys that no column explains, by key.
    doubts : tuple of str
        What is not certain, the weightiest first.
    """

    values: dict[str, Any]
    roles: dict[str, str]
    reasons: dict[str, str]
    doubts: tuple[str, ...]

    @property
    def job(self) -> TrainingJob:
        """The proposed job, validated."""
        return TrainingJob.parse(self.values)
