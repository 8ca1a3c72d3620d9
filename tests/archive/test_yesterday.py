"""Runs that 0.1.0 archived, before the rooms of `mmmlib` were made, mean today what they meant."""

from __future__ import annotations

import tarfile
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import decisions_of, is_kept, promotion
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import load_result
from mmmlib.archive.run import Run
from mmmlib.cli import main
from mmmlib.data.extract import dataset_of
from mmmlib.ground import columns as c
from mmmlib.plan.basis import basis_of
from mmmlib.plan.scenarios import load_scenarios
from mmmlib.run.refresh import changes_of, continued_job, find_parent
from mmmlib.run.reproduction import compare_runs, copy_dataset, reproducible_job
from mmmlib.run.work import NotebookRun
from mmmlib.ui.compare.model import compare
from tests.conftest import REPOSITORY

NATIVE, REFRESHED, FAILED = (f"r041/de/20261130_{at}" for at in ("231653", "231704", "231718"))
# The plan of nine million as 0.1.0 printed it: spend a week, now and planned.
PLAN = {
    "tv": (14_802, 14_178),
    "ooh": (56_298, 39_408),
    "print": (4_062, 6_092),
    "facebook": (2_119, 3_179),
    "search": (4_248, 6_372),
}
ROAS = {"ooh": 0.90, "tv": 8.49, "search": 11.66, "print": 9.19, "facebook": 30.53}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("yesterday")
    with tarfile.open(REPOSITORY / "tests" / "archives" / "0.1.0.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return Archive(str(folder))


@pytest.fixture
def mmm(old: Archive, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def said(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, "--root", old.store.root])
        assert done.exit_code == 0, done.output
        return done.stdout

    return said


def trained(run: Run) -> Run:
    work = NotebookRun(run, supervised=False)
    work.train()
    work.refreshed()
    work.finish()
    return run


def same(old: Run, new: Run) -> bool:
    """To the last bit, which is returned, on the machine and with the packages of then."""
    found = compare_runs(old, new)
    exact = {*found.surroundings[c.NAME]} <= {"code_commit", "engine_version", "cores"}
    if exact:
        assert found.same, found.tables
    summaries = [run.manifest.summary[c.NRMSE_TRAIN] for run in (old, new) if run.manifest]
    assert summaries[0] == pytest.approx(summaries[1], rel=0.05)
    return exact


def test_they_are_listed(old: Archive, mmm: Callable[..., str]) -> None:
    assert [str(run) for run in old.runs()] == [FAILED, REFRESHED, NATIVE]
    listed = {
        line.split()[0]: line.split() for line in mmm("runs").splitlines()[1:] if line[0] == "r"
    }
    assert listed[NATIVE][1:8] == ["succeeded", "8.2", "s", "analyst", "1_25_1", "0.1144", "0.6098"]
    assert listed[REFRESHED][4:8] == ["analyst", "3_7_1", "0.0856", "0.0525"]
    assert listed[FAILED][1] == "failed"


def test_the_failed_one_says_why(old: Archive, mmm: Callable[..., str]) -> None:
    assert old.run(FAILED).state().status is Status.FAILED
    assert "the data have no column 'tv_X'; did you mean 'tv_S'?" in mmm("show", FAILED)


def test_the_model_is_shown_with_what_was_decided(old: Archive, mmm: Callable[..., str]) -> None:
    said = mmm("show", NATIVE)
    assert "best model 1_25_1 of 40 candidates" in said
    assert "NRMSE train 0.1144 · R² train 0.7379 · DECOMP.RSSD 0.6098" in said
    assert "1_16_1 stands for it, promoted by analyst: closer to last year" in said
    assert "Data checks: 19 PASS, 1 REVIEW, 0 FAIL" in said
    assert "holidays moved (42) in holidays.csv" in said
    assert "(32 artifacts)" in said
    run = old.run(NATIVE)
    totals = load_result(run).decomposition.set_index([c.CANDIDATE, c.VARIABLE]).loc["1_25_1"]
    assert totals.loc[list(ROAS), c.ROAS].round(2).to_dict() == ROAS
    made = promotion(run, "1_25_1")
    assert made is not None
    assert (made.candidate, is_kept(run)) == ("1_16_1", True)
    assert "checked with finance" in [each.text for each in decisions_of(run)]


def test_they_are_compared(old: Archive) -> None:
    found = compare(old, [NATIVE, REFRESHED, FAILED])
    heads = [(head["id"], head["best"], head["promoted"]) for head in found["heads"]]
    assert heads == [(NATIVE, "1_16_1", True), (REFRESHED, "3_7_1", False), (FAILED, "", False)]
    nrmse = found["errors"][0]["values"]
    assert nrmse[:2] == pytest.approx([0.142037, 0.085609], abs=1e-6)


def test_budgets_are_planned_with_it(old: Archive, mmm: Callable[..., str]) -> None:
    basis = basis_of(old.run(NATIVE), "1_25_1")
    robyns = ("response", "mean_spend")  # the only definition there was
    plan = basis.plan(basis.settings_with([("total_budget", "9000000"), robyns]))
    table = plan.table.set_index(c.CHANNEL)
    (scenario,) = load_scenarios(old.run(NATIVE))
    assert scenario.name == "nine million"
    for name, values in scenario.figures.items():
        assert table[name].tolist() == pytest.approx(values, rel=1e-6), name
    asked = ("-p", "total_budget", "9000000", "-p", *robyns)
    said = mmm("allocate", NATIVE, "--candidate", "best", *asked)
    for channel, (now, planned) in PLAN.items():
        assert _row(said, channel)[1:3] == [f"{now:,}", f"{planned:,}"]
    assert "response: 401,554 → 469,934 (+17.0%)" in said
    assert "ROAS: 4.93 → 6.79 (+37.8%)" in said
    assert "4 of 5 channels stand on a bound" in said


def _row(said: str, channel: str) -> list[str]:
    (row,) = [line.split() for line in said.splitlines() if line.split()[:1] == [channel]]
    return row


@pytest.mark.parametrize(("run", "figures"), [(NATIVE, 41), (REFRESHED, 41)])
def test_their_models_are_recreated(mmm: Callable[..., str], run: str, figures: int) -> None:
    said = mmm("recreate", run, "best")
    assert f": {figures} figures compared" in said
    assert "recreated: largest difference" in said


def test_it_is_reproduced(old: Archive) -> None:
    run = old.run(NATIVE)
    new = old.claim(reproducible_job(run))
    copy_dataset(run, new)
    same(run, trained(new))


def test_it_is_refreshed(old: Archive) -> None:
    run = old.run(NATIVE)
    parent = find_parent(old.store, f"{NATIVE}/1_25_1")
    job, _ = continued_job(parent, run.job, dataset_of(run.job), steps=8)
    before = old.run(REFRESHED).job
    assert (job.window, job.refresh_of) == (before.window, before.refresh_of)
    assert [item.ranges for item in job.channels] == [item.ranges for item in before.channels]


def test_its_refresh_is_reproduced(old: Archive) -> None:
    before = old.run(REFRESHED)
    new = old.claim(reproducible_job(before))
    copy_dataset(before, new)
    tolerance = 0 if same(before, trained(new)) else 0.05
    assert_frame_equal(changes_of(before), changes_of(new), rtol=tolerance, atol=tolerance)
