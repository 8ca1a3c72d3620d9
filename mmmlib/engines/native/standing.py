"""How far a search is, over all its trials."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from mmmlib.engines.engine import CandidatesDone, Events
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.search import Trial, candidates_of_trial
from mmmlib.model import FloatArray


@dataclass
class Standing:
    """How far the search is; tells the listener."""

    model: Model
    events: Events
    done: list[int] = field(init=False)
    first: tuple[float, int] | None = None  # when the first report came, and of how many
    best: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.done = [0] * self.model.job.trials
        self.best = np.full(self.model.n_objectives, np.inf)

    def report(self, trial: int, done: int, best: FloatArray) -> None:
        """Take how many candidates of a trial are done, and the best error of each objective."""
        self.done[trial - 1] = done
        self._note(best)

    def report_all(self, done: int, best: FloatArray) -> None:
        """Take the same of trials that go on in step."""
        self.done = [done] * len(self.done)
        self._note(best)

    def finish(self, trial: Trial) -> None:
        """Take a trial that was searched to its end."""
        best = self.model.objectives(trial.fits).min(axis=0)
        self.report(trial.number, len(trial.values), best)

    def tell(self) -> None:
        """Tell the listener."""
        job = self.model.job
        self.events(
            CandidatesDone(
                trials=tuple(self.done),
                total=candidates_of_trial(job) * job.trials,
                rate=self._rate(),
                best_nrmse=float(self.best[0]),
                best_rssd=float(self.best[1]),
                best_mape=float(self.best[2]) if job.calibration else None,
            )
        )

    def _note(self, best: FloatArray) -> None:
        self.best = np.minimum(self.best, best)
        self.first = self.first or (time.monotonic(), sum(self.done))
        self.tell()

    def _rate(self) -> float:
        """Candidates a second since the first ones; the workers' start would hide it."""
        if self.first is None:
            return 0.0
        at, before = self.first
        return (sum(self.done) - before) / max(time.monotonic() - at, 1e-9)
