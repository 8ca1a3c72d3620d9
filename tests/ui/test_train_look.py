"""What the form shows of the data, of hyperparameters, and of the time a training takes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.data.examples import example_path
from mmmlib.engines.native import transforms
from mmmlib.ground.errors import SourceError
from mmmlib.ui.run.model import RunModel
from mmmlib.ui.train import form, quote, shapes
from mmmlib.ui.train.raw import guess, read_raw, try_source
from mmmlib.ui.train.series import read_series

WEEKLY = pd.read_csv(example_path("example:weekly"))


@pytest.fixture
def demo():
    return form.of_example("demo")


def of_file(path) -> dict:
    return {**form.starting(), "file": str(path)}


def test_raw_data_are_shown_as_they_are(demo):
    raw = read_raw(demo)
    assert raw.rows == len(WEEKLY)
    assert [column["name"] for column in raw.columns] == list(WEEKLY.columns)
    types = {column["name"]: column["type"] for column in raw.columns}
    assert (types["DATE"], types["tv_S"], types["events"]) == ("date", "number", "text")
    assert raw.head[0][0] == WEEKLY["DATE"][0]
    json.dumps(raw.plain(), allow_nan=False)


def test_a_source_that_cannot_be_read_says_so(own_folder):
    with pytest.raises(SourceError, match="does not exist"):
        read_raw(of_file(own_folder / "none.csv"))
    (step,) = try_source(of_file(own_folder / "none.csv"))
    assert not step["ok"]
    assert "does not exist" in step["message"]
    (step,) = try_source(of_file("example:weekly"))
    assert step["ok"]


def test_roles_are_guessed_with_reasons(demo):
    guessed, reasons, doubts = guess(of_file("example:weekly"))
    assert guessed["target"] == "revenue"
    assert {each["spend"] for each in guessed["channels"]} == {
        each["spend"] for each in demo["channels"]
    }
    assert reasons["tv_S"]
    # the data do not name the country: the person does, and it brings its holidays
    assert guessed["country"] == ""
    assert "holiday" in guessed["prophet"]
    assert "country" in doubts[0]
    assert guessed["file"] == "example:weekly"


def test_the_data_are_shown_before_the_country_is_named():
    guessed, _, _ = guess(of_file("example:weekly"))
    assert [each["where"] for each in form.check(guessed).problems] == ["country"]
    assert read_series(guessed).rows == len(WEEKLY)


def test_the_time_line_spend_and_checks(demo):
    series = read_series(demo)
    assert series.problems == []
    assert (series.first, series.last) == (WEEKLY["DATE"].iloc[0], WEEKLY["DATE"].iloc[-1])
    assert series.interval == "week"
    assert series.target == pytest.approx(WEEKLY["revenue"].to_list())
    totals = {each["name"]: each["total"] for each in series.spend}
    assert totals["tv"] == pytest.approx(WEEKLY["tv_S"].sum())
    assert sum(each["share"] for each in series.spend) == pytest.approx(1.0)
    assert {each["verdict"] for each in series.checks} <= {"PASS", "REVIEW", "FAIL"}
    assert all(each["title"] for each in series.checks)
    json.dumps(series.plain(), allow_nan=False)


def test_data_that_do_not_fit_say_where(demo):
    demo["channels"][0]["spend"] = "nowhere"
    series = read_series(demo)
    assert series.problems
    assert series.problems[0]["where"] == "channels[0].spend"
    assert series.checks == []


def test_a_failing_check_comes_first_with_advice(demo):
    values = {**demo, "window": ["2018-01-01", "2018-02-12"], "context": []}
    series = read_series(values)
    assert series.checks[0]["verdict"] == "FAIL"
    assert series.checks[0]["advice"]


def test_a_change_that_must_be_accepted_can_be(demo, own_folder):
    WEEKLY.assign(tv_S=5.0).to_csv(own_folder / "flat.csv", index=False)
    values = {**demo, "file": str(own_folder / "flat.csv")}
    (problem,) = read_series(values).problems
    assert problem["accept"] == "drop:tv"
    series = read_series({**values, "acknowledge": ["drop:tv"]})
    assert series.problems == []
    assert "tv" not in [each["name"] for each in series.spend]
    assert any("variable dropped" in change for change in series.changes)


def test_a_table_of_a_database_and_sql(own_folder, demo):
    import duckdb

    file = own_folder / "house.duckdb"
    with duckdb.connect(str(file)) as warehouse:
        warehouse.execute(
            f"CREATE TABLE sales AS SELECT * FROM read_csv('{example_path('example:weekly')}')"
        )
    values = {**of_file(file), "table": "sales"}
    assert read_raw(values).rows == len(WEEKLY)
    guessed, _, _ = guess(values)
    assert guessed["target"] == "revenue"
    assert (guessed["file"], guessed["table"]) == (str(file), "sales")
    values = {**of_file("example:weekly"), "sql": "SELECT * FROM data LIMIT 7"}
    assert read_raw(values).rows == 7


@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize(("scale", "shape"), [(0.0, 1.0), (0.05, 0.5), (0.1, 3.0), (0.02, 9.0)])
def test_weibull_pictures_are_the_engines(scale, shape, density):
    family, kind = ("weibull_pdf" if density else "weibull_cdf"), "tv"
    ranges = {"scales": [scale, scale], "shapes": [shape, shape]}
    drawn = shapes.allowed(family, kind, ranges, 208)["adstock"]["middle"]
    exact = np.zeros(208)
    weights = transforms.weibull_weights(208, scale, shape, density)
    exact[: weights.size] = weights
    np.testing.assert_allclose(drawn, exact[: shapes.LAGS], atol=1e-5)


def test_saturation_and_carryover_pictures_are_the_engines():
    drawn = shapes.allowed("geometric", "tv", {"thetas": [0.4, 0.4], "alphas": [2, 2]})
    pulse = np.zeros(shapes.LAGS)
    pulse[0] = 1.0
    exact = transforms.geometric_adstock(pulse, 0.4)
    np.testing.assert_allclose(drawn["adstock"]["middle"], exact, atol=1e-5)
    spread = np.array(drawn["saturation"]["high"]) - np.array(drawn["saturation"]["low"])
    assert (spread >= 0).all()
    for gamma in (0.3, 1.0):  # the inflexion is gamma of the way from least to most adstock
        exact = [transforms.hill(x, 2.0, gamma) for x in np.linspace(0, 1, shapes.POINTS)]
        np.testing.assert_allclose(shapes.hill(2.0, gamma), exact, atol=1e-12)


def test_a_range_that_is_no_range_gives_no_picture():
    assert shapes.allowed("geometric", "tv", {"thetas": ["x", 1]})["adstock"] == {}
    assert shapes.allowed("geometric", "tv", {"thetas": [0.9, 0.1]})["adstock"] == {}
    assert shapes.allowed("nonsense", "tv", {}) == {"adstock": {}, "saturation": {}}
    assert set(shapes.defaults("weibull_cdf")["tv"]) == {"alphas", "gammas", "scales", "shapes"}


def past(run: str, search: float, optimizer: str, media: int = 6) -> quote.EarlierRun:
    return quote.EarlierRun(run, "native", optimizer, 10_000, media, search, rest=5.0)


def test_a_quote_scales_the_search_and_adds_the_rest(demo):
    job = form.check({**demo, "iterations": 4000}).job
    runs = [past("a", 10.0, job.optimizer), past("b", 20.0, job.optimizer)]
    runs.append(past("c", 500.0, "CMA"))  # another optimizer says nothing about this one
    expected = quote.quote(job, runs)
    assert expected.candidates == 20_000
    assert (expected.low, expected.seconds, expected.high) == (25.0, 35.0, 45.0)
    assert expected.runs == ("a", "b")
    assert "from 2 earlier runs" in expected.words()


def test_without_a_run_like_it_nothing_is_promised(demo):
    expected = quote.quote(form.check(demo).job, [past("c", 500.0, "CMA")])
    assert expected.seconds is None
    assert "Not known" in expected.words()


def test_past_runs_are_those_that_succeeded(ended):
    (found,) = quote.past_runs(ended["archive"].store.root)
    assert found.run == str(ended["succeeded"])
    assert (found.candidates, found.search) == (2, 1.0)
    assert found.media == 4
    assert found.rest >= 0.0


def test_the_quote_is_held_against_what_it_took(ended, sample, tmp_path):
    run = Archive(str(tmp_path)).claim(sample.job())
    assert quote.quoted_and_actual(run) == {}
    run.save_json(quote.QUOTE, quote.quote(run.job, []).plain())
    assert quote.quoted_and_actual(run) == {
        "words": "quoted no time",
        "quoted": "",
        "seconds": None,
        "took": None,
    }
    run.save_json(quote.QUOTE, {"seconds": 60.0})
    assert quote.quoted_and_actual(run)["words"] == "quoted about 60 s"
    assert RunModel(run).facts()["quoted"] == "about 60 s"
    quoted = quote.quoted_and_actual(ended["succeeded"])
    assert quoted == {}  # it was not launched from the form
