"""A folder of one's own: filled from the product, never over what a person has edited."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmmlib.ground import MMMError, settings
from mmmlib.ui import lab_folder
from tests.conftest import REPOSITORY


def test_all_that_a_newcomer_needs_is_copied(tmp_path):
    copied = lab_folder(tmp_path / "desk")
    here = {str(path.relative_to(copied.folder)) for path in copied.folder.rglob("*")}
    assert {"tour.ipynb", "train.ipynb", "docs/job.md", "examples/weekly.csv"} <= here
    tour = REPOSITORY / "notebooks" / "tour.ipynb"
    assert (copied.folder / "tour.ipynb").read_bytes() == tour.read_bytes()
    assert not lab_folder(copied.folder).new


def test_what_is_edited_is_never_overwritten(tmp_path, monkeypatch):
    product = tmp_path / "product"
    (product / "notebooks").mkdir(parents=True)
    theirs = product / "notebooks" / "train.ipynb"
    other = product / "notebooks" / "extract.ipynb"
    theirs.write_text("one")
    other.write_text("one")
    here = settings().model_copy(update={"app_root": product})
    monkeypatch.setattr("mmmlib.ui.lab.folder.settings", lambda: here)
    desk = lab_folder(tmp_path / "desk").folder

    (desk / "train.ipynb").write_text("mine")
    theirs.write_text("two")
    other.write_text("two")
    copied = lab_folder(desk)

    assert (desk / "train.ipynb").read_text() == "mine"
    assert (desk / copied.beside["train.ipynb"]).read_text() == "two"
    assert copied.updated == ["extract.ipynb"]
    assert (desk / "extract.ipynb").read_text() == "two"
    assert copied.beside["train.ipynb"] in str(copied)
    assert not lab_folder(desk).beside  # said once


@pytest.mark.parametrize("name", ["", "notebooks", "docs"])
def test_the_products_own_folders_are_refused(name):
    with pytest.raises(MMMError, match="a folder of your own"):
        lab_folder(REPOSITORY / name)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MMMError, match="mmm lab FOLDER"):
        lab_folder(tmp_path / "file" / "desk")


def test_a_checkout_stays_clean():
    ignored = Path(REPOSITORY / ".gitignore").read_text().splitlines()
    assert "/lab/" in ignored  # `make lab` works there
    assert os.fspath(settings().notebooks) == str(REPOSITORY / "notebooks")
