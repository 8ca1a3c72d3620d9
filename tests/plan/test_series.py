"""The plan on what really happens: a channel's own series, in one model and in many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import Run
from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError, JobError
from mmmlib.job.parts import Allocator
from mmmlib.plan.basis import basis_of
from mmmlib.plan.separable import Separable
from mmmlib.plan.series import Models, OwnSeries
from mmmlib.plan.solve import SeriesSpend
from mmmlib.plan.uplift import Uplift
from tests.report.conftest import _Model, build_result

NAMES = ["tv", "search", "social"]
WEEKS = 60


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose modelling table holds what its model saw."""
    result, job = build_result(seed=4, names=NAMES, weeks=WEEKS)
    spend = _Model(4, [*NAMES, "newsletter"], WEEKS, 0, 0).spend[:, : len(NAMES)]
    made = pd.DataFrame(spend, columns=NAMES)
    seen = pd.concat([result.model_input, made], axis=1)
    run = Archive(str(tmp_path / "archive")).claim(job)
    save_result(run, result)
    run.save_table("model_input", seen)
    dates = result.model_input[c.DATE]
    run.save_table("dataset", made.assign(**{job.date: dates, "revenue": 1.0}))
    return run


def flighted(draws: int = 1, seed: int = 0, n: int = 4) -> OwnSeries:
    rng = np.random.default_rng(seed)
    pattern = rng.gamma(2.0, 50.0, (80, n)) * (rng.random((80, n)) < 0.4)
    shape = (draws, n)
    models = Models(
        tuple(f"c{i}" for i in range(n)), "geometric", 80, rng.uniform(0, 0.7, shape),
        np.zeros(shape), rng.uniform(0.6, 3, shape), rng.uniform(50, 300, shape),
        rng.uniform(100, 900, shape),
    )  # fmt: skip
    return OwnSeries(models, pattern, np.zeros((0, n)), pattern.mean(axis=0))


def test_today_is_what_the_decomposition_says(run: Run) -> None:
    table = basis_of(run).plan().table.set_index(c.CHANNEL)
    decomposition = run.load_table("decomposition")
    own = decomposition[decomposition[c.CANDIDATE] == basis_of(run).candidate]
    said = own.set_index(c.VARIABLE)[c.CONTRIBUTION]
    brought = table[c.CURRENT_RESPONSE] * WEEKS
    np.testing.assert_allclose(brought[NAMES], said[NAMES], rtol=1e-9)


def test_some_periods_carry_over_what_was_before_them(run: Run) -> None:
    basis = basis_of(run)
    table = basis.plan(Allocator(last=8)).table.set_index(c.CHANNEL)
    over = run.load_table("decomposition_over_time")
    last = over[over[c.DATE].isin(sorted(over[c.DATE].unique())[-8:])]
    said = last.groupby(c.VARIABLE)[c.CONTRIBUTION].mean()
    np.testing.assert_allclose(table[c.CURRENT_RESPONSE][NAMES], said[NAMES], rtol=1e-9)


def test_a_plan_says_what_speaks_against_it(run: Run) -> None:
    assert basis_of(run).doubts == ()
    table = run.load_table("candidates")
    run.save_table("candidates", table.assign(**{c.RSQ_TRAIN: 0.15}))
    opinion = pd.DataFrame({c.CHANNEL: ["tv"], c.CONVERGED: False, c.VERDICT: "R-hat 1.3"})
    run.save_table("posterior", opinion)
    fit, end = basis_of(run).plan().warnings[:2]
    assert "R² 0.15" in fit
    assert "has not converged (R-hat 1.3)" in end


def test_robyns_definition_stays_selectable(run: Run) -> None:
    basis = basis_of(run)
    own, robyns = basis.plan(), basis.plan(Allocator(response="mean_spend"))
    expected = basis.channels.set_index(c.CHANNEL)[c.CURRENT_RESPONSE]
    found = robyns.table.set_index(c.CHANNEL)[c.CURRENT_RESPONSE]
    np.testing.assert_allclose(found, expected.loc[found.index], rtol=1e-9)
    assert not np.allclose(own.table[c.CURRENT_RESPONSE], robyns.table[c.CURRENT_RESPONSE])
    with pytest.raises(JobError, match="only by Robyn's definition"):
        basis.settings_with([("today", "exposure"), ("response", "series")])


@pytest.mark.parametrize("seed", range(3))
def test_no_split_is_better(seed: int) -> None:
    series = flighted(seed=seed)
    unit = series.unit
    found = SeriesSpend(series).for_budget(0.3 * unit, 2 * unit, float(unit.sum()))
    assert found.spend.sum() == pytest.approx(unit.sum(), rel=1e-9)
    assert found.gap < 1e-5
    assert found.residual < 1e-2
    best = series.respond(found.spend)[0].sum()
    rng = np.random.default_rng(seed)
    for _ in range(300):
        trial = rng.uniform(0.3, 2, 4) * unit
        trial *= unit.sum() / trial.sum()
        if (trial >= 0.3 * unit).all() and (trial <= 2 * unit).all():
            assert series.respond(trial)[0].sum() <= best * (1 + 1e-6)


