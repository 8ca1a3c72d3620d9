"""Styles of a page stay in the browser when one leaves it: none may reach another page."""

from __future__ import annotations

import re
from pathlib import Path

import mmmlib.ui

UI = Path(mmmlib.ui.__path__[0])
SHARED = ("shell", "pieces", "charts")  # drawn on every page, or within several
CLASS = re.compile(r"mmm-[\w-]+")
EVERYWHERE = {"mmm-dark"}  # the page's root; what follows it says where a rule holds


def page_of(path: Path) -> str:
    """The folder of a page; everything below the page of a run belongs to it."""
    return path.relative_to(UI).parts[0]


def parts(path: Path) -> tuple[set[str], str]:
    """The classes a file draws, and its style."""
    drawn, *style = path.read_text(encoding="utf-8").split("<style>")
    drawn = re.sub(r"""\b(id|for|href)=("[^"]*")""", "", drawn)
    return set(CLASS.findall(drawn)), "".join(style)


def first_classes(style: str) -> set[str]:
    """The class that each selector of a style begins with."""
    found = set()
    for selectors in re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]*\{", "", style)):
        for selector in selectors.split(","):
            classes = [name for name in CLASS.findall(selector) if name not in EVERYWHERE]
            found.update(classes[:1])
    return found


def test_no_style_reaches_another_page():
    files = {path: (page_of(path), *parts(path)) for path in sorted(UI.rglob("*.vue"))}
    reached = sorted(
        f"{path.relative_to(UI)}: .{name} is drawn by {other.relative_to(UI)} too"
        for path, (page, _, style) in files.items()
        if page not in SHARED
        for name in first_classes(style)
        for other, (others, drawn, _) in files.items()
        if others != page and name in drawn
    )
    assert reached == []
