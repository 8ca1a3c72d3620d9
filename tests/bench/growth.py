"""How a candidate's cost grows with rows and channels, on random data of any size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmlib.engines.native.candidates import Model
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput
from tests.bench.measure import timed

ADSTOCKS = ("geometric", "weibull_cdf", "weibull_pdf")
ROWS = (104, 208, 416, 832, 1664, 2000)
CHANNELS = (3, 6, 12, 25, 50)
SECONDS = 0.2  # of each measurement, about


def model(rows: int, channels: int, adstock: str) -> Model:
    """A model of random spends whose target they explain in part; nothing else in it."""
    names = [f"channel_{i:02}" for i in range(channels)]
    job = TrainingJob.parse(
        {
            "country": "de",
            "file": "random.csv",
            "date": "date",
            "target": "target",
            "prophet": [],
            "channels": [{"name": name, "spend": name} for name in names],
            "adstock": adstock,
        }
    )
    rng = np.random.default_rng(rows * 100 + channels)
    spends = pd.DataFrame(rng.gamma(2.0, 1000.0, (rows, channels)), columns=names)
    target = 1e5 + np.sqrt(spends).sum(axis=1) * 100 + rng.normal(0, 2e3, rows)
    dates = pd.date_range("1980-01-07", periods=rows, freq="7D")
    table = spends.assign(**{c.DATE: dates, c.TARGET: target})
    return Model(ModelInput.of_table(table, spends, job), job)


def microseconds(of: Model, candidates: int = 20) -> float:
    """Time of one candidate on one core, the better of two."""
    cube = np.random.default_rng(1).random((2000, len(of.space.searched)))
    values = of.space.values(cube)
    of.evaluate(values[:1])
    seconds = timed(lambda: of.evaluate(values[:candidates]))
    count = int(np.clip(SECONDS / 2 * candidates / seconds, candidates, len(values)))
    return min(timed(lambda: of.evaluate(values[:count])) for _ in range(2)) / count * 1e6


def exponent(sizes: npt.ArrayLike, times: npt.ArrayLike) -> float:
    """Slope of the times over the sizes, both as logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def table(what: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """Microseconds a candidate by ``rows`` (5 channels) or by ``channels`` (208 rows).

    Returns
    -------
    table : DataFrame
        One row a size, one column an adstock, and the exponents in the last row.
    exponents : dict
        Exponent of each adstock.
    """
    sizes = ROWS if what == "rows" else CHANNELS
    found: dict[str, list[float]] = {}
    for adstock in ADSTOCKS:
        found[adstock] = [
            microseconds(model(*((size, 5) if what == "rows" else (208, size)), adstock))
            for size in sizes
        ]
    exponents = {adstock: exponent(sizes, times) for adstock, times in found.items()}
    shown = pd.DataFrame({what: sizes, **found})
    shown = shown.map(lambda value: f"{value:,.0f}")
    shown.loc[len(shown)] = ["exponent", *(f"{value:.2f}" for value in exponents.values())]
    return shown, exponents
