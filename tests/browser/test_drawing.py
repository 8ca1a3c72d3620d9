"""What `charts/drawing.js` writes, and that every page writes it: 5,000 looks alike everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mmmlib.ui
from mmmlib.ui.pieces import source
from tests.browser.conftest import leave

UI = Path(mmmlib.ui.__path__[0])
DRAWING = UI / "charts" / "drawing.js"
USERS = [path for path in sorted(UI.rglob("*.vue")) if "mixins: [drawing]" in path.read_text()]

pytestmark = pytest.mark.browser

WRITTEN = [
    ("amount", [5000], "5,000"),
    ("amount", [1234567.8], "1,234,568"),
    ("amount", [0.023814], "0.02381"),
    ("amount", [-0.0], "0"),
    ("amount", [None], "–"),
    ("two", [5000], "5,000.00"),
    ("four", [0.05], "0.0500"),
    ("four", [995609.0061], "995,609"),
    ("four", [None], "–"),
    ("percent", [0.619], "61.9 %"),
    ("percent", [None], "–"),
    ("signed", [-12.34], "−12.3 %"),
    ("signed", [0.01], "unchanged"),
    ("short", [5000], "5 k"),
    ("short", [999_999], "1 M"),
    ("short", [2.5e9], "2.5 bn"),
    ("short", [12], "12"),
    ("asField", [5000], "5000"),
    ("asField", [1234567.8], "1234568"),
    ("linePath", [[[0, 1], [1, None], [2, 3], [3, 4]]], "M0.0 1.0M2.0 3.0L3.0 4.0"),
]
TICKS = [
    ([0, 20_000, 4], "0|5 k|10 k|15 k|20 k"),
    ([0, 1, 4], "0|0.5|1"),
    ([2_400_000, 2_460_000, 3], "2.4 M|2.42 M|2.44 M|2.46 M"),
    ([-1500, 1500, 6], "-1.5 k|-1 k|-500|0|500|1 k|1.5 k"),
    ([900, 1100, 4], "900|950|1 k|1.05 k|1.1 k"),
    ([0, 0, 4], "0"),
]


@pytest.fixture
def said(browser):
    """Call a function of the components' script as the browser has it."""
    tab = browser.new_page()
    tab.goto("about:blank")

    def call(path, name, arguments):
        script = source(path) if path.suffix == ".vue" else path.read_text(encoding="utf-8")
        script = script.split("<script>")[-1].split("</script>")[0]
        return tab.evaluate(
            """async ([script, name, given]) => {
              const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
              const page = (await import(url)).default;
              const shared = page.mixins ? page.mixins[0].methods : page.methods;
              return shared[name].apply(shared, given);
            }""",
            [script, name, json.loads(json.dumps(arguments))],
        )

    yield call
    leave(tab)


def test_numbers_are_written_as_people_read_them(said):
    for name, given, text in WRITTEN:
        assert said(DRAWING, name, given).replace("\u00a0", " ") == text, (name, given)


def test_ticks_are_round_and_as_fine_as_their_step(said):
    for given, texts in TICKS:
        found = said(DRAWING, "ticks", given)
        assert "|".join(one["text"] for one in found).replace("\u00a0", " ") == texts, given


def test_every_page_writes_5000_alike(said):
    for path in USERS:
        assert said(path, "amount", [5000]) == "5,000", path
        assert said(path, "short", [5000]) == "5\u00a0k", path
        assert [one["text"] for one in said(path, "ticks", [5000, 5400, 1])] == ["5\u00a0k"], path
