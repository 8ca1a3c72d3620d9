"""How pages write numbers and draw lines stands once, in ``charts/drawing.js``."""

from __future__ import annotations

import re
from pathlib import Path

import mmmlib.ui
from mmmlib.ui.pieces import source

UI = Path(mmmlib.ui.__path__[0])
PAGES = sorted(UI.rglob("*.vue"))
DRAWING = UI / "charts" / "drawing.js"
SHARED = re.findall(r"^    (\w+)(?:\(|,$)", DRAWING.read_text(encoding="utf-8"), re.MULTILINE)


def test_no_page_has_a_format_of_its_own():
    own = re.compile(r"toLocaleString|Intl\.|\.toFixed|\.toPrecision|Math\.log10")
    found = [
        f"{path.relative_to(UI)}: {line.strip()}"
        for path in PAGES
        for line in path.read_text(encoding="utf-8").splitlines()
        # a number that is rounded is still a number
        if own.search(re.sub(r"Number\([^\s]+\.to(Fixed|Precision)\(\d\)\)", "", line))
        and "this.reach" not in line  # the step of the budget's slider
    ]
    assert found == []


def test_who_uses_it_takes_it_and_nobody_else_does():
    assert len(SHARED) > 8
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        used = [name for name in SHARED if re.search(rf"(?<![\w.\"]){name}\(|this\.{name}\(", text)]
        assert bool(used) == ("mixins: [drawing]" in text), (path, used)
        assert ("mixins: [drawing]" in text) == ('import drawing from "drawing.js";' in text), path


def test_no_page_has_a_method_of_the_same_name():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for name in SHARED:
            assert not re.search(rf"^    {name}\([^)]*\) \{{$", text, re.MULTILINE), (path, name)


def test_the_browser_gets_what_a_page_imports():
    for path in PAGES:
        sent = source(path)
        assert not re.search(r"^import ", sent, re.MULTILINE), path
        assert sent.count("const drawing = {") == ("mixins: [drawing]" in sent)
