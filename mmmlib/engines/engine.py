"""What an engine is: it trains a job on a dataset and says what it does while it does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mmmlib.ground import names

if TYPE_CHECKING:  # worker processes import this too, and need none of it
    from mmmlib.data import Dataset
    from mmmlib.ground import Problem
    from mmmlib.job import TrainingJob
    from mmmlib.model import Parent, TrainingResult

NSGA2 = "NSGA2"  # whole generations, native engine only; every other name is nevergrad's
OWN_OPTIMIZERS = {
    "native": NSGA2,
    "robyn": "TwoPointsDE",
    "bayes": "Metropolis",
}  # of an engine, where a job names none


def optimizer_of(job: TrainingJob) -> str:
    """Name of the optimizer that searches: the job's, or its engine's own where that is empty.

    Raises
    ------
    KeyError
        The job names no optimizer and its engine has none of its own.
    """
    return job.optimizer or OWN_OPTIMIZERS[job.engine]


@dataclass(frozen=True)
class StepStarted:
    """The engine begins a step a person may wait for (``compile``, ``prophet``, ``search``)."""

    step: str


@dataclass(frozen=True)
class CandidatesDone:
    """How far the search is, over all trials.

    Attributes
    ----------
    trials : tuple of int
        Candidates done in each trial, in the order of the trials.
    total : int
        Candidates of the whole search.
    rate : float
        Candidates a second since the search began.
    best_nrmse, best_rssd : float
        Smallest of each error so far; they need not belong to one candidate.
    best_mape : float, optional
        The same of the distance to the lift studies; ``None`` without any.
    """

    trials: tuple[int, ...]
    total: int
    rate: float
    best_nrmse: float
    best_rssd: float
    best_mape: float | None = None

    @property
    def done(self) -> int:
        """Candidates done in all trials."""
        return sum(self.trials)

    @property
    def seconds_left(self) -> float | None:
        """Time left at the rate so far; ``None`` before there is a rate."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass(frozen=True)
class PartDone:
    """How far a part of a step is, such as the response curves of all models.

    Attributes
    ----------
    what : str
        In words.
    share : float
        Of the part, 0 to 1.
    seconds_left : float or None
        ``None`` where it is not known.
    """

    what: str
    share: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True)
class LogLine:
    """One line of the engine's own console."""

    text: str


Event = StepStarted | CandidatesDone | PartDone | LogLine
Events = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Take events and do nothing with them."""


class Engine(Protocol):
    """Trains models. An engine is made without arguments and keeps no state between calls."""

    name: str

    def version(self) -> str:
        """Version of what computes the model, for the receipt."""

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Say what of this job the engine cannot do here, before anything runs."""

    def train(self, dataset: Dataset, job: TrainingJob, events: Events) -> TrainingResult:
        """Train the job's model.

        Raises
        ------
        EngineError
            Training failed; there is no partial result.
        KeyboardInterrupt
            A person interrupted it; nothing the engine started is left running.
        """


@runtime_checkable
class RefreshingEngine(Engine, Protocol):
    """An engine that can continue a model; only such a one takes a job with ``refresh_of``."""

    def refresh(
        self, dataset: Dataset, job: TrainingJob, parent: Parent, events: Events
    ) -> TrainingResult:
        """Continue a parent on newer data; raises what ``train`` raises."""


def open_engine(job: TrainingJob) -> Engine:
    """Make the engine a job names."""
    engine: Engine = names.load(names.ENGINES[job.engine])()
    return engine


def proposed_engine(job: TrainingJob) -> tuple[str, str]:
    """Propose an engine for a new job, and say why: Robyn where it is found and takes the job."""
    engine: Engine = names.load(names.ENGINES["robyn"])()
    if problems := engine.refusals(job.model_copy(update={"engine": "robyn"})):
        return "native", str(problems[0].message)
    return "robyn", f"{engine.version()} is installed here; native gives its numbers much faster"
