"""The report: one file that loads nothing, small, in words, whatever the names are."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmmlib.archive.results import load_result
from mmmlib.archive.run import CHANGES
from mmmlib.model.result import fit_said
from mmmlib.plan.basis import basis_of
from mmmlib.report import select
from mmmlib.report.html.document import html_report
from mmmlib.report.html.glossary import WORDS
from tests.ui.trained_run import EVIL, trained

_ROOT = Path(__file__).parents[2]


class _Read(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A trained run with a hostile channel and change."""
    made = trained(str(tmp_path_factory.mktemp("archive")))
    change = {"what": "left out", "where": EVIL, "count": 3, "why": "</script><script>x()</script>"}
    made.save_json(CHANGES, [change])
    return made


@pytest.fixture(scope="module")
def page(run):
    """The report on its best model, with a plan."""
    return html_report(run, load_result(run), basis_of(run).plan()).decode()


def test_one_file_that_loads_nothing(page):
    read = _Read(page)
    assert not {"img", "link", "iframe", "object", "base", "form"} & set(read.tags)
    assert not {name for name, _ in read.attributes} & {"src", "href", "action", "srcset"}
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(|@import", page)
    assert len(page.encode()) < 3_000_000


def test_the_words(run, page):
    text = " ".join("".join(_Read(page).text).split())
    result = load_result(run)
    for said in (
        select.message(result, "revenue"),
        fit_said(result.errors()),
        "How sure we are, and why",
        "Where the next budget should go",
        "What was changed in the data",
        "The plan:",
        "how sure these figures are is not known",  # this run has no posterior
    ):
        assert " ".join(said.split()) in text


def test_hostile_names_are_text(page):
    read = _Read(page)
    assert read.tags.count("script") == 1
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert EVIL in "".join(read.text)
    charts = [json.loads(value) for name, value in read.attributes if name == "data-read"]
    assert len(charts) == 7  # five curves, the fit, and what the target is made of
    assert all(len(one["x"]) == len(one["t"]) == len(one["s"][0][1]) for one in charts)


def test_equal_inputs_give_equal_bytes_at_once(run, page):
    result, plan = load_result(run), basis_of(run).plan()
    start = time.process_time()
    again = html_report(run, result, plan)
    assert again.decode() == page
    assert time.process_time() - start < 2  # seconds; 0.1 on a quiet machine


def test_without_a_plan(run):
    assert b"Where the next budget" not in html_report(run, load_result(run))


def test_the_glossary_is_one_list():
    lines = (_ROOT / "docs/glossary.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert dict(rows[2:]) == WORDS
