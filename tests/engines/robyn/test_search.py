"""Trials in R processes beside each other: R is real, what a trial does is a stand-in."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from mmmlib.engines.engine import CandidatesDone, Event
from mmmlib.engines.robyn.frames import to_frame, to_table
from mmmlib.engines.robyn.messages import Told
from mmmlib.engines.robyn.search import INPUT, SearchStanding, search_trials
from mmmlib.ground.errors import EngineError
from mmmlib.job.parse import TrainingJob
from tests.engines.robyn.conftest import Heard

MakeJob = Callable[..., TrainingJob]


@pytest.mark.r
@pytest.mark.parametrize(("processes", "used"), [(2, 2), (1, 1)])
def test_every_trial_is_searched_once_in_its_place(
    hosts: Heard, make_job: MakeJob, processes: int, used: int
) -> None:
    main = hosts.start()
    given = pd.DataFrame({"seconds": [0.1], "bad": [0.0]})
    hosts.call(main, "give_back", to_frame(given), keep=INPUT)
    standing = SearchStanding(make_job(trials=3, iterations=10), lambda event: None)
    files = search_trials(hosts, main, standing, processes)
    found = to_table(hosts.call(main, "read_trials", files))
    assert found["trial"].tolist() == [1, 2, 3]
    assert found["process"].nunique() == used
    assert hosts.hosts == [main], "the others have ended"
    names = ["", "", ""] if used == 1 else ["trial 1: ", "trial 2: ", "trial 3: "]
    assert sorted(hosts.lines) == [f"{name}searching" for name in names]


@pytest.mark.r
def test_a_trial_that_fails_ends_the_search(hosts: Heard, make_job: MakeJob) -> None:
    main = hosts.start()
    given = pd.DataFrame({"seconds": [0.1], "bad": [2.0]})
    hosts.call(main, "give_back", to_frame(given), keep=INPUT)
    standing = SearchStanding(make_job(trials=2, iterations=10), lambda event: None)
    with pytest.raises(EngineError, match=r"R stopped \(trial 2\): no luck in trial 2"):
        search_trials(hosts, main, standing, 2)


def test_the_standing_adds_trials_up(make_job: MakeJob) -> None:
    events: list[Event] = []
    standing = SearchStanding(make_job(trials=2, iterations=10), events.append)
    standing.tell()
    standing.told(1, Told(4, (0.5, 0.9)))
    standing.told(2, Told(3, (0.7, 0.2)))
    standing.told(1, Told(10, (0.4, 0.8)))
    first, *_, last = events
    assert isinstance(first, CandidatesDone)
    assert isinstance(last, CandidatesDone)
    assert (first.done, first.total, first.rate, first.best_nrmse) == (0, 20, 0.0, float("inf"))
    assert (last.trials, last.best_nrmse, last.best_rssd) == ((10, 3), 0.4, 0.2)
    assert last.rate > 0
