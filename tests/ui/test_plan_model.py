"""The planner without a browser."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.ground import columns as c
from mmmlib.ground.errors import JobError, RunError
from mmmlib.job.parts import Allocator, ChannelBounds
from mmmlib.plan.basis import basis_of
from mmmlib.plan.scenarios import load_scenario, load_scenarios
from mmmlib.ui.live.model import LiveModel
from mmmlib.ui.plan.form import form_of, settings_of
from mmmlib.ui.plan.model import PlanModel
from mmmlib.ui.plan.view import open_page
from mmmlib.ui.routes import Session
from mmmlib.ui.trained import models_of
from tests.ui.trained_run import EVIL


@pytest.fixture
def page(copied):
    """An open planner, with what it said and where it went; ``view.files`` is what it gave."""
    said, gone, files = [], [], []
    session = Session(
        Archive(copied.store.root),
        said.append,
        gone.append,
        "ada@example.org",
        lambda name, data: files.append((name, data)),
    )
    view = open_page(session, {"run": str(copied.id)})
    view.refresh()
    view.loading.join(timeout=300)
    assert said == []
    view.files = files
    return view, said, gone


def send(view, event, data=None):
    view._handle_event(view, {"event": event, "data": data}, [])


@pytest.mark.parametrize(
    "settings",
    [
        Allocator(),
        Allocator(total_budget=1e6, low=0.5, high=3.0, last=8),
        Allocator(scenario="target_efficiency", target=2.5, start="2018-01-01", end="2018-06-01"),
        Allocator(
            channels={"tv_S": ChannelBounds(locked=True), EVIL: ChannelBounds(low=0.1, high=2.0)}
        ),
    ],
)
def test_a_form_is_its_settings(live, settings):
    names = [channel.name for channel in live.job.channels]
    form = json.loads(json.dumps(form_of(settings, names)))
    assert list(form["channels"]) == names
    assert settings_of(form, live.job) == settings


def test_what_the_form_hides_does_not_count(live):
    form = form_of(Allocator(), ["tv_S"])
    form |= {"scenario": "target_efficiency", "total_budget": 5.0, "target": "2", "last": 3}
    assert settings_of(form, live.job) == Allocator(scenario="target_efficiency", target=2.0)


def test_all_that_is_wrong_with_a_form_is_said_at_once(live):
    form = form_of(Allocator(), ["tv_S"])
    form |= {"total_budget": -1, "low": "abc", "channels": {"tv_S": {"low": 3, "high": 1}}}
    with pytest.raises(JobError) as error:
        settings_of(form, live.job)
    where = [problem.where for problem in error.value.problems]
    assert {"allocator.total_budget", "allocator.low"} <= set(where)


def test_an_answer_is_the_allocators(live):
    model = PlanModel(live)
    form = model.form(Allocator(low=0.8, high=1.6))
    answer = model.answer(form)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    made = basis_of(live).plan(Allocator(low=0.8, high=1.6))
    assert answer["problems"] == []
    planned = [row[c.PLANNED_SPEND] for row in answer["rows"]]
    np.testing.assert_allclose(planned, made.table[c.PLANNED_SPEND], rtol=1e-9)
    total = made.table[c.CURRENT_SPEND].sum() * made.periods
    np.testing.assert_allclose(answer["reach"], [0.8 * total, 1.6 * total, total], rtol=1e-9)
    assert answer["warnings"] == list(made.warnings)
    for row, curve in zip(answer["rows"], answer["curves"], strict=True):
        assert curve["channel"] == row["channel"]
        at_plan = np.interp(row[c.PLANNED_SPEND], curve["spend"], curve["response"])
        assert at_plan == pytest.approx(row[c.PLANNED_RESPONSE], rel=0.02)
        past = basis_of(live).history[row["channel"]]
        assert row["reached"] == (past >= row[c.PLANNED_SPEND]).sum()


def test_an_impossible_request_says_where_and_leaves_no_plan(live):
    model = PlanModel(live)
    answer = model.answer(model.form(Allocator(scenario="target_efficiency", target=1e6)))
    (problem,) = answer["problems"]
    assert problem["where"] == "target"
    assert "no spend within the bounds has a ROAS" in problem["message"]
    assert model.latest is None
    with pytest.raises(RunError, match="has no plan"):
        model.file("csv")


def test_the_frontier_passes_the_plan_and_rises(live):
    model = PlanModel(live)
    model.answer(model.form(Allocator(low=0.5, high=2.0)))
    allocation = model.made[1]
    spend, response = np.array(model.frontier(*model.made)).T
    assert (np.diff(response) >= 0).all()
    best = float(allocation.table[c.PLANNED_RESPONSE].sum())
    assert np.interp(allocation.budget, spend, response) == pytest.approx(best, rel=0.01)


def test_what_added_money_brings_is_not_what_moving_money_brings(live):
    model = PlanModel(live)
    today = model.answer(model.form(Allocator(low=0.5, high=2.0)))
    assert "added" not in [figure["name"] for figure in today["figures"]]
    best_today = float(model.made[1].table[c.PLANNED_RESPONSE].sum())
    more = 1.2 * today["reach"][2]
    answer = model.answer(model.form(Allocator(low=0.5, high=2.0, total_budget=more)))
    added = next(figure["plan"] for figure in answer["figures"] if figure["name"] == "added")
    table = model.made[1].table
    gained = table[c.PLANNED_RESPONSE].sum() - best_today
    spent = table[c.PLANNED_SPEND].sum() - table[c.CURRENT_SPEND].sum()
    assert added == pytest.approx(gained / spent, rel=1e-6)
    slope = table[c.PLANNED_MARGINAL][table[c.BINDING] == ""].max()
    assert added >= slope * (1 - 1e-6)  # the first of the added money brings more than the last


def test_a_model_that_is_not_stored_in_full_is_planned_with_too(live):
    stored = set(live.load_table("channels")[c.CANDIDATE])
    candidates = live.load_table("candidates")[c.CANDIDATE]
    other = next(name for name in candidates if name not in stored)
    model = PlanModel(live, other)
    assert model.answer(model.form())["problems"] == []
    assert {"value": other, "title": f"{other} (chosen)"} in models_of(live, other)
    with pytest.raises(RunError, match="has no model 9_9_9"):
        PlanModel(live, "9_9_9")


def test_a_promoted_model_is_the_one_to_plan_with(copied):
    stored = set(copied.load_table("channels")[c.CANDIDATE])
    kept = copied.load_table("decomposition")[c.CANDIDATE].unique()
    promoted = next(name for name in kept if name not in stored)
    promote(copied, promoted, "ada", "plausible shares")
    model = PlanModel(copied)
    assert model.basis.candidate == promoted
    title = f"{promoted} (promoted by ada)"
    assert {"value": promoted, "title": title} in models_of(copied, promoted)
    assert LiveModel(copied).candidate == promoted


def test_curves_made_from_what_is_stored_are_those_the_engine_stored(live):
    from mmmlib.run.fitted import channels_of

    table = live.load_table("channels")
    for candidate, stored in table.groupby(c.CANDIDATE, sort=False):
        made = channels_of(live, candidate)
        pd.testing.assert_frame_equal(made, stored.reset_index(drop=True), rtol=1e-12)


def test_models_to_choose_from_begin_with_the_best(live):
    models = models_of(live)
    assert models[0]["value"] == live.load("best_model_id.txt").decode().strip()
    assert models[0]["title"].startswith(f"{models[0]['value']} (best model")
    assert len({model["value"] for model in models}) == len(models)


def test_the_page_answers_a_form(page):
    view, said, _ = page
    assert view.facts["run"] == str(view._run)
    assert EVIL in view.form["channels"]
    before = view.answer["figures"][0]["plan"]
    form = {**view.form, "total_budget": 1.2 * view.answer["reach"][2]}
    send(view, "plan", {"form": form, "number": 7})
    assert view.answer["number"] == 7
    assert view.answer["figures"][0]["plan"] == pytest.approx(1.2 * before)
    if view._drawing:
        view._drawing.join(timeout=300)
    assert len(view.frontier) > 10
    assert said == []


def test_a_scenario_is_saved_with_who_shown_replaced_and_deleted(page, copied):
    view, said, gone = page
    scenarios = view.scenarios
    send(scenarios, "keep", {"name": EVIL})
    assert said == []
    assert [(row["name"], row["who"]) for row in scenarios.rows] == [(EVIL, "ada@example.org")]
    send(scenarios, "keep", {"name": EVIL})
    assert "already has a scenario" in said.pop()
    send(view, "plan", {"form": {**view.form, "high": 1.9, "low": 0.9}, "number": 1})
    send(scenarios, "keep", {"name": EVIL, "replace": True})
    assert load_scenario(copied, EVIL).settings.high == 1.9

    send(scenarios, "show", EVIL)
    assert gone[-1].startswith(f"page=plan&run={copied.id}&model=")
    assert "scenario=%3Cimg" in gone[-1]
    send(scenarios, "remove", EVIL)
    assert scenarios.rows == []
    assert load_scenarios(copied) == []
    assert said == []


def test_a_scenario_of_the_address_fills_the_form(page, copied):
    view, _, _ = page
    send(view, "plan", {"form": {**view.form, "high": 3.5}, "number": 1})
    send(view.scenarios, "keep", {"name": "wide"})
    other = open_page(view._session, {"run": str(copied.id), "scenario": "wide"})
    other.refresh()
    other.loading.join(timeout=300)
    assert other.form["high"] == 3.5
    assert other.answer["figures"] == view.answer["figures"]


def test_nothing_is_saved_or_exported_where_there_is_no_plan(page):
    view, said, _ = page
    send(view, "plan", {"form": {**view.form, "total_budget": 1.0}, "number": 2})
    assert view.answer["problems"][0]["where"] == "total_budget"
    assert view.scenarios.can_save == {"yes": False}
    send(view.scenarios, "keep", {"name": "none"})
    send(view, "save_file", "xlsx")
    assert view.files == []
    assert len(said) == 2
    assert all("has no plan" in text for text in said)


def test_files_of_the_plan_and_of_scenarios(page):
    view, said, _ = page
    send(view.scenarios, "keep", {"name": "one"})
    send(view.scenarios, "keep", {"name": "two"})
    send(view, "save_file", "csv")
    send(view.scenarios, "save_file", {"names": ["two"], "kind": "csv"})
    send(view.scenarios, "save_file", {"names": ["one", "two"], "kind": "xlsx"})
    (name, plan), (_, two), (_, both) = view.files
    assert name.startswith("plan-live-")
    assert EVIL in plan.decode()
    assert b"\ntwo," in two
    assert b"\none," not in two
    assert both[:2] == b"PK"
    send(view, "save_file", "exe")
    assert "csv or xlsx" in said.pop()


def test_a_model_that_cannot_be_read_says_so(copied):
    said = []
    session = Session(Archive(copied.store.root), said.append, print, "ada")
    view = open_page(session, {"run": str(copied.id), "model": "9_9_9"})
    view.refresh()
    view.loading.join(timeout=300)
    assert view.note.startswith("This model cannot be planned with; choose another.")
    assert "has no model 9_9_9" in view.note
    assert view.failed
    assert said == []


def test_a_run_whose_table_lacks_columns_says_which(ended):
    """Runs of other tools and damaged ones: the page says it, the server's log has nothing."""
    said = []
    session = Session(ended["archive"], said.append, print, "ada")
    view = open_page(session, {"run": str(ended["succeeded"])})
    view.refresh()
    view.loading.join(timeout=300)
    assert "lacks coefficient, alpha, inflexion, mean_carryover; train its job again" in view.note
    assert view.failed
    assert said == []


def test_a_run_that_has_not_trained_has_no_page(ended):
    session = Session(ended["archive"], print, print, "ada")
    with pytest.raises(RunError, match="has no model yet"):
        open_page(session, {"run": str(ended["failed"])})
