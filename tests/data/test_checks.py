"""Data checks: each rule passes on the shipped data and speaks up on data edited against it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies as st

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import TRAINING
from mmmlib.archive.run import CHECKS
from mmmlib.cli import main
from mmmlib.cli.show import show_run
from mmmlib.data.checks import RULES, Finding, Verdict, check, findings_of, refuse_failures, table
from mmmlib.data.dataset import Change, Dataset, prepare_dataset
from mmmlib.data.prepare.ledger import DROPPED
from mmmlib.ground.errors import DataError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.work import open_run
from tests.conftest import REPOSITORY

MakeJob = Callable[..., TrainingJob]
PASS, REVIEW, FAIL = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL
NOISE = np.random.default_rng(0).gamma(2.0, 1.0, 208)
INSIDE = slice(6, 163)  # rows of the demo's window


def by_rule(findings: tuple[Finding, ...]) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.id, []).append(finding)
    return grouped


def edited(dataset: Dataset, edit: Callable[[pd.DataFrame], Any]) -> Dataset:
    frame = dataset.frame.copy()
    edit(frame)
    return replace(dataset, frame=frame)


def put(column: str, rows: Any, value: Any) -> Callable[[pd.DataFrame], None]:
    def edit(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[rows], column] = value

    return edit


def scaled(column: str, rows: slice, factor: float) -> Callable[[pd.DataFrame], None]:
    def edit(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[rows], column] *= factor

    return edit


def made(column: str, of: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], None]:
    def edit(frame: pd.DataFrame) -> None:
        frame[column] = of(frame)

    return edit


def total(frame: pd.DataFrame) -> pd.Series:
    return frame["tv_S"] + frame["ooh_S"] + frame["print_S"]


def lone_spend(share: float) -> Callable[[pd.DataFrame], None]:
    """Take the exposure away from the first rows that hold this share of facebook's spend."""

    def edit(frame: pd.DataFrame) -> None:
        spend = frame["facebook_S"][INSIDE]
        rows = spend.index[spend.cumsum() <= share * spend.sum()]
        frame.loc[rows, "facebook_I"] = 0.0

    return edit


nothing = put("revenue", [], 0.0)
BUSY = 24  # a row of the demo in which out of home is active

