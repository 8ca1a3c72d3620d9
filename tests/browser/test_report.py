"""The report opens from disk without a request, is free of obstacles, and fits on four pages."""

from __future__ import annotations

import re

import pytest

from mmmlib.archive.results import load_result
from mmmlib.plan.basis import basis_of
from mmmlib.report.html.document import html_report
from tests.browser.test_serving import obstacles
from tests.ui.trained_run import trained

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_from_disk(browser, tmp_path, colours):
    run = trained(str(tmp_path / "archive"))
    file = tmp_path / "report.html"
    file.write_bytes(html_report(run, load_result(run), basis_of(run).plan()))
    page = browser.new_context(color_scheme=colours).new_page()
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(file.as_uri())
    page.locator("th button", has_text="Spend").first.click()
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.locator("figure.chart svg").last.hover()
    assert "baseline" in page.locator(".tip:visible").inner_text()
    assert obstacles(page) == []
    assert asked == [file.as_uri()]
    assert failed == []
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert 1 <= pages <= 4
