"""Results in a real browser: promote, note, download, compare, delete."""

from __future__ import annotations

import json
import runpy
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import Kind, chosen_model, decisions_of

pytestmark = pytest.mark.browser

SAMPLE = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "ui" / "sample_archive.py"))
)
EVIL = SAMPLE.EVIL


@pytest.fixture(scope="module")
def results(serve, tmp_path_factory):
    """A dashboard over three trained runs; each test takes its own country."""
    root = str(tmp_path_factory.mktemp("results"))
    archive = Archive(root)
    runs = {country: SAMPLE.succeeded(archive, country) for country in ("de", "uk", "fr")}
    cell = {"cell_type": "code", "source": "", "execution_count": 1, "metadata": {}}
    html = f"<table><tr><td>{EVIL}<script>alert(1)</script>in a table</td></tr></table>"
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": f"printed {EVIL}"},
        {"output_type": "display_data", "data": {"text/html": html}},
    ]
    runs["de"].save("train.ipynb", json.dumps({"cells": [{**cell, "outputs": outputs}]}).encode())
    with serve(root) as server:
        yield SimpleNamespace(url=server.url, runs=runs, archive=archive)


def test_a_candidate_is_promoted_noted_and_downloaded(page, results, tmp_path):
    run = results.runs["de"]
    page.goto(f"{results.url}?page=results&run={run}&tab=models")
    page.locator(".mmm-cloud canvas").wait_for()
    page.locator(".mmm-fronts").get_by_role("link", name="1_1_1").click()
    page.locator(".mmm-candidate h2", has_text="1_1_1").wait_for()
    assert EVIL in page.locator(".mmm-candidate").inner_text()
    page.get_by_role("button", name="Promote …").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Promote", exact=True)
    assert sure.is_disabled()  # without a reason
    page.get_by_label("Why this one?").fill(f"because {EVIL}")
    sure.click()
    page.locator(".mmm-candidate", has_text="promoted").wait_for()
    assert chosen_model(run).candidate == "1_1_1"

    page.get_by_role("tab", name="Summary").click()
    promoted = page.locator(".mmm-promoted")
    promoted.wait_for()
    assert f"because {EVIL}" in promoted.inner_text()
    assert SAMPLE.BEST in promoted.inner_text()  # the original stays named

    page.get_by_role("tab", name="Notes").click()
    page.get_by_label("Write a note").fill(f"seen by {EVIL}")
    page.get_by_role("button", name="Add note").click()
    page.locator(".mmm-notetext", has_text="seen by").wait_for()
    assert f"seen by {EVIL}" in page.locator(".mmm-decisions").inner_text()
    assert [line.kind for line in decisions_of(run)] == [Kind.PROMOTED, Kind.NOTE]

    page.get_by_role("tab", name="Notebooks").click()
    page.locator(".mmm-notebook").wait_for()
    text = page.locator(".mmm-notebook").inner_text()
    assert f"printed {EVIL}" in text
    assert "in a table" in text

    page.get_by_role("tab", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="All as zip").click()
    download.value.save_as(tmp_path / "run.zip")
    assert len(zipfile.ZipFile(tmp_path / "run.zip").namelist()) == len(run.artifacts())

    page.reload()
    page.get_by_role("tab", name="Files", selected=True).wait_for()  # the address knows the tab


@pytest.mark.slow
def test_runs_are_ticked_and_compared(page, results):
    page.goto(results.url)
    for country in ("uk", "fr"):
        row = page.locator(f'tr[data-run="{results.runs[country]}"]')
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare 2").click()
    page.locator(".mmm-side").first.wait_for()
    assert EVIL in page.locator(".mmm-compare").inner_text()
    assert "country" in page.locator(".mmm-card", has_text="Settings that differ").inner_text()


@pytest.mark.slow
def test_the_curves_and_the_course_are_drawn(page, results):
    run = results.runs["fr"]
    page.goto(f"{results.url}?page=results&run={run}&tab=curves")
    page.locator(".mmm-curvegrid svg path").nth(3).wait_for()
    page.get_by_role("tab", name="Over time").click()
    page.locator(".mmm-chart svg path").nth(5).wait_for()
    chart = page.locator(".mmm-chart svg").first
    chart.focus()
    page.keyboard.press("ArrowRight")
    assert "2024-01-01" in page.locator(".mmm-tip").inner_text()


@pytest.mark.slow
def test_a_run_is_deleted_only_when_one_is_sure(page, results):
    run = results.runs["uk"]
    page.goto(f"{results.url}?page=results&run={run}&tab=notes")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Release").wait_for()
    assert page.get_by_role("button", name="Delete …").is_disabled()
    page.get_by_role("button", name="Release").click()
    page.get_by_role("button", name="Delete …").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Delete run")
    assert sure.is_disabled()
    page.get_by_label("I know that this cannot be undone").check()
    sure.click()
    page.locator(".mmm-runs tbody tr[data-run]").first.wait_for()
    assert str(run) not in [str(one) for one in results.archive.runs()]
