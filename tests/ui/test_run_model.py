"""One run's page, without widgets."""

from __future__ import annotations

import base64
import json

import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.archive.manifest import State, Status
from mmmlib.archive.results import save_result
from mmmlib.archive.run import CANCEL, PROGRESS, STATUS, now
from mmmlib.ground import columns as c
from mmmlib.ground.errors import RunError
from mmmlib.run.supervisor import conclude
from mmmlib.ui.run.download import readable
from mmmlib.ui.run.findings import picture_of, read_findings
from mmmlib.ui.run.model import LOG_LINES, RunModel, first_shown, neighbours, newest
from mmmlib.ui.run.spread import read_spread
from tests.tampering import rewrite, rewrite_table


@pytest.fixture
def going(sample, tmp_path):
    """A run that says it is running."""
    run = Archive(str(tmp_path)).claim(sample.job())
    state = State(status=Status.RUNNING, stage="train", heartbeat=now(), started=now())
    run.save(STATUS, state.to_json())
    return run


def test_findings_are_those_of_the_result(ended, sample):
    findings = read_findings(ended["succeeded"])
    assert (findings.best, findings.candidates) == (sample.BEST, 2)
    assert findings.errors == [
        ("NRMSE train", 0.0612),
        ("R² train", 0.9131),
        ("DECOMP.RSSD", 0.2077),
    ]
    names = [row["channel"] for row in findings.channels]
    assert names == ["tv", "search", "print", sample.EVIL]
    assert findings.efficiency == "ROAS"
    assert [row["efficiency"] for row in findings.channels] == [2.25, 4.8, 16.8, None]


def test_findings_are_json(ended):
    plain = read_findings(ended["succeeded"]).plain()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_large_tables_stay_in_the_archive(ended, monkeypatch):
    run = ended["succeeded"]
    load, seen = type(run).load_table, []
    monkeypatch.setattr(
        type(run), "load_table", lambda self, name: seen.append(name) or load(self, name)
    )
    read_findings(run)
    assert {*seen} - {"posterior"} == {"channels", "decomposition"}  # a row a channel


def test_the_one_pager_is_the_archived_picture(ended, sample):
    kind, _, text = picture_of(ended["succeeded"], sample.BEST).partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(text) == ended["succeeded"].load(f"{sample.BEST}.png")
    assert picture_of(ended["failed"], sample.BEST) == ""


def test_an_ended_run(ended, sample):
    model = RunModel(ended["failed"])
    facts = model.facts()
    assert facts["status"] == "failed"
    assert not facts["going"]
    assert sample.EVIL in facts["error"]
    assert "DataError" in facts["log"]  # the traceback
    assert model.over
    assert model.findings() is None
    assert not facts["trained"]


def test_a_run_that_searches(going):
    facts = {
        "stage": "train",
        "step": "search",
        "done": 500,
        "total": 2000,
        "rate": 812.4,
        "seconds_left": 75.0,
        "best_nrmse": 0.07,
        "best_rssd": 0.2,
        "trials": [300, 200],
        "history": [[100, 0.1, 0.3], [500, 0.07, 0.2]],
    }
    going.save_json(PROGRESS, facts)
    model = RunModel(going)
    shown = model.facts()
    assert shown["going"]
    assert not model.over
    assert shown["progress"]["share"] == 25.0
    assert shown["progress"]["history"] == facts["history"]
    assert dict(shown["progress"]["tiles"]) == {
        "Candidates": "500 of 2,000",
        "Trials ended": "0 of 2",
        "Rate": "812 per second",
        "Time left": "75 s",
        "Best NRMSE so far": "0.0700",
        "Best DECOMP.RSSD so far": "0.2000",
    }


def test_findings_wait_for_the_last_page(going, sample):
    save_result(going, sample.result())
    model = RunModel(going)
    assert model.findings() is None
    going.save("1_1_1.png", b"a winner's page, drawn first")
    going.save(f"{sample.BEST}.png", b"png")
    assert model.findings() is None
    conclude(going, Status.FAILED, "killed before its last cell")
    assert model.findings().best == sample.BEST


def test_the_log_is_its_end(going):
    going.save("robyn_console.log", "\n".join(f"line {i}" for i in range(100)).encode())
    log = RunModel(going).facts()["log"].splitlines()
    assert len(log) == LOG_LINES
    assert log[-1] == "line 99"


def test_cancel_asks_and_says_so(going):
    model = RunModel(going)
    assert not model.facts()["cancelling"]
    model.cancel()
    assert going.load_json(CANCEL)["who"]
    assert model.facts()["cancelling"]


def test_an_ended_run_cannot_be_cancelled(ended):
    with pytest.raises(RunError, match="succeeded; there is nothing to cancel"):
        RunModel(ended["succeeded"]).cancel()
    assert not ended["succeeded"].has(CANCEL)


def test_a_promoted_model_is_shown_with_what_is_stored_of_it(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    promote(run, "1_1_1", "ada", "plausible")
    findings = read_findings(run)
    assert (findings.best, findings.original) == ("1_1_1", sample.BEST)
    assert findings.promotion["who"] == "ada"
    assert dict(findings.errors) == {"NRMSE train": 0.09, "R² train": 0.8, "DECOMP.RSSD": 0.4}
    tv = findings.channels[0]
    assert (tv["channel"], tv["efficiency"], tv["current_spend"]) == ("tv", 1.125, None)


def test_where_one_can_go_from_a_run(ended, sample):
    archive = ended["archive"]
    around = neighbours(archive, ended["succeeded"].id)
    assert around["revisions"] == ["r099", "r100"]
    assert around["countries"] == ["de", "uk"]
    assert [run["id"] for run in around["runs"]] == [str(ended["succeeded"])]
    assert newest(archive, "r099", "de") == ended["cancelled"].id  # it has no run of that country
    assert newest(archive, "none") is None
    assert first_shown(archive) == ended["succeeded"]  # the newest that has something to show


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_340_000, "2.3 MB")]
)
def test_sizes(size, text):
    assert readable(size) == text


def test_one_model_has_nothing_near_it(ended, tmp_path):
    """No spread of a single candidate: a line without length would look like certainty."""
    run = ended["succeeded"]
    kept = run.load("candidates.parquet")
    try:
        rewrite_table(run, "candidates", run.load_table("candidates").head(1))
        assert read_spread(run, "1_1_1", "roas") == {}
    finally:
        rewrite(run, "candidates.parquet", kept)


def test_the_interval_of_the_posterior_is_shown_where_it_has_converged(ended):
    run = ended["succeeded"]
    kept = run.load("posterior.parquet")
    assert read_findings(run).posterior == {}
    names = [row["channel"] for row in read_findings(run).channels]
    table = pd.DataFrame({c.CHANNEL: names, c.ROLE: "paid", c.LOW: 1.0, c.HIGH: 2.0})
    table = table.assign(known="roughly known", level=0.9, converged=True, verdict="they agree")
    try:
        rewrite_table(run, "posterior", table)
        found = read_findings(run)
        assert found.posterior == {"level": 0.9, "converged": 1.0, "verdict": "they agree"}
        assert {(row["low"], row["high"], row["known"]) for row in found.channels} == {
            (1.0, 2.0, "roughly known")
        }
        rewrite_table(run, "posterior", table.assign(converged=False))
        assert [row["low"] for row in read_findings(run).channels] == [None] * len(names)
    finally:
        rewrite(run, "posterior.parquet", kept)
