"""Budget allocation: Robyn's own numbers, global optimality, refusals."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError
from mmmlib.job.parts import Allocator, ChannelBounds
from mmmlib.plan.allocate import allocate
from mmmlib.plan.allocation import Allocation

GOLDEN = Path(__file__).parents[1] / "golden" / "allocator"
WEEKS = 157


def golden_channels(model: str) -> pd.DataFrame:
    models = pd.read_csv(GOLDEN / "models.csv")
    return models[models["model"] == model].reset_index(drop=True)


def response(channels: pd.DataFrame, spend: np.ndarray) -> float:
    """The response function written out a second time."""
    position = spend + channels[c.MEAN_CARRYOVER].to_numpy()
    alpha, inflexion = channels[c.ALPHA].to_numpy(), channels[c.INFLEXION].to_numpy()
    power = (position / inflexion) ** alpha
    return float((channels[c.COEFFICIENT].to_numpy() * power / (1 + power)).sum())


def table(rows: list[tuple[float, ...]]) -> pd.DataFrame:
    """Channels from (coefficient, alpha, inflexion, carryover, current spend)."""
    columns = [c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER, c.CURRENT_SPEND]
    channels = pd.DataFrame(rows, columns=columns)
    channels.insert(0, c.CHANNEL, [f"channel {i}" for i in range(len(rows))])
    return channels


def planned(allocation: Allocation) -> np.ndarray:
    return allocation.table[c.PLANNED_SPEND].to_numpy()


# --- Robyn's solutions ---------------------------------------------------------------------


def test_robyns_default_solution() -> None:
    golden = json.loads((GOLDEN / "alloc_max_default.json").read_text())
    channels = golden_channels("1_194_1")
    allocation = allocate(channels, Allocator(), WEEKS)
    np.testing.assert_allclose(planned(allocation), golden["solution"], rtol=1e-9)
    total = allocation.table[c.PLANNED_RESPONSE].sum()
    assert total == pytest.approx(-golden["objective"], rel=1e-9)
    assert allocation.budget * WEEKS == pytest.approx(golden["total_budget"], rel=1e-12)


def test_robyns_demo_bounds() -> None:
    golden = json.loads((GOLDEN / "alloc_max_demo1.json").read_text())
    bounds = Allocator(low=0.7, high=1.5, channels={"tv_S": ChannelBounds(high=1.2)})
    allocation = allocate(golden_channels("1_194_1"), bounds, WEEKS)
    np.testing.assert_allclose(planned(allocation), golden["solution"], rtol=1e-9)
    np.testing.assert_allclose(allocation.table[c.SPEND_LOW], golden["lb"], rtol=1e-12)
    np.testing.assert_allclose(allocation.table[c.SPEND_HIGH], golden["ub"], rtol=1e-12)


def test_robyns_table_of_the_full_run() -> None:
    golden = pd.read_csv(GOLDEN / "3_1998_1_max_response_reallocated.csv")
    bounds = Allocator(low=0.7, high=1.5, channels={"tv_S": ChannelBounds(high=1.2)})
    ours = allocate(golden_channels("3_1998_1"), bounds, WEEKS).table
    assert ours[c.CHANNEL].tolist() == golden["channels"].tolist()
    for mine, robyns in (
        (c.CURRENT_RESPONSE, "initResponseUnit"),
        (c.CURRENT_MARGINAL, "initResponseMargUnit"),
        (c.PLANNED_SPEND, "optmSpendUnit"),
        (c.PLANNED_RESPONSE, "optmResponseUnit"),
        (c.PLANNED_MARGINAL, "optmResponseMargUnit"),
    ):
        # Robyn's marginal is the response to one more unit, ours the derivative.
        tolerance = 1e-3 if "Marg" in robyns else 1e-8
        np.testing.assert_allclose(ours[mine], golden[robyns], rtol=tolerance, err_msg=mine)


def test_the_budget_robyn_silently_misses_is_refused() -> None:
    golden = json.loads((GOLDEN / "alloc_max_demo2_last10_budget.json").read_text())
    low, high = golden["args"]["channel_constr_low"], golden["args"]["channel_constr_up"]
    current = np.array(golden["ub"]) / high
    channels = golden_channels("1_194_1").assign(**{c.CURRENT_SPEND: current})
    own = {"tv_S": ChannelBounds(low=low[0])}
    bounds = Allocator(low=low[1], high=high, total_budget=golden["total_budget"], channels=own)
    with pytest.raises(AllocationError) as refused:
        allocate(channels, bounds, periods=10)
    (problem,) = refused.value.problems
    assert problem.where == "allocator.total_budget"
    assert f"{sum(golden['ub']) * 10:,.2f}" in problem.message  # what would be possible
    assert "raise allocator.high" in problem.message
    # ... and what would be possible is.
    feasible = bounds.model_copy(update={"total_budget": sum(golden["ub"]) * 10})
    np.testing.assert_allclose(planned(allocate(channels, feasible, 10)), golden["ub"])


# --- properties ----------------------------------------------------------------------------


@st.composite
def channel_tables(draw: st.DrawFn, least: int = 1, most: int = 6) -> pd.DataFrame:
    """Channels of any shape, spend over five orders of magnitude."""
    scale = 10.0 ** draw(st.integers(-1, 4))
    numbers = st.tuples(
        st.floats(0.1, 100),
        st.floats(0.2, 8.0),
        st.floats(0.05, 20),
        st.sampled_from([0.0, 0.01, 0.5, 3.0]),
        st.floats(0.01, 10),
    )
    rows = draw(st.lists(numbers, min_size=least, max_size=most))
    return table([(a, b, k * scale, m * scale, s * scale) for a, b, k, m, s in rows])


@given(channel_tables(), st.floats(0, 1), st.floats(1, 4))
@settings(max_examples=50)
def test_a_plan_is_feasible_better_and_first_order_optimal(
    channels: pd.DataFrame, low: float, high: float
) -> None:
    allocation = allocate(channels, Allocator(low=low, high=high), 52)
    spend, current = planned(allocation), channels[c.CURRENT_SPEND].to_numpy()
    assert spend.sum() == pytest.approx(current.sum(), rel=1e-9)
    assert (spend >= low * current).all()
    assert (spend <= high * current).all()
    now, then = response(channels, current), response(channels, spend)
    assert then >= now * (1 - 1e-9)
    assert allocation.table[c.PLANNED_RESPONSE].sum() == pytest.approx(then, rel=1e-12)
    assert allocation.gap <= 1e-9
    assert allocation.kkt_residual <= 1e-6


@given(channel_tables(least=2, most=3), st.floats(0.6, 1.6))
@settings(max_examples=60)
def test_no_point_of_a_grid_is_better(channels: pd.DataFrame, factor: float) -> None:
    current = channels[c.CURRENT_SPEND].to_numpy()
    budget = float(current.sum()) * factor
    request = Allocator(low=0, high=3, total_budget=budget * 4)
    found = response(channels, planned(allocate(channels, request, 4)))
    grids = [np.linspace(0, 3 * s, 160) for s in current[:-1]]
    best = 0.0
    for head in itertools.product(*grids[:-1]) if len(grids) > 1 else [()]:
        spends = np.array([(*head, x, budget - sum(head) - x) for x in grids[-1]])
        inside = spends[(spends[:, -1] >= 0) & (spends[:, -1] <= 3 * current[-1])]
        if len(inside):
            position = inside + channels[c.MEAN_CARRYOVER].to_numpy()
            power = (position / channels[c.INFLEXION].to_numpy()) ** channels[c.ALPHA].to_numpy()
            values = channels[c.COEFFICIENT].to_numpy() * power / (1 + power)
            best = max(best, float(values.sum(axis=1).max()))
    assert found >= best * (1 - 1e-9)


@given(channel_tables(most=4), st.sampled_from([1e-3, 7.0, 1e6]))
@settings(max_examples=40)
def test_another_currency_gives_the_same_plan(channels: pd.DataFrame, rate: float) -> None:
    money = [c.INFLEXION, c.MEAN_CARRYOVER, c.CURRENT_SPEND]
    elsewhere = channels.assign(**{name: channels[name] * rate for name in money})
    here, there = (allocate(t, Allocator(), 52) for t in (channels, elsewhere))
    assert there.table[c.PLANNED_RESPONSE].sum() == pytest.approx(
        here.table[c.PLANNED_RESPONSE].sum(), rel=1e-8
    )


def test_s_shaped_twins_are_not_treated_alike() -> None:
    """Two equal S-curves below their turning point: equal shares are stationary, and the worst."""
    channels = table([(100.0, 5.0, 10.0, 0.0, 5.0), (100.0, 5.0, 10.0, 0.0, 5.0)])
    allocation = allocate(channels, Allocator(low=0, high=2), 1)
    assert sorted(planned(allocation)) == pytest.approx([0.0, 10.0], abs=1e-6)
    assert allocation.table[c.PLANNED_RESPONSE].sum() == pytest.approx(50.0)
    assert allocation.metrics().set_index(c.METRIC)[c.LIFT_PERCENT]["roas"] > 700


def test_twenty_five_s_shaped_channels() -> None:
    rng = np.random.default_rng(7)
    rows = np.column_stack(
        [
            rng.uniform(1e4, 1e6, 25),
            rng.uniform(1.0, 3.0, 25),
            rng.uniform(1e3, 9e4, 25),
            rng.uniform(0, 1e3, 25),
            rng.uniform(1e3, 3e4, 25),
        ]
    )
    allocation = allocate(table([tuple(row) for row in rows]), Allocator(), 52)
    assert allocation.gap <= 1e-8
    assert allocation.kkt_residual <= 1e-6
    assert planned(allocation).sum() == pytest.approx(rows[:, 4].sum(), rel=1e-12)


# --- channels without or with a negative effect --------------------------------------------


def test_a_channel_without_effect_keeps_its_lower_bound() -> None:
    channels = golden_channels("1_194_1")
    channels.loc[2, [c.COEFFICIENT, c.ALPHA, c.INFLEXION]] = [0.0, np.nan, np.nan]
    plan = allocate(channels, Allocator(low=0.7, high=1.5), WEEKS).table
    assert plan[c.PLANNED_SPEND][2] == pytest.approx(0.7 * channels[c.CURRENT_SPEND][2])
    assert plan[c.BINDING][2] == "low"
    assert plan.loc[2, [c.PLANNED_RESPONSE, c.PLANNED_MARGINAL]].tolist() == [0, 0]
    assert plan[c.PLANNED_SPEND].sum() == pytest.approx(channels[c.CURRENT_SPEND].sum())


def test_money_no_other_channel_can_take_goes_to_those_without_effect() -> None:
    channels = table([(10.0, 1.0, 5.0, 0.0, 10.0), (0.0, 1.0, 5.0, 0.0, 10.0)])
    plan = allocate(channels, Allocator(low=0.5, high=1.2), 1)
    assert planned(plan) == pytest.approx([12.0, 8.0])


def test_a_harmful_channel_gets_its_lower_bound_or_the_plan_is_refused() -> None:
    channels = table([(10.0, 1.0, 5.0, 0.0, 10.0), (-3.0, 2.0, 5.0, 0.0, 10.0)])
    plan = allocate(channels, Allocator(low=0.5, high=2), 1)
    assert planned(plan) == pytest.approx([15.0, 5.0])
    assert plan.table[c.CURRENT_RESPONSE][1] == pytest.approx(-2.4)
    with pytest.raises(AllocationError, match=r"above 17.00 per period .* \(channel 1\)"):
        allocate(channels, Allocator(low=0.5, high=1.2), 1)


def test_a_channel_without_spend_stays_without() -> None:
    channels = table([(10.0, 1.0, 5.0, 1.0, 0.0), (10.0, 2.0, 5.0, 0.0, 10.0)])
    assert planned(allocate(channels, Allocator(), 1)) == pytest.approx([0.0, 10.0])
    channels = table([(10.0, 0.5, 5.0, 0.0, 0.0), (10.0, 2.0, 5.0, 0.0, 10.0)])
    plan = allocate(channels, Allocator(), 1)  # its marginal response is infinite
    assert planned(plan) == pytest.approx([0.0, 10.0])
    assert plan.kkt_residual == 0.0


# --- refusals and figures ------------------------------------------------------------------


def test_everything_wrong_is_said_at_once() -> None:
    channels = table([(np.nan, 1.0, 5.0, 0.0, 1.0), (2.0, 0.0, -5.0, -1.0, -1.0)])
    with pytest.raises(AllocationError) as refused:
        allocate(channels, Allocator(channels={"radio": ChannelBounds(low=1)}), 0)
    said = str(refused.value)
    for words in ("periods", "radio", "coefficient is nan", "alpha", "inflexion", "carryover"):
        assert words in said


def test_no_effect_at_all_is_refused() -> None:
    with pytest.raises(AllocationError, match="no channel has a positive effect"):
        allocate(table([(0.0, 1.0, 5.0, 0.0, 1.0)]), Allocator(), 1)


def test_no_spend_at_all_is_refused() -> None:
    with pytest.raises(AllocationError, match="no channel has any spend"):
        allocate(table([(1.0, 1.0, 5.0, 0.0, 0.0)]), Allocator(), 1)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Allocator(total_budget=10, low=0.5), "lower allocator.low"),
        (Allocator(low=1.1, high=1.5), "allocator.low: the budget 20.00"),
        (Allocator(low=0.1, high=0.5), "allocator.high: the budget 20.00"),
    ],
)
def test_infeasible_budgets(request_: Allocator, words: str) -> None:
    channels = table([(10.0, 1.0, 5.0, 0.0, 10.0), (10.0, 2.0, 5.0, 0.0, 10.0)])
    with pytest.raises(AllocationError, match=words):
        allocate(channels, request_, 2)


def test_metrics_agree_with_the_table() -> None:
    channels = golden_channels("3_1998_1")
    allocation = allocate(channels, Allocator(total_budget=90_000 * 10), 10, "conversion")
    metrics = allocation.metrics().set_index(c.METRIC)
    plan = allocation.table
    assert metrics.loc["total_spend", c.PLANNED] == pytest.approx(900_000)
    assert metrics.loc["total_response", c.CURRENT] == plan[c.CURRENT_RESPONSE].sum() * 10
    assert metrics.loc["cpa", c.PLANNED] == pytest.approx(90_000 / plan[c.PLANNED_RESPONSE].sum())
    lift = 100 * (plan[c.PLANNED_RESPONSE].sum() / plan[c.CURRENT_RESPONSE].sum() - 1)
    assert metrics.loc["response_per_period", c.LIFT_PERCENT] == pytest.approx(lift)
    assert "roas" not in metrics.index
    certificates = ["kkt_residual", "optimality_gap"]
    assert metrics.loc[certificates, c.PLANNED].max() <= 1e-9
    assert not metrics.drop(index=certificates).isna().any().any()
