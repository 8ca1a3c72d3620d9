"""The engine ``robyn``: Meta's Robyn 3.12.1 in R, from a dataset and a job to a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from mmmlib.data import Dataset
from mmmlib.engines.engine import Events, LogLine, PartDone, StepStarted, optimizer_of
from mmmlib.engines.interrupts import held_interrupts
from mmmlib.engines.robyn import found
from mmmlib.engines.robyn.refusals import not_done_by_robyn
from mmmlib.engines.robyn.search import SearchStanding
from mmmlib.ground import EngineError, JobError, MMMError, Problem
from mmmlib.job import TrainingJob
from mmmlib.model import TrainingResult

QUIET_SECONDS = 1.0  # after which a line that nobody has seen yet is published


class RobynEngine:
    """Robyn itself. See :class:`mmmlib.engines.engine.Engine` and ``docs/robyn-engine.md``."""

    name = "robyn"

    def version(self) -> str:
        """Versions of Robyn and of what its numbers depend on."""
        known = found.versions()
        parts = (f"{name} {known[name]}" for name in found.NUMBERS if name in known)
        return ", ".join(parts) or "robyn (not installed)"

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Say what of this job Robyn cannot do, and whether Robyn is here, before anything runs."""
        return [*not_done_by_robyn(job), *found.missing()]

    def train(self, dataset: Dataset, job: TrainingJob, events: Events) -> TrainingResult:
        """Train the job's model.

        Raises
        ------
        JobError
            Robyn cannot do the job, or is not here.
        EngineError
            R raised an error (its traceback is the cause) or died; there is no partial result.
        KeyboardInterrupt
            A person interrupted it; every R process is gone.
        """
        if problems := self.refusals(job):
            raise JobError(problems)
        from mmmlib.engines.robyn.hosts import Hosts
        from mmmlib.engines.robyn.training import Training

        seconds: dict[str, float] = {}

        try:
            with held_interrupts() as let_go:
                listener = _Listener(SearchStanding(job, events), events, let_go)
                with Hosts(
                    found.sources(), listener.line, listener.safe_point, listener.bar
                ) as hosts:
                    training = Training(dataset, job, hosts, listener.standing, events)
                    fields, files = training.run(partial(_step, seconds=seconds, events=events))
        except (MMMError, MemoryError):
            raise
        except Exception as error:
            raise EngineError(
                f"the robyn engine failed: {type(error).__name__}: {error}"
            ) from error
        return TrainingResult(
            **fields,
            engine=self.version(),
            seconds=seconds,
            optimizer=optimizer_of(job),
            files=files,
        )


class _Listener:
    """Passes R's console on, and sees to it that the last line does not wait for the next."""

    def __init__(
        self, standing: SearchStanding, events: Events, let_go: Callable[[], None]
    ) -> None:
        self.standing = standing
        self._events = events
        self._let_go = let_go
        self._unseen_since = 0.0
        self._said = ""
        self._bar_since: float | None = None

    def line(self, text: str) -> None:
        self._events(LogLine(text))
        if "%" not in text:  # a bar that is full is a line too
            self._said, self._bar_since = text, None
        self._unseen_since = self._unseen_since or time.monotonic()

    def bar(self, percent: int) -> None:
        """Tell how far Robyn's own bar is; the candidates of the search are counted better."""
        if not self.standing.over:
            return
        now = time.monotonic()
        since = self._bar_since = self._bar_since or now
        left = (now - since) * (100 - percent) / percent if percent and now > since else None
        self._events(PartDone(_in_words(self._said), percent / 100, left))

    def safe_point(self) -> None:
        self._let_go()
        if self._unseen_since and time.monotonic() - self._unseen_since > QUIET_SECONDS:
            self._unseen_since = 0.0
            self.standing.tell()  # an event makes the progress be written


def _in_words(said: str) -> str:
    """What Robyn says before its bar: ``>>> Calculating response curves ...`` without its marks."""
    return said.strip("> .")


@contextmanager
def _step(name: str, seconds: dict[str, float], events: Events) -> Iterator[None]:
    events(StepStarted(name))
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