def test_a_target_is_kept_and_an_unreachable_one_named() -> None:
    series = flighted()
    unit = series.unit
    today = float(series.respond(unit)[0].sum() / unit.sum())
    found = SeriesSpend(series).for_target(0.1 * unit, 4 * unit, 0.8 * today, "revenue")
    made = series.respond(found.spend)[0].sum()
    assert made >= 0.8 * today * found.spend.sum() * (1 - 1e-6)
    assert made > series.respond(unit)[0].sum()
    with pytest.raises(AllocationError, match="the best is"):
        SeriesSpend(series).for_target(0.1 * unit, 4 * unit, 1e6, "revenue")


def test_marginals_are_slopes_of_the_mean_over_models() -> None:
    series = flighted(draws=5)
    step = 1e-6 * series.unit
    up, down = (series.respond(series.unit + sign * step)[0] for sign in (1, -1))
    np.testing.assert_allclose(series.respond(series.unit)[1], (up - down) / (2 * step), rtol=1e-5)
    by_model = series.by_model(series.unit)
    assert by_model.shape == (5, 4)
    np.testing.assert_allclose(by_model.mean(axis=0), series.respond(series.unit)[0])


@pytest.mark.parametrize("family", ["geometric", "weibull_cdf", "weibull_pdf"])
def test_a_calendar_cut_in_two_brings_the_same(family: str) -> None:
    one = np.full((1, 1), 0.3)
    models = Models(("tv",), family, 40, one, 2 * one, 4 * one, 200 * one, 9 * one)  # type: ignore[arg-type]
    calendar = np.random.default_rng(1).gamma(1.0, 100.0, (40, 1))
    whole = models.contributions(calendar)
    later = models.contributions(calendar[25:], calendar[:25])
    np.testing.assert_allclose(later, whole[25:], rtol=1e-12)


def test_an_s_curve_is_not_taken_for_its_hull() -> None:
    def respond(spend: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        made = spend**4 / (spend**4 + 1)
        return made, 4 * spend**3 / (spend**4 + 1) ** 2

    curves = Separable(respond, np.zeros(3), np.full(3, 3.0))
    split = curves.best(3.0)
    assert split is not None
    best = max(
        respond(np.array([a, b, 3 - a - b]))[0].sum()
        for a in np.linspace(0, 3, 61)
        for b in np.linspace(0, 3 - a, 61)
    )
    assert respond(split.spend)[0].sum() >= best - 1e-4
    assert split.bound >= best - 1e-6


@pytest.mark.parametrize(
    ("chance", "said"), [(1.0, "more than 99%"), (0.62, "of 62%"), (0.0, "less than 1%")]
)
def test_a_few_hundred_draws_never_know_for_sure(chance: float, said: str) -> None:
    assert said in Uplift(10.0, 1.0, 20.0, 0.1, chance).words()


def opinion(run: Run, lasting: float) -> None:
    """A posterior of ten models: the run's own, and such in which its best channel does nothing."""
    basis = basis_of(run)
    models = basis.models
    assert models is not None
    plan = basis.plan().table
    rows = []
    for draw in range(10):
        for i, name in enumerate(models.channels):
            gains = plan[c.PLANNED_SPEND][i] > plan[c.CURRENT_SPEND][i]
            dead = gains and draw >= 10 * lasting
            rows.append({
                c.DRAW: draw, c.CHANNEL: name, c.INFLEXION: models.inflexions[0, i],
                c.COEFFICIENT: 0.0 if dead else models.coefficients[0, i],
                "alphas": models.alphas[0, i], "thetas": models.decays[0, i],
            })  # fmt: skip
    run.save_table("posterior_draws", pd.DataFrame(rows))
    table = pd.DataFrame({c.CHANNEL: NAMES, c.CONVERGED: True, c.VERDICT: "they agree"})
    run.save_table("posterior", table)


def test_money_is_moved_only_where_that_is_likely_to_be_better(run: Run) -> None:
    alone = basis_of(run).plan().table[c.PLANNED_SPEND]
    opinion(run, lasting=1.0)
    assert not any("split" in said for said in basis_of(run).plan().warnings)
    opinion(run, lasting=0.4)
    basis = replace(basis_of(run), models=basis_of(run).posterior)
    kept = basis.plan(Allocator(least_chance=0.99))
    np.testing.assert_allclose(kept.table[c.PLANNED_SPEND], kept.table[c.CURRENT_SPEND])
    assert kept.gap > 0  # what the curves alone would gain is still said
    assert "keeps today's split" in kept.warnings[0]
    assert kept.uplift is not None
    assert "no uplift" in kept.uplift.words()
    richer = Allocator(least_chance=0.99, total_budget=1.2 * kept.budget * WEEKS)
    more = basis.plan(richer).table
    np.testing.assert_allclose(more[c.PLANNED_SPEND], 1.2 * more[c.CURRENT_SPEND])
    anyway = basis_of(run).plan(Allocator(least_chance=0.0)).table[c.PLANNED_SPEND]
    np.testing.assert_allclose(anyway, alone)


def test_a_model_takes_the_split_of_a_second_opinion_that_trusts_its_own_more(run: Run) -> None:
    opinion(run, lasting=0.1)
    basis = basis_of(run)
    plan = basis.plan()
    alone = basis.plan(Allocator(least_chance=0.0))
    assert plan.uplift is not None
    assert alone.uplift is not None
    assert plan.uplift.chance > alone.uplift.chance == pytest.approx(0.1)
    assert "of the second opinion" in plan.warnings[0]
    assert "the model's own with 10%" in plan.warnings[0]
    today = [table[c.CURRENT_RESPONSE] for table in (plan.table, alone.table)]
    np.testing.assert_allclose(*today)  # figures stay the model's
    assert plan.gap > alone.gap
