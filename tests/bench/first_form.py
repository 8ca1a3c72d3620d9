"""How long until the form can be used, and what it costs: ``python -m tests.bench.first_form``.

Each time a browser with an empty cache opens the page of a server with preheated kernels; the form
can be used when its first button is there and answers. Then the example is chosen, and a role
changed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import psutil

from tests.bench.measure import markdown
from tests.browser.conftest import _ARGUMENTS, CHROMIUM, leave, serving

TIMES = 10
PAUSE_SECONDS = 8.0  # until two kernels wait again, on a machine that is not busy


def main(times: int) -> None:
    """Measure and print a table."""
    from playwright.sync_api import sync_playwright

    before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as root,
        serving(root) as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        time.sleep(PAUSE_SECONDS)
        rows = []
        for _ in range(times + 1):
            rows.append(one(chromium, server))
            time.sleep(PAUSE_SECONDS)
        chromium.close()
    measured = rows[1:]  # the first fills the system's own caches
    print(f"{times} times, load {before:.1f} before and {os.getloadavg()[0]:.1f} after")
    table = pd.DataFrame(measured).agg(["median", "min", "max"]).T.round(2)
    print(markdown(table.reset_index(names="what")))


def one(chromium: Any, server: Any) -> dict[str, float]:
    """Open the form once, choose the example, change a role."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    found = {}

    def timed(what: str, act: Callable[[], object]) -> None:
        started = time.monotonic()
        act()
        found[what] = time.monotonic() - started

    def opened() -> None:
        page.goto(f"{server.url}?page=train", wait_until="commit")
        page.get_by_role("button", name="Weekly, one country").click(trial=True, timeout=60_000)

    def chosen() -> None:
        page.get_by_role("button", name="Weekly, one country").click()
        page.locator(".mmm-bars").wait_for(timeout=60_000)

    def changed() -> None:
        page.get_by_role("option", name="Context variable").click()
        page.wait_for_function("!document.querySelector('.mmm-bars').innerText.includes('print')")

    timed("form usable, s", opened)
    kernel = _kernel(server, page)
    found["kernel, MB"] = kernel.memory_info().rss / 1e6
    timed("example shown with its checks, s", chosen)
    found["kernel with data, MB"] = kernel.memory_info().rss / 1e6
    found["what reads the data, MB"] = kernel.children()[0].memory_info().rss / 1e6
    page.locator('[data-column="print_S"] .v-field').click()
    timed("role changed and checked, s", changed)
    leave(page)
    context.close()
    return found


def _kernel(server: Any, page: Any) -> psutil.Process:
    id_ = page.evaluate("JSON.parse(document.querySelector('#jupyter-config-data').innerText)")
    return next(
        each
        for each in psutil.Process(server.process.pid).children()
        if any(id_["kernelId"] in part for part in each.cmdline())
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
