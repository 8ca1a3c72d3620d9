"""A run, and what one does with its models: recreate, export, refresh, reproduce."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.archive.results import TRAINING, load_result, response_of
from mmmlib.archive.run import Run
from mmmlib.cli import main
from mmmlib.data.extract import dataset_of
from mmmlib.ground import columns as c
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.model.json import file_name, read_model
from mmmlib.run.refresh import changes_of, continued_job, find_parent
from mmmlib.run.reproduction import compare_runs, copy_dataset, reproducible_job
from mmmlib.run.work import NotebookRun
from tests.engines.native import golden
from tests.tampering import rewrite, rewrite_table

Invoke = Callable[..., Result]


def trained(job: TrainingJob, prepare: Callable[[Run], None] = lambda run: None) -> Run:
    """Train a job as its notebooks do, in this process; without pages and plans."""
    run = Archive(job.root).claim(job)
    prepare(run)
    work = NotebookRun(run, supervised=False)
    work.train()
    work.refreshed()
    work.finish()
    return run


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One small run of the demo's model."""
    root = str(tmp_path_factory.mktemp("archive"))
    return trained(golden.job(iterations=80, trials=1, root=root, revision="r1"))


@pytest.fixture(scope="module")
def refreshed(shared: Run) -> Run:
    """Its best model, continued to the end of the data."""
    base = shared.job.model_copy(update={"iterations": 40, "trials": 1})
    chosen = find_parent(shared.store, str(shared))
    job, _ = continued_job(chosen, base, dataset_of(base))
    return trained(job)


@pytest.fixture
def run(shared: Run, tmp_path: Path) -> Run:
    """A copy of the run, to be damaged."""
    shutil.copytree(shared.store.root, tmp_path / "copy")
    return Archive(str(tmp_path / "copy")).run(str(shared))


