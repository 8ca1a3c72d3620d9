"""The figures of README and docs are those of the runs they name."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.docs_facts import CANDIDATE, MARKED, facts, figured, pages

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]\d)")


@pytest.mark.slow
def test_each_figure_is_that_of_its_run(tmp_path):
    said = facts(str(tmp_path))
    for page in pages():
        written, measured = page.read_text(), figured(page.read_text(), said)
        assert NUMBER.sub("#", written) == NUMBER.sub("#", measured), page.name
        figures = [[float(each) for each in NUMBER.findall(text)] for text in (written, measured)]
        # another processor rounds otherwise, and a posterior's draws are others then
        assert figures[0] == pytest.approx(figures[1], rel=0.05, abs=0.1), page.name


def test_a_figure_that_is_old_is_written_anew():
    page = "mmm export latest 1_2_3\nin all <!--demo.tv-->old\nwords<!----> a euro"
    said = {"demo.best": "4_5_6", "demo.tv": "new"}
    assert figured(page, said) == (
        "mmm export latest 4_5_6\nin all <!--demo.tv-->new<!----> a euro"
    )


def test_one_name_is_one_figure_wherever_it_stands():
    found: dict[str, set[str]] = {}
    for page in pages():
        text = page.read_text()
        assert len(re.findall(r"<!--[a-z.]+-->", text)) == len(MARKED.findall(text)), page.name
        assert not re.search(r"^[> ]*<!--[a-z.]*-->", text, re.M), (
            f"{page.name}: ends a paragraph on GitHub"
        )
        for name, figure in MARKED.findall(text):
            found.setdefault(name, set()).add(figure)
        found.setdefault("demo.best", set()).update(CANDIDATE.findall(text))
    assert {"demo.best", "robyns.best", "daily.errors", "demo.tv"} <= found.keys()
    assert all(len(figures) == 1 for figures in found.values()), found
    for picture in (REPOSITORY / "docs" / "images").glob("*.png"):
        assert {Image.open(picture).text["Model"]} == found["demo.best"], picture.name
