"""Data sets whose truth is known, of four makers who do not think alike.

The product's simulator, and three small generators of our own in the manner of public ones: what
differs is the saturation (logistic, Hill over the mean), the carryover (a finite, normalised
window), the baseline and the noise. All is made from seeds, so that no file is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.dataset import Dataset
from mmmlib.data.holidays import holidays_table
from mmmlib.job.parse import TrainingJob
from mmmlib.simulate.generate import simulate
from mmmlib.simulate.parse import Simulation
from mmmlib.simulate.training import job_for

Floats = NDArray[np.float64]
MULTIPLES = np.linspace(0.7, 1.3, 61)  # of a channel's whole spend series


@dataclass(frozen=True)
class TruthSet:
    """A data set and what is true of it; ``m`` channels.

    Attributes
    ----------
    name, maker : str
    frame : DataFrame
    job : TrainingJob
        Every model is told this much and no more.
    spend : array, shape (m,)
    responses : array, shape (m, 61)
        Contribution of each channel's whole series, times each of :data:`MULTIPLES`.
    series : array, shape (rows, m)
        True contribution a row.
    """

    name: str
    maker: str
    frame: pd.DataFrame
    job: TrainingJob
    spend: Floats
    responses: Floats
    series: Floats

    @property
    def contribution(self) -> Floats:
        """True contribution of each channel, shape (m,)."""
        return np.asarray(self.responses[:, MULTIPLES.size // 2])

    def dataset(self) -> Dataset:
        """What an engine trains on."""
        interval = "week" if self.frame["date"].diff().iloc[1].days == 7 else "day"
        days = pd.DataFrame({"date": [], "holiday": []})
        if self.job.holidays:
            days = holidays_table(self.job, self.frame["date"])
        return Dataset(self.frame, days, interval, ())


def truth_sets() -> Iterator[TruthSet]:
    """All sets of the benchmark."""
    yield from (of_simulator(name) for name in SIMULATED)
    yield from (logistic(seed) for seed in (1, 2, 3))
    yield from (geos(seed) for seed in (1, 2, 3))
    yield from (sparse(seed) for seed in (1, 2, 3))


# The product's simulator ------------------------------------------------------------------------

_KINDS = ("tv", "offline", "offline", "online", "online", "online", "online", "online")
_NAMES = ("tv", "radio", "ooh", "search", "shopping", "social", "video", "affiliate")
_PATTERNS = ("bursts",) * 3 + ("seasonal",) + ("always_on",) * 4

# What is particular about each set: how many channels, and settings over the plain ones.
SIMULATED: dict[str, tuple[int, dict[str, Any]]] = {
    "plain": (6, {}),
    "two_years_noisy": (5, {"periods": 104, "snr": 6}),
    "collinear": (
        8,
        {"snr": 8, "collinear": [
            {"leader": "search", "followers": ["shopping", "social"], "correlation": 0.85}
        ]},
    ),
    "flighted": (
        6,
        {"periods": 104, "flighting": {"pattern": "bursts", "per_year": 6, "length": 3}},
    ),
    "rough": (6, {"wander": 0.08, "steps": [{"date": "2022-09-05", "effect": 0.12}]}),
    "december": (6, {"peaks": [{"day": 352, "width": 9, "effect": 0.6}]}),
    "follows_demand": (
        5,
        {"wander": 0.06, "season": {"amplitude": 0.25}, "snr": 10,
         "flighting": {"follows_demand": 1.5, "variation": 0.35}},
    ),
    "days": (
        5,
        {"interval": "day", "periods": 546, "weekday": [0.02, -0.02, -0.03, 0, 0.06, 0.1, -0.13]},
    ),
    "days_rough": (
        4,
        {"interval": "day", "periods": 728, "wander": 0.1, "snr": 8,
         "weekday": [0.0, 0.02, 0.03, 0, 0.06, -0.1, -0.01],
         "peaks": [{"day": 350, "width": 8, "effect": 0.4}]},
    ),
}  # fmt: skip


def of_simulator(name: str, seed: int = 1) -> TruthSet:
    """A set of :data:`SIMULATED`; its channels' truth is drawn by its name and seed."""
    channels, changes = SIMULATED[name]
    number = list(SIMULATED).index(name)
    rng = np.random.default_rng([seed, number])
    daily = changes.get("interval") == "day"
    baseline = 60_000.0 if daily else 420_000.0
    shares = rng.dirichlet(np.full(channels, 3.0))
    made = []
    for i in rng.permutation(len(_NAMES))[:channels] if channels < 8 else range(8):
        theta = {"tv": (0.3, 0.8), "offline": (0.1, 0.4), "online": (0.0, 0.3)}[_KINDS[i]]
        made.append(
            {
                "name": _NAMES[i],
                "kind": _KINDS[i],
                "spend_level": float(baseline * 0.14 * shares[len(made)]),
                "flighting": {
                    "pattern": _PATTERNS[i],
                    "per_year": 8,
                    "length": 14 if daily else 3,
                    "variation": float(rng.uniform(0.2, 0.6)),
                },
                "hyperparameters": {
                    "alphas": float(rng.uniform(0.7, 2.4)),
                    "gammas": float(rng.uniform(0.35, 0.9)),
                    "thetas": float(rng.uniform(*theta)),
                },
                "roas": float(np.exp(rng.normal(0.7, 0.6))),
            }
        )
    if not any(channel["name"] == "search" for channel in made):
        changes = {key: value for key, value in changes.items() if key != "collinear"}
    values: dict[str, Any] = {
        "seed": 100 * seed + number,
        "start": "2021-01-04",
        "periods": 156,
        "interval": "week",
        "baseline": baseline,
        "trend": 0.05,
        "season": {"amplitude": 0.15, "peak_day": 330},
        "context": [{"name": "price", "mean": 100.0, "spread": 0.05, "effect": -1.0}],
        "channels": made,
        "countries": [{"name": "xx"}],
        "snr": 25,
    }
    settings = Simulation.parse(values | changes)
    simulated = simulate(settings)
    truth = simulated.truth.channels
    frame = simulated.data.drop(columns="country")
    spend = truth["spend"].to_numpy()
    responses, series = [], []
    for row in truth.to_dict("records"):
        adstocked = _carried(frame[row["spend_column"]].to_numpy(), row["thetas"])
        half, alpha = row["inflexion"], row["alphas"]
        at = np.multiply.outer(MULTIPLES, adstocked)
        made_of = row["coefficient"] * at**alpha / (at**alpha + half**alpha)
        responses.append(made_of.sum(axis=1))
        series.append(made_of[MULTIPLES.size // 2])
    weekdays = {"prophet": ["trend", "season", "weekday"]} if daily else {}
    job = job_for(settings, "unused.csv", country_column="", **weekdays)
    return TruthSet(
        f"{name}_{seed}", "simulator", frame, job, spend, np.array(responses), np.array(series).T
    )


def _carried(x: Floats, theta: float) -> Floats:
    made = np.empty_like(x)
    last = 0.0
    for t, value in enumerate(x):
        last = value + theta * last
        made[t] = last
    return made


# Generators in the manner of others -------------------------------------------------------------


def logistic(seed: int) -> TruthSet:
    """Logistic saturation of a normalised carryover over eight weeks; a root-shaped trend."""
    rng = np.random.default_rng([101, seed])
    rows, media = 179, int(rng.integers(2, 5))
    x = np.zeros((rows, media))
    for i in range(media):
        u = rng.uniform(size=rows)
        cut = rng.choice([0.0, 0.6, 0.8])
        x[:, i] = np.where(u > cut, u, rng.choice([0.0, 0.3]) * u)
    theta, steep = rng.uniform(0.1, 0.6, media), rng.uniform(1.0, 4.0, media)
    beta = rng.uniform(0.5, 3.0, media)
    t = np.arange(rows)
    year = 2 * np.pi * t * 7 / 365.25
    base = (t / 10 + 1) ** 0.25 * 2 + 0.3 * (-np.sin(2 * year) + np.cos(year))
    events = [(t == at) * 1.0 for at in rng.choice(rows, 2, replace=False)]
    base = base + 1.5 * events[0] + 2.5 * events[1]

    def parts(multiple: float) -> Floats:
        rates = steep * np.column_stack(
            [_windowed(multiple * x[:, i], theta[i]) for i in range(media)]
        )
        return np.asarray(1000.0 * beta * (1 - np.exp(-rates)) / (1 + np.exp(-rates)))

    target = 1000.0 * base + parts(1.0).sum(axis=1) + 250.0 * rng.standard_normal(rows)
    price = rng.uniform(150, 900, media)
    context = {f"event_{i}": event for i, event in enumerate(events)}
    return _own(f"logistic_{seed}", "logistic", target, x * price, context, parts, ["tv", "online"])


def geos(seed: int) -> TruthSet:
    """Many regions summed: media hardly vary, much of the target is noise and controls."""
    rng = np.random.default_rng([102, seed])
    rows, media, places = 156, int(rng.integers(3, 6)), 20
    size = rng.lognormal(0, 0.6, places)
    common = np.abs(1 + 0.5 * rng.standard_normal((rows, 1, media)))
    x = common * np.abs(1 + 0.7 * rng.standard_normal((rows, places, media)))
    theta, half = rng.uniform(0.2, 0.7, media), rng.uniform(0.3, 1.5, media)
    slope, beta = rng.uniform(0.6, 1.5, media), rng.lognormal(-0.3, 0.4, media)
    knots = np.interp(np.arange(rows), np.linspace(0, rows, 10), rng.normal(0, 0.25, 10))
    controls = np.cumsum(rng.standard_normal((rows, 2)), axis=0) * 0.05
    controls += 0.4 * rng.standard_normal((rows, 2))

    def parts(multiple: float) -> Floats:
        made = np.zeros((rows, media))
        for place in range(places):
            for i in range(media):
                carried = _windowed(multiple * x[:, place, i], theta[i])
                power = carried ** slope[i]
                made[:, i] += size[place] * beta[i] * power / (power + half[i] ** slope[i])
        return made

    target = (6.0 + knots) * size.sum() + (controls @ rng.normal(0, 0.5, 2)) * size.sum()
    target += parts(1.0).sum(axis=1)
    target += 0.6 * np.sqrt((size**2).sum()) * rng.standard_normal(rows)
    cost = rng.uniform(0.1, 0.4, media)
    context = {f"control_{i}": controls[:, i] for i in range(2)}
    spends = x @ np.eye(media) * size[None, :, None]
    return _own(
        f"geos_{seed}", "geos", 1e4 * target, 1e4 * spends.sum(axis=1) * cost, context,
        lambda multiple: 1e4 * parts(multiple), ["tv"],
    )  # fmt: skip


def sparse(seed: int) -> TruthSet:
    """A small business: channels that start late, spend now and then, and differ tenfold."""
    rng = np.random.default_rng([103, seed])
    rows, media = int(rng.choice([104, 131])), int(rng.integers(3, 7))
    x = np.zeros((rows, media))
    for i in range(media):
        active = rng.random(rows) < rng.uniform(0.2, 0.6)
        x[:, i] = np.where(active, rng.gamma(1.2, 1.0, rows), 0.0)
        x[: int(rng.choice([0, 0, rows // 4])), i] = 0.0
    theta, half = rng.uniform(0.0, 0.4, media), rng.uniform(0.4, 1.5, media)
    slope, beta = rng.uniform(0.9, 2.0, media), rng.uniform(0.5, 1.5, media)
    t = np.arange(rows)
    base = 4 + rng.uniform(0, 1.5) * t / rows + 0.5 * np.sin(2 * np.pi * t * 7 / 365.25 + 1)
    base = base + np.cumsum(rng.normal(0, 0.04, rows))
    controls = rng.gamma(0.5, 1.0, (rows, 2)) * (rng.random((rows, 2)) < 0.2)

    def parts(multiple: float) -> Floats:
        carried = np.column_stack([_windowed(multiple * x[:, i], theta[i]) for i in range(media)])
        power = carried**slope
        return np.asarray(500.0 * beta * power / (power + half**slope))

    target = 500.0 * (base + controls @ rng.normal(0.2, 0.2, 2)) + parts(1.0).sum(axis=1)
    target += 120.0 * rng.standard_normal(rows)
    cost = parts(1.0).sum(axis=0) / x.sum(axis=0) / np.exp(rng.normal(0.7, 0.8, media))
    context = {f"control_{i}": controls[:, i] for i in range(2)}
    return _own(f"sparse_{seed}", "sparse", target, x * cost, context, parts, ["online", "offline"])


def _windowed(x: Floats, theta: float) -> Floats:
    """Carryover over eight periods whose weights sum to 1."""
    weights = theta ** np.arange(8)
    return np.asarray(np.convolve(x, weights / weights.sum())[: x.size])


def _own(
    name: str,
    maker: str,
    target: Floats,
    spend: Floats,
    context: dict[str, Floats],
    parts: Callable[[float], Floats],
    kinds: list[str],
) -> TruthSet:
    rows, media = spend.shape
    columns: dict[str, Any] = {
        "date": pd.date_range("2021-01-04", periods=rows, freq="7D"),
        "revenue": target,
        **context,
    }
    columns |= {f"ch{i}_spend": spend[:, i] for i in range(media)}
    job = TrainingJob.parse(
        {
            "country": "xx",
            "file": "unused.csv",
            "date": "date",
            "target": "revenue",
            "prophet": ["trend", "season"],
            "channels": [
                {"name": f"ch{i}", "spend": f"ch{i}_spend", "kind": kinds[i % len(kinds)]}
                for i in range(media)
            ],
            "context": [{"name": key} for key in context],
        }
    )
    responses = np.array([parts(multiple).sum(axis=0) for multiple in MULTIPLES]).T
    return TruthSet(
        name, maker, pd.DataFrame(columns), job, spend.sum(axis=0), responses, parts(1.0)
    )
