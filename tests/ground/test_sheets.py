"""What a spreadsheet opens computes nothing, and what is read back is what was written."""

from __future__ import annotations

import csv
import io
import random

import pandas as pd
import pytest

from mmmlib.ground import from_sheet, to_sheet

HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "'=x", "''@x", "＝1"]


def test_no_cell_begins_as_a_formula() -> None:
    table = pd.DataFrame({"=name": HOSTILE, "n": range(-4, 5), "text": "-12.5"})
    cells = list(csv.reader(io.StringIO(to_sheet(table).decode(), newline="")))
    assert cells[0][0] == "'=name"
    assert all(row[0].startswith("'") for row in cells)
    assert [row[1] for row in cells[1:3]] == ["-4", "-3"]  # a number stays one
    assert {row[2] for row in cells[1:]} == {"-12.5"}


@pytest.mark.parametrize("seed", range(20))
def test_every_text_returns(seed: int) -> None:
    chance = random.Random(seed)
    texts = ["a" + "".join(chance.choices("=+-@'a1\t\r\n\",;＝", k=5)) for _ in range(50)]
    texts = [text[chance.randint(0, 1) :] for text in texts] + HOSTILE
    table = pd.DataFrame({name: [*texts, "end"] for name in ("-a", "'=b")})
    back = from_sheet(to_sheet(table), dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(back, table, check_dtype=False)


def test_categories_and_missing_values() -> None:
    table = pd.DataFrame({"kind": pd.Categorical(["=a", None]), "value": [1.5, None]})
    assert to_sheet(table) == b"kind,value\n'=a,1.5\n,\n"
