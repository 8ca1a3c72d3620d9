"""Tables to R and back through the real rpy2: exact, or refused with the column's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.robyn.frames import to_frame, to_table
from mmmlib.engines.robyn.hosts import Host
from mmmlib.ground.errors import EngineError
from tests.engines.robyn.conftest import Heard

EVERYTHING = pd.DataFrame(
    {
        "double": [1.5, np.nan, -0.0, 1e308],
        "whole": [1, 2, -3, 2**31 - 1],
        "large": [1, 2, 3, 2**53],
        "flag": [True, False, True, False],
        "date": pd.to_datetime(["2020-02-29", None, "1969-12-31", "2262-04-11"]),
        "seconds": pd.to_datetime(["2020-02-29", "2020-03-01", None, "2020-03-03"]).astype(
            "datetime64[s]"
        ),
        "promo": ["none", "strike", None, "ä€\n"],
        "nullable": pd.array([1, None, 3, 4], dtype="Int64"),
        "maybe": pd.array([True, None, False, True], dtype="boolean"),
        "single": np.array([0.1, 0.2, np.nan, 0.4], dtype=np.float32),
    }
)


@pytest.mark.r
def test_every_kind_arrives_as_what_it_is(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    frame = to_frame(EVERYTHING, ["promo"])
    assert hosts.call(host, "classes", frame) == {
        "double": "numeric", "whole": "integer", "large": "numeric", "flag": "logical",
        "date": "Date", "seconds": "Date", "promo": "character", "nullable": "integer",
        "maybe": "logical", "single": "numeric",
    }  # fmt: skip
    missing = hosts.call(host, "missing_by_column", frame)
    assert missing == {
        "double": "2", "whole": "", "large": "", "flag": "", "date": "2", "seconds": "3",
        "promo": "3", "nullable": "2", "maybe": "2", "single": "3",
    }  # fmt: skip
    numbers = to_frame(EVERYTHING[["double", "single"]])
    assert hosts.call(host, "not_a_number", numbers) == {"double": False, "single": False}, "NA"
    assert hosts.call(host, "rows", frame) == [4]


@pytest.mark.r
def test_there_and_back(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    back = to_table(hosts.call(host, "give_back", to_frame(EVERYTHING, ["promo"])))
    wanted = EVERYTHING.astype(
        {
            "large": np.float64,
            "seconds": "datetime64[ns]",
            "nullable": np.float64,
            "single": np.float64,
        }
    )
    pd.testing.assert_frame_equal(back, wanted, check_exact=True)
    assert back["promo"].tolist() == ["none", "strike", None, "ä€\n"]


@pytest.mark.r
def test_what_r_makes_itself(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    table = to_table(hosts.call(host, "every_kind"))
    assert table["double"].tolist()[::3] == [1.5, np.inf]
    assert table["double"].isna().tolist() == [False, True, True, False]
    assert table["integer"].tolist()[::2] == [1, 3]
    assert np.isnan(table["integer"][1])
    assert table["logical"].tolist() == [True, pd.NA, False, True]
    dates = [pd.Timestamp("2020-02-29"), pd.NaT, pd.Timestamp("1969-12-31"), pd.Timestamp("2021")]
    assert table["date"].tolist() == dates
    assert table["whole_date"].dt.year.tolist()[::2] == [2019, 1970]
    assert table["text"].tolist() == ["a", None, "", "ä€"]
    assert table["factor"].tolist() == ["low", None, "high", "low"]


@pytest.mark.r
def test_lists_and_scalars(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    assert hosts.call(host, "with_lists") == {
        "named": {"a": 1.0, "b": None}, "many": [1, 2, 3], "text": ["x"],
    } | {"none": None}  # fmt: skip
    for value, wanted in ((True, [True]), (3, [3]), (0.1, [0.1]), ("ä", ["ä"]), (None, None)):
        assert hosts.call(host, "give_back", value) == wanted
    assert hosts.call(host, "give_back", ("a", "b")) == ["a", "b"]
    with pytest.raises(EngineError, match="cannot be handed to R"):
        hosts.call(host, "give_back", 2**40)


@pytest.mark.r
@pytest.mark.parametrize(
    ("function", "said"),
    [("with_times", "column 'at'.* has times"), ("with_a_function", "'f' in .* has no place")],
)
def test_what_r_returns_and_no_table_holds(
    shared: tuple[Heard, Host], function: str, said: str
) -> None:
    hosts, host = shared
    with pytest.raises(EngineError, match=said):
        hosts.call(host, function)


@pytest.mark.r
def test_a_large_table(shared: tuple[Heard, Host]) -> None:
    hosts, host = shared
    large = pd.DataFrame(np.random.default_rng(1).normal(size=(50_000, 20)))
    large.columns = pd.Index([f"column_{i}" for i in range(20)])
    large["text"] = np.arange(50_000).astype(str)
    back = to_table(hosts.call(host, "give_back", to_frame(large, ["text"])))
    pd.testing.assert_frame_equal(back, large, check_exact=True)


@pytest.mark.r
@pytest.mark.parametrize("rows", [0, 1])
def test_small_tables(shared: tuple[Heard, Host], rows: int) -> None:
    hosts, host = shared
    small = EVERYTHING[["double", "whole", "flag", "date", "promo"]].head(rows)
    frame = to_frame(small, ["promo"])
    assert hosts.call(host, "rows", frame) == [rows]
    pd.testing.assert_frame_equal(to_table(hosts.call(host, "give_back", frame)), small)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1,5", "2"], "column 'x' would arrive as text"),
        ([1.5, "2"], "column 'x' would arrive as text"),
        (pd.Categorical(["a", "b"]), "column 'x' is categorical"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True), "time zone UTC"),
        (pd.to_datetime(["2020-01-01 12:00", "2020-01-02 00:00"]), "times of the day"),
        ([1, 2**60], "cannot hold exactly"),
        ([1j, 2j], "would arrive as text"),
        (pd.to_timedelta(["1 day", "2 days"]), "would arrive as text"),
        ([{"a": 1}, []], "would arrive as text"),
        (pd.period_range("2020", periods=2, freq="D"), "would arrive as text"),
    ],
)
def test_columns_without_a_kind_are_refused(values: Any, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        to_frame(pd.DataFrame({"good": [1.0, 2.0], "x": values}))


@pytest.mark.parametrize(
    ("values", "said"), [(["a", 3], "holds int"), (["a\0b", "c"], "NUL"), ([b"a", "b"], "bytes")]
)
def test_text_must_be_text(values: Any, said: str) -> None:
    with pytest.raises(EngineError, match=f"column 'x'.*{said}"):
        to_frame(pd.DataFrame({"x": values}), ["x"])


def test_every_problem_is_named() -> None:
    table = pd.DataFrame([["a", "b", 1.0]], columns=["one", "two", "two"])
    with pytest.raises(EngineError, match=r"'one'.*'two'.*there twice"):
        to_frame(table)
