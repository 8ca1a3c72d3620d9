"""All trials of a job, one R process each, as many at a time as there are cores.

Robyn's trials are independent (``seed + trial``), so they can run beside each other and be merged
before its outputs are made; the tests compare the result with the serial run's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mmmlib.engines.engine import CandidatesDone, Events
from mmmlib.engines.robyn.hosts import Host, Hosts
from mmmlib.engines.robyn.messages import Call, Kept, Ready, Told
from mmmlib.job import TrainingJob

INPUT = "input"  # name under which each host keeps Robyn's InputCollect


@dataclass
class SearchStanding:
    """How far the search is; tells the listener."""

    job: TrainingJob
    events: Events
    done: list[int] = field(init=False)
    best: list[float] = field(init=False)
    rate: float = 0.0  # candidates a second, as of the last report
    _first: tuple[float, int] | None = None  # when the first report came, and of how many

    def __post_init__(self) -> None:
        self.done = [0] * self.job.trials
        self.best = [float("inf")] * 3  # nrmse, decomp_rssd and, with lift studies, mape

    @property
    def over(self) -> bool:
        """Whether every candidate has been tried."""
        return sum(self.done) >= self.job.iterations * self.job.trials

    def told(self, trial: int, report: Told) -> None:
        """Take a host's report."""
        self.done[trial - 1] = report.done
        self.best = [*map(min, self.best, report.best), *self.best[len(report.best) :]]
        # the start of R, before the first report, would hide the rate
        at, before = self._first = self._first or (time.monotonic(), sum(self.done))
        self.rate = (sum(self.done) - before) / max(time.monotonic() - at, 1e-9)
        self.tell()

    def tell(self) -> None:
        """Say where the search stands."""
        self.events(
            CandidatesDone(
                trials=tuple(self.done),
                total=self.job.iterations * self.job.trials,
                rate=self.rate,
                best_nrmse=self.best[0],
                best_rssd=self.best[1],
            )
        )


def search_trials(
    hosts: Hosts, main: Host, standing: SearchStanding, processes: int
) -> tuple[str, ...]:
    """Search all trials.

    Parameters
    ----------
    hosts : Hosts
    main : Host
        Keeps the input already. With one process it searches all trials itself.
    standing : SearchStanding
    processes : int
        R processes at most.

    Returns
    -------
    tuple of str
        The file of each trial, in the order of the trials.

    Raises
    ------
    EngineError
        A trial failed, or a process ended before its work was done.
    """
    trials = range(1, standing.job.trials + 1)
    files = {trial: str(hosts.folder / f"trial_{trial}.rds") for trial in trials}
    waiting = iter(trials)
    if min(processes, len(trials)) == 1:
        for trial in waiting:
            _finish(
                hosts, standing, {main: _begin_trial(hosts, main, trial, files)}, iter(()), files
            )
    else:
        shared = str(hosts.folder / "input.rds")
        hosts.call(main, "saveRDS", Kept(INPUT), shared)
        running: dict[Host, int] = {}
        for _ in range(min(processes, len(trials))):
            trial = next(waiting)
            running[hosts.begin(f"trial {trial}")] = trial
        _finish(hosts, standing, running, waiting, files, shared)
    return tuple(files.values())


def _finish(
    hosts: Hosts,
    standing: SearchStanding,
    running: dict[Host, int],
    waiting: Iterator[int],
    files: dict[int, str],
    shared: str = "",
) -> None:
    """Listen until the trials that run, and those that wait, are done."""
    reading: set[Host] = set()  # hosts that read the input
    while running:
        for host, answer in hosts.listen():
            trial = running[host]
            if isinstance(answer, Told):
                standing.told(trial, answer)
            elif isinstance(answer, Ready):
                hosts.send(host, Call("readRDS", (shared,), keep=INPUT))
                reading.add(host)
            elif host in reading:
                reading.remove(host)
                _begin_trial(hosts, host, trial, files)
            else:
                del running[host]
                if (after := next(waiting, None)) is not None:
                    host.name = f"trial {after}"
                    running[host] = _begin_trial(hosts, host, after, files)
                elif shared:
                    hosts.stop(host)  # its memory is wanted


def _begin_trial(hosts: Hosts, host: Host, trial: int, files: dict[int, Any]) -> int:
    hosts.send(host, Call("mmmr_trial", (Kept(INPUT), trial, files[trial]), watch=True))
    return trial
