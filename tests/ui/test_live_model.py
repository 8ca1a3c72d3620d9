"""The live model without a browser: what is dragged is the engine's own fit."""

from __future__ import annotations

import json
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.refresh import Continuation
from mmmlib.engines.native.results import tables
from mmmlib.engines.native.search import Trial
from mmmlib.ground import columns as c
from mmmlib.ground.errors import JobError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput
from mmmlib.model.result import TrainingResult
from mmmlib.run.fitted import fitted_model
from mmmlib.run.refresh import find_parent
from mmmlib.run.supervisor import Supervisor
from mmmlib.ui.live.model import LiveModel
from mmmlib.ui.live.sliders import fixed_job, sliders_of
from mmmlib.ui.live.view import open_page
from mmmlib.ui.routes import Session
from tests.tampering import rewrite_table
from tests.ui.trained_run import EVIL, trained


@pytest.fixture(scope="module")
def model(live):
    return LiveModel(live)


def value(fit, name):
    return next(error["value"] for error in fit["errors"] if error["name"] == name)


def test_the_chosen_model_is_the_archived_one(model, live):
    facts = model.facts()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["notes"] == []
    row = live.load_table("candidates").set_index(c.CANDIDATE).loc[facts["model"]]
    assert value(facts["chosen"], "NRMSE train") == pytest.approx(row[c.NRMSE_TRAIN], rel=1e-6)
    assert value(facts["chosen"], "DECOMP.RSSD") == pytest.approx(row[c.DECOMP_RSSD], rel=1e-6)
    table = live.load_table("decomposition")
    stored = table[table[c.CANDIDATE] == facts["model"]].set_index(c.VARIABLE)
    for found in facts["chosen"]["rows"]:
        shown = stored.loc[found["variable"]]
        assert found["share"] == pytest.approx(shown[c.CONTRIBUTION_SHARE], rel=1e-5, abs=1e-12)
        if found["role"] == "paid":
            assert found["efficiency"] == pytest.approx(shown[c.ROAS], rel=1e-5)
    over_time = live.load_table("decomposition_over_time")
    mine = over_time[over_time[c.CANDIDATE] == facts["model"]]
    fitted = mine[mine[c.VARIABLE] == c.FITTED][c.CONTRIBUTION]
    np.testing.assert_allclose(facts["chosen"]["line"], fitted, rtol=1e-4)


def test_dragging_everything_to_another_candidate_is_that_candidate(model, live):
    candidates = live.load_table("candidates")
    other = candidates[candidates[c.CANDIDATE] != model.candidate].iloc[3]
    dragged = [slider["key"] for medium in model.facts()["media"] for slider in medium["sliders"]]
    fit = model.fit({key: float(other[key]) for key in [*dragged, c.LAMBDA_HP]})
    assert value(fit, "NRMSE train") == pytest.approx(other[c.NRMSE_TRAIN], rel=1e-6)
    assert value(fit, "R² train") == pytest.approx(other[c.RSQ_TRAIN], rel=1e-6)
    assert value(fit, "DECOMP.RSSD") == pytest.approx(other[c.DECOMP_RSSD], rel=1e-6)


def test_pictures_are_of_what_was_dragged(model):
    fit = model.fit({"tv_S_thetas": 0.5})
    tv = fit["media"]["tv_S"]
    np.testing.assert_allclose(tv["weights"][:4], [1, 0.5, 0.25, 0.125])
    assert tv["later"] == 0.5
    assert tv["response"] == sorted(tv["response"])
    at_today = np.interp(tv["today"][0], tv["spend"], tv["response"])
    assert at_today == pytest.approx(tv["today"][1], rel=0.05)
    assert fit["media"][EVIL] != model.facts()["chosen"]["media"]["tv_S"]


def test_a_curve_is_that_of_the_archived_channels(model, live):
    table = live.load_table("channels")
    stored = table[table[c.CANDIDATE] == model.candidate].set_index(c.CHANNEL)
    for name, picture in model.facts()["chosen"]["media"].items():
        if name in stored.index:
            today = stored.loc[name, [c.CURRENT_SPEND, c.CURRENT_RESPONSE]]
            np.testing.assert_allclose(picture["today"], today.astype(float), rtol=1e-4)


