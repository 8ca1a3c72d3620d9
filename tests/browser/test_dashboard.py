"""The dashboard in a real browser, served by real Voilà."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request

import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import CANCEL
from tests.browser.conftest import leave
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)>"


def kernels(served) -> set[int]:
    """Process ids of the server's kernels."""
    return {child.pid for child in psutil.Process(served.process.pid).children()}


def run_of(served, country: str) -> str:
    """Id of the one run of a country."""
    (run,) = Archive(served.root).runs(country=country)
    return str(run)


def test_runs_are_listed_and_filtered(page, served):
    page.goto(served.url)
    rows = page.locator(".mmm-runs tbody tr[data-run]")
    rows.nth(2).wait_for()
    assert page.title() == "MMM Trainer"
    assert rows.count() == 3
    text = page.locator(f'tr[data-run="{run_of(served, "de")}"]').inner_text()
    for shown in ("succeeded", "2_3_1", "0.0612", "0.2077", "ada"):
        assert shown in text

    page.get_by_role("textbox", name="Filter runs").fill("grace")
    page.wait_for_function("document.querySelectorAll('tr[data-run]').length === 1")
    assert "failed" in rows.inner_text()


def test_a_click_shows_the_run(page, served, tmp_path):
    page.goto(served.url)
    page.locator(f'tr[data-run="{run_of(served, "de")}"]').click()
    channels = page.locator(".mmm-channels tbody tr")
    channels.first.wait_for()
    assert channels.count() == 4
    assert "16.80" in channels.nth(2).inner_text()
    width = page.locator(".mmm-onepager").evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    assert width == 1000
    assert "column left out" in page.locator(".mmm-changes").inner_text()
    assert page.url.endswith("?page=results&run=" + run_of(served, "de"))

    page.get_by_role("tab", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download job.yaml").click()
    download.value.save_as(tmp_path / "job.yaml")
    run = Archive(served.root).run(run_of(served, "de"))
    assert (tmp_path / "job.yaml").read_bytes() == run.load("job.yaml")

    page.go_back()  # a tab is an entry of the history
    channels.first.wait_for()
    page.go_back()
    page.locator(".mmm-runs tbody tr[data-run]").first.wait_for()


def test_a_deep_link_and_texts_as_typed(page, served):
    page.goto(f"{served.url}?run={run_of(served, 'uk')}")
    error = page.locator(".mmm-error")
    error.wait_for()
    assert EVIL in error.inner_text()
    assert EVIL in page.locator(".mmm-log").inner_text()

    page.goto(f"{served.url}?run={run_of(served, 'de')}")
    channels = page.locator(".mmm-channels")
    channels.wait_for()
    assert EVIL in channels.inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_a_link_to_no_run_says_so(page, served):
    page.goto(f"{served.url}?run=r100/de/20000101_000000")
    page.locator(".mmm-message").wait_for()
    assert "there is no run r100/de/20000101_000000" in page.locator(".mmm-message").inner_text()
    page.locator(".mmm-runs tbody tr[data-run]").nth(2).wait_for()


def test_a_running_run_is_watched_and_cancelled(page, served, going):
    run = Archive(served.root).run(going.stdout.readline().strip())
    page.goto(f"{served.url}?run={run}")
    done = page.locator(".mmm-tiles dd").first
    done.wait_for()
    before = done.inner_text()
    assert re.fullmatch(r"[\d,]+ of 20,000", before)
    assert wait_until(lambda: done.inner_text() != before)

    page.get_by_role("button", name="Cancel run").click()
    assert not run.has(CANCEL)  # it asks first
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    page.locator(".mmm-status", has_text="cancelled").wait_for()
    assert run.state().status is Status.CANCELLED
    assert "cancelled by" in page.locator(".mmm-error").inner_text()


def settled(served) -> set[int]:
    """The kernels once none has come or gone for a while: a tab's place in the pool is filled."""
    seen: list[set[int]] = []

    def steady() -> bool:
        time.sleep(2.0)
        seen.append(kernels(served))
        return len(seen[-1]) >= 2 and seen[-1] in seen[-2:-1]

    assert wait_until(steady)
    return seen[-1]


def test_the_health_probe_starts_no_kernel(served):
    before = settled(served)
    for _ in range(5):
        with urllib.request.urlopen(served.url + "health") as answer:
            assert json.load(answer) == {"status": "ok"}
    time.sleep(1.5)
    assert kernels(served) <= before  # an earlier tab may still be ending


@pytest.mark.parametrize("path", ["voila/files/dashboard.ipynb", "dashboard.ipynb", "robyn/x.png"])
def test_no_file_is_served(served, path):
    before = settled(served)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(served.url + path)
    assert refused.value.code == 404
    refused.value.close()
    assert kernels(served) <= before  # an earlier tab may still be ending


def test_a_closed_tab_leaves_no_kernel(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url)
    page.locator(".mmm-runs tbody tr[data-run]").first.wait_for()
    kernel = page.evaluate("JSON.parse(document.querySelector('#jupyter-config-data').innerText)")
    address = f"{served.url}api/kernels/{kernel['kernelId']}"
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200
    leave(page)

    def gone() -> bool:
        try:
            urllib.request.urlopen(address).close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 404
        return False

    assert wait_until(gone)
    context.close()


def test_an_empty_archive_says_what_to_type(browser, serve, tmp_path):
    with serve(str(tmp_path)) as empty:
        tab = browser.new_page()
        tab.goto(empty.url)
        tab.locator(".mmm-empty").wait_for()
        assert tab.get_by_text("Try with sample data").is_visible()
        assert "mmm run demo" in tab.locator(".mmm-empty").inner_text()
        leave(tab)
    assert empty.process.returncode == 0  # Ctrl-C is a clean end
