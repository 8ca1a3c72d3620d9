"""The pictures of README and docs, drawn anew where MMM_SCREENSHOTS names an archive."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import Run
from tests.browser.conftest import leave

VARIABLE = "MMM_SCREENSHOTS"
IMAGES = Path(__file__).parents[2] / "docs" / "images"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} is not set"),
]


@pytest.fixture(scope="module")
def root():
    return os.environ[VARIABLE]


@pytest.fixture(scope="module")
def newest(root) -> Run:
    return next(run for run in Archive(root).runs() if run.state().status is Status.SUCCEEDED)


def keep(name: str, drawn: bytes, run: Run) -> None:
    """Keep a picture, with the model it shows: tests/test_docs_facts.py compares."""
    facts = PngInfo()
    facts.add_text("Model", run.manifest.best)
    Image.open(BytesIO(drawn)).save(IMAGES / f"{name}.png", pnginfo=facts, optimize=True)


@pytest.fixture(scope="module")
def server(serve, root):
    with serve(root) as server:
        yield server


@pytest.fixture
def picture(browser, server, newest):
    """Open an address, do something there, draw the picture."""
    tab = browser.new_page(viewport={"width": 1440, "height": 1000})

    def draw(name, query, height, ready, act=lambda tab: None):
        tab.set_viewport_size({"width": 1440, "height": height})
        tab.goto(f"{server.url}?{query}")
        tab.locator(ready).first.wait_for()
        tab.evaluate("document.querySelector('.mmm-place').remove()")  # this machine's path
        act(tab)
        tab.wait_for_timeout(1000)
        keep(name, tab.screenshot(), newest)

    yield draw
    leave(tab)


def test_one_pager(newest):
    keep("one-pager", newest.load(f"{newest.manifest.best}.png"), newest)


def test_results(picture, newest):
    def whole(tab):
        tab.locator(".mmm-onepager").evaluate("image => image.decode()")

    picture("dashboard", f"run={newest}", 1500, ".mmm-onepager", whole)


def test_models(picture, newest):
    picture("models", f"run={newest}&tab=models", 1000, "canvas")


def test_form(picture, newest):
    def checked(tab):
        tab.locator(".mmm-quote", has_text="about").wait_for()
        for waits in ("Checking …", "Checking the data …"):
            tab.get_by_text(waits).first.wait_for(state="hidden")

    picture("train", f"page=train&from={newest}", 1300, ".mmm-datatiles", checked)


def test_plan(picture):
    def more_money(tab):
        budget = tab.get_by_label("Total budget,")
        shown = float(budget.get_attribute("placeholder"))
        budget.fill(f"{1.25 * shown:.0f}")
        tab.locator(".mmm-headline", has_text="added money").wait_for()

    picture("plan", "page=plan", 1330, ".mmm-moves", more_money)


def test_live_model(picture):
    def drag(tab):
        slider = tab.get_by_role("slider", name="Carryover of each period")
        slider.focus()
        for _ in range(150):
            slider.press("ArrowRight")

    picture("live", "page=live", 1160, ".mmm-overtime", drag)
