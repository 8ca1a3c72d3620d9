"""Prophet's part: Robyn's own decomposition, as near as two builds of prophet come."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native.inputs import prepare
from mmmlib.engines.native.prophet_step import decompose
from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError
from mmmlib.model.inputs import ModelInput
from tests.engines.native import golden
from tests.engines.native.golden import assert_same

# Root mean square difference in standard deviations. Both are maxima a posteriori found by
# Stan; the trend is flat around its optimum, so that the stopping rule shows there.
NEAR = {"trend": 7e-4, "season": 1e-5, "holiday": 1e-5, "events": 1e-5}


@pytest.fixture(scope="module")
def prepared() -> ModelInput:
    return prepare(golden.dataset(), golden.job())


def test_components(prepared: ModelInput) -> None:
    expected = golden.read("prophet_decomp.csv")
    table = prepared.table()
    for name, near in NEAR.items():
        wanted = expected[name].to_numpy(dtype=np.float64)
        difference = table[name].to_numpy() - wanted
        assert np.sqrt((difference**2).mean()) <= near * wanted.std(), name


def test_everything_else_is_the_modelling_table(prepared: ModelInput) -> None:
    expected = golden.modelling_table()
    table = prepared.table()
    assert list(table) == list(expected)
    assert (table[c.DATE] == expected[c.DATE]).all()
    for name in table.columns.drop([c.DATE, *NEAR]):
        assert_same(table[name], expected[name])
    assert (prepared.first, prepared.rows) == (6, 157)
    assert prepared.roles.count("paid") == 5


def test_loggers_are_put_back_and_nothing_is_random(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("cmdstanpy")
    logger.setLevel(logging.WARNING)
    state = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    data = golden.dataset()
    frame = data.frame
    parts = [
        decompose(frame["DATE"], frame["revenue"], data.holidays, ["trend", "monthly"], {})
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(*parts, check_exact=True)
    assert list(parts[0]) == ["trend", "monthly"]
    assert parts[0]["monthly"].abs().max() > 0
    assert (logger.level, logger.disabled) == (logging.WARNING, False)
    assert np.random.get_state()[1].tolist() == state  # type: ignore[index,union-attr]
    assert capfd.readouterr() == ("", "")


def test_holidays_are_needed_only_where_they_are_wanted() -> None:
    data = golden.dataset()
    frame = data.frame
    none = data.holidays.iloc[:0]
    with pytest.raises(DataError, match="there are no holidays"):
        decompose(frame["DATE"], frame["revenue"], none, ["holiday"], {})
    assert list(decompose(frame["DATE"], frame["revenue"], none, ["trend"], {})) == ["trend"]


def test_a_factor_needs_two_levels() -> None:
    data = golden.dataset()
    frame = data.frame
    levels = {"events": pd.Series(["na"] * len(frame))}
    with pytest.raises(DataError, match="single level 'na'"):
        decompose(frame["DATE"], frame["revenue"], data.holidays, ["trend"], levels)


def test_options_reach_prophet() -> None:
    data = golden.dataset()
    frame = data.frame
    trends = [
        decompose(frame["DATE"], frame["revenue"], data.holidays, ["trend"], {}, options)["trend"]
        for options in ({}, {"n_changepoints": 0}, {"changepoint_prior_scale": 5.0})
    ]
    bends = [float(trend.diff().diff().abs().max()) for trend in trends]
    assert bends[1] < 1e-3 < bends[0] < bends[2]


def test_options_of_prophet_are_robyns() -> None:
    """A multiplicative season of four pairs; limits are three times what Robyn itself moves by
    where the target moves by 1e-9.
    """
    expected = pd.read_parquet(golden.FOLDER / "before_fit" / "multiplicative.parquet")
    options = {"seasonality_mode": "multiplicative", "yearly_seasonality": 4}
    data = golden.dataset()
    job = golden.job(prophet_options=options)
    table = prepare(data, job).table()
    near = {"trend": 0.21, "season": 3e-3, "holiday": 0.04, "events": 0.026}
    for name, limit in near.items():
        wanted = expected[name].to_numpy()
        difference = table[name].to_numpy() - wanted
        assert np.sqrt((difference**2).mean()) <= limit * wanted.std(), name
    assert 0.01 < expected["season"].abs().max() < 1  # shares of the trend
