"""Plans of archived runs: the basis, the command, the files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import BEST, Run
from mmmlib.cli import main
from mmmlib.ground import columns as c, from_sheet
from mmmlib.ground.errors import JobError, RunError, StoreError
from mmmlib.job.parts import Allocator, ChannelBounds
from mmmlib.plan.allocate import allocate
from mmmlib.plan.basis import Basis, basis_of
from mmmlib.plan.sheet import plan_text, plan_xlsx, write_plan
from tests.plan.test_allocate import table
from tests.report.conftest import BEST as CANDIDATE, build_result

NAMES = ["tv", "search.brand", "=1+1"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with its tables and its dataset, a year longer than the window."""
    result, job = build_result(seed=4, names=NAMES, weeks=60)
    run = Archive(str(tmp_path / "archive")).claim(job)
    save_result(run, result)
    channels = result.best_channels().set_index(c.CHANNEL)
    weeks = result.decomposition_over_time[c.DATE].drop_duplicates()
    dates = pd.date_range(weeks.min() - pd.Timedelta(weeks=52), weeks.max(), freq="7D")
    wave = 1 + 0.5 * np.sin(np.arange(len(dates)))
    frame = pd.DataFrame({job.date: dates, "revenue": 1.0})
    for name in NAMES:
        frame[name] = wave * channels.loc[name, c.CURRENT_SPEND]
    run.save_table("dataset", frame)
    return run


def mmm(run: Run, *words: str) -> Result:
    return CliRunner().invoke(main, ["allocate", str(run), *words, "--root", run.store.root])


def test_a_basis_has_the_window_and_plans_again_and_again(run: Run) -> None:
    basis = basis_of(run)
    assert basis.candidate == CANDIDATE
    assert basis.periods == 60
    assert basis.history is not None
    assert len(basis.history) == 60  # not the year before
    assert list(basis.history) == [c.DATE, *NAMES]
    plain = allocate(basis.channels, Allocator(), 60, history=basis.history)
    pd.testing.assert_frame_equal(basis.plan().table, plain.table)
    other = basis.plan(Allocator(scenario="target_efficiency", target=0.5, last=8))
    assert other.periods == 8
    assert other.scenario == "target_efficiency"


def test_a_run_without_dataset_or_model_says_so(run: Run) -> None:
    with pytest.raises(RunError, match=rf"no curves of model 9_9_9; it has those of {CANDIDATE}"):
        basis_of(run, "9_9_9")
    run.store.delete(f"{run.id.folder}/dataset.parquet")
    basis = basis_of(run)
    assert basis.history is None
    assert basis.plan().table[c.MOST_EVER].isna().all()
    run.store.delete(f"{run.id.folder}/{BEST}")
    with pytest.raises(RunError, match=r"has no best_model_id\.txt"):
        basis_of(run)


def test_bounds_of_a_channel_the_data_did_not_support_are_no_obstacle(run: Run) -> None:
    job = run.job.model_copy(update={"allocator": Allocator(channels={"tv": ChannelBounds(low=1)})})
    run.save("job.yaml", job.to_yaml().encode())
    left = run.load_table("channels")
    run.save_table("channels", left[left[c.CHANNEL] != "tv"])
    basis = basis_of(Run(run.store, run.id))
    assert basis.plan().table[c.CHANNEL].tolist() == NAMES[1:]


