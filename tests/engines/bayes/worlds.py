"""Small worlds whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mmmlib.data.dataset import Dataset
from mmmlib.job.parse import TrainingJob

TRUE = {"tv": 2.0, "search": 4.0}


def world(rows: int = 130, noise: float = 0.02, **job: Any) -> tuple[Dataset, TrainingJob]:
    """Two channels of known ROAS over a smooth baseline, weekly."""
    rng = np.random.default_rng(7)
    dates = pd.date_range("2022-01-03", periods=rows, freq="7D")
    tv = np.where(rng.random(rows) < 0.4, rng.uniform(20, 100, rows), 0.0)
    search = rng.uniform(10, 40, rows) * (1 + 0.8 * (rng.random(rows) < 0.3))
    frame = pd.DataFrame({"date": dates, "tv_S": tv, "search_S": search})
    base = 400 + np.linspace(0, 40, rows)
    base += 30 * np.cos(2 * np.pi * np.arange(rows) * 7 / 365.25)
    parts = {
        "tv": _effect(tv, 0.4, 1.6, 0.5) * TRUE["tv"] * tv.sum(),
        "search": _effect(search, 0.1, 1.2, 0.6) * TRUE["search"] * search.sum(),
    }
    frame["revenue"] = base + sum(parts.values())
    frame["revenue"] += noise * frame["revenue"].std() * rng.standard_normal(rows)
    values: dict[str, Any] = {
        "country": "de",
        "file": "unused.csv",
        "date": "date",
        "target": "revenue",
        "engine": "bayes",
        "prophet": ["trend", "season"],
        "channels": [
            {"name": "tv", "spend": "tv_S", "kind": "tv"},
            {"name": "search", "spend": "search_S"},
        ],
    }
    asked = TrainingJob.parse(values | job)
    return Dataset(frame, pd.DataFrame({"date": [], "holiday": []}), "week", ()), asked


def _effect(spend: np.ndarray, theta: float, alpha: float, gamma: float) -> np.ndarray:
    carried = np.zeros_like(spend)
    last = 0.0
    for t, amount in enumerate(spend):
        last = amount + theta * last
        carried[t] = last
    power = carried**alpha
    response = power / (power + (gamma * carried.max()) ** alpha)
    return np.asarray(response / response.sum())
