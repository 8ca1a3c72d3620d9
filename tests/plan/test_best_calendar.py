"""The best calendar: limits kept, nothing found that is better, a bound that holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mmmlib.archive.run import Run
from mmmlib.cli import main
from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError, JobError
from mmmlib.plan.ahead import ahead_of
from mmmlib.plan.best_calendar import CalendarSearch, Limits
from mmmlib.plan.calendar_file import write_calendar
from mmmlib.plan.effects import CalendarEffects
from mmmlib.plan.majorant import Majorant
from mmmlib.plan.series import Models
from tests.plan.test_calendar import SHAPES, true_world
from tests.plan.test_series import run

__all__ = ["run"]  # a fixture


def random_world(
    seed: int, n: int = 3, t: int = 12, draws: int = 1
) -> tuple[np.ndarray, CalendarEffects]:
    rng = np.random.default_rng(seed)

    def near(low: float, high: float) -> np.ndarray:
        return np.asarray(rng.uniform(low, high, n) * rng.uniform(0.9, 1.1, (draws, n)))

    decays = near(0, 0.7)
    models = Models(
        tuple(f"c{i}" for i in range(n)), "geometric", 156, decays, np.zeros_like(decays),
        near(0.6, 2.5), near(80, 300), near(100, 900),
    )  # fmt: skip
    money = np.round(rng.gamma(2.0, 50.0, (t, n)) * (rng.random((t, n)) < 0.8), 2)
    before = rng.gamma(2.0, 50.0, (60, n))
    return money, CalendarEffects(models, t, before, np.ones((t, n)))


@pytest.mark.parametrize("by_channel", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_within_the_limits_is_better_than_the_bound(seed: int, by_channel: bool) -> None:
    money, effects = random_world(seed, draws=1 + 4 * (seed % 2))
    group = np.array([1.0, 1.0, 0.0])
    most = 1.1 * float((money @ group).sum())
    limits = Limits(0.5 * money, 2 * money, [("g", group, 0.0, most)])
    total = float(money.sum())
    found = CalendarSearch(money, effects, limits, by_channel).for_budget(total)
    assert found.money.sum() == pytest.approx(total)
    assert (found.money >= limits.low - 1e-6).all()
    assert (found.money <= limits.high + 1e-6).all()
    assert (found.money @ group).sum() <= most * (1 + 1e-7)
    assert found.brought >= effects.gained(money)[0] * (1 - 1e-9)
    assert found.bound <= found.brought * 1.03
    rng = np.random.default_rng(seed)
    for _ in range(300):
        multiples = rng.uniform(0.5, 2, 3 if by_channel else money.shape)
        trial = money * multiples
        trial *= total / trial.sum()
        if (trial < limits.low).any() or (trial > limits.high).any():
            continue
        if (trial @ group).sum() <= most:
            assert effects.gained(trial)[0] <= found.bound * (1 + 1e-9)
            assert effects.gained(trial)[0] <= found.brought * (1 + 1e-3)


@pytest.mark.parametrize("family", SHAPES)
def test_the_majorant_is_concave_and_above(family: str) -> None:
    ahead, _ = true_world(family)
    plan = ahead.calendar(*ahead.next_periods(10))
    effects = ahead._effects(ahead.models, plan.dates, ahead._before(plan.dates[0])[0])
    low, high = 0.0 * plan.money, 3 * plan.money + 500
    above, rng = Majorant(effects, low, high), np.random.default_rng(1)
    for _ in range(60):
        a, b = (low + rng.random(low.shape) * (high - low) for _ in range(2))
        (value, slope), (other, _) = above.gained(a), above.gained(b)
        assert value >= effects.gained(a)[0] - 1e-6
        assert other <= value + float((slope * (b - a)).sum()) + 1e-6 * abs(other)


def test_ten_channels_and_a_year_of_weeks_with_groups() -> None:
    money, effects = random_world(7, n=10, t=52)
    sums = money.sum(axis=0)
    first = np.array([1.0] * 4 + [0.0] * 6)
    limits = Limits(
        0.5 * money,
        2 * money,
        [
            ("a", first, 0.0, 1.2 * float(sums @ first)),
            ("b", 1 - first, 0.9 * float(sums @ (1 - first)), np.inf),
        ],
    )
    found = CalendarSearch(money, effects, limits, by_channel=False).for_budget(float(money.sum()))
    assert found.bound <= found.brought * 1.02
    assert found.brought > effects.gained(money)[0] * 1.02


def test_every_question_is_answered(run: Run) -> None:
    ahead = ahead_of(run)
    plan = ahead.calendar(*ahead.next_periods(12))
    best = ahead.optimize(plan)
    assert best.calendar.total == plan.total
    brought = best.score.total["brought"].iloc[0]
    assert brought >= best.given.total["brought"].iloc[0]
    more = ahead.optimize(plan, extra=1000.5)
    assert more.calendar.total == pytest.approx(plan.total + 1000.5, abs=0.001)
    assert (more.calendar.money >= plan.money - 0.005).all()
    wanted = float(best.given.total["brought"].iloc[0])
    least = ahead.optimize(plan, response=wanted)
    assert least.score.total["brought"].iloc[0] == pytest.approx(wanted, rel=2e-3)
    assert least.calendar.total < plan.total
    until = ahead.optimize(plan, marginal=0.3, by="channel")
    marginal = until.score.channels[c.MARGINAL_RESPONSE].to_numpy()
    multiples = until.calendar.money.sum(axis=0) / plan.money.sum(axis=0)
    inner = (multiples > 0.51) & (multiples < 1.99)
    np.testing.assert_allclose(marginal[inner], 0.3, rtol=0.05)
    day = f"{plan.dates[2]:%Y-%m-%d}"
    kept = ahead.optimize(
        plan, **{"channels.tv.locked": True, "channels.search.pauses": f"[{day}]"}
    ).calendar
    names = list(kept.channels)
    assert (kept.money[:, names.index("tv")] == plan.money[:, names.index("tv")]).all()
    assert kept.money[2, names.index("search")] == 0


def test_what_cannot_be_is_refused_with_what_can(run: Run) -> None:
    ahead = ahead_of(run)
    plan = ahead.calendar(*ahead.next_periods(4))
    for asked, said in [
        ({"total": 1e12}, "does not fit the limits, which allow"),
        ({"response": 1e15}, "beyond the limits"),
        ({"total": 1.0, "extra": 1.0}, "contradicts total"),
        ({"total": -1}, "total: Input should be greater"),
        ({"channels.radio.high": 1}, "channels.radio: is no paid channel"),
        ({"channels.tv.low": 9, "channels.tv.high": 5}, "its least 9.00 is above its most 5.00"),
        ({"channels.tv.pauses": "[2020-01-06]"}, "no period of the plan begins on 2020-01-06"),
        ({"groups.x.channels": "[tv]", "groups.x.most": 0.01}, "its cells need"),
        ({"groups.x.channels": "[tv]", "groups.x.least": 1e12}, "its cells allow"),
        ({"low": 3}, "low: 3 is above high, 2"),
    ]:
        with pytest.raises(AllocationError) as error:
            ahead.optimize(plan, **asked)
        assert said in str(error.value)
    rested = plan.with_money(plan.money * np.arange(4)[:, None])
    with pytest.raises(AllocationError, match="pattern has no money; plan by period"):
        ahead.optimize(rested, by="channel", **{"channels.tv.low": 1, "channels.tv.high": 9e9})
    with pytest.raises(JobError, match="unknown key"):
        ahead.optimize(plan, totals=1)


def test_the_command_writes_the_best_calendar(run: Run, tmp_path: Path) -> None:
    ahead, file, out = ahead_of(run), tmp_path / "plan.xlsx", tmp_path / "best.csv"
    plan = ahead.calendar(*ahead.next_periods(4))
    write_calendar(plan, file)
    words = ["plan", "optimize", str(run), str(file), "-p", "by", "channel", "-o", str(out)]
    made = CliRunner().invoke(main, [*words, "--root", run.store.root])
    assert made.exit_code == 0, made.output
    assert "no calendar within the limits brings" in made.output
    assert ahead.read(out).total == plan.total
