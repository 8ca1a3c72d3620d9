"""Simulated data are what was asked for, and their truth is true of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

from mmmlib.cli import main
from mmmlib.data.dataset import prepare_dataset
from mmmlib.data.examples import example_path
from mmmlib.engines.engine import ignore
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.curves import of_channels
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.native.transforms import geometric_adstock, weibull_weights
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError, JobError, SourceError
from mmmlib.job.changes import changed
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput
from mmmlib.model.result import TrainingResult
from mmmlib.report import style, truth as report
from mmmlib.simulate.generate import Simulated, simulate
from mmmlib.simulate.parse import Simulation, SimulationError
from mmmlib.simulate.training import job_for
from mmmlib.simulate.truth import TABLES, Truth, truth_folder, truth_of

Values = dict[str, Any]
SMALL: Values = {
    "seed": 5,
    "periods": 300,
    "baseline": 20_000,
    "trend": 0.1,
    "season": {"amplitude": 0.2},
    "weekday": [0.1, 0, 0, 0, 0, 0, -0.1],
    "holidays": {"effect": -0.3, "spread": 0.1},
    "context": [{"name": "price", "mean": 10, "effect": -1}],
    "events": {"levels": {"promo": 0.2}},
    "channels": [
        {
            "name": "tv",
            "kind": "tv",
            "spend_level": 900,
            "flighting": {"pattern": "bursts", "length": 20},
            "hyperparameters": {"alphas": 1.5, "gammas": 0.5, "thetas": 0.6},
            "roas": 2.5,
        },
        {
            "name": "search",
            "spend_level": 500,
            "flighting": {"pattern": "seasonal"},
            "exposure": {"metric": "clicks", "cost": 0.7},
            "hyperparameters": {"alphas": 1.2, "gammas": 0.6, "thetas": 0.1},
            "roas": 4.0,
        },
        {
            "name": "social",
            "spend_level": 400,
            "hyperparameters": {"alphas": 2.0, "gammas": 0.4, "thetas": 0.0},
            "roas": 1.5,
        },
    ],
    "countries": [
        {"name": "fr", "holidays": "FR"},
        {"name": "de", "size": 1.5, "effect": 0.8, "holidays": "DE"},
    ],
    "snr": 12,
}


def small(*changes: tuple[str, str]) -> Simulation:
    return Simulation.parse(changed(SMALL, changes, Simulation))


@pytest.fixture(scope="module")
def made() -> Simulated:
    return simulate(small())


def wide(truth: Truth, country: str, of: str) -> pd.DataFrame:
    """One column a channel, one row a date."""
    rows = truth.contributions[truth.contributions["country"] == country]
    return rows.pivot(index=c.DATE, columns=c.CHANNEL, values=of)


def test_equal_settings_give_equal_data(made: Simulated) -> None:
    again = simulate(Simulation.parse(made.truth.settings.model_dump(mode="json")))
    pd.testing.assert_frame_equal(again.data, made.data, check_exact=True)
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(again.truth, table), getattr(made.truth, table), check_exact=True
        )
    other = simulate(small(("seed", "6")))
    assert not np.allclose(other.data["tv_spend"], made.data["tv_spend"])
    assert not np.allclose(other.data["revenue"], made.data["revenue"])


def test_a_series_depends_on_its_own_settings_only(made: Simulated) -> None:
    louder = simulate(small(("snr", "6"), ("channels.tv.roas", "3")))
    spends = ["tv_spend", "search_spend", "search_clicks", "social_spend", "price", "events"]
    pd.testing.assert_frame_equal(louder.data[spends], made.data[spends], check_exact=True)
    alone = simulate(small(("countries", "[{name: de, size: 1.5, effect: 0.8, holidays: DE}]")))
    de = made.data[made.data["country"] == "de"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.data, de, check_exact=True)


def test_contributions_sum_to_the_target_but_for_the_noise(made: Simulated) -> None:
    base = made.truth.baseline
    components = base.drop(columns=["country", "date", "expected", "noise", "target"])
    assert list(components) == [
        "intercept", "trend", "season", "weekday", "holiday", "price", "events",
    ]  # fmt: skip
    paid = made.truth.contributions.groupby(["country", "date"], sort=False)[c.CONTRIBUTION].sum()
    sums = components.sum(axis=1).to_numpy() + paid.to_numpy()
    np.testing.assert_allclose(sums, base["target"] - base["noise"], rtol=1e-12)
    np.testing.assert_array_equal(base["target"], made.data["revenue"])
    assert (components.std() > 0).sum() == 7  # intercept differs by country


def test_roas_is_contribution_by_spend(made: Simulated) -> None:
    truth = made.truth
    for country, effect in (("fr", 1.0), ("de", 0.8)):
        spend = wide(truth, country, c.SPEND).sum()
        contribution = wide(truth, country, c.CONTRIBUTION).sum()
        own = made.data[made.data["country"] == country]
        rows = truth.channels[truth.channels["country"] == country].set_index(c.CHANNEL)
        for channel in truth.settings.channels:
            name = channel.name
            assert spend[name] == pytest.approx(own[f"{name}_spend"].sum(), rel=1e-12)
            assert contribution[name] / spend[name] == pytest.approx(channel.roas * effect)
            assert rows[c.ROAS][name] == pytest.approx(channel.roas * effect, rel=1e-12)
    total = truth.roas().set_index(c.CHANNEL)
    both = truth.contributions.groupby(c.CHANNEL)[[c.SPEND, c.CONTRIBUTION]].sum()
    np.testing.assert_allclose(
        total[c.ROAS], (both[c.CONTRIBUTION] / both[c.SPEND])[total.index], rtol=1e-12
    )
    assert 0.8 * 2.5 < total[c.ROAS]["tv"] < 2.5


def test_response_curve_at_the_spend_of_each_day_gives_its_contribution(made: Simulated) -> None:
    """Without carryover the curve is the effect; with it, at what was carried over too."""
    for country in ("fr", "de"):
        truth = made.truth.of_country(country)
        assert truth is not None
        spends, contributions = (wide(truth, country, of) for of in (c.SPEND, c.CONTRIBUTION))
        social = truth.channels[truth.channels[c.CHANNEL] == "social"]
        assert social[c.MEAN_CARRYOVER].item() == 0.0
        response = of_channels(social).response(spends["social"].to_numpy()[:, None])[:, 0]
        np.testing.assert_allclose(response, contributions["social"], rtol=1e-12)
        tv = truth.channels[truth.channels[c.CHANNEL] == "tv"]
        stock = geometric_adstock(spends["tv"].to_numpy(), 0.6)
        assert tv[c.MEAN_CARRYOVER].item() == pytest.approx((stock - spends["tv"]).mean())
        still = tv.assign(**{c.MEAN_CARRYOVER: 0.0})
        np.testing.assert_allclose(
            of_channels(still).response(stock[:, None])[:, 0], contributions["tv"], rtol=1e-12
        )
        assert tv[c.INFLEXION].item() == pytest.approx(0.5 * stock.max())


def test_stored_curves_and_current_points_are_those_of_the_functions(made: Simulated) -> None:
    curves = made.truth.response_curves
    for (country, name), rows in curves.groupby(["country", c.CHANNEL]):
        own = made.truth.channels["country"] == country
        channel = made.truth.channels[own & (made.truth.channels[c.CHANNEL] == name)]
        function = of_channels(channel)
        x = rows[c.SPEND].to_numpy()[:, None]
        np.testing.assert_allclose(rows[c.RESPONSE], function.response(x)[:, 0], rtol=1e-12)
        here = channel[c.CURRENT_SPEND].to_numpy()
        assert channel[c.CURRENT_RESPONSE].item() == pytest.approx(function.response(here)[0])
        step = 1e-3
        slope = np.diff(function.response(np.array([here[0] - step, here[0] + step])))[0]
        assert channel[c.CURRENT_MARGINAL].item() == pytest.approx(slope / (2 * step), rel=1e-5)


def test_exposure_drives_the_response_where_there_is_one(made: Simulated) -> None:
    """Clicks vary beside the spend, and the contribution follows the clicks."""
    own = made.data[made.data["country"] == "fr"]
    assert (own["search_clicks"] == own["search_clicks"].round()).all()
    cost = own["search_spend"].sum() / own["search_clicks"].sum()
    assert cost == pytest.approx(0.7, rel=0.03)
    prices = own["search_spend"] / own["search_clicks"]
    assert prices.std() / prices.mean() == pytest.approx(0.1, rel=0.25)
    truth = wide(made.truth, "fr", c.CONTRIBUTION)["search"]
    stock = geometric_adstock(own["search_clicks"].to_numpy() * cost, 0.1)
    power, threshold = stock**1.2, (0.6 * stock.max()) ** 1.2
    shape = power / (power + threshold)
    np.testing.assert_allclose(truth, shape * truth.sum() / shape.sum(), rtol=1e-10)


@pytest.mark.parametrize("family", ["weibull_cdf", "weibull_pdf"])
def test_weibull_adstock_is_the_engine_s(family: str) -> None:
    own = {"alphas": 1.3, "gammas": 0.5, "scales": 0.02, "shapes": 2.0}
    values = {**SMALL, "adstock": family, "countries": [{"name": "fr"}], "holidays": None}
    values["channels"] = [{**SMALL["channels"][0], "hyperparameters": own}]
    made = simulate(Simulation.parse(values))
    spend = made.data["tv_spend"].to_numpy()
    weights = weibull_weights(spend.size, 0.02, 2.0, family == "weibull_pdf")
    stock = np.convolve(spend, weights)[: spend.size]
    function = of_channels(made.truth.channels.assign(**{c.MEAN_CARRYOVER: 0.0}))
    np.testing.assert_allclose(
        function.response(stock[:, None])[:, 0],
        made.truth.contributions[c.CONTRIBUTION],
        rtol=1e-10,
        atol=1e-6,
    )


@pytest.mark.parametrize("snr", [2.0, 15.0, 100.0])
def test_noise_has_the_variance_asked_for(snr: float) -> None:
    base = simulate(small(("snr", str(snr)), ("baseline", "90000"))).truth.baseline
    for _, rows in base.groupby("country"):
        reached = rows["expected"].var() / rows["noise"].var()
        assert reached == pytest.approx(snr, rel=1e-4)
        assert abs(rows["noise"].mean()) < 0.01


def test_without_noise_the_target_is_what_is_expected() -> None:
    base = simulate(small(("snr", "null"))).truth.baseline
    np.testing.assert_array_equal(base["noise"], 0.0)
    np.testing.assert_array_equal(base["target"], base["expected"])


@pytest.mark.parametrize("correlation", [0.5, 0.9, 0.99])
def test_followers_correlate_with_their_leader_as_asked(correlation: float) -> None:
    group = f"[{{leader: tv, followers: [search, social], correlation: {correlation}}}]"
    data = simulate(small(("collinear", group))).data
    for _, rows in data.groupby("country"):
        for name in ("search", "social"):
            reached = np.corrcoef(rows["tv_spend"], rows[f"{name}_spend"])[0, 1]
            assert reached == pytest.approx(correlation, abs=1e-5)


def test_a_correlation_that_is_there_already_is_refused() -> None:
    group = "[{leader: tv, followers: [search], correlation: 0.9}]"
    again = "[{leader: tv, followers: [search], correlation: 0.0001}]"
    simulate(small(("collinear", group)))
    refusals = []
    for seed in range(10):  # chance alone correlates some of them by more
        try:
            simulate(small(("collinear", again), ("seed", str(seed))))
        except SimulationError as error:
            refusals.append(str(error))
    assert 0 < len(refusals) < 10
    assert all("collinear[0].followers[0]: its spend in " in text for text in refusals)


def test_flighting_is_what_its_name_says() -> None:
    data = simulate(small(("periods", "1461"))).data
    own = data[data["country"] == "fr"].set_index("date")
    on = own["tv_spend"] > 0
    starts = int((on & ~on.shift(fill_value=False)).sum())
    assert 22 <= starts <= 24  # six a year over four years; two may touch
    assert on.sum() == 24 * 20
    for name, level in (("tv", 900), ("search", 500), ("social", 400)):
        assert own[f"{name}_spend"].mean() == pytest.approx(level, rel=1e-4)
    monthly = own["search_spend"].groupby(own.index.month).mean()
    assert monthly[12] > 1.8 * monthly[6]
    variation = own["social_spend"].std() / own["social_spend"].mean()
    assert variation == pytest.approx(0.3, rel=0.15)


def test_the_baseline_is_made_of_what_was_asked_for() -> None:
    truth = simulate(small(("periods", "731"))).truth
    fr = truth.baseline[truth.baseline["country"] == "fr"].set_index("date")
    assert (fr["intercept"] == 20_000).all()
    assert fr["trend"].iloc[-1] == pytest.approx(20_000 * 0.1 * 730 / 365.25)
    assert fr["season"].idxmax().dayofyear == 345
    assert fr["weekday"].groupby(fr.index.dayofweek).first().tolist() == [
        2000,
        0,
        0,
        0,
        0,
        0,
        -2000,
    ]
    assert fr["holiday"]["2023-07-14"] < 0  # the national day
    assert (fr["holiday"] != 0).sum() == 22  # eleven a year
    assert set(np.unique(fr["events"].round(6))) == {0.0, 4000.0}
    de = truth.baseline[truth.baseline["country"] == "de"].set_index("date")
    assert (de["intercept"] == 30_000).all()
    assert de["holiday"]["2023-07-14"] == 0 != de["holiday"]["2023-10-03"]


def test_a_rough_baseline_is_what_was_asked_for() -> None:
    rough = small(
        ("periods", "731"),
        ("wander", "0.1"),
        ("steps", "[{date: 2023-07-01, effect: 0.25}]"),
        ("peaks", "[{day: 355, width: 6, effect: 0.5}]"),
    )
    made = simulate(rough)
    fr = made.truth.baseline.query("country == 'fr'").set_index("date")
    assert fr["steps"]["2023-06-30"] == 0
    assert fr["steps"]["2023-07-01"] == 5_000
    assert fr["peaks"]["2023-12-21"] == pytest.approx(10_000)  # the 355th day
    assert fr["peaks"]["2024-01-02"] == pytest.approx(10_000 * np.exp(-0.5 * (12.25 / 6) ** 2))
    assert fr["wander"].mean() == pytest.approx(0)
    steps = fr["wander"].diff().dropna()
    assert steps.std() * np.sqrt(365.25) == pytest.approx(20_000 * 0.1, rel=0.1)
    plain = simulate(small(("periods", "731"))).data
    assert made.data["tv_spend"].equals(plain["tv_spend"])  # no other series is touched


def test_spend_follows_demand_where_asked() -> None:
    plain = simulate(small()).data.query("country == 'fr'")["tv_spend"].to_numpy()
    rough = ("wander", "0.3")
    made = simulate(small(rough, ("channels.tv.flighting.follows_demand", "2")))
    truth = made.truth.baseline.query("country == 'fr'")
    parts = truth.drop(columns=["country", "date", "expected", "noise", "target"]).sum(axis=1)
    spend = made.data.query("country == 'fr'")["tv_spend"].to_numpy()
    on = plain > 0
    ratio = np.log(spend[on] / plain[on])
    assert np.polyfit(np.log(parts[on]), ratio, 1)[0] == pytest.approx(2, abs=0.01)
    with pytest.raises(SimulationError, match="spend follows it"):
        simulate(small(("trend", "-0.5"), ("season.amplitude", "0.9"),
                       ("steps", "[{date: 2023-02-01, effect: -1}]"),
                       ("channels.tv.flighting.follows_demand", "1")))  # fmt: skip


def test_a_plan_can_be_flighted_as_a_whole() -> None:
    flighted = simulate(small(("flighting", "{pattern: bursts, per_year: 6, length: 7}"))).data
    for channel in ("tv", "search", "social"):
        assert 0.8 < (flighted[f"{channel}_spend"] == 0).mean() < 0.95


def test_weekly_data() -> None:
    values = {**SMALL, "interval": "week", "weekday": [], "periods": 104}
    values["channels"] = [
        {**channel, "flighting": {"pattern": "bursts", "length": 3}}
        for channel in SMALL["channels"]
    ]
    made = simulate(Simulation.parse(values))
    steps = made.data[made.data["country"] == "fr"]["date"].diff().dropna().unique()
    assert list(steps) == [np.timedelta64(7, "D")]
    week = made.truth.baseline.query("country == 'fr'").set_index("date")["holiday"]
    assert week["2023-07-10"] != 0  # the week of the 14th
    assert abs(week).max() < 20_000 * 3 / 7  # a holiday moves its day only


BAD = [
    ("snr", "0", "snr"),
    ("periods", "3", "periods"),
    ("countries", "[]", "countries"),
    ("unknown", "1", "unknown"),
    ("channels.tv.roas", "-1", "channels[0].roas"),
    ("channels.tv.name", "'a b'", "channels[0].name"),
    ("channels.tv.name", "search", "channels[0].name"),
    ("channels.tv.name", "noise", "channels[0].name"),
    ("channels.tv.spend_level", ".nan", "channels[0].spend_level"),
    ("channels.tv.hyperparameters.thetas", "1", "channels[0].hyperparameters.thetas"),
    ("channels.tv.hyperparameters.scales", "0.1", "channels[0].hyperparameters.scales"),
    ("channels.tv.adstock", "weibull_pdf", "channels[0].hyperparameters.shapes"),
    ("channels.tv.flighting.length", "100", "channels[0].flighting"),
    ("flighting", "{pattern: bursts, length: 100}", "flighting"),
    ("steps", "[{date: 2023-07-01, effect: -2}]", "steps[0].effect"),
    ("channels.1.exposure.cost", "0", "channels[1].exposure.cost"),
    ("channels.1.exposure.cost", "1e9", "channels[1].exposure.cost"),
    ("channels.tv.spend_level", "1e-9", "channels[0].spend_level"),
    ("collinear", "[{leader: x, followers: [tv], correlation: 0.5}]", "collinear[0].leader"),
    ("collinear", "[{leader: tv, followers: [x], correlation: 0.5}]", "collinear[0].followers[0]"),
    ("collinear", "[{leader: tv, followers: [tv], correlation: 0.5}]", "collinear[0].followers[0]"),
    ("countries.de.name", "FR", "countries[0].name"),
    ("countries.fr.holidays", "ATLANTIS", "countries[0].holidays"),
    ("weekday", "[1, 2]", "weekday"),
    ("interval", "week", "weekday"),
    ("events.levels", "{none: 0.1}", "events.levels.none"),
    ("baseline", "10", "baseline"),
    ("channels.ufo.roas", "1", "channels.ufo.roas"),
    ("seed", "[1", "seed"),
]


@pytest.mark.parametrize(("path", "value", "where"), BAD, ids=[f"{p}={v}" for p, v, _ in BAD])
def test_bad_settings_are_refused_with_their_path(path: str, value: str, where: str) -> None:
    with pytest.raises(JobError) as raised:
        simulate(small((path, value)))
    assert where in [problem.where for problem in raised.value.problems]


@settings(max_examples=40)
@given(
    periods=st.integers(10, 400),
    seed=st.integers(0, 2**31 - 1),
    roas=st.floats(0, 20),
    theta=st.floats(0, 0.99),
    alpha=st.floats(0.1, 9.9),
    gamma=st.floats(0.05, 1),
    per_year=st.floats(0.1, 12),
)
def test_whatever_is_asked_for_is_simulated_or_refused(
    periods: int, seed: int, roas: float, theta: float, alpha: float, gamma: float, per_year: float
) -> None:
    changes = {
        "periods": periods,
        "seed": seed,
        "channels.tv.roas": roas,
        "channels.tv.flighting.per_year": per_year,
        "channels.tv.hyperparameters.thetas": theta,
        "channels.tv.hyperparameters.alphas": alpha,
        "channels.tv.hyperparameters.gammas": gamma,
    }
    try:
        made = simulate(small(*((path, repr(value)) for path, value in changes.items())))
    except SimulationError as error:
        refused = {problem.where for problem in error.problems}
        assert refused <= {"baseline", "channels[0].flighting", "channels[0].flighting.length"}
        return
    numbers = made.data.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers >= 0).all(axis=None)
    rows = made.truth.channels.query("channel == 'tv'")
    np.testing.assert_allclose(rows[c.ROAS], [roas, 0.8 * roas], rtol=1e-9)


def recovery_values() -> Values:
    values = {key: SMALL[key] for key in ("seed", "baseline", "context", "channels")}
    return {**values, "periods": 3000, "snr": None, "countries": [{"name": "fr"}]}


def test_the_engine_finds_the_true_coefficients_at_the_true_hyperparameters() -> None:
    """Without noise and without a penalty the regression is exact."""
    made = simulate(Simulation.parse(recovery_values()))
    model, values = true_model(made)
    low = 1e-4  # what strengths() adds at position 0, as a share of the largest lambda
    values[model.space.names.index(c.LAMBDA_HP)] = -low / (1 - low)  # where lambda is 0
    assert abs(model.strengths(values[None])[0]) < 1e-9 * model.data.lambda_max
    fits = model.evaluate(values[None])
    truth = made.truth.channels.set_index(c.CHANNEL)
    names = ("tv", "search", "social")
    np.testing.assert_allclose(
        fits.coefficients[0, -3:], truth.loc[list(names), c.COEFFICIENT], rtol=RECOVERED
    )
    assert fits.coefficients[0, 1] == pytest.approx(-20_000 / 10, rel=RECOVERED)  # of the price
    assert fits.coefficients[0, 0] == pytest.approx(40_000, rel=RECOVERED)  # baseline, price moved
    values[model.space.names.index(c.LAMBDA_HP)] = 0.0  # the smallest penalty a search can try
    penalised = model.evaluate(values[None]).coefficients[0, -3:]
    np.testing.assert_allclose(penalised, truth.loc[list(names), c.COEFFICIENT], rtol=0.01)
    transformed = model.transform(values)
    np.testing.assert_allclose(transformed.inflexions, truth.loc[list(names), c.INFLEXION])
    np.testing.assert_allclose(
        transformed.carryover.mean(axis=0), truth.loc[list(names), c.MEAN_CARRYOVER], atol=1e-6
    )


RECOVERED = 1e-6  # measured: 2e-8


def true_model(made: Simulated) -> tuple[Model, np.ndarray]:
    """The model of simulated data of one country, and the true hyperparameters."""
    settings_ = made.truth.settings
    ranges = {item.name: item.hyperparameters for item in settings_.channels}
    job = job_for(settings_, "data.csv")
    plain = job.to_values()
    for channel in plain["channels"]:
        channel["ranges"] = ranges[channel["name"]]
    job = TrainingJob.parse({**plain, "lambda_range": [0, 0]})
    data = made.data
    media = {}
    for item in job.channels:
        seen = data[item.exposure or item.spend]
        media[item.name] = seen * (data[item.spend].sum() / seen.sum())
    table = pd.DataFrame(
        {c.DATE: data["date"], c.TARGET: data["revenue"], "price": data["price"], **media}
    )
    spends = pd.DataFrame({item.name: data[item.spend] for item in job.channels})
    model = Model(ModelInput.of_table(table, spends, job), job)
    return model, np.array([low for low, _ in model.space.bounds.values()])


# The shipped data set


@pytest.fixture(scope="module")
def daily() -> Simulation:
    return Simulation.load(example_path("daily").with_suffix(".yaml"))


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, float_precision="round_trip", parse_dates=["date"])


def test_the_shipped_data_are_what_their_settings_make(daily: Simulation) -> None:
    made, path = simulate(daily), example_path("daily")
    pd.testing.assert_frame_equal(read(path), made.data, check_exact=False, rtol=1e-12, atol=0)
    shipped = Truth.load(truth_folder(path))
    assert shipped.settings == daily
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(shipped, table), getattr(made.truth, table), rtol=1e-12, atol=1e-8,
            check_dtype=False,
        )  # fmt: skip
    assert len(daily.channels) == 8
    assert [country.name for country in daily.countries] == ["fr", "de", "uk"]
    assert len(made.data) == 3 * 728
    assert path.stat().st_size < 1e6
    assert sum(file.stat().st_size for file in truth_folder(path).iterdir()) < 1e6


def daily_job(daily: Simulation, **values: Any) -> TrainingJob:
    return job_for(daily, "example:daily", values.pop("country", "fr"), **values)


def test_a_run_knows_its_truth(daily: Simulation, job: TrainingJob, tmp_path: Path) -> None:
    uk = truth_of(daily_job(daily, country="uk"))
    assert uk is not None
    assert set(uk.channels["country"]) == set(uk.baseline["country"]) == {"uk"}
    assert truth_of(job) is None  # Robyn's weekly data
    elsewhere = TrainingJob.parse({**daily_job(daily).to_values(), "country": "it"})
    assert truth_of(elsewhere) is None
    truth_folder(tmp_path / "data.csv").mkdir()
    with pytest.raises(SourceError, match=r"truth: .* cannot be read"):
        truth_of(job_for(daily, str(tmp_path / "data.csv")))


@pytest.fixture(scope="module")
def trained(daily: Simulation) -> tuple[TrainingResult, TrainingJob, Truth]:
    """A short search on France."""
    job = daily_job(daily, iterations=60, trials=1, min_candidates=5)
    result = NativeEngine().train(prepare_dataset(read(example_path("daily")), job), job, ignore)
    truth = truth_of(job)
    assert truth is not None
    return result, job, truth


def test_modelled_and_true_roas(trained: tuple[TrainingResult, TrainingJob, Truth]) -> None:
    result, job, truth = trained
    table = report.truth_table(result, job, truth).set_index(c.CHANNEL)
    true = {channel.name: channel.roas for channel in truth.settings.channels}
    assert set(table.index) == set(true)
    assert table[c.TRUE_CONTRIBUTION].is_monotonic_decreasing
    modelled = result.channel_table().set_index(c.CHANNEL)
    for name, row in table.iterrows():
        assert row[c.TRUE_ROAS] == pytest.approx(true[str(name)], rel=1e-9)
        assert row[c.MODELLED_ROAS] == modelled[c.ROAS][name]
        assert row[c.MODELLED_RESPONSE] == modelled[c.CURRENT_RESPONSE][name]
        assert row[c.ROAS_ERROR] == pytest.approx(row[c.MODELLED_ROAS] / row[c.TRUE_ROAS] - 1)
        stored = truth.channels.set_index(c.CHANNEL)[c.CURRENT_RESPONSE][name]
        assert row[c.TRUE_RESPONSE] == pytest.approx(stored, rel=1e-9)
    # A search as short as this is far off, but it knows which channel brings in the most.
    ranks = table[[c.TRUE_CONTRIBUTION, c.MODELLED_CONTRIBUTION]].corr("spearman").iloc[0, 1]
    assert ranks > 0.5


def test_a_channel_the_job_leaves_out_is_shown(
    trained: tuple[TrainingResult, TrainingJob, Truth],
) -> None:
    result, job, truth = trained
    table = result.decomposition
    fewer = TrainingResult(
        **{
            **{name: getattr(result, name) for name in result.__dataclass_fields__},
            "decomposition": table[table[c.VARIABLE] != "ooh"],
        }
    )
    row = report.truth_table(fewer, job, truth).set_index(c.CHANNEL).loc["ooh"]
    assert row[c.TRUE_ROAS] == pytest.approx(0.9)
    assert np.isnan(row[c.MODELLED_ROAS])
    assert np.isnan(row[c.ROAS_ERROR])
    assert style.png(report.truth_figure(fewer, job, truth))


def test_a_channel_that_is_not_in_the_job_keeps_apart_from_its_namesake(
    trained: tuple[TrainingResult, TrainingJob, Truth],
) -> None:
    """The job's ``ooh`` is another column: the truth's must not be taken for it."""
    result, job, truth = trained
    plain = job.to_values()
    renamed = [{**item, "spend": "other"} if item["name"] == "ooh" else item
               for item in plain["channels"]]  # fmt: skip
    table = report.truth_table(result, TrainingJob.parse({**plain, "channels": renamed}), truth)
    rows = table.set_index(c.CHANNEL)
    assert np.isnan(rows[c.TRUE_ROAS]["ooh"])
    assert np.isnan(rows[c.MODELLED_ROAS]["ooh (not in the job)"])
    assert rows[c.TRUE_ROAS]["ooh (not in the job)"] == pytest.approx(0.9)


def test_figure_of_modelled_and_true(
    trained: tuple[TrainingResult, TrainingJob, Truth],
) -> None:
    made = report.truth_figure(*trained)
    texts = " ".join(text.get_text() for text in made.texts)
    assert "ROAS: modelled against true" in texts
    assert "Response to spend per day: modelled against true" in texts
    assert len(made.axes) == 1 + 8
    assert style.png(made)[:4] == b"\x89PNG"


def test_another_country_s_truth_is_refused(
    trained: tuple[TrainingResult, TrainingJob, Truth], daily: Simulation
) -> None:
    result, job, _ = trained
    uk = truth_of(daily_job(daily, country="uk"))
    assert uk is not None
    with pytest.raises(DataError, match=r"truth: the run's target .* is not that"):
        report.truth_table(result, job, uk)


def test_weeks_of_daily_data_compare_roas_but_not_responses(daily: Simulation) -> None:
    job = daily_job(
        daily, interval="week", prophet=["trend", "season"], iterations=20, trials=1,
        min_candidates=2,
    )  # fmt: skip
    dataset = prepare_dataset(read(example_path("daily")), job)
    assert dataset.interval == "week"
    result, truth = NativeEngine().train(dataset, job, ignore), truth_of(job)
    assert truth is not None
    table = report.truth_table(result, job, truth).set_index(c.CHANNEL)
    assert table[c.TRUE_ROAS]["search"] == pytest.approx(4.0)
    assert table[c.MODELLED_ROAS].notna().all()
    assert table[[c.TRUE_RESPONSE, c.MODELLED_RESPONSE]].isna().all(axis=None)
    assert len(report.truth_figure(result, job, truth).axes) == 1


def test_roas_is_that_of_the_window(daily: Simulation) -> None:
    window = [dt.date(2023, 6, 1), dt.date(2024, 5, 31)]
    job = daily_job(daily, window=window, iterations=20, trials=1, min_candidates=2)
    data = read(example_path("daily"))
    result, truth = NativeEngine().train(prepare_dataset(data, job), job, ignore), truth_of(job)
    assert truth is not None
    table = report.truth_table(result, job, truth).set_index(c.CHANNEL)
    rows = truth.contributions
    inside = rows[rows[c.DATE].between("2023-06-01", "2024-05-31")]
    sums = inside.groupby(c.CHANNEL)[[c.SPEND, c.CONTRIBUTION]].sum()
    for name, row in table.iterrows():
        assert row[c.TRUE_CONTRIBUTION] == pytest.approx(sums[c.CONTRIBUTION][name])
        assert row[c.TRUE_ROAS] == pytest.approx((sums[c.CONTRIBUTION] / sums[c.SPEND])[name])
    assert table[c.TRUE_ROAS]["tv"] != pytest.approx(2.1, rel=1e-4)


# The command


def test_command_writes_data_truth_and_job(tmp_path: Path) -> None:
    path = tmp_path / "sim.parquet"
    asked = ["simulate", "daily", str(path), "-p", "seed", "7", "-p", "channels.tv.roas", "3"]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    job = TrainingJob.load(tmp_path / "sim.job.yaml")
    truth = truth_of(job)
    assert truth is not None
    assert truth.settings.seed == 7
    assert truth.channels.set_index(c.CHANNEL)[c.ROAS]["tv"] == pytest.approx(3)
    (tmp_path / "sim.job.yaml").write_text("# edited\n" + job.to_yaml())
    assert CliRunner().invoke(main, asked, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "sim.job.yaml").read_text().startswith("# edited")
    dataset = prepare_dataset(pd.read_parquet(path), job)
    np.testing.assert_array_equal(dataset.frame["revenue"], truth.baseline[c.TARGET])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["daily", "x.txt"], 1, "must end in .csv or .parquet"),
        (["daily", "x.csv", "-p", "snr", "-1"], 2, "snr: "),
        (["nowhere.yaml", "x.csv"], 2, "nowhere.yaml: no such file"),
    ],
)
def test_command_refuses(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["simulate", *arguments], catch_exceptions=False)
    assert done.exit_code == code
    assert message in done.output
    assert not list(tmp_path.iterdir())