@pytest.fixture
def invoke(shared: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Invoke:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--root", shared.store.root])

    return call


def test_best_model_and_winners_are_archived_without_data(shared: Run) -> None:
    result = load_result(shared)
    for candidate in {result.best, *result.winners().values()}:
        text = shared.load(file_name(candidate))
        model = read_model(text).in_words_of(shared.job)
        assert b"raw_data" not in text
        row = result.candidates.set_index(c.CANDIDATE).loc[candidate]
        assert model.values["tv_S_thetas"] == row["tv_S_thetas"]
        assert model.values["lambda"] == row["lambda"]
        assert model.errors[c.DECOMP_RSSD] == row[c.DECOMP_RSSD]
    winner = result.winners()[1]
    document = json.loads(shared.load(file_name(winner)))
    assert document["ExportedModel"]["clusters"]["data"][0]["cluster"] == 1


def test_recreate(shared: Run, invoke: Invoke) -> None:
    done = invoke("recreate", str(shared))
    assert done.exit_code == 0, done.output
    assert "recreated: largest difference 0.0e+00, tolerance 1e-06" in done.output


def test_recreate_a_candidate_that_is_only_in_the_tables(shared: Run, invoke: Invoke) -> None:
    result = load_result(shared)
    kept = set(result.decomposition[c.CANDIDATE])
    archived = {result.best, *result.winners().values()}
    candidate = sorted(kept - archived)[0]
    assert not shared.has(file_name(candidate))
    done = invoke("recreate", str(shared), candidate)
    assert done.exit_code == 0, done.output
    dropped = sorted(set(result.candidates[c.CANDIDATE]) - kept)[0]
    done = invoke("recreate", str(shared), dropped)
    assert done.exit_code == 1
    assert "is on no kept front" in done.stderr


def test_a_model_whose_data_changed_is_not_recreated(run: Run, invoke: Invoke) -> None:
    table = run.load_table("model_input")
    table.loc[20:25, "competitor_sales_B"] *= 1.01
    rewrite_table(run, "model_input", table)
    done = CliRunner().invoke(main, ["recreate", str(run), "--root", run.store.root])
    assert done.exit_code == 1
    assert "differs: largest difference" in done.output


def test_export_with_data_and_recreate_from_the_file(shared: Run, invoke: Invoke) -> None:
    done = invoke("export", str(shared), "--data")
    assert done.exit_code == 0, done.output
    file = done.stdout.strip()
    assert file == file_name(load_result(shared).best)
    done = CliRunner().invoke(main, ["recreate", file])
    assert done.exit_code == 0, done.output
    assert "prophet has split the target anew" in done.output
    done = invoke("export", str(shared), "-o", "without.json")
    assert done.exit_code == 0
    done = CliRunner().invoke(main, ["recreate", "without.json"])
    assert done.exit_code == 1
    assert "has no raw data in it; name them with --data FILE" in done.stderr
    frame = golden.dataset().frame.iloc[:-1]
    frame.to_csv("shorter.csv", index=False)
    done = CliRunner().invoke(main, ["recreate", "without.json", "--data", "shorter.csv"])
    assert done.exit_code == 1
    assert "are of another data set: there are 207 rows" in done.stderr


def test_the_promoted_model_is_taken_unless_another_is_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where an export goes
    best = load_result(run).best
    other = next(name for name in load_result(run).winners().values() if name != best)

    def mmm(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--root", run.store.root])

    done = mmm("allocate", str(run), "--candidate", "promoted")
    assert done.exit_code == 1
    assert f"no model of run {run} is promoted; its best one is {best}" in done.stderr
    assert f"model {best} of run {run}, its best one\n" in mmm("allocate", str(run)).stderr
    promote(run, other, "ada", "plausible\nshares")
    why = f"model {other} of run {run}, promoted by ada: plausible shares (the best one is {best})"
    plans = {}
    for words in ([], ["--candidate", "promoted"], ["--candidate", "best"], ["--candidate", other]):
        done = mmm("allocate", str(run), *words)
        assert done.exit_code == 0, done.output
        plans[" ".join(words[1:])] = done.stdout
    assert plans[""] == plans["promoted"] == plans[other] != plans["best"]
    assert why in mmm("allocate", str(run)).stderr
    done = mmm("export", str(run))
    assert (done.stdout.strip(), done.stderr.strip()) == (file_name(other), why)
    done = mmm("export", str(run), "best")
    assert done.stdout.strip() == file_name(best)
    assert f"its best one, as asked; {other} is the promoted one" in done.stderr
    done = mmm("recreate", str(run))
    assert why in done.stderr
    assert f"model {other}: " in done.stdout
    done = mmm("refresh", str(run), "--steps", "99")  # refused once the model is known
    assert why in done.stderr
    assert done.exit_code == 1


def test_a_refresh_continues_the_promoted_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    continued: list[TrainingJob] = []

    def watch(job: TrainingJob) -> Run:
        continued.append(job)
        raise RunError("seen")

    monkeypatch.setattr("mmmlib.cli.models.watch", watch)  # the training itself is slow
    other = next(
        name for name in load_result(run).winners().values() if name != load_result(run).best
    )
    promote(run, other, "ada", "plausible")
    CliRunner().invoke(main, ["refresh", str(run), "--root", run.store.root])
    CliRunner().invoke(main, ["refresh", str(run), "--candidate", "best", "--root", run.store.root])
    assert [job.refresh_of for job in continued] == [
        f"{run}/{other}",
        f"{run}/{load_result(run).best}",
    ]


def test_the_one_pager_of_the_promoted_model_is_opened(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    result = load_result(run)
    other = next(name for name in result.winners().values() if name != result.best)
    rewrite(run, f"{result.best}.png", b"best")
    promote(run, other, "ada", "plausible")
    done = CliRunner().invoke(main, ["open", str(run), "--root", run.store.root])
    assert f"model {other} is promoted and has no one-pager; this is the best" in done.stderr
    rewrite(run, f"{other}.png", b"other")
    done = CliRunner().invoke(main, ["open", str(run), "--root", run.store.root])
    assert done.stderr == ""
    assert [name.rpartition("/")[2] for name in opened] == [f"{result.best}.png", f"{other}.png"]


def test_the_response_of_a_stored_model(shared: Run) -> None:
    channels = load_result(shared).best_channels().set_index(c.CHANNEL)
    response = response_of(shared, "tv_S")
    row = channels.loc["tv_S"]
    assert response.inflexion == pytest.approx(row[c.INFLEXION], rel=1e-12)
    spend = row[c.CURRENT_SPEND]
    at_mean = float(response.response(spend, row[c.MEAN_CARRYOVER]))
    assert at_mean == pytest.approx(row[c.CURRENT_RESPONSE], rel=1e-12)
    slope = float(response.marginal(spend, row[c.MEAN_CARRYOVER]))
    assert slope == pytest.approx(row[c.CURRENT_MARGINAL], rel=1e-12)


def test_the_parent_is_recorded(shared: Run, refreshed: Run) -> None:
    best = load_result(shared).best
    assert refreshed.load_json(TRAINING)["parent"] == {"run": str(shared), "candidate": best}
    assert refreshed.manifest is not None
    assert refreshed.manifest.receipt.refresh_of == f"{shared}/{best}"
    assert shared.load_json(TRAINING)["parent"] is None


def test_a_refresh_searches_around_its_parent(shared: Run, refreshed: Run) -> None:
    chosen = find_parent(shared.store, str(shared)).model
    result = load_result(refreshed)
    freedom = 45 / 157
    for name, (low, high) in shared.job.ranges().items():
        reach = freedom * (high - low) + 1e-12
        values = result.candidates[name]
        assert (values - chosen.values[name]).abs().max() <= reach
        assert values.between(low, high).all()
    exported = read_model(refreshed.load(file_name(result.best))).in_words_of(refreshed.job)
    low, high = exported.ranges["tv_S_thetas"]
    assert 0 < high - low < 0.5 * 2 * freedom + 1e-12
    assert exported.search.refresh_of == refreshed.job.refresh_of


def test_what_a_refresh_changed(shared: Run, refreshed: Run) -> None:
    changes = changes_of(refreshed).set_index([c.PART, c.NAME])
    before, after = load_result(shared), load_result(refreshed)
    for part, column in (("roas", c.ROAS), ("effect_share", c.EFFECT_SHARE)):
        for result, side in ((before, c.PARENT), (after, c.REFRESHED)):
            totals = result.decomposition[result.decomposition[c.CANDIDATE] == result.best]
            wanted = totals.set_index(c.VARIABLE)[column].dropna()
            assert len(wanted) == 5
            for name, value in wanted.items():
                assert changes.loc[(part, name), side] == pytest.approx(value, rel=1e-9)
    assert changes.loc[("data", "rows in the window"), c.CHANGE] == 0
    assert (changes.index.get_level_values(0) == "hyperparameter").sum() == 20


def test_a_refreshed_model_is_recreated_from_its_parent(refreshed: Run, invoke: Invoke) -> None:
    done = invoke("recreate", str(refreshed))
    assert done.exit_code == 0, done.output
    assert "decomp_rssd is not compared" not in done.output


def test_nothing_new_is_refused(refreshed: Run, invoke: Invoke) -> None:
    done = invoke("refresh", str(refreshed))
    assert done.exit_code == 1
    assert "has nothing new: the model was fitted up to 2019-11-11" in done.stderr


def test_new_rows_alone_are_refused(shared: Run, invoke: Invoke) -> None:
    golden.dataset().frame.iloc[:-10].to_csv("older.csv", index=False)
    done = invoke("refresh", str(shared), "--file", "older.csv")
    assert done.exit_code == 1
    assert "lacks 10 dates of before (2019-09-09" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--candidate", "9_9_9"], 1, "there is no candidate '9_9_9'"),
        (["-p", "window", "[2016-01-01, 2017-01-01]"], 2, "is what a refresh sets itself"),
        (["--steps", "99"], 1, "99 are asked for, there are 45"),
        (["-p", "adstock", "weibull_cdf"], 2, "weibull_cdf adstock has no thetas"),
    ],
)
def test_refresh_refusals(
    shared: Run, invoke: Invoke, words: list[str], code: int, message: str
) -> None:
    before = len(Archive(shared.store.root).runs())
    done = invoke("refresh", str(shared), *words)
    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert len(Archive(shared.store.root).runs()) == before


def test_restated_data_are_reported(shared: Run) -> None:
    """Data of before that changed: the refresh goes on and says what changed."""
    chosen = find_parent(shared.store, str(shared))
    base = shared.job.model_copy(update={"iterations": 20, "trials": 1, "revision": "r2"})
    dataset = dataset_of(base)
    job, _ = continued_job(chosen, base, dataset, steps=4)

    def restate(run: Run) -> None:
        copy_dataset(shared, run)
        frame = run.load_table("dataset")
        frame.loc[100:101, "tv_S"] += 50.0
        run.save_table("dataset", frame)

    run = trained(job, restate)
    changes = changes_of(run).set_index([c.PART, c.NAME])
    assert changes.loc[("data", "tv_S"), c.CHANGE] == pytest.approx(100)
    assert "restated on 2 dates" in changes.loc[("data", "tv_S"), c.NOTE]
    log = run.load("robyn_console.log").decode()
    assert "restated since the refreshed model: tv_S on 2 dates" in log


def test_a_run_is_reproduced_to_the_last_bit(shared: Run) -> None:
    new = trained(reproducible_job(shared), lambda run: copy_dataset(shared, run))
    found = compare_runs(shared, new)
    assert found.same
    assert (found.tables["cells"] == 0).all()
    assert (found.tables[c.NOTE] == "the same file").all()
    assert found.tolerance == 0
    receipts = [each.manifest.receipt for each in (shared, new) if each.manifest]
    assert receipts[0].dataset_sha256 == receipts[1].dataset_sha256


def test_what_differs_is_said(shared: Run, run: Run) -> None:
    table = run.load_table("coefficients")
    table.loc[5, c.COEFFICIENT] *= 1 + 1e-12
    rewrite_table(run, "coefficients", table)
    manifest = json.loads(run.load("manifest.json"))
    manifest["receipt"]["packages"]["numpy"] = "0.1"
    manifest["receipt"]["cores"] = 77
    rewrite(run, "manifest.json", json.dumps(manifest).encode())
    found = compare_runs(shared, Archive(run.store.root).run(str(run)))
    row = found.tables.set_index("table").loc["coefficients"]
    assert row["cells"] == 1
    assert row[c.DIFFERENCE] == pytest.approx(1e-12, rel=1e-3)
    assert not found.same
    others = found.surroundings.set_index(c.NAME)["now"].to_dict()
    assert others == {"numpy": "0.1", "cores": "77"}


def test_tables_of_another_shape_or_missing_differ(shared: Run, run: Run) -> None:
    rewrite_table(run, "channels", run.load_table("channels").iloc[1:])
    run.store.delete(f"{run.id.folder}/convergence.parquet")
    tables = compare_runs(shared, run).tables.set_index("table")
    assert tables.loc[["channels", "convergence"], c.DIFFERENCE].tolist() == [np.inf, np.inf]
    assert "only in the old run" in tables.loc["convergence", c.NOTE]


def test_a_changed_dataset_is_not_reproduced(run: Run) -> None:
    frame = run.load_table("dataset")
    rewrite_table(run, "dataset", frame.assign(revenue=frame["revenue"] + 1))
    with pytest.raises(RunError, match=r"dataset\.parquet is not what the receipt names"):
        reproducible_job(run)


def test_only_a_run_that_succeeded_is_reproduced(archive: Archive, job: TrainingJob) -> None:
    with pytest.raises(RunError, match="only one that succeeded is reproduced"):
        reproducible_job(archive.claim(job))


@pytest.mark.slow
def test_refresh_and_reproduce_through_their_notebooks(shared: Run, invoke: Invoke) -> None:
    done = invoke("refresh", str(shared), "--steps", "13", "-p", "iterations", "40")
    assert done.exit_code == 0, done.output
    assert "What the refresh has changed:" in done.output
    new = Archive(shared.store.root).run("latest")
    assert "refresh_changes.csv" in new.artifacts()
    done = invoke("reproduce", str(new))
    assert done.exit_code == 0, done.output
    assert "reproduced (to the last bit)" in done.output
    assert isinstance(changes_of(new), pd.DataFrame)