# rule, job, edit, verdict, where
CASES: list[tuple[str, dict[str, Any], Callable[[pd.DataFrame], Any], Verdict, str]] = [
    ("window_coverage", {"window": ["2015-06-01", "2018-12-31"]}, nothing, REVIEW, "window"),
    ("window_coverage", {"window": ["2005-01-01", "2016-12-31"]}, nothing, FAIL, "window"),
    ("window_length", {"window": ["2016-01-01", "2017-06-30"]}, nothing, REVIEW, "window"),
    ("window_length", {"window": ["2016-01-01", "2016-05-30"]}, nothing, FAIL, "window"),
    ("rows_per_driver", {"window": ["2016-01-01", "2017-12-27"]}, nothing, REVIEW, "104 rows"),
    ("rows_per_driver", {"window": ["2016-01-01", "2016-05-15"]}, nothing, FAIL, "11 variables"),
    ("adstock_history", {"window": []}, nothing, REVIEW, "window"),
    ("zero_variance", {}, put("tv_S", INSIDE, 5.0), FAIL, "tv"),
    ("zero_variance", {}, put("facebook_S", INSIDE, 5.0), FAIL, "facebook (spend)"),
    ("negative_media", {}, put("tv_S", 0, -1.0), FAIL, "tv_S"),
    ("negative_media", {}, put("facebook_I", 200, -1.0), FAIL, "facebook_I"),
    ("zero_share", {}, put("tv_S", slice(30, 208), 0.0), REVIEW, "tv"),
    ("spend_outliers", {}, put("search_S", 80, 4e6), REVIEW, "search 2017-06-05"),
    ("spend_without_exposure", {}, lone_spend(0.1), REVIEW, "facebook"),
    ("spend_without_exposure", {}, lone_spend(0.8), FAIL, "facebook"),
    ("exposure_without_spend", {}, put("facebook_S", slice(0, 60), 0.0), REVIEW, "facebook"),
    ("tiny_channels", {}, scaled("facebook_S", slice(0, 208), 0.01), REVIEW, "facebook"),
    ("correlated_pairs", {}, made("print_S", lambda f: f["tv_S"] + 5e3 * NOISE), REVIEW,
     "tv ~ print"),
    ("correlated_pairs", {}, made("print_S", lambda f: 2 * f["tv_S"]), FAIL, "tv ~ print"),
    ("vif", {}, made("newsletter", lambda f: total(f) + 5e3 * NOISE), REVIEW, "newsletter"),
    ("vif", {}, made("newsletter", total), FAIL, "newsletter"),
    ("condition_number", {}, made("newsletter", lambda f: total(f) + 500 * NOISE), REVIEW,
     "all variables"),
    ("small_variation", {}, made("competitor_sales_B", lambda f: 1e6 + 100 * NOISE), REVIEW,
     "competitor_sales"),
    ("leakage", {}, made("newsletter", lambda f: f["revenue"] + 1.2e5 * NOISE), REVIEW,
     "newsletter"),
    ("leakage", {}, made("newsletter", lambda f: (f["revenue"] / 50).round()), FAIL, "newsletter"),
    ("leakage", {}, made("newsletter", lambda f: f["revenue"].shift(1).bfill()), FAIL,
     "newsletter"),
    ("negative_target", {}, put("revenue", 90, -5.0), REVIEW, "revenue"),
    ("target_outliers", {}, scaled("revenue", slice(90, 91), 8.0), REVIEW, "revenue 2017-08-14"),
    ("target_tail", {}, put("revenue", slice(162, 208), 0.0), REVIEW, "last 1 rows"),
    ("target_tail", {}, put("revenue", slice(157, 208), 9.0), FAIL, "last 6 rows"),
    ("target_break", {}, scaled("revenue", slice(100, 208), 1.8), REVIEW, "revenue 2017-1"),
    ("candidates_per_range", {"iterations": 100}, nothing, REVIEW, "100 iterations"),
]  # fmt: skip


def test_the_demo_passes(weekly: pd.DataFrame, job: TrainingJob) -> None:
    findings = check(prepare_dataset(weekly, job), job)
    assert [finding.id for finding in findings] == list(RULES)
    assert {finding.verdict for finding in findings} == {PASS}
    assert not any(finding.advice for finding in findings)


@pytest.mark.parametrize(
    ("rule", "values", "edit", "verdict", "where"),
    CASES,
    ids=[f"{case[0]}-{case[3]}-{place}" for place, case in enumerate(CASES)],
)
def test_a_rule_speaks_up(
    weekly: pd.DataFrame, make_job: MakeJob, rule: str, values: dict[str, Any],
    edit: Callable[[pd.DataFrame], Any], verdict: Verdict, where: str,
) -> None:  # fmt: skip
    plain = make_job()
    dataset = edited(prepare_dataset(weekly, plain), edit)
    found = by_rule(check(dataset, make_job(**values)))[rule]
    assert found[0].verdict is verdict, found
    assert any(where in finding.where for finding in found), found
    assert found[0].value is not None
    assert all(finding.advice for finding in found)
    limit = RULES[rule].fail if verdict is FAIL else RULES[rule].review
    assert found[0].threshold == limit


def test_every_rule_has_a_case() -> None:
    spoken = {(case[0], case[3]) for case in CASES} | {("weekday_pattern", REVIEW)}
    wanted = {(rule.id, REVIEW) for rule in RULES.values() if rule.review is not None}
    wanted |= {(rule.id, FAIL) for rule in RULES.values() if rule.fail is not None}
    assert spoken == wanted


