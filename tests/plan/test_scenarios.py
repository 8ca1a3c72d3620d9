"""Named scenarios: saved in the run, read back as they were, compared, exported."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import Run
from mmmlib.ground import columns as c
from mmmlib.ground.errors import RunError
from mmmlib.job.parts import Allocator, ChannelBounds
from mmmlib.plan.basis import basis_of
from mmmlib.plan.scenarios import (
    SCENARIOS,
    Scenario,
    comparison,
    comparison_xlsx,
    delete_scenario,
    load_scenario,
    load_scenarios,
    save_scenario,
)
from mmmlib.plan.uplift import Uplift
from tests.report.conftest import build_result

NAMES = ["tv", "search.brand", "=1+1"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with its tables; without a dataset, so ``most_ever`` is not known."""
    result, job = build_result(seed=4, names=NAMES, weeks=60)
    run = Archive(str(tmp_path / "archive")).claim(job)
    save_result(run, result)
    return run


def plan(run: Run, name: str, who: str = "ada", **settings: object) -> Scenario:
    basis, asked = basis_of(run), Allocator.model_validate(settings)
    return Scenario.of(name, who, basis, asked, basis.plan(asked))


def test_a_scenario_reads_back_as_it_was(run: Run) -> None:
    basis = basis_of(run)
    asked = Allocator(
        scenario="target_efficiency", target=0.9, channels={"tv": ChannelBounds(locked=True)}
    )
    made = basis.plan(asked)
    save_scenario(run, Scenario.of("  Christmas   push ", "ada", basis, asked, made))
    (found,) = load_scenarios(run)
    assert (found.name, found.who, found.candidate) == ("Christmas push", "ada", basis.candidate)
    assert found.settings == asked
    again = found.allocation
    pd.testing.assert_frame_equal(again.table, made.table)
    assert np.isnan(again.table[c.MOST_EVER]).all()
    assert (again.budget, again.target, again.warnings) == (made.budget, 0.9, made.warnings)
    pd.testing.assert_frame_equal(again.metrics(), made.metrics())


def test_a_scenario_keeps_how_sure_it_was(run: Run) -> None:
    basis, asked = basis_of(run), Allocator()
    sure = Uplift(mean=5.0, low=-1.0, high=9.0, share=float("nan"), chance=0.8)
    save_scenario(run, Scenario.of("sure", "ada", basis, asked, replace(basis.plan(), uplift=sure)))
    (found,) = load_scenarios(run)
    kept = found.allocation.uplift
    assert kept is not None
    assert (kept.mean, kept.low, kept.high, kept.chance) == (5.0, -1.0, 9.0, 0.8)
    assert np.isnan(kept.share)


def test_what_is_infinite_stays_so(run: Run) -> None:
    scenario = plan(run, "steep")
    figures = {**scenario.figures, c.CURRENT_MARGINAL: [np.inf, 1.0, np.nan]}
    save_scenario(run, scenario.model_copy(update={"figures": figures}))
    read = load_scenario(run, "steep").figures[c.CURRENT_MARGINAL]
    assert read[:2] == [np.inf, 1.0]
    assert np.isnan(read[2])


def test_a_name_is_taken_once_and_replaced_when_asked(run: Run) -> None:
    save_scenario(run, plan(run, "Plan A"))
    other = plan(run, "plan  a", who="grace", total_budget=float(basis_of(run).plan().budget * 60))
    with pytest.raises(RunError, match="already has a scenario 'Plan A', saved by ada"):
        save_scenario(run, other)
    assert load_scenario(run, "PLAN A").who == "ada"
    save_scenario(run, other, replace=True)
    (found,) = load_scenarios(run)
    assert (found.name, found.who) == ("plan a", "grace")


def test_a_deleted_scenario_is_not_shown_but_who_deleted_it_is_on_file(run: Run) -> None:
    save_scenario(run, plan(run, "old"))
    save_scenario(run, plan(run, "new"))
    delete_scenario(run, "old", "grace")
    assert [each.name for each in load_scenarios(run)] == ["new"]
    with pytest.raises(RunError, match="has no scenario 'old'"):
        load_scenario(run, "old")
    with pytest.raises(RunError, match="has no scenario 'old'"):
        delete_scenario(run, "old", "ada")
    files = [run.load(name) for name in run.artifacts() if name.startswith(SCENARIOS)]
    assert any(b'"deleted_by": "grace"' in data for data in files)
    save_scenario(run, plan(run, "old"))  # the name is free again
    assert [each.name for each in load_scenarios(run)] == ["new", "old"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_name_has_some_characters(run: Run, name: str) -> None:
    with pytest.raises(RunError, match="needs 1 to 60 characters"):
        plan(run, name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "<img src=x onerror=alert(1)>", "é\n"])
def test_any_text_is_a_name_and_none_is_a_path(run: Run, name: str) -> None:
    save_scenario(run, plan(run, name))
    assert load_scenarios(run)[0].name == " ".join(name.split())
    assert all(key.count("/") <= 1 for key in run.artifacts())


def test_a_broken_file_is_named(run: Run) -> None:
    run.save(f"{SCENARIOS}/abc.json", b'{"name": "x"}')
    with pytest.raises(RunError, match=r"scenarios/abc\.json is no scenario \(who: Field required"):
        load_scenarios(run)


def test_scenarios_side_by_side(run: Run) -> None:
    budget = float(basis_of(run).plan().budget * 60)
    both = [plan(run, "a"), plan(run, "b", total_budget=1.2 * budget)]
    table = comparison(both)
    assert list(table["scenario"]) == ["a"] * 3 + ["b"] * 3
    sums = table.groupby("scenario")[c.PLANNED_SPEND].sum() * 60
    np.testing.assert_allclose(sums, [budget, 1.2 * budget], rtol=1e-9)

    book = openpyxl.load_workbook(io.BytesIO(comparison_xlsx(both)))
    assert book.sheetnames == ["spend", "response", "figures", "asked"]
    rows = list(book["spend"].values)
    assert rows[0] == (c.CHANNEL, "today (a)", "a", "today (b)", "b")
    assert [row[0] for row in rows[1:]] == [*NAMES, "total"]
    assert rows[-1][4] * 60 == pytest.approx(1.2 * budget)
    assert book["spend"]["A4"].data_type == "s"  # =1+1 is a channel, not a formula
    assert [row[0] for row in book["asked"].values][1:] == ["a", "b"]
