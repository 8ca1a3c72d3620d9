"""The planner and the live model in a real browser, on a run that a real engine trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openpyxl
import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import chosen_model
from mmmlib.job.parse import TrainingJob
from mmmlib.plan.scenarios import load_scenarios

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)>"
MOST_MEMORY = 350e6  # bytes of a kernel with all pages and the live model

PAGES = {  # name and what it draws; the planner last, as it leads to the live model
    "Train": ".mmm-train",
    "Results": ".mmm-run .mmm-tabs",
    "Compare": ".mmm-compare",
    "Debug": ".mmm-debug",
    "Plan": ".mmm-moves tbody tr",
}


@pytest.fixture(scope="module")
def planned(serve, tmp_path_factory):
    """The dashboard of an archive with one trained run."""
    root = str(tmp_path_factory.mktemp("trained"))
    command = [sys.executable, "-m", "tests.ui.trained_run", root]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    with serve(root) as server:
        yield server


def memory_of(served) -> int:
    """Bytes of the page's kernel: the largest; the others wait for their browsers."""
    children = psutil.Process(served.process.pid).children()
    return max(child.memory_info().rss for child in children)


@pytest.mark.slow
def test_run_and_model_are_chosen_in_the_head(page, planned):
    page.goto(planned.url)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Plan").click()
    page.locator(".mmm-moves tbody tr").first.wait_for()
    run = next(iter(Archive(planned.root).runs()))
    assert page.url.endswith(f"?page=plan&run={run}")
    page.get_by_role("combobox", name="Run", exact=True).click()
    assert f"{run.id.revision} · {run.id.country}" in page.get_by_role("option").first.inner_text()
    page.get_by_role("option").first.click()  # the same run: nothing happens
    best = chosen_model(run).candidate
    kept = run.load_table("decomposition")["candidate"].unique()
    other = next(name for name in kept if name != best)
    page.goto(f"{planned.url}?page=plan&run={run}&model={other}")
    page.locator(".mmm-moves tbody tr").first.wait_for()
    page.get_by_role("combobox", name="Model", exact=True).click(force=True)
    models = page.get_by_role("listbox", name="Model").get_by_role("option")
    models.nth(1).wait_for()
    assert f"{other} (chosen)" in models.nth(1).inner_text()
    models.first.click()
    page.wait_for_url(f"{planned.url}?page=plan&run={run}&model={best}")
    page.go_back()
    page.wait_for_url(f"{planned.url}?page=plan&run={run}&model={other}")


def test_a_budget_is_planned_saved_compared_and_exported(page, planned, tmp_path):
    page.goto(f"{planned.url}?page=plan")
    rows = page.locator(".mmm-moves tbody tr")
    rows.first.wait_for()
    assert EVIL in page.locator(".mmm-moves").inner_text()
    assert page.locator("img[src=x]").count() == 0
    page.get_by_label("Name of this plan").fill("today's budget")
    page.get_by_role("button", name="Save").click()
    page.locator(".mmm-side thead", has_text="today's budget").wait_for()

    page.get_by_label("Total budget, 157 weeks").fill("15000000")
    page.locator(".mmm-headline", has_text="15,000,000").wait_for()
    page.get_by_role("button", name="Lock tv_S at today's spend").click()
    tv = rows.filter(has_text="tv_S")
    tv.get_by_text("locked").wait_for()
    page.get_by_label("Name of this plan").fill(EVIL)
    page.get_by_role("button", name="Save").click()
    page.locator(".mmm-side thead", has_text=EVIL).wait_for()
    run = next(iter(Archive(planned.root).runs()))
    assert [each.name for each in load_scenarios(run)] == ["today's budget", EVIL]
    assert load_scenarios(run)[1].settings.channels["tv_S"].locked

    page.get_by_role("button", name="Target ROAS").click()
    page.get_by_label("ROAS at least").fill("900")
    problem = page.locator(".mmm-noplan")
    problem.wait_for()
    assert "no spend within the bounds has a ROAS of 900" in problem.inner_text()
    assert page.get_by_role("button", name="Save").is_disabled()

    with page.expect_download() as download:
        page.locator(".mmm-sidefoot").get_by_role("button", name="XLSX").click()
    download.value.save_as(tmp_path / "both.xlsx")
    head = next(openpyxl.load_workbook(tmp_path / "both.xlsx")["spend"].values)
    assert head[2::2] == ("today's budget", EVIL)

    page.get_by_role("button", name="Open today's budget").click()
    page.wait_for_url("**scenario=today%27s+budget")
    page.locator(".mmm-headline").wait_for()
    page.get_by_role("button", name="Delete today's budget").click()
    assert len(load_scenarios(run)) == 2  # it asks first
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_function("document.querySelectorAll('.mmm-pick').length === 1")
    assert [each.name for each in load_scenarios(run)] == [EVIL]


