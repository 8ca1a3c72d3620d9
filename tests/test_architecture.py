"""`docs/architecture.md` and the other pages speak of the rooms and files that there are."""

from __future__ import annotations

import importlib
import re

from tests.conftest import REPOSITORY
from tests.test_layers import LAYERS

ARCHITECTURE = (REPOSITORY / "docs" / "architecture.md").read_text()
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/*.md")]


def test_the_table_has_the_rooms_in_their_order() -> None:
    table = ARCHITECTURE.partition("## Layers")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.M)) == LAYERS


def test_paths_exist() -> None:
    for page in PAGES:
        for path in re.findall(
            r"`((?:mmmlib|tests|docker|notebooks|r)/[\w./-]+)`", page.read_text()
        ):
            assert (REPOSITORY / path).exists(), f"{page.name}: {path}"


def test_names_are_those_of_the_faces() -> None:
    for page in PAGES:
        for room, name in re.findall(r"\bmmmlib\.(\w+)\.([A-Za-z]\w*)", page.read_text()):
            if room in LAYERS:
                module = importlib.import_module(f"mmmlib.{room}")
                assert hasattr(module, name), f"{page.name}: mmmlib.{room}.{name}"
