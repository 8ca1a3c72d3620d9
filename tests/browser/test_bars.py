"""What sticks is in sight wherever a person has scrolled to."""

from __future__ import annotations

import pytest

from tests.browser.conftest import leave

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BARS = {".mmm-bar", ".mmm-steps", ".mmm-launch"}
WIDTHS = (360, 768, 1440, 2560)
# where the first box that scrolls stands, and which bars are wholly inside the window then
SEEN = """([bars, share]) => {
  let box = document.querySelector(".mmm-launch");
  while (box && !(box.scrollHeight > box.clientHeight + 200
    && /auto|scroll/.test(getComputedStyle(box).overflowY))) box = box.parentElement;
  if (!box) return { scrolls: false, seen: [] };
  box.scrollTop = share * (box.scrollHeight - box.clientHeight);
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const seen = bars.filter((bar) => {
      const { top, bottom, height } = document.querySelector(bar).getBoundingClientRect();
      return height > 0 && top >= 0 && bottom <= window.innerHeight + 1;
    });
    done({ scrolls: box.scrollTop > 0 || share === 0, seen });
  })));
}"""


def seen(page, share: float, bars=BARS) -> set[str]:
    """Bars in sight when the page is scrolled to a share of its length."""
    found = page.evaluate(SEEN, [sorted(bars), share])
    assert found["scrolls"]
    return set(found["seen"])


def fill_form(page) -> None:
    """Open the form with all its sections."""
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    page.locator(".mmm-launch").wait_for()


def test_bars_are_in_sight_at_every_width(page, served):
    page.goto(f"{served.url}?page=train")
    fill_form(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        for share in (0.0, 0.5):
            assert seen(page, share) == BARS, (width, share)


def test_a_lost_connection_is_in_sight(browser, served):
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{served.url}?page=train")
    fill_form(page)
    page.route("**/api/kernels/*", lambda route: route.fulfill(status=502))
    page.locator(".mmm-connection").wait_for()
    assert seen(page, 0.5, {".mmm-connection"}) == {".mmm-connection"}
    page.unroute("**/api/kernels/*")
    leave(page)