def test_a_dragged_slider_refits_the_model(page, planned, tmp_path):
    page.goto(planned.url)
    pages = page.get_by_role("navigation", name="Pages")
    for name, shown in PAGES.items():
        pages.get_by_role("link", name=name).click()
        page.locator(shown).first.wait_for()
    page.get_by_role("button", name="Live model").click()
    line = page.locator(".mmm-overtime path.mmm-line").last
    line.wait_for()
    assert EVIL in page.locator(".mmm-pairs").first.inner_text()
    before, theta = line.get_attribute("d"), "Carryover of each period (theta)"
    box = page.get_by_role("slider", name=f"{theta} of tv_S").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(x + 5 * (step if x < 300 else -step), y)
    page.mouse.up()
    page.get_by_text("back to").wait_for()
    page.wait_for_function(
        "old => [...document.querySelectorAll('.mmm-overtime path.mmm-line')].pop()"
        ".getAttribute('d') !== old",
        arg=before,
    )
    dragged = float(page.get_by_role("spinbutton", name=theta).input_value())

    with page.expect_download() as download:
        page.get_by_role("button", name="Fix what I moved").click()
    download.value.save_as(tmp_path / "job.yaml")
    low, high = TrainingJob.load(tmp_path / "job.yaml").ranges()["tv_S_thetas"]
    assert low == high == pytest.approx(dragged, rel=1e-3)

    page.get_by_role("button", name="Reset all 1").click()
    page.wait_for_function(
        "old => [...document.querySelectorAll('.mmm-overtime path.mmm-line')].pop()"
        ".getAttribute('d') === old",
        arg=before,
    )
    assert memory_of(planned) < MOST_MEMORY


@pytest.mark.slow
def test_what_is_tried_stands_in_the_address(page, planned):
    page.goto(f"{planned.url}?page=plan")
    page.get_by_label("Total budget, 157 weeks").fill("15000000")
    page.locator(".mmm-headline", has_text="15,000,000").wait_for()
    page.get_by_role("button", name="Lock tv_S at today's spend").click()
    page.wait_for_url("**asked=*tv_S*")
    page.reload()
    page.locator(".mmm-headline", has_text="15,000,000").wait_for()
    page.locator(".mmm-moves tbody tr", has_text="tv_S").get_by_text("locked").wait_for()

    page.goto(f"{planned.url}?page=live")
    first = page.locator(".mmm-drag input[type=number]").first
    first.fill("0.5")
    first.press("Tab")
    page.wait_for_url("**moved=*")
    where = page.url
    page.reload()
    page.locator(".mmm-drag input[type=number]").first.wait_for()
    page.wait_for_function(
        "document.querySelector('.mmm-drag input[type=number]').value.startsWith('0.5')"
    )
    assert page.url == where


@pytest.mark.slow
def test_a_tab_is_an_entry_of_the_history(page, planned):
    (run,) = Archive(planned.root).runs()
    page.goto(f"{planned.url}?page=results&run={run}")
    page.get_by_role("tab", name="Curves").click()
    page.locator(".mmm-curvegrid").wait_for()
    assert page.url.endswith(f"?page=results&tab=curves&run={run}")
    page.go_back()
    page.locator("#mmm-tab-summary[aria-selected=true]").wait_for()
    page.go_forward()
    page.locator(".mmm-curvegrid").wait_for()
    assert page.url.endswith(f"?page=results&tab=curves&run={run}")
