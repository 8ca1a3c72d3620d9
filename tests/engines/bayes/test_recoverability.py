"""What could be known is said before a model is believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmmlib.engines.bayes.recoverability import recoverability
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError
from tests.engines.bayes.worlds import world


def test_a_channel_that_hardly_moves_is_hardly_known() -> None:
    dataset, job = world(noise=0.05)
    still = np.random.default_rng(1).normal(25.0, 0.05, len(dataset.frame))
    dataset = replace(dataset, frame=dataset.frame.assign(search_S=still))
    expected = recoverability(dataset, job, worlds=6).set_index(c.CHANNEL)
    assert expected.loc["search", c.ERROR] > 2 * expected.loc["tv", c.ERROR]
    assert expected.loc["search", c.FACTOR] > 3.5 > expected.loc["tv", c.FACTOR]
    assert expected.loc["search", c.KNOWN].startswith("not identified")
    assert (expected[c.HIGH] >= expected[c.ERROR]).all()


def test_the_same_job_has_the_same_worlds_and_a_study_makes_its_channel_known() -> None:
    dataset, job = world(noise=0.05)
    once, again = (recoverability(dataset, job, worlds=3) for _ in range(2))
    assert once.equals(again)
    study = {
        "channels": ["search"], "start": "2022-02-07", "end": "2022-05-01", "lift": 900,
        "standard_error": 20, "scope": "total",
    }  # fmt: skip
    dataset, job = world(noise=0.05, calibration=[study])
    studied = recoverability(dataset, job, worlds=3).set_index(c.CHANNEL)
    assert studied.loc["search", c.FACTOR] < once.set_index(c.CHANNEL).loc["search", c.FACTOR]


def test_data_that_cannot_be_modelled_are_refused() -> None:
    dataset, job = world(rows=5)
    with pytest.raises(DataError, match="window"):
        recoverability(dataset, job)
