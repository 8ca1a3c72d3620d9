"""Robyn's golden numbers, the model they belong to, and the one rule of tolerance."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmlib.data.dataset import Dataset
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.results import ERROR_COLUMNS
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput

FOLDER = Path(__file__).parents[2] / "golden" / "robyn"
ADSTOCKS = ("geometric", "weibull_cdf", "weibull_pdf")
TOLERANCE = 1e-9

# Robyn's own names, so that the search vector has Robyn's order: medium → spend column.
PAID = {
    "tv_S": "tv_S",
    "ooh_S": "ooh_S",
    "print_S": "print_S",
    "facebook_I": "facebook_S",
    "search_clicks_P": "search_S",
}
_NARROW = {"alphas": [0.5, 1], "gammas": [0.3, 1]}
_WIDE = {"alphas": [0.5, 3], "gammas": [0.3, 1]}
_GEOMETRIC = {
    "tv_S": {**_NARROW, "thetas": [0.3, 0.8]},
    "ooh_S": {**_NARROW, "thetas": [0.1, 0.4]},
    "print_S": {**_NARROW, "thetas": [0.1, 0.4]},
    "facebook_I": {**_WIDE, "thetas": [0, 0.3]},
    "search_clicks_P": {**_WIDE, "thetas": [0, 0.3]},
    "newsletter": {**_WIDE, "thetas": [0.1, 0.4]},
}
_WEIBULL = {"alphas": [0.5, 3], "gammas": [0.01, 1], "scales": [0, 0.1], "shapes": [0, 10]}


def assert_same(actual: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    """Compare column by column (the last axis holds the rows of one quantity).

    Relative to each value; near zero relative to the largest value of its column, because there
    rounding in the sums decides. NaN must stand in the same places.
    """
    actual = np.asarray(actual, dtype=np.float64)
    expected = np.asarray(expected, dtype=np.float64)
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    assert not np.isnan(expected).all(), "nothing to compare"
    scale = np.nanmax(np.abs(expected), axis=-1, keepdims=True, initial=0.0)
    allowed = tolerance * np.maximum(np.abs(expected), 1e-3 * scale)
    off = np.abs(actual - expected) > allowed
    assert not off.any(), f"{off.sum()} of {off.size}: {actual[off][:3]} not {expected[off][:3]}"


def assert_each_same(actual: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    """Compare numbers of different scales, each relative to itself; 0 must be exactly 0."""
    assert_same(np.asarray(actual)[..., None], np.asarray(expected)[..., None], tolerance)


def read(name: str) -> pd.DataFrame:
    """Read one golden table."""
    path = FOLDER / name
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, float_precision="round_trip", keep_default_na=False)


@cache
def fixed(adstock: str) -> list[dict[str, Any]]:
    """The fixed hyperparameter vectors of one adstock."""
    vectors: list[dict[str, Any]] = json.loads((FOLDER / f"fixed_{adstock}.json").read_text())
    return vectors


def job(**values: Any) -> TrainingJob:
    """Robyn's demo as a job, under Robyn's names."""
    geometric = values.get("adstock", "geometric") == "geometric"
    ranges = _GEOMETRIC if geometric else dict.fromkeys(_GEOMETRIC, _WEIBULL)
    demo = {
        "country": "DE",
        "file": "example:weekly",
        "date": "DATE",
        "target": "revenue",
        "channels": [
            {
                "name": name,
                "spend": spend,
                "exposure": name if name != spend else None,
                "ranges": ranges[name],
            }
            for name, spend in PAID.items()
        ],
        "organic": [{"name": "newsletter", "ranges": ranges["newsletter"]}],
        "context": [{"name": "competitor_sales_B"}, {"name": "events", "factor": True}],
        "window": ["2016-01-01", "2018-12-31"],
        "optimizer": "TwoPointsDE",
    }
    return TrainingJob.parse(demo | values)


def modelling_table() -> pd.DataFrame:
    """Robyn's ``dt_mod`` under our names."""
    table = read("dt_mod.csv").rename(columns={"ds": c.DATE, "dep_var": c.TARGET})
    return table.assign(**{c.DATE: pd.to_datetime(table[c.DATE])})


def spends() -> pd.DataFrame:
    """Spend of each paid channel, all rows."""
    raw = read("dt_simulated_weekly.csv")
    return pd.DataFrame({name: raw[spend] for name, spend in PAID.items()})


def model(**values: Any) -> Model:
    """The model on Robyn's own modelling table."""
    golden_job = job(**values)
    return Model(ModelInput.of_table(modelling_table(), spends(), golden_job), golden_job)


def dataset() -> Dataset:
    """Robyn's raw input as a dataset, its holidays moved to the Mondays of the data."""
    frame = read("dt_simulated_weekly.csv").astype({"events": str})
    frame["DATE"] = pd.to_datetime(frame["DATE"])
    numbers = frame.columns.difference(["DATE", "events"])
    frame = frame.astype(dict.fromkeys(numbers, np.float64))
    holidays = read("dt_prophet_holidays_DE.csv")
    days = pd.to_datetime(holidays["ds"])
    holidays["date"] = days - pd.to_timedelta(days.dt.weekday, unit="D")
    joined = holidays.groupby(["date", "year"])["holiday"].agg(", ".join).reset_index()
    return Dataset(frame, joined[["date", "holiday"]], "week", ())


def values_of(candidates: pd.DataFrame, of: Model) -> npt.NDArray[np.float64]:
    """Hyperparameters of golden candidates in the order of the model's space."""
    return candidates[list(of.space.names)].to_numpy(dtype=np.float64)


def errors_of(candidates: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Errors of golden candidates in the order of the engine's."""
    renamed = candidates.rename(columns={"decomp.rssd": c.DECOMP_RSSD})
    return renamed[list(ERROR_COLUMNS)].to_numpy(dtype=np.float64)


def coefficients_of(table: pd.DataFrame, ids: Any, of: Model) -> npt.NDArray[np.float64]:
    """Golden coefficients of these candidates in the order of the design, intercept first."""
    columns = [c.INTERCEPT, *of.data.variables]
    return table.set_index("solID").loc[list(ids), columns].to_numpy(dtype=np.float64)
