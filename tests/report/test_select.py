"""What the panels show agrees with the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmmlib.ground import columns as c
from mmmlib.report import select, waterfall


def test_over_time_is_one_row_a_date(build: Callable) -> None:
    result, _ = build(held_out=True)
    table = select.over_time(result)
    assert table[c.DATE].is_unique
    assert len(table) == 104
    long = result.decomposition_over_time
    fitted = long[long[c.VARIABLE] == c.FITTED][c.CONTRIBUTION].to_numpy()
    np.testing.assert_array_equal(table[c.FITTED], fitted)
    assert table[c.SPLIT].value_counts().to_dict() == {"train": 83, "val": 10, "test": 11}
    assert select.period(result) == "week"


@pytest.mark.parametrize("most", [5, 8, 100])
def test_waterfall_sums_to_the_fitted_target(build: Callable, most: int) -> None:
    result, _ = build(negative=1)
    table = waterfall.steps(result, most)
    fitted = select.over_time(result)[c.FITTED].sum()
    assert table[c.CONTRIBUTION].sum() == pytest.approx(fitted)
    assert len(table) == min(most, 9)
    assert table[c.CONTRIBUTION].is_monotonic_decreasing


def test_carryover_shares(build: Callable) -> None:
    result, _ = build(dead=1, negative=1)
    table = select.carryover(result)
    assert set(table[c.VARIABLE]) == {"tv", "search", "social", "newsletter"}
    assert table[c.ROLE].tolist() == ["paid"] * 3 + ["organic"]
    by_name = table.set_index(c.VARIABLE)
    assert np.isnan(by_name["share"]["social"])
    negative = by_name.loc["tv"]
    assert negative[c.IMMEDIATE] < 0
    assert negative["share"] == pytest.approx(
        negative[c.CARRYOVER] / (negative[c.IMMEDIATE] + negative[c.CARRYOVER])
    )


@pytest.mark.parametrize("target_type", ["revenue", "conversion"])
def test_message_names_the_best_and_the_largest(build: Callable, target_type: str) -> None:
    result, _ = build(seed=3)
    table = result.channel_table()
    roas = table[c.SPEND_SHARE] * 0 + table[c.EFFECT_SHARE] / table[c.SPEND_SHARE]
    best, largest = table[c.CHANNEL][roas.idxmax()], table[c.CHANNEL][0]
    text = select.message(result, target_type)
    assert text.startswith(f"{best} is the most efficient channel")
    assert f"the largest, {largest}," in text
    assert ("CPA" in text) == (target_type == "conversion")


def test_message_without_any_effect(build: Callable) -> None:
    result, _ = build(dead=3)
    assert "No paid channel" in select.message(result, "revenue")
