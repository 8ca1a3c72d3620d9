"""Plans as calendars: made, read, written, and scored as what really happens."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, strategies as st

from mmmlib.archive.run import Run
from mmmlib.cli import main
from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError, StoreError
from mmmlib.plan.ahead import Ahead, ahead_of
from mmmlib.plan.calendar import Calendar, in_cents, split_evenly
from mmmlib.plan.calendar_file import calendar_csv, calendar_xlsx, write_calendar
from mmmlib.plan.effects import CalendarEffects
from mmmlib.plan.series import Models
from mmmlib.simulate.generate import simulate
from mmmlib.simulate.parse import Simulation
from tests.plan.test_series import NAMES, WEEKS, run

__all__ = ["run"]  # a fixture
WORLD: dict[str, Any] = {
    "seed": 3,
    "periods": 120,
    "interval": "week",
    "channels": [
        {
            "name": name,
            "spend_level": 900 + 400 * i,
            "flighting": {"pattern": pattern, "length": 4},
            "roas": 2.0 + i,
            **more,
        }
        for i, (name, pattern, more) in enumerate(
            [
                ("tv", "bursts", {}),
                ("search", "seasonal", {}),
                ("social", "always_on", {"exposure": {"metric": "clicks", "cost": 0.7}}),
            ]
        )
    ],
    "countries": [{"name": "de"}],
}
SHAPES = {
    "geometric": {"thetas": 0.6},
    "weibull_cdf": {"shapes": 1.4, "scales": 0.02},
    "weibull_pdf": {"shapes": 2.4, "scales": 0.03},
}


def true_world(family: str) -> tuple[Ahead, pd.DataFrame]:
    """A model with the true parameters of a simulation, and the truth by date and channel."""
    hyper = {"alphas": 1.4, "gammas": 0.5, **SHAPES[family]}
    channels = [each | {"hyperparameters": hyper} for each in WORLD["channels"]]
    made = simulate(Simulation.parse(WORLD | {"adstock": family, "channels": channels}))
    truth, data = made.truth, made.data
    names = list(truth.channels[c.CHANNEL])
    table = truth.channels.set_index(c.CHANNEL)

    def row(name: str) -> np.ndarray:
        return table.loc[names, name].to_numpy(dtype=np.float64)[None, :]

    geometric = family == "geometric"
    decays = row("thetas" if geometric else "scales")
    models = Models(
        tuple(names), family, len(data), decays,  # type: ignore[arg-type]
        np.zeros_like(decays) if geometric else row("shapes"),
        row(c.ALPHA), row(c.INFLEXION), row(c.COEFFICIENT),
    )  # fmt: skip
    spent = pd.DataFrame({c.DATE: data[c.DATE], **{n: data[f"{n}_spend"] for n in names}})
    seen = spent.copy()
    clicks = data["social_clicks"]
    seen["social"] = clicks * (spent["social"].sum() / clicks.sum())
    return Ahead("true", spent, seen, models, None, "revenue"), truth.contributions


@pytest.mark.parametrize("family", SHAPES)
@pytest.mark.parametrize("first", [0, 40, 107])
def test_a_score_is_the_simulators_own_response(family: str, first: int) -> None:
    ahead, truth = true_world(family)
    plan = Calendar(ahead.spent.iloc[first : first + 13].reset_index(drop=True))
    score = ahead.score(plan)
    said = truth[truth[c.DATE].isin(plan.dates)].set_index([c.DATE, c.CHANNEL])[c.CONTRIBUTION]
    found = score.table.set_index([c.DATE, c.CHANNEL])[c.RESPONSE]
    np.testing.assert_allclose(found, said.loc[found.index], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("family", SHAPES)
def test_what_is_carried_in_and_out_adds_up(family: str) -> None:
    ahead, _ = true_world(family)
    start, end = ahead.next_periods(60)
    whole = ahead.calendar(start, end)
    parts = [Calendar(whole.table.iloc[a:b].reset_index(drop=True)) for a, b in ((0, 20), (20, 60))]
    first = ahead.score(parts[0])
    later = Ahead(
        "true", *(pd.concat([table, parts[0].table]) for table in (ahead.spent, ahead.exposures)),
        ahead.models, None, "revenue",
    )  # fmt: skip
    together = ahead.score(whole).table.groupby(c.CHANNEL)[c.RESPONSE].sum()
    own = first.table.groupby(c.CHANNEL)[c.RESPONSE].sum()
    second = later.score(parts[1]).channels.set_index(c.CHANNEL)
    np.testing.assert_allclose(together, (own + second[c.RESPONSE]).loc[together.index])
    nothing = later.score(parts[1].scaled(0.0)).channels.set_index(c.CHANNEL)
    assert nothing["brought"].abs().max() < 1e-9
    np.testing.assert_allclose(nothing[c.RESPONSE], second["carried_in"])


@pytest.mark.parametrize("family", SHAPES)
def test_the_next_euro_is_a_slope(family: str) -> None:
    ahead, _ = true_world(family)
    plan = ahead.calendar("2024-06-03", "2024-09-30")
    before, _ = ahead._before(plan.dates[0])
    effects = ahead._effects(ahead.models, plan.dates, before)
    _, slopes = effects.gained(plan.money)
    for cell in [(0, 0), (3, 1), (len(plan.dates) - 1, 2)]:
        step = np.zeros_like(plan.money)
        step[cell] = 1e-2 * max(1.0, plan.money[cell])
        if plan.money[cell] < step[cell]:
            continue
        up, down = (effects.gained(plan.money + sign * step)[0] for sign in (1, -1))
        assert (up - down) / (2 * step[cell]) == pytest.approx(slopes[cell], rel=1e-4)
    marginal = ahead.score(plan).channels[c.MARGINAL_RESPONSE].to_numpy()
    more, less = (effects.brought(plan.money * factor)[0] for factor in (1.0001, 0.9999))
    expected = (more - less) / (0.0002 * plan.money.sum(axis=0))
    np.testing.assert_allclose(marginal, expected, rtol=1e-5)


def test_calendars_are_last_years_or_flat_to_the_cent(run: Run) -> None:
    ahead = ahead_of(run)
    start, end = ahead.next_periods(8)
    plan = ahead.calendar(start, end, scale=1.5)
    a_year_ago = ahead.spent[NAMES].to_numpy()[WEEKS - 52 : WEEKS - 44]
    np.testing.assert_allclose(plan.money, np.round(1.5 * a_year_ago, 2))
    assert ahead.calendar(start, end, total=1_000_000.01).total == 1_000_000.01
    even = ahead.calendar(start, end, by="flat", total=99.99)
    assert even.total == 99.99
    assert np.ptp(even.money, axis=0).max() <= 0.011
    far = ahead.calendar("2025-06-02", "2025-06-30", by="flat")
    said = " ".join(ahead.score(far).warnings)
    assert "after the data end" in said
    assert "no intervals" in said


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2020-01-06", "2020-03-01", "before the data, which begin on 2023-01-02"),
        ("2024-03-04", "", "end: is not given"),
        ("", "soon", "'soon' is no date"),
        ("2024-05-06", "2024-04-01", "is before the start"),
        ("2024-03-05", "2024-03-06", "no week begins"),
        ("2024-03-04", "2090-01-01", "more than a plan may have"),
        ("2023-02-06", "2023-04-03", "less than a year before"),
    ],
)
def test_dates_that_are_no_plans(run: Run, start: str, end: str, said: str) -> None:
    with pytest.raises(AllocationError, match=said):
        ahead_of(run).calendar(start, end)


@given(st.floats(0, 1e9), st.integers(1, 60))
def test_cents_add_up(total: float, cells: int) -> None:
    total = round(total, 2)
    assert round(sum(split_evenly(total, cells)), 2) == pytest.approx(total, abs=0.005)
    parts = np.random.default_rng(cells).dirichlet(np.ones(cells)) * total
    assert round(float(in_cents(parts, total).sum()), 2) == pytest.approx(total, abs=0.005)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_plan_goes_in_out_and_in_without_a_changed_cent(
    run: Run, tmp_path: Path, suffix: str
) -> None:
    ahead = ahead_of(run)
    plan = ahead.calendar(*ahead.next_periods(13), total=1_234_567.89)
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_calendar(plan, first)
    write_calendar(ahead.read(first), second)
    again = ahead.read(second)
    assert again.money.tolist() == plan.money.tolist()
    assert again.dates.equals(plan.dates)
    with pytest.raises(StoreError, match=r"as \.csv or \.xlsx"):
        write_calendar(plan, tmp_path / "a.txt")


def test_names_are_no_formulas(run: Run, tmp_path: Path) -> None:
    weeks = pd.date_range("2024-03-04", periods=2, freq="7D")
    names = ["=1+1", "@sum", "'-x", "+49"]
    plan = Calendar(pd.DataFrame({c.DATE: weeks, **dict.fromkeys(names, 1.25)}))
    sheet = openpyxl.load_workbook(io.BytesIO(calendar_xlsx({"plan": plan})))["plan"]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert calendar_csv(plan).decode().splitlines()[1:] == [f"'{name},1.25,1.25" for name in names]
    ahead = ahead_of(run)
    for suffix in (".csv", ".xlsx"):
        write_calendar(plan, tmp_path / f"a{suffix}")
        with pytest.raises(AllocationError) as error:
            ahead.read(tmp_path / f"a{suffix}")
        assert all(f"{name} is no paid channel" in str(error.value) for name in names)


def test_everything_wrong_is_said_by_sheet_and_cell(run: Run, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Q2"
    first = pd.Timestamp("2024-03-04")
    days = [first + pd.Timedelta(days=7 * i) for i in (0, 1, 3, 3)]
    sheet.append(["channel", *(day.to_pydatetime() for day in days), "2024-04-03", "later"])
    sheet.append(["tv", 1, -5, "12 €", None, 1, 1])
    sheet.append(["search", "=B2*2", 1, 1, 1, 1, 1])
    sheet.append(["radio", 1, 1, 1, 1, 1, 1])
    sheet.append(["tv", 1, 1, 1, 1, 1, 1])
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(AllocationError) as error:
        ahead_of(run).read(tmp_path / "plan.xlsx")
    said = str(error.value)
    for expected in (
        "Q2!E1: 2024-03-25 is there twice",
        "Q2!F1: 2024-04-03 begins no week of the data; the week it lies in begins on 2024-04-01",
        "Q2!G1: 'later' is no date",
        "Q2: has a gap: the weeks 2024-03-18",
        "Q2!C2: -5 is no money",
        "Q2!D2: '12 €' is no number",
        "Q2!B3: is a formula without a result",
        "Q2!A4: radio is no paid channel of the model; it has tv, search, social",
        "Q2!A5: tv is there twice; it stands in row 2",
        "Q2: lacks the channel social",
    ):
        assert expected in said
    with pytest.raises(StoreError, match="has no sheet 'Q3'; it has Q2"):
        ahead_of(run).read(tmp_path / "plan.xlsx", "Q3")
    (tmp_path / "no.xlsx").write_bytes(b"PK nothing")
    with pytest.raises(StoreError, match="no workbook that can be read"):
        ahead_of(run).read(tmp_path / "no.xlsx")


def test_intervals_are_those_of_the_posterior() -> None:
    ahead, _ = true_world("geometric")
    rng = np.random.default_rng(0)
    one = ahead.models
    many = Models(
        one.channels, "geometric", one.rows,
        *(np.repeat(figures, 40, axis=0) for figures in (one.decays, one.shapes, one.alphas)),
        one.inflexions * rng.uniform(0.8, 1.2, (40, 3)),
        one.coefficients * rng.uniform(0.5, 1.5, (40, 3)),
    )  # fmt: skip
    sure = Ahead("true", ahead.spent, ahead.exposures, many, many, "revenue")
    score = sure.score(sure.calendar(*sure.next_periods(13)))
    for table, name in ((score.table, c.RESPONSE), (score.channels, "brought")):
        assert (table[c.LOW] <= table[name] + 1e-9).all()
        assert (table[name] <= table[c.HIGH] + 1e-9).all()
    wide = score.total.iloc[0]
    assert wide[c.LOW] < wide["brought"] < wide[c.HIGH]
    assert "90% interval" in repr(score)


def test_a_channel_that_rests_has_its_next_euro() -> None:
    one = np.ones((1, 2))
    models = Models(("a", "b"), "geometric", 9, 0.5 * one, one, one, 10 * one, 30 * one)
    effects = CalendarEffects(models, 3, np.zeros((0, 2)), np.ones((3, 2)))
    money = np.array([[5.0, 0], [0, 0], [0, 0]])
    assert effects.next_unit_by_pattern(money)[1] == pytest.approx(
        np.mean([sum(3.0 * 0.5**k for k in range(3 + effects.tail - t)) for t in range(3)])
    )


def mmm(run: Run, *words: str) -> Result:
    return CliRunner().invoke(main, ["plan", *words, "--root", run.store.root])


def test_the_command_makes_and_scores_a_template(run: Run, tmp_path: Path) -> None:
    ahead, file = ahead_of(run), tmp_path / "plan.xlsx"
    start, end = ahead.next_periods(4)
    words = ("--start", start, "--end", end, "--total", "5000", "-o", str(file))
    made = mmm(run, "template", str(run), *words)
    assert made.exit_code == 0, made.output
    assert "5,000.00" in made.output
    scored = mmm(run, "score", str(run), str(file))
    assert scored.exit_code == 0, scored.output
    assert "carried in" in scored.output
    wrong = mmm(run, "template", str(run), "--start", start, "-o", str(file))
    assert wrong.exit_code == 1
    assert "end: is not given" in wrong.output


def test_a_model_beside_its_posterior_is_said_so() -> None:
    one = np.ones((1, 1))
    models = Models(("a",), "geometric", 60, 0.0 * one, one, one, 10 * one, 30 * one)
    many = np.ones((40, 1))
    half = Models(("a",), "geometric", 60, 0.0 * many, many, many, 10 * many, 15 * many)
    dates = pd.date_range("2024-01-01", periods=60, freq="7D")
    spent = pd.DataFrame({c.DATE: dates, "a": 5.0})
    score = (beside := Ahead("best", spent, spent, models, half, "revenue")).score(
        beside.calendar(*beside.next_periods(4))
    )
    assert "by the posterior, which does not hold the model's figure" in repr(score)