def test_what_cannot_be_dragged_is_refused_all_at_once(model):
    moved = {"tv_S_thetas": 1.0, "ooh_S_gammas": float("nan"), "x": 1, "train_size": 0.5}
    with pytest.raises(JobError) as error:
        model.fit({**moved, c.LAMBDA_HP: 2})
    assert len(error.value.problems) == 5


def test_sliders_reach_beyond_the_search_but_not_beyond_robyn(live):
    job = live.job
    values = dict.fromkeys([*job.ranges(), c.LAMBDA_HP], 0.5)
    media = {medium["name"]: medium["sliders"] for medium in sliders_of(job, values)}
    assert list(media) == [medium.name for medium in job.media]
    alpha, gamma, theta = media["tv_S"]
    assert (alpha["least"], alpha["low"], alpha["high"], alpha["most"]) == (0.25, 0.5, 1.0, 1.25)
    assert gamma["most"] == 1.0
    assert theta["most"] == 0.999


def test_a_job_with_what_was_moved_fixed(model, live):
    text = model.job_text({"tv_S_thetas": 0.4321, c.LAMBDA_HP: 0.25}, everything=False)
    job = TrainingJob.from_yaml(text)
    ranges, before = job.ranges(), live.job.ranges()
    assert ranges.pop("tv_S_thetas") == (0.4321, 0.4321)
    before.pop("tv_S_thetas")
    assert ranges == before
    assert job.lambda_range == (0.25, 0.25)

    whole = TrainingJob.from_yaml(model.job_text({"tv_S_thetas": 0.4321}, everything=True))
    assert all(low == high for low, high in whole.ranges().values())
    assert whole.ranges()["tv_S_thetas"] == (0.4321, 0.4321)
    assert whole.lambda_range == live.job.lambda_range
    with pytest.raises(RunError, match="leave at least one to the search"):
        fixed_job(whole, {c.LAMBDA_HP: 0.5})


def test_a_fit_is_fast_enough_to_drag(model):
    start = time.process_time()  # of a processor: others work on this machine too
    for step in range(20):
        json.dumps(model.fit({"tv_S_thetas": 0.3 + step / 100}))
    assert (time.process_time() - start) / 20 < 0.1


def test_where_the_archive_says_otherwise_the_page_does(copied):
    table = copied.load_table("candidates")
    table[c.NRMSE_TRAIN] *= 1.1
    rewrite_table(copied, "candidates", table)
    (note,) = LiveModel(copied).facts()["notes"]
    assert note.startswith("NRMSE of the chosen model is")


def test_other_dates_are_refused(copied):
    rewrite_table(copied, "dataset", copied.load_table("dataset").iloc[1:])
    with pytest.raises(RunError, match="have different dates"):
        LiveModel(copied)


def test_a_weibull_model_with_a_validation_split(tmp_path):
    run = trained(str(tmp_path), candidates=40, adstock="weibull_pdf", ts_validation=True)
    model = LiveModel(run)
    facts = model.facts()
    assert [error["name"] for error in facts["chosen"]["errors"]] == [
        "NRMSE train",
        "NRMSE validation",
        "NRMSE test",
        "R² train",
        "R² test",
        "DECOMP.RSSD",
    ]
    fit = model.fit({"tv_S_scales": 0.02, "tv_S_shapes": 3.0})
    weights = fit["media"]["tv_S"]["weights"]
    assert max(weights) == 1.0
    assert weights[0] < 1.0  # a pdf peaks later
    assert 0 < fit["media"]["tv_S"]["later"] < 1
    assert fit["errors"] != facts["chosen"]["errors"]


def send(view, event, data=None):
    view._handle_event(view, {"event": event, "data": data}, [])


