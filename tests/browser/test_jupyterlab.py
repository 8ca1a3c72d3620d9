"""JupyterLab as an analyst opens it: all cells of the tour, and the dashboard in a sheet."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from tests.browser.test_bars import BARS, WIDTHS, fill_form, seen
from tests.conftest import REPOSITORY
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab")
OPTIONS = (
    "--port=0",
    "--no-browser",
    "--IdentityProvider.token=",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Address of a JupyterLab on a folder of one's own, as `mmm lab` opens it."""
    command = [str(Path(sys.executable).with_name("mmm")), "lab", str(tmp_path / "lab"), *OPTIONS]
    root = {"MMM_ROOT": str(tmp_path / "archive"), "PYTHONPATH": str(REPOSITORY)}
    with (
        (tmp_path / "lab.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | root) as server,
    ):
        said = tmp_path / "lab.log"
        assert wait_until(lambda: ADDRESS.search(said.read_text()) is not None)
        yield ADDRESS.findall(said.read_text())[0] + "/tree/"
        server.terminate()


def run_all(browser, address: str):
    """Open a notebook and run all its cells."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(address)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("(ipykernel) | Idle").wait_for()  # else nothing is run
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    return page


def test_the_tour_and_the_dashboard_run_in_jupyterlab(browser, lab, tmp_path):
    page = run_all(browser, f"{lab}tour.ipynb?reset")
    page.locator(".mmm-run").wait_for()  # run.explore(), whatever the browser's address is
    assert "page=" not in page.url
    archive = Archive(str(tmp_path / "archive"))  # the demo's run, and that of one's own file
    done = [Status.SUCCEEDED] * 2
    assert wait_until(lambda: [run.state().status for run in archive.runs()] == done)
    page.get_by_text("(ipykernel) | Idle").wait_for()
    assert page.locator('[data-mime-type*="jupyter.error"], .jp-mod-error').count() == 0

    page.close()
    page = run_all(browser, f"{lab}dashboard.ipynb?reset")
    page.locator(".mmm-runs tbody tr").first.wait_for()
    bar = page.locator(".mmm-bar .mmm-nav").evaluate("nav => nav.scrollWidth - nav.clientWidth")
    assert bar <= 0  # no page is out of sight, though the sheet is narrower than the window
    page.get_by_role("link", name="Debug").click()
    page.locator(".mmm-parts").wait_for()
    page.get_by_role("link", name="Train").click()
    page.keyboard.press("Control+b")  # JupyterLab's own side bar leaves nothing of a phone's width
    fill_form(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        for share in (0.0, 0.5):
            assert seen(page, share) == BARS, (width, share)
    page.close()
