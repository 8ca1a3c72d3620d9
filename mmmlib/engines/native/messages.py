"""What a process that searches trials is told and says; cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmmlib.engines.native.candidates import Model
    from mmmlib.model import FloatArray


@dataclass(frozen=True)
class SearchTask:
    """What trials are searched with.

    Attributes
    ----------
    model : Model
    interval : float
        Seconds between reports.
    """

    model: Model
    interval: float


@dataclass(frozen=True)
class Report:
    """Candidates done in a trial and the best error of each objective."""

    trial: int
    done: int
    best: FloatArray


@dataclass(frozen=True)
class Found:
    """A trial that was searched to its end; ``pickled`` is a ``Trial``."""

    trial: int
    pickled: bytes


@dataclass(frozen=True)
class Failure:
    """A trial failed: the error in words and its traceback, empty where it says nothing more."""

    trial: int
    message: str
    traceback: str = ""
