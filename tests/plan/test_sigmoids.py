"""Saturation curves and the certificate of the global optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mmmlib.plan.sigmoids import Curves, Floats, Limit, Optimum, best_ratio, exchange_gain, search


def maximise(curves: Curves, low: Floats, high: Floats, budget: float) -> Optimum:
    found = search.maximise(curves, low, high, Limit.budget(budget))
    assert found is not None
    return found


def curves(seed: int, count: int, alpha: tuple[float, float] = (0.3, 6.0)) -> Curves:
    rng = np.random.default_rng(seed)
    return Curves(
        rng.uniform(1, 100, count),
        rng.uniform(*alpha, count),
        10 ** rng.uniform(-1, 4, count),
        rng.choice([0.0, 0.1, 50.0], count),
    )


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_derivatives_are_those_of_the_response(seed: int) -> None:
    some = curves(seed, 8)
    spend = some.inflexion * np.random.default_rng(seed).uniform(0.2, 5, 8)
    step = 1e-5 * (spend + some.carryover)
    slope = (some.response(spend + step) - some.response(spend - step)) / (2 * step)
    np.testing.assert_allclose(some.marginal(spend), slope, rtol=1e-6, atol=1e-9)
    bend = (some.marginal(spend + step) - some.marginal(spend - step)) / (2 * step)
    scale = some.marginal(spend) / (spend + some.carryover)
    np.testing.assert_allclose(some.curvature(spend) / scale, bend / scale, atol=1e-5)


def test_marginal_at_zero_is_its_limit() -> None:
    three = Curves(np.full(3, 6.0), np.array([0.5, 1.0, 2.0]), np.full(3, 3.0), np.zeros(3))
    assert three.marginal(np.zeros(3)).tolist() == [np.inf, 2.0, 0.0]
    assert three.response(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


@given(st.integers(0, 10_000), st.floats(1.001, 50))
@settings(max_examples=60)
def test_spend_at_a_price_has_that_marginal(seed: int, factor: float) -> None:
    some = curves(seed, 1)
    least = np.maximum(some.turning(), 0.0)
    spend = least * factor + some.inflexion * (factor - 1)
    price = float(np.log(some.marginal(spend)[0]))
    np.testing.assert_allclose(some.spend_at(price, least), spend, rtol=1e-6)


def test_a_search_cut_short_still_knows_how_far_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    some = Curves(np.full(7, 10.0), np.full(7, 3.0), np.full(7, 20.0), np.zeros(7))
    low, high = np.zeros(7), np.full(7, 60.0)
    whole = maximise(some, low, high, 100.0)
    best = some.response(whole.spend).sum()
    assert whole.gap <= search.RELATIVE_GAP
    monkeypatch.setattr(search, "MOST_NODES", 0)
    cut = maximise(some, low, high, 100.0)
    assert cut.gap > 1e-4
    assert some.response(cut.spend).sum() * (1 + cut.gap) >= best
    assert cut.spend.sum() == pytest.approx(100.0)


def test_exchange_gain_sees_what_a_better_split_would_bring() -> None:
    two = Curves(np.full(2, 10.0), np.ones(2), np.array([1.0, 4.0]), np.zeros(2))
    low, high = np.zeros(2), np.full(2, 10.0)
    even = np.array([2.0, 2.0])
    marginal = two.marginal(even)
    assert exchange_gain(two, low, high, even) == pytest.approx(1 - min(marginal) / max(marginal))
    assert exchange_gain(two, low, high, maximise(two, low, high, 4.0).spend) < 1e-12
    # At a bound a channel may not leave, its marginal does not count.
    assert exchange_gain(two, even, even, even) == 0.0


# --- a limit on efficiency -----------------------------------------------------------------


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_the_most_response_at_an_efficiency(seed: int) -> None:
    """Feasible, on the limit, first-order optimal, and no random split is better."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 5))
    some = Curves(
        rng.uniform(1, 100, count),
        rng.uniform(0.3, 6, count),
        10 ** rng.uniform(-0.5, 1.5, count),
        rng.choice([0.0, 0.1, 2.0], count),
    )
    now = 10 ** rng.uniform(-0.5, 1.3, count)
    low, high = rng.choice([0.0, 0.1, 0.5]) * now, rng.choice([1.5, 3, 8]) * now
    least = some.response(now).sum() / now.sum() * rng.uniform(0.5, 1.3)
    points = rng.uniform(0, 1, (4000, count)) * (high - low) + low
    ratio = ((points + some.carryover) / some.inflexion) ** some.alpha
    response = (some.coefficient * ratio / (1 + ratio)).sum(axis=1)
    kept = response >= least * points.sum(axis=1)
    found = search.maximise(some, low, high, Limit.efficiency(least))
    reachable = best_ratio(some, low, high)
    assert reachable >= (response / points.sum(axis=1)).max() * (1 - 1e-12)
    if reachable < least:  # spending nothing keeps any limit, where it is allowed
        assert found is None or not found.spend.any()
        assert not kept.any()
        return
    assert found is not None
    mine = some.response(found.spend).sum()
    assert (found.spend >= low).all()
    assert (found.spend <= high).all()
    assert mine >= least * found.spend.sum() * (1 - 1e-10)
    # What is left unspent would buy nothing: all is at its highest, or at the foot of an S-curve.
    unspent, open_ = mine / least - found.spend.sum(), found.spend < high
    assert unspent * some.marginal(found.spend)[open_].max(initial=0.0) <= 1e-6 * mine
    assert mine >= response[kept].max(initial=0.0) * (1 - 1e-9)
    assert found.gap <= 1e-8
    assert exchange_gain(some, low, high, found.spend) <= 1e-5


def test_channels_that_are_not_split_over_count_in_the_efficiency() -> None:
    two = Curves(np.full(2, 10.0), np.ones(2), np.array([1.0, 4.0]), np.zeros(2))
    low, high = np.zeros(2), np.full(2, 50.0)
    alone = search.maximise(two, low, high, Limit.efficiency(1.0))
    beside = search.maximise(two, low, high, Limit.efficiency(1.0, spend=3.0, response=-0.5))
    assert alone is not None
    assert beside is not None
    assert two.response(beside.spend).sum() - 0.5 == pytest.approx(beside.spend.sum() + 3.0)
    assert beside.spend.sum() < alone.spend.sum()
    assert best_ratio(two, low, high, 3.0, -0.5) < best_ratio(two, low + 0.1, high)
    assert best_ratio(two, low, high, 0.0, -50.0) == 0.0  # what others lose is never won back
    carried = Curves(two.coefficient, two.alpha, two.inflexion, np.ones(2))
    assert best_ratio(carried, low, high) == np.inf  # carryover alone, at no spend
