"""Random series of a simulation: each drawn from a generator of its own.

A series depends on the seed and on its name only, so that another channel, another noise or
another country leaves all the others as they were.
"""

from __future__ import annotations

import zlib
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.simulate.parse import Simulation
from mmmlib.simulate.settings import ONE_YEAR, Flighting

Floats = NDArray[np.float64]


def generator(seed: int, *name: str) -> np.random.Generator:
    """The generator of the series called ``name``."""
    return np.random.default_rng([seed, zlib.crc32("/".join(name).encode())])


def dates_of(settings: Simulation) -> pd.DatetimeIndex:
    """Dates of the periods, shape (n,)."""
    step = "D" if settings.interval == "day" else "7D"
    return pd.date_range(settings.start, periods=settings.periods, freq=step)


def wave(dates: pd.DatetimeIndex, peak_day: int) -> Floats:
    """``cos(2 pi (day of the year - peak_day) / 365.25)``, shape (n,)."""
    days = dates.dayofyear.to_numpy(dtype=np.float64)
    swing: Floats = np.cos(2 * np.pi * (days - peak_day) / ONE_YEAR)
    return swing


def wandering(rng: np.random.Generator, n: int, persistence: float) -> Floats:
    """A stationary AR(1) series of variance 1: ``z[t] = p z[t-1] + sqrt(1 - p²) e[t]``."""
    shocks = rng.standard_normal(n)
    z = np.empty(n)
    z[0] = shocks[0]
    for t in range(1, n):
        z[t] = persistence * z[t - 1] + np.sqrt(1 - persistence**2) * shocks[t]
    return z


def around_one(z: Floats, variation: float) -> Floats:
    """Log-normal factors of mean 1 and coefficient of variation ``variation`` from normals."""
    sigma = np.sqrt(np.log1p(variation**2))
    factors: Floats = np.exp(sigma * z - sigma**2 / 2)
    return factors


def flight(
    flighting: Flighting, settings: Simulation, rng: np.random.Generator, demand: Floats
) -> Floats:
    """Spend of a channel as multiples of its mean, shape (n,).

    ``demand`` is what sells without marketing, as multiples of its mean, shape (n,).
    """
    n = settings.periods
    pattern = around_one(wandering(rng, n, flighting.persistence), flighting.variation)
    if flighting.pattern == "seasonal":
        pattern *= 1 + flighting.amplitude * wave(dates_of(settings), flighting.peak_day)
    elif flighting.pattern == "bursts":
        pattern *= _bursts(n, flighting, settings.periods_a_year, rng)
    if flighting.follows_demand:
        pattern *= demand**flighting.follows_demand
    multiples: Floats = pattern / pattern.mean()
    return multiples


def intervals(
    n: int, per_year: float, length: int, periods_a_year: float, rng: np.random.Generator
) -> list[slice]:
    """Intervals of ``length`` periods, one at random within each of equally long spans."""
    count = max(1, round(per_year * n / periods_a_year))
    edges = np.linspace(0, n, count + 1).astype(int)
    found = []
    for start, end in pairwise(edges):
        at = int(rng.integers(start, max(start, end - length) + 1))
        found.append(slice(at, min(at + length, end)))
    return found


def _bursts(
    n: int, flighting: Flighting, periods_a_year: float, rng: np.random.Generator
) -> Floats:
    on = np.zeros(n)
    for burst in intervals(n, flighting.per_year, flighting.length, periods_a_year, rng):
        on[burst] = 1.0
    return on
