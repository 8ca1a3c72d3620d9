"""Robyn's plan beside ours: agreement is said, and so is every way of differing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmmlib.ground import columns as c
from mmmlib.job.parts import Allocator
from mmmlib.plan.allocate import allocate
from mmmlib.plan.allocation import Allocation
from mmmlib.plan.robyns import Comparison, compare


@pytest.fixture(scope="module")
def ours() -> Allocation:
    channels = pd.DataFrame(
        {
            c.CHANNEL: ["tv", "search", "print"],
            c.COEFFICIENT: [900.0, 700.0, 0.0],
            c.ALPHA: [0.8, 1.4, 1.0],
            c.INFLEXION: [120.0, 60.0, 10.0],
            c.MEAN_CARRYOVER: [5.0, 0.0, 0.0],
            c.CURRENT_SPEND: [100.0, 50.0, 20.0],
        }
    )
    return allocate(channels, Allocator(), periods=52)


def _robyns(ours: Allocation, status: float = 4, message: str = "xtol reached") -> pd.DataFrame:
    plan = [c.CHANNEL, c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.PLANNED_SPEND, c.PLANNED_RESPONSE]
    return ours.table[plan].assign(status=status, message=message)


def _rows(compared: Comparison) -> dict[str, float]:
    return dict(zip(compared.rows[c.METRIC], compared.rows[c.PLANNED], strict=True))


def test_the_same_plan_agrees(ours: Allocation) -> None:
    compared = compare(ours, _robyns(ours))
    assert compared.agrees
    assert "agrees (nlopt status 4" in compared.said
    assert _rows(compared)["robyn_nlopt_status"] == 4
    assert _rows(compared)["robyn_largest_difference"] == 0
    assert list(compared.rows) == list(ours.metrics()), "rows of one file"


def test_a_negative_status_is_a_failure_even_of_the_same_plan(ours: Allocation) -> None:
    compared = compare(ours, _robyns(ours, status=-1))
    assert not compared.agrees
    assert "failed (nlopt status -1)" in compared.said
    assert "the plan shown is ours" in compared.said


def test_money_elsewhere_is_said_with_the_channel(ours: Allocation) -> None:
    robyns = _robyns(ours)
    robyns.loc[0, c.PLANNED_SPEND] += 0.002 * ours.budget
    robyns.loc[1, c.PLANNED_SPEND] -= 0.001 * ours.budget
    compared = compare(ours, robyns)
    assert not compared.agrees
    assert "differs" in compared.said
    assert "tv by 0.2% of the budget" in compared.said
    assert _rows(compared)["robyn_largest_difference"] == pytest.approx(0.002)


def test_a_smaller_response_differs_too(ours: Allocation) -> None:
    robyns = _robyns(ours)
    robyns[c.PLANNED_RESPONSE] *= 0.998
    assert not compare(ours, robyns).agrees


def test_a_channel_left_out_gets_nothing(ours: Allocation) -> None:
    compared = compare(ours, _robyns(ours).iloc[:2])
    assert not compared.agrees
    assert "print by" in compared.said


def test_no_plan_says_why(ours: Allocation) -> None:
    robyns = _robyns(ours, status=np.nan, message="R stopped: only one channel")
    robyns[[c.CURRENT_RESPONSE, c.PLANNED_SPEND, c.PLANNED_RESPONSE]] = np.nan
    compared = compare(ours, robyns)
    assert not compared.agrees
    assert "made no plan (R stopped: only one channel)" in compared.said
