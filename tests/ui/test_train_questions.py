"""The form asks what the guess asks, and takes the answers."""

from __future__ import annotations

import pandas as pd
import pytest

from mmmlib.ground.errors import DataError, SourceError
from mmmlib.ui.train import fields, form, raw, roles
from mmmlib.ui.train.series import read_series

DAYS = pd.date_range("2021-01-04", periods=120, freq="7D")
SPENDS = {name: [float((i * k) % 17) for i in range(120)] for name, k in (("a,1", 5), ("a2", 7))}
SOLD = [9000.0 + 40 * ((i * 11) % 23) for i in range(120)]


@pytest.fixture
def given(own_folder):
    """Write a table to the folder of the form; the values that name it."""

    def write(table, name="data.csv"):
        pd.DataFrame(table).to_csv(own_folder / name, index=False)
        return {**form.starting(), "file": str(own_folder / name), "country": "de"}

    return write


def joining(file):
    field = next(each for each in fields.fields() if each["key"] == "join")
    blank = {each["key"]: fields.empty(each) for each in field["item"]["fields"]}
    return [{**blank, "file": file}]


def test_a_question_on_spend_is_answered_by_roles(given):
    values = given({"week": DAYS, "sales": SOLD, **SPENDS})
    with pytest.raises(DataError) as asked:
        raw.guess(values)
    assert "Answer with “the role Paid channel for” COLUMN" in raw.as_asked(asked.value)
    assert raw.as_asked(asked.value).endswith("then choose Guess again")
    for name in SPENDS:
        values = roles.assign(values, name, "spend")
    guessed, _, _ = raw.guess(values)
    assert guessed["target"] == "sales"
    assert [each["spend"] for each in guessed["channels"]] == list(SPENDS)
    assert form.check(guessed).job is not None


def test_costs_ask_for_sales_which_are_joined(given):
    costs = [
        {"week": day, "channel": name, "cost": values[i]}
        for name, values in SPENDS.items()
        for i, day in enumerate(DAYS)
    ]
    sales = given({"day": DAYS, "sales": SOLD}, "sales.csv")["file"]
    values = given(costs, "costs.csv")
    with pytest.raises(DataError) as asked:
        raw.guess(values)
    assert "name it under Join in Data" in raw.as_asked(asked.value)
    guessed, _, _ = raw.guess(values | {"join": joining(sales)})
    assert guessed["target"] == "sales"
    assert guessed["join"][0]["date"] == "day"
    assert read_series(guessed).rows == 120


def test_joined_files_are_of_the_folders_too(given):
    values = given({"day": DAYS, "sales": SOLD}) | {"join": joining("/etc/passwd")}
    assert "MMM_DATA_FOLDERS" in str(form.check(values).problems)
    with pytest.raises(SourceError, match="MMM_DATA_FOLDERS"):
        raw.guess(values)