def test_settings_are_changed_by_key(run: Run) -> None:
    basis = basis_of(run)
    changes = [
        ("low", "0.2"),
        ("last", "12"),
        ("channels.search.brand.high", "3"),
        ("channels.tv.locked", "true"),
    ]
    settings = basis.settings_with(changes)
    assert (settings.low, settings.high, settings.last) == (0.2, None, 12)
    assert settings.bounds("search.brand") == (0.2, 3.0)
    assert settings.bounds("tv") == (1.0, 1.0)
    assert basis.settings_with([("start", "2023-03-01")]).start is not None
    wrong: list[tuple[list[tuple[str, str]], str]] = [
        ([("lows", "1")], "allocator.lows: unknown key"),
        ([("low", "much")], "allocator.low"),
        (
            [("channels.radio.low", "1")],
            "channels.radio: is no paid channel; use one of: ",
        ),
        ([("target", "2")], "only for the scenario target_efficiency"),
        ([("scenario", "target_efficiency"), ("total_budget", "5")], "is what target_efficiency"),
        ([("last", "3"), ("start", "2024-01-01")], "keep one"),
        ([("low", "[1"), ("high", "2")], "not YAML"),
    ]
    for parameters, words in wrong:
        with pytest.raises(JobError) as refused:
            basis.settings_with(parameters)
        assert words in str(refused.value)


def test_the_command_prints_the_plan_and_writes_it(run: Run, tmp_path: Path) -> None:
    before = run.artifacts()
    done = mmm(run, "-p", "total_budget", "1e6", "-p", "low", "0", "-p", "high", "20",
               "-o", str(tmp_path / "plan.csv"))  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "max_response, per week, for 60 weeks" in done.output
    assert "ROAS planned" in done.output
    written = from_sheet((tmp_path / "plan.csv").read_bytes())
    assert written[c.CHANNEL].tolist() == NAMES
    assert written[c.PLANNED_SPEND].sum() * 60 == pytest.approx(1e6)
    assert run.artifacts() == before  # a question changes no archive


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-p", "total_budget", "1"], 1, "is below what the bounds allow"),
        (["-p", "scenario", "target_efficiency", "-p", "target", "1e9"], 1, "the best is"),
        (["-p", "scenario", "most"], 2, "allocator.scenario"),
        (["--candidate", "1_1_7"], 1, "no curves of model 1_1_7"),
        (["-o", "plan.pdf"], 1, "written as .csv or .xlsx"),
    ],
)
def test_the_command_says_what_cannot_be(run: Run, words: list[str], code: int, said: str) -> None:
    done = mmm(run, *words)
    assert done.exit_code == code
    assert said in done.output + done.stderr


def test_a_workbook_holds_everything_and_no_formula(run: Run, tmp_path: Path) -> None:
    basis: Basis = basis_of(run)
    plan = basis.plan(basis.settings_with([("channels.tv.high", "1.1")]))
    write_plan(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["plan", "figures", "warnings"]
    sheet = book["plan"]
    assert [cell.value for cell in sheet[1]] == list(plan.table)
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == NAMES
    assert all(row[0].data_type == "s" for row in sheet.iter_rows(min_row=2))
    place = list(plan.table).index(c.PLANNED_SPEND)
    values = [row[place].value for row in sheet.iter_rows(min_row=2)]
    assert values == pytest.approx(plan.table[c.PLANNED_SPEND].tolist(), rel=1e-14)
    assert [row[0].value for row in book["warnings"].iter_rows(min_row=2)] == list(plan.warnings)
    with pytest.raises(StoreError, match="cannot be written"):
        write_plan(plan, tmp_path / "no such folder" / "plan.csv")


def test_figures_that_do_not_exist_are_dashes_in_text_and_empty_in_a_workbook() -> None:
    rows = [(10.0, 1.0, 5.0, 0.0, 10.0), (0.0, 1.0, 5.0, 0.0, 0.0)]
    plan = allocate(table(rows), Allocator(), 1)
    line = next(line for line in plan_text(plan).splitlines() if "channel 1" in line)
    assert line.count("–") >= 2
    assert "nan" not in plan_text(plan)
    sheet = openpyxl.load_workbook(io.BytesIO(plan_xlsx(plan)))["plan"]
    assert sheet.cell(3, list(plan.table).index(c.CURRENT_EFFICIENCY) + 1).value is None


def test_the_allocator_of_a_job_is_plain_json() -> None:
    settings = Allocator(start="2024-01-01", channels={"tv": ChannelBounds(locked=True)})  # type: ignore[arg-type]
    assert Allocator.model_validate(json.loads(settings.model_dump_json())) == settings