def daily(weekly: pd.DataFrame, job: TrainingJob, weekday: list[float]) -> Dataset:
    """The weekly data as days: a week's revenue, spread over its days by ``weekday``."""
    base = prepare_dataset(weekly, job)
    frame = base.frame.loc[base.frame.index.repeat(7)].reset_index(drop=True)
    frame[job.date] = pd.date_range(frame[job.date].iloc[0], periods=len(frame), freq="D")
    smooth = frame["revenue"].rolling(14, min_periods=1).mean()
    noise = np.random.default_rng(1).normal(1.0, 0.1, len(frame))
    frame["revenue"] = smooth * noise * np.tile(weekday, len(base.frame))
    return replace(base, frame=frame, interval="day")


def test_a_weekday_pattern(weekly: pd.DataFrame, make_job: MakeJob) -> None:
    quiet_sunday = [1.0, 1.0, 1.0, 1.0, 1.2, 1.3, 0.3]
    job = make_job()
    even = by_rule(check(daily(weekly, job, [1.0] * 7), job))["weekday_pattern"][0]
    assert even.verdict is PASS
    assert even.value is not None
    assert even.value < 0.05
    found = by_rule(check(daily(weekly, job, quiet_sunday), job))["weekday_pattern"][0]
    assert found.verdict is REVIEW
    assert "prophet: [trend, season, holiday, weekday]" in found.advice
    named = make_job(prophet=["trend", "season", "weekday", "holiday"])
    asked = by_rule(check(daily(weekly, job, quiet_sunday), named))["weekday_pattern"][0]
    assert asked.verdict is PASS


def test_closed_sundays_are_no_missing_tail(weekly: pd.DataFrame, make_job: MakeJob) -> None:
    job = make_job(window=["2016-01-04", "2018-12-30"])  # the last day is a Sunday
    dataset = daily(weekly, job, [1, 1, 1, 1, 1, 1, 0])
    assert by_rule(check(dataset, job))["target_tail"][0].verdict is PASS
    cut = edited(dataset, put("revenue", dataset.frame["DATE"] >= "2018-12-27", 0.0))
    found = by_rule(check(cut, job))["target_tail"][0]
    assert (found.verdict, found.value) == (REVIEW, 3.0)  # Thursday to Saturday


