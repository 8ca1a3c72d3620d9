"""Planning for a target, from dates, with locked channels: Robyn's cases and ours."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from mmmlib.data.examples import example_path
from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError
from mmmlib.job.parts import Allocator, ChannelBounds
from mmmlib.plan.allocate import allocate
from mmmlib.plan.history import spend_history
from tests.plan.test_allocate import GOLDEN, WEEKS, golden_channels, planned, response, table

TARGET = Allocator(scenario="target_efficiency")
SPENDS = {
    "facebook_I": "facebook_S",
    "ooh_S": "ooh_S",
    "print_S": "print_S",
    "search_clicks_P": "search_S",
    "tv_S": "tv_S",
}


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    frame = pd.read_csv(example_path("example:weekly"), parse_dates=["DATE"])
    window = pd.Series(pd.to_datetime(["2016-01-04", "2018-12-31"]))
    return spend_history(frame, "DATE", SPENDS, window)


# --- Robyn's cases -------------------------------------------------------------------------


def test_the_optimum_that_robyns_gradient_misses() -> None:
    golden = json.loads((GOLDEN / "alloc_target_default.json").read_text())
    channels = golden_channels("1_194_1")
    plan = allocate(channels, TARGET, WEEKS)
    np.testing.assert_allclose(plan.table[c.SPEND_LOW], golden["lb"], rtol=1e-12)
    np.testing.assert_allclose(plan.table[c.SPEND_HIGH], golden["ub"], rtol=1e-12)
    current = channels[c.CURRENT_SPEND].to_numpy()
    assert plan.target == pytest.approx(0.8 * response(channels, current) / current.sum())
    reached = plan.table[c.PLANNED_RESPONSE].sum()
    assert reached == pytest.approx(1_198_106, abs=1)  # what a correct gradient finds
    assert reached > 4 * -golden["objective"]
    assert reached / planned(plan).sum() == pytest.approx(plan.target, rel=1e-10)
    assert plan.kkt_residual <= 1e-9
    assert plan.gap <= 1e-9


@pytest.mark.parametrize("share", [0.5, 0.9, 1.1])
def test_a_gradient_method_with_the_right_gradient_agrees(share: float) -> None:
    channels = golden_channels("3_1998_1")
    current = channels[c.CURRENT_SPEND].to_numpy()
    target = share * response(channels, current) / current.sum()
    settings = TARGET.model_copy(update={"target": target, "low": 0.2, "high": 4.0})
    plan = allocate(channels, settings, WEEKS)
    kept = {
        "type": "ineq",
        "fun": lambda x: response(channels, x * current) / 1e5 - target * (x @ current) / 1e5,
    }
    found = minimize(
        lambda x: -response(channels, x * current) / 1e5,
        planned(plan) / current * 0.98,
        bounds=[(0.2, 4.0)] * 5,
        constraints=[kept],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert plan.table[c.PLANNED_RESPONSE].sum() >= -found.fun * 1e5 * (1 - 1e-7)
    np.testing.assert_allclose(planned(plan), found.x * current, rtol=2e-3)


def test_a_cost_per_conversion_is_the_same_problem() -> None:
    channels = golden_channels("1_194_1")
    of_revenue = allocate(channels, TARGET.model_copy(update={"target": 4.0}), 1)
    of_conversions = allocate(channels, TARGET.model_copy(update={"target": 0.25}), 1, "conversion")
    np.testing.assert_allclose(planned(of_revenue), planned(of_conversions), rtol=1e-9)
    default = allocate(channels, TARGET, 1, "conversion")
    current = channels[c.CURRENT_SPEND].to_numpy()
    assert default.target == pytest.approx(1.2 * current.sum() / response(channels, current))
    assert default.metrics().set_index(c.METRIC)[c.PLANNED]["target_cpa"] == default.target


@pytest.mark.parametrize("kept", [True, False])
def test_a_channel_without_effect_as_robyn_keeps_or_drops_it(kept: bool) -> None:
    name = "kept" if kept else "dropped"
    golden = json.loads((GOLDEN / f"alloc_zero_{name}.json").read_text())
    # Robyn's default spends nothing on it, below its own lower bound, and keeps the budget.
    own = {} if kept else {"print_S": ChannelBounds(low=0.0, high=0.0)}
    plan = allocate(
        golden_channels("1_29_1"), Allocator(low=0.7, high=1.5, channels=own), WEEKS
    ).table.set_index(c.CHANNEL)
    left = plan if kept else plan.drop(index="print_S")
    np.testing.assert_allclose(left[c.PLANNED_SPEND], golden["solution"], rtol=1e-9)
    assert plan[c.PLANNED_RESPONSE].sum() == pytest.approx(-golden["objective"], rel=1e-9)


def test_dates_give_robyns_starting_spend_and_periods(history: pd.DataFrame) -> None:
    """Robyn averages exposures in units of money where we average what was paid for them."""
    frame = pd.read_csv(example_path("example:weekly")).iloc[7 - 1 :]
    paid = history
    history = history.copy()
    for name in ("facebook_I", "search_clicks_P"):
        exposure = frame[name].to_numpy()[: len(paid)]
        history[name] = exposure * paid[name].sum() / exposure.sum()
    golden = json.loads((GOLDEN / "alloc_max_demo2_last10_budget.json").read_text())
    channels = golden_channels("1_194_1")
    own = {"tv_S": ChannelBounds(low=0.8)}
    settings = Allocator(last=10, low=0.7, high=1.5, total_budget=1_000_000, channels=own)
    plan = allocate(channels, settings, WEEKS, history=history)
    assert plan.periods == 10
    assert plan.budget == 100_000
    np.testing.assert_allclose(plan.table[c.SPEND_LOW], golden["lb"], rtol=1e-9)
    np.testing.assert_allclose(plan.table[c.SPEND_HIGH], golden["ub"], rtol=1e-9)
    # The response at Robyn's last point: the carryover is still that of the whole window.
    most = settings.model_copy(update={"total_budget": sum(golden["ub"]) * 10 * (1 - 1e-12)})
    reached = allocate(channels, most, WEEKS, history=history).table[c.PLANNED_RESPONSE].sum()
    assert reached == pytest.approx(-golden["objective"], rel=1e-9)
    same = settings.model_copy(
        update={"last": None, "start": history[c.DATE].iloc[-10].date(), "end": None}
    )
    pd.testing.assert_frame_equal(
        allocate(channels, same, WEEKS, history=history).table, plan.table
    )
    # what was paid is planned with unless exposures are asked for
    asked = settings.model_copy(update={"today": "exposure"})
    as_robyn = allocate(channels, asked, WEEKS, history=paid, modelled=history).table
    np.testing.assert_array_equal(as_robyn[c.PLANNED_SPEND], plan.table[c.PLANNED_SPEND])
    as_paid = allocate(channels, settings, WEEKS, history=paid, modelled=history).table
    apart = (as_paid[c.CURRENT_SPEND] / plan.table[c.CURRENT_SPEND] - 1).abs()
    assert apart.max() > 0.01


# --- what cannot be ------------------------------------------------------------------------


@pytest.mark.parametrize("target_type", ["revenue", "conversion"])
def test_a_target_no_spend_reaches_is_refused_with_the_best_one(target_type: str) -> None:
    channels = golden_channels("1_194_1")
    target = 1000.0 if target_type == "revenue" else 0.001
    asked = TARGET.model_copy(update={"target": target})
    with pytest.raises(AllocationError, match="no spend within the bounds") as refused:
        allocate(channels, asked, 1, target_type)  # type: ignore[arg-type]
    (problem,) = refused.value.problems
    best = float(problem.message.split("the best is ")[1].split(":")[0].replace(",", ""))
    sign = 1 if target_type == "revenue" else -1
    reachable = asked.model_copy(update={"target": best * (1 - sign * 1e-4)})
    assert planned(allocate(channels, reachable, 1, target_type)).sum() > 0  # type: ignore[arg-type]
    beyond = asked.model_copy(update={"target": best * (1 + sign * 1e-4)})
    with pytest.raises(AllocationError):
        allocate(channels, beyond, 1, target_type)  # type: ignore[arg-type]


def test_spending_nothing_is_no_plan() -> None:
    """It keeps any limit, and says nothing; with carryover a little spend keeps it too."""
    asked = TARGET.model_copy(update={"target": 4.0, "low": 0.0})
    with pytest.raises(AllocationError, match=r"has a ROAS of 4; the best is 1"):
        allocate(table([(10.0, 2.0, 5.0, 0.0, 10.0)]), asked, 1)
    carried = allocate(table([(10.0, 1.0, 5.0, 2.0, 10.0)]), asked, 1)
    assert 0 < planned(carried)[0] < 1


def test_a_target_below_what_the_highest_bounds_return_leaves_them() -> None:
    channels = golden_channels("1_194_1")
    plan = allocate(channels, TARGET.model_copy(update={"target": 0.5, "high": 2.0}), 1)
    np.testing.assert_allclose(planned(plan), 2 * channels[c.CURRENT_SPEND])
    assert any("even the highest bounds reach ROAS" in said for said in plan.warnings)
    assert plan.kkt_residual == 0.0


def test_idle_and_harmful_channels_count_in_the_target() -> None:
    rows = [(40.0, 1.0, 5.0, 0.0, 10.0), (0.0, 1.0, 5.0, 0.0, 10.0), (-3.0, 2.0, 5.0, 0.0, 10.0)]
    plan = allocate(table(rows), TARGET.model_copy(update={"target": 1.0, "low": 0.5}), 1)
    assert planned(plan)[1:] == pytest.approx([5.0, 5.0])
    figures = plan.metrics().set_index(c.METRIC)[c.PLANNED]
    assert figures["roas"] == pytest.approx(1.0, rel=1e-9)
    assert "negative effect" in " ".join(plan.warnings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Allocator(last=158), "158 is more than the 157 periods"),
        (Allocator(start="2015-06-01"), "before the window; it reaches from 2016-01-04"),  # type: ignore[arg-type]
        (Allocator(end="2019-02-01"), "after the window; it reaches"),  # type: ignore[arg-type]
        (Allocator(start="2017-01-03", end="2017-01-05"), "no date of the window lies in it"),  # type: ignore[arg-type]
    ],
)
def test_dates_outside_the_window(history: pd.DataFrame, settings: Allocator, words: str) -> None:
    with pytest.raises(AllocationError, match=words):
        allocate(golden_channels("1_194_1"), settings, WEEKS, history=history)


def test_dates_need_the_history() -> None:
    with pytest.raises(AllocationError, match="needs the history of spend"):
        allocate(golden_channels("1_194_1"), Allocator(last=10), WEEKS)


# --- what one must know --------------------------------------------------------------------


def test_a_locked_channel_keeps_its_spend() -> None:
    channels = golden_channels("1_194_1")
    plan = allocate(channels, Allocator(channels={"tv_S": ChannelBounds(locked=True)}), WEEKS)
    last = plan.table.iloc[-1]
    assert last[c.PLANNED_SPEND] == last[c.CURRENT_SPEND] == channels[c.CURRENT_SPEND].iloc[-1]
    assert last[c.BINDING] == "locked"
    assert planned(plan).sum() == pytest.approx(channels[c.CURRENT_SPEND].sum())


def test_what_was_never_seen_is_said(history: pd.DataFrame) -> None:
    channels = golden_channels("1_194_1")
    plan = allocate(channels, TARGET, WEEKS, history=history)
    said = "\n".join(plan.warnings)
    rows = plan.table.set_index(c.CHANNEL)
    for name, row in rows.iterrows():
        assert row[c.MOST_EVER] == history[name].max()
        factor = row[c.PLANNED_SPEND] / row[c.MOST_EVER]
        assert (f"{factor:.2f} times the most ever spent in one" in said) == (factor > 1)
    assert (
        said.count("nothing was observed there")
        == (rows[c.PLANNED_SPEND] > rows[c.MOST_EVER]).sum()
    )
    assert "tv_S: only 1 of 157 weeks had as much spend" in said
    assert "all channels" not in said
    calm = allocate(channels, Allocator(low=0.9, high=1.1), WEEKS, history=history)
    assert not any("observed" in line for line in calm.warnings)


def test_sparse_rested_and_constant_channels_are_named() -> None:
    channels = table(
        [(10.0, 1.0, 5.0, 0.0, 1.0), (10.0, 1.0, 5.0, 0.0, 10.0), (9.0, 1.0, 5.0, 0.0, 9.0)]
    )
    names = channels[c.CHANNEL].tolist()
    dates = pd.date_range("2024-01-01", periods=60, freq="D")
    history = pd.DataFrame({c.DATE: dates, names[0]: 0.0, names[1]: 10.0, names[2]: 9.0})
    history.loc[:2, names[0]] = 20.0
    settings = Allocator(last=10, low=0.2, high=1.5)
    plan = allocate(channels, settings, 60, history=history)
    assert plan.table[c.CURRENT_SPEND].tolist() == [0.0, 10.0, 9.0]
    # the budget is what was spent; the bounds of a channel that rested come of the whole window
    assert plan.budget == pytest.approx(19.0)
    assert plan.table[[c.SPEND_LOW, c.SPEND_HIGH]].iloc[0].tolist() == pytest.approx([0.2, 1.5])
    said = "\n".join(plan.warnings)
    assert "channel 0: nothing was spent in the chosen days" in said
    assert "channel 0: money was spent in only 3 of 60 days" in said
    assert "less than in any day" in said
    much = Allocator(low=1.0, high=3.0, total_budget=55.0 * 60)
    assert "all channels: the budget of 55 a day is 1.41 times" in "\n".join(
        allocate(channels, much, 60, history=history).warnings
    )


def test_a_channel_that_rested_may_rest_where_the_budget_is_what_was_spent() -> None:
    """Robyn's bounds cannot be met then: its allocator fails (nlopt status -1) in silence."""
    channels = table([(10.0, 1.0, 5.0, 0.0, 60.0), (10.0, 1.0, 5.0, 0.0, 10.0)])
    names = channels[c.CHANNEL].tolist()
    dates = pd.date_range("2024-01-01", periods=60, freq="D")
    history = pd.DataFrame({c.DATE: dates, names[0]: 60.0, names[1]: 10.0})
    history.loc[50:, names[0]] = 0.0
    plan = allocate(channels, Allocator(last=10), 60, history=history)
    assert plan.budget == pytest.approx(10.0)
    assert plan.table[c.PLANNED_SPEND].sum() == pytest.approx(10.0)
    assert plan.table[c.SPEND_LOW].tolist() == [0.0, 5.0]
    assert "channel 0: its lowest spend is 0" in "\n".join(plan.warnings)
    locked = Allocator(last=10, channels={names[0]: {"locked": True}})
    assert allocate(channels, locked, 60, history=history).table[c.PLANNED_SPEND][0] == 0.0
    own = Allocator(last=10, channels={names[0]: {"low": 0.5}})
    with pytest.raises(AllocationError, match=r"below what the bounds allow"):
        allocate(channels, own, 60, history=history)


def test_efficiencies_and_marginals_of_each_channel() -> None:
    plan = allocate(golden_channels("1_194_1"), Allocator(), WEEKS, "conversion").table
    for state in ("current", "planned"):
        ratio = plan[f"{state}_spend"] / plan[f"{state}_response"]
        np.testing.assert_allclose(plan[f"{state}_efficiency"], ratio)
    free = plan[plan[c.BINDING] == ""]
    assert free[c.PLANNED_MARGINAL].std(ddof=0) <= 1e-9 * free[c.PLANNED_MARGINAL].max()