def test_the_page(live):
    said, gone, files = [], [], {}
    archive = Archive(live.store.root)
    session = Session(archive, said.append, gone.append, "ada", files.__setitem__)
    view = open_page(session, {})
    send(view, "fit", {})
    assert "still being read" in said.pop()
    view.refresh()
    view.loading.join(timeout=300)
    assert view.facts["run"] == str(live.id)
    question = {"moved": {"tv_S_thetas": 0.5}, "number": 3}
    send(view, "fit", question)
    assert view.answer["number"] == 3
    assert view.answer["fit"]["fitted"]
    send(view, "save_job", {"moved": {"tv_S_thetas": 0.5}})
    assert TrainingJob.from_yaml(files["job.yaml"].decode()).ranges()["tv_S_thetas"] == (0.5, 0.5)
    send(view, "open_plan")
    send(view, "choose", "1_1_1")
    send(view, "choose_run", str(live.id))
    assert gone == [
        f"page=plan&run={live.id}",
        f"page=live&run={live.id}&model=1_1_1",
        f"page=live&run={live.id}",
    ]
    assert said == []


def test_a_model_that_cannot_be_read_says_so(copied):
    said = []
    session = Session(Archive(copied.store.root), said.append, print, "ada")
    view = open_page(session, {"run": str(copied.id), "model": "9_9_9"})
    view.refresh()
    view.loading.join(timeout=300)
    assert view.note.startswith("This model cannot be shown live; choose another.")
    assert "has no model 9_9_9" in view.note
    assert view.failed
    assert said == []


@pytest.fixture(scope="module")
def refreshed(live, tmp_path_factory):
    """A refresh of that run's best model: candidates around it, a window of a quarter later."""
    root = tmp_path_factory.mktemp("refreshed") / "archive"
    shutil.copytree(live.store.root, root)
    archive = Archive(str(root))
    parent = archive.run(str(live.id))
    chosen = find_parent(archive.store, str(parent))
    model = fitted_model(parent)
    job = TrainingJob.parse(
        model.job.to_values()
        | {
            "window": ["2016-04-04", "2019-04-01"],
            "refresh_of": f"{parent}/{chosen.model.candidate}",
        }
    )
    table = parent.load_table("model_input")
    spends = pd.DataFrame(model.data.spends, columns=[item.name for item in job.channels])
    data = ModelInput.of_table(table, spends, job)
    continuation = Continuation.of(data, job, chosen.parent(job))
    made = Model(data, job, continuation=continuation)
    low, high = np.array(list(made.space.bounds.values())).T
    points = np.random.default_rng(3).uniform(low, high, (40, len(low)))
    trial = Trial(1, points, made.evaluate(points))
    run = archive.claim(job)
    with Supervisor(run, who="ada"):
        run.save_table("dataset", parent.load_table("dataset"))
        result = TrainingResult(**tables(made, [trial]), engine="native test", seconds={})
        save_result(run, result, chosen.parent(job))
    return run


def test_a_refresh_is_measured_from_the_model_it_continues(refreshed):
    model = LiveModel(refreshed)
    facts = model.facts()
    assert facts["notes"] == []
    assert facts["refreshes"] == refreshed.job.refresh_of
    row = refreshed.load_table("candidates").set_index(c.CANDIDATE).loc[facts["model"]]
    shown = value(facts["chosen"], "DECOMP.RSSD of the refresh")
    assert shown == pytest.approx(row[c.DECOMP_RSSD], rel=1e-6)
    theta = next(one for one in facts["media"][0]["sliders"] if one["key"] == "tv_S_thetas")
    assert theta["high"] - theta["low"] < 0.5 * (theta["most"] - theta["least"])  # narrowed
    job = TrainingJob.from_yaml(model.job_text({"tv_S_thetas": 0.4}, everything=False))
    assert job.refresh_of == ""  # a refresh would move what is fixed


def test_a_refresh_whose_model_is_gone_says_so(refreshed, tmp_path):
    shutil.copytree(refreshed.store.root, tmp_path / "archive")
    archive = Archive(str(tmp_path / "archive"))
    parent = archive.run(refreshed.job.refresh_of.rpartition("/")[0])
    shutil.rmtree(parent.place)
    facts = LiveModel(archive.run(str(refreshed.id))).facts()
    (note,) = facts["notes"]
    assert facts["refreshes"] == ""
    assert "cannot be read" in note
    assert str(parent) in note
    assert value(facts["chosen"], "DECOMP.RSSD") > 0