def test_a_step_is_found_where_it_is(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = edited(
        prepare_dataset(weekly, job),
        lambda f: put("revenue", slice(90, 208), f["revenue"][90:] + 8e5)(f),
    )
    found = by_rule(check(dataset, job))["target_break"][0]
    assert found.verdict is REVIEW
    at = pd.Timestamp(found.where.removeprefix("revenue "))
    assert abs((at - dataset.frame["DATE"][90]).days) <= 14
    step = float(re.search(r"moves by (\+[\d.e+]+)", found.advice).group(1))  # type: ignore[union-attr]
    assert step == pytest.approx(8e5, rel=0.25)


def test_a_series_without_a_step_has_none() -> None:
    """Autocorrelated errors alone are rarely called a break (3 % of such series)."""
    rng = np.random.default_rng(3)
    job = TrainingJob.parse(
        {"country": "de", "file": "x.csv", "date": "d", "target": "y", "prophet": ["trend"],
         "channels": [{"name": "a", "spend": "a"}]}
    )  # fmt: skip
    dates = pd.date_range("2020-01-06", periods=156, freq="7D")
    broken = 0
    for _ in range(100):
        noise = rng.normal(size=156)
        errors = np.zeros(156)
        for row in range(1, 156):
            errors[row] = 0.4 * errors[row - 1] + noise[row]
        season = 5 * np.sin(np.arange(156) / 52.18 * 2 * np.pi)
        frame = pd.DataFrame({"d": dates, "y": 50 + season + errors, "a": rng.gamma(2, 1, 156)})
        dataset = Dataset(frame, pd.DataFrame({"date": [], "holiday": []}), "week", ())
        broken += by_rule(check(dataset, job))["target_break"][0].verdict is REVIEW
    assert broken <= 8


def test_failures_are_refused_with_advice(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = edited(prepare_dataset(weekly, job), put("tv_S", 0, -1.0))
    findings = check(dataset, job)
    with pytest.raises(DataError, match=r"negative_media tv_S: .* is 1, the limit 0; .*refund"):
        refuse_failures(findings)
    assert findings[0].verdict is FAIL  # the worst come first
    refuse_failures([finding for finding in findings if finding.verdict is not FAIL])


def test_a_dropped_variable_is_not_looked_at(weekly: pd.DataFrame, job: TrainingJob) -> None:
    dataset = edited(prepare_dataset(weekly, job), put("tv_S", slice(0, 208), 0.0))
    assert any(finding.verdict is FAIL for finding in check(dataset, job))
    dropped = Change(DROPPED, "tv", 208, "tv_S is 0 throughout")
    without = replace(
        dataset, frame=dataset.frame.drop(columns="tv_S"), changes=(*dataset.changes, dropped)
    )
    assert all(finding.verdict is PASS for finding in check(without, job))


def test_grouping_small_channels_is_written_out(weekly: pd.DataFrame, job: TrainingJob) -> None:
    def shrink(frame: pd.DataFrame) -> None:
        frame[["facebook_S", "print_S"]] *= 0.01

    found = by_rule(check(edited(prepare_dataset(weekly, job), shrink), job))["tiny_channels"]
    assert {finding.where for finding in found} == {"facebook", "print"}
    line = "features: [{name: small_S, operation: sum, columns: [print_S, facebook_S]}]"
    assert all(line in finding.advice for finding in found)


def test_rows_of_checks_json(weekly: pd.DataFrame, make_job: MakeJob) -> None:
    job = make_job(iterations=10)
    findings = check(prepare_dataset(weekly, job), job)
    rows = json.loads(json.dumps([finding.plain() for finding in findings], allow_nan=False))
    assert set(rows[0]) == {"id", "verdict", "where", "value", "threshold", "advice"}
    assert findings_of(rows) == findings
    assert list(table(findings)["verdict"])[:2] == ["REVIEW", "PASS"]


NUMBERS = st.one_of(
    st.just(0.0),
    st.floats(-1e3, 1e6),
    st.floats(-1e100, 1e100, allow_nan=False),
    st.floats(0, 1e-300),
)


@st.composite
def datasets(draw: st.DrawFn) -> tuple[Dataset, TrainingJob]:
    """Any dataset that keeps its contract, and any job on it."""
    rows = draw(st.integers(1, 160))
    days = draw(st.sampled_from([1, 7]))
    names = [f"c{i}" for i in range(draw(st.integers(1, 4)))]
    dates = pd.date_range("2020-01-06", periods=rows, freq=f"{days}D")
    columns: dict[str, Any] = {"d": dates}
    for name in ["y", *names, "e", "o", "x"]:
        kind = draw(st.sampled_from(["any", "noise", "copy", "constant"]))
        seed = draw(st.integers(0, 9))
        match kind:
            case "any":
                some = draw(st.lists(NUMBERS, min_size=1, max_size=8))
                columns[name] = np.resize(some, rows)
            case "copy" if len(columns) > 1:
                columns[name] = 3.0 * list(columns.values())[-1]
            case "constant":
                columns[name] = np.full(rows, draw(NUMBERS))
            case _:
                columns[name] = np.random.default_rng(seed).gamma(1.0, 1e3, rows)
    values: dict[str, Any] = {
        "country": "de", "file": "x.csv", "date": "d", "target": "y",
        "prophet": draw(st.sampled_from([[], ["trend"], ["trend", "season", "weekday"]])),
        "channels": [{"name": n, "spend": n} for n in names],
        "adstock": draw(st.sampled_from(["geometric", "weibull_cdf", "weibull_pdf"])),
        "ts_validation": draw(st.booleans()), "penalty_factors": draw(st.booleans()),
    }  # fmt: skip
    values["channels"][0]["exposure"] = "e"
    if draw(st.booleans()):
        values |= {"organic": [{"name": "o"}], "context": [{"name": "x"}]}
    if draw(st.booleans()):
        first = draw(st.integers(0, rows - 1))
        start = dates[first].date()
        values["window"] = [start, draw(st.dates(min_value=start).filter(lambda d: d > start))]
    frame = pd.DataFrame(columns)
    empty = pd.DataFrame({"date": [], "holiday": []})
    return Dataset(frame, empty, "day" if days == 1 else "week", ()), TrainingJob.parse(values)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(datasets())
def test_checks_never_raise(pair: tuple[Dataset, TrainingJob]) -> None:
    findings = check(*pair)
    assert {finding.id for finding in findings} == set(RULES)
    json.dumps([finding.plain() for finding in findings], allow_nan=False)
    for finding in findings:
        if finding.value is not None:
            assert RULES[finding.id].verdict(finding.value) is finding.verdict


def test_every_rule_is_documented_with_its_thresholds() -> None:
    page = (REPOSITORY / "docs" / "checks.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ([^|]*?) ?\| ([^|]*?) ?\|$", page, re.M)
    documented = {row[0]: tuple(cell.replace("\\", "") for cell in row[1:]) for row in rows}

    def words(limit: float | None, side: str) -> str:
        return "" if limit is None else f"{side} {limit:g}"

    assert documented == {
        rule.id: (rule.title, words(rule.review, rule.bad), words(rule.fail, rule.bad))
        for rule in RULES.values()
    }
    for name in RULES:
        assert f"- `{name}`:" in page, name


@pytest.fixture
def twins(weekly: pd.DataFrame, tmp_path: Path) -> str:
    """A file in which one channel is another one doubled."""
    path = tmp_path / "twins.csv"
    weekly.assign(print_S=2 * weekly["tv_S"]).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("call", ["checks", "train"])
def test_a_run_stops_before_training(make_job: MakeJob, twins: str, call: str) -> None:
    job = make_job(file=twins, iterations=10, trials=1)
    work = open_run(job.to_values() | {"run": ""})
    with pytest.raises(DataError, match="correlated_pairs tv ~ print"):
        getattr(work, call)()
    run = Archive(job.root).run("latest")
    assert run.state().status is Status.FAILED
    assert not run.has(TRAINING)
    assert run.load_json(CHECKS)[0]["verdict"] == "FAIL"


def test_a_run_shows_its_checks(make_job: MakeJob, capsys: pytest.CaptureFixture[str]) -> None:
    work = open_run(make_job(iterations=10, trials=1).to_values() | {"run": ""})
    shown = work.checks().to_html()
    work.finish()
    assert "candidates_per_range" in shown
    assert "write iterations: 1900" in shown  # advice in full
    capsys.readouterr()
    show_run(work.run)
    printed = capsys.readouterr().out
    assert "Data checks: 21 PASS, 1 REVIEW, 0 FAIL" in printed
    assert "candidates_per_range, 10 iterations" in printed
    assert "PASS  " not in printed  # what passes is not listed


def test_the_command(make_job: MakeJob, twins: str, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(make_job(file=twins).to_yaml())
    picture = tmp_path / "checks.png"
    done = CliRunner().invoke(main, ["data", "check", str(path), "--picture", str(picture)])
    assert done.exit_code == 1
    assert "FAIL     correlated_pairs" in done.output
    assert "tv ~ print: move together" in done.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    done = CliRunner().invoke(main, ["data", "check", "demo"])
    assert done.exit_code == 0
    assert "22 PASS, 0 REVIEW, 0 FAIL" in done.output


def test_the_command_guesses_a_job(weekly: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    weekly.to_csv(path, index=False)
    done = CliRunner().invoke(main, ["data", "check", str(path)])
    assert done.exit_code == 0, done.output
    assert "guessed job: revenue from tv" in done.output
    assert "PASS" in done.output
    missing = CliRunner().invoke(main, ["data", "check", str(tmp_path / "none.csv")])
    assert missing.exit_code == 1
    assert "does not exist" in missing.output
