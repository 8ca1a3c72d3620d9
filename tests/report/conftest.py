"""A builder of small, consistent results: every table agrees with every other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.job.parts import Allocator, Channel, Context, Organic
from mmmlib.model.result import TrainingResult

Built = tuple[TrainingResult, TrainingJob]
Builder = Callable[..., Built]

BEST = "2_7_1"


def hill(position: np.ndarray, alpha: float, inflexion: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 1 / (1 + (inflexion / position) ** alpha)


class _Model:
    """One synthetic model over ``weeks`` weeks, from a seed."""

    def __init__(self, seed: int, names: list[str], weeks: int, dead: int, negative: int) -> None:
        rng = np.random.default_rng(seed)
        count = len(names)
        self.dates = pd.date_range("2023-01-02", periods=weeks, freq="7D")
        scale = 10 ** rng.uniform(3.2, 5, count)
        self.spend = scale * rng.gamma(2.0, 0.5, (weeks, count)) * rng.uniform(0.4, 1, (weeks, 1))
        self.theta = rng.uniform(0.02, 0.7, count)
        self.alpha = rng.uniform(0.6, 3, count)
        stock = np.zeros_like(self.spend)
        for week in range(weeks):
            before = stock[week - 1] if week else np.zeros(count)
            stock[week] = self.spend[week] + self.theta * before
        self.stock, self.carried = stock, stock - self.spend
        self.inflexion = stock.max(axis=0) * rng.uniform(0.25, 0.8, count)
        self.coefficient = scale * rng.uniform(2, 12, count)
        self.coefficient[count - dead :] = 0.0
        self.coefficient[:negative] *= -0.3
        self.rng, self.names = rng, names

    def effects(self, stock: np.ndarray) -> np.ndarray:
        """Response of each channel to an adstocked series (weeks, channels)."""
        columns = zip(stock.T, self.coefficient, self.alpha, self.inflexion, strict=True)
        return np.column_stack([k * hill(z, a, i) for z, k, a, i in columns])


@pytest.fixture(scope="session")
def build() -> Builder:
    return build_result


def build_result(
    seed: int = 1,
    names: list[str] | None = None,
    organic: tuple[str, ...] = ("newsletter",),
    context: tuple[str, ...] = ("competitor price",),
    target_type: str = "revenue",
    weeks: int = 104,
    held_out: bool = False,
    dead: int = 0,
    negative: int = 0,
    target: str = "revenue",
    currency: float = 1.0,
) -> Built:
    """A result and its job; ``dead`` channels have no effect, ``negative`` ones a harmful one."""
    names = names or ["tv", "search", "social"]
    model = _Model(seed, [*names, *organic], weeks, 0, negative)
    paid = len(names)
    if dead:
        model.coefficient[paid - dead : paid] = 0.0
    model.coefficient *= currency
    media = model.effects(model.stock)
    later = model.effects(model.stock) - model.effects(model.spend)
    rng = model.rng
    size = float(np.abs(media).sum(axis=1).mean())
    base = {
        c.INTERCEPT: np.full(weeks, 0.8 * size),
        "trend": size * np.linspace(0.5, 0.9, weeks),
        "season": size * 0.3 * np.sin(np.arange(weeks) / 52 * 2 * np.pi),
        "holiday": size * 0.2 * (np.arange(weeks) % 52 == 50),
        **{name: -size * rng.uniform(0.02, 0.2, weeks) for name in context},
    }
    roles = {c.INTERCEPT: "intercept", "trend": "prophet", "season": "prophet"}
    roles |= {"holiday": "prophet", **dict.fromkeys(context, "context")}
    roles |= {**dict.fromkeys(names, "paid"), **dict.fromkeys(organic, "organic")}
    contributions = pd.DataFrame({**base, **dict(zip(model.names, media.T, strict=True))})
    fitted = contributions.sum(axis=1).to_numpy()
    actual = fitted + rng.normal(0, 0.06 * np.std(fitted) + 0.02 * fitted.mean(), weeks)
    split = np.full(weeks, "train", dtype=object)
    if held_out:
        split[int(0.8 * weeks) :], split[int(0.9 * weeks) :] = "val", "test"
    channels = _channels(model, paid)
    result = TrainingResult(
        candidates=_candidates(rng, held_out).assign(
            **{
                f"{name}_thetas": theta
                for name, theta in zip(model.names, model.theta, strict=True)
            },
            **{c.CLUSTER: 1},
        ),
        coefficients=pd.DataFrame(
            {c.CANDIDATE: BEST, c.VARIABLE: model.names, c.COEFFICIENT: model.coefficient}
        ),
        decomposition=_decomposition(model, contributions, roles, paid),
        decomposition_over_time=_over_time(model, contributions, actual, fitted, split, later),
        response_curves=_curves(model, channels),
        channels=channels,
        clusters=_clusters(),
        cluster_intervals=_intervals(channels, c.ROAS if target_type == "revenue" else c.CPA),
        convergence=_convergence(),
        model_input=pd.DataFrame({c.DATE: model.dates, c.TARGET: actual}),
        best=BEST,
        rule="smallest error score over all candidates",
        engine="native 0.1.0",
        seconds={"search": 1.5},
    )
    job = TrainingJob(
        country="uk",
        date="DATE",
        file="data.csv",
        target=target,
        target_type=target_type,  # type: ignore[arg-type]
        channels=tuple(Channel(name=name, spend=name) for name in names),
        organic=tuple(Organic(name=name) for name in organic),
        context=tuple(Context(name=name) for name in context),
        allocator=Allocator(),
    )
    return result, job


def _clusters() -> pd.DataFrame:
    return pd.DataFrame({c.CLUSTER: [1], c.CANDIDATE: [BEST], c.SIZE: [7], c.NOTE: [""]})


def _intervals(channels: pd.DataFrame, efficiency: str) -> pd.DataFrame:
    """Around what each channel returns; none of those without a positive effect."""
    told = channels[channels[c.CURRENT_RESPONSE] > 0]
    value = told[c.CURRENT_RESPONSE] / told[c.CURRENT_SPEND]
    value = value if efficiency == c.ROAS else 1 / value
    table = pd.DataFrame({c.CLUSTER: 1, c.CHANNEL: told[c.CHANNEL], c.EFFICIENCY: efficiency})
    table[c.MEAN], table[c.STANDARD_ERROR] = value, 0.1 * value
    return table.assign(**{c.LOW: 0.4 * value, c.HIGH: 1.9 * value, c.COUNT: 7})


def _convergence() -> pd.DataFrame:
    cuts = np.arange(1, 21)
    parts = []
    for objective, done in ((c.NRMSE, True), (c.DECOMP_RSSD, False)):
        part = pd.DataFrame({c.OBJECTIVE: objective, c.CUT: cuts, c.ITERATION: 10 * cuts})
        part = part.assign(**{c.COUNT: 20, c.MEDIAN: 1 / cuts, c.SD: 0.2 / cuts})
        words = f"{objective} {'converged' if done else 'did not converge'}"
        limits = {c.SD_LIMIT: 0.1, c.MEDIAN_LIMIT: 0.6}
        parts.append(part.assign(**limits, **{c.CONVERGED: done, c.VERDICT: words}))
    return pd.concat(parts, ignore_index=True)


def _channels(model: _Model, paid: int) -> pd.DataFrame:
    carry, spend = model.carried.mean(axis=0), model.spend.mean(axis=0)
    position = carry + spend
    now = [
        k * float(hill(np.array(z), a, i))
        for z, k, a, i in zip(
            position, model.coefficient, model.alpha, model.inflexion, strict=True
        )
    ]
    saturated = np.array(now) / np.where(model.coefficient == 0, 1, model.coefficient)
    table = pd.DataFrame(
        {
            c.CANDIDATE: BEST,
            c.CHANNEL: model.names,
            c.COEFFICIENT: model.coefficient,
            c.ALPHA: model.alpha,
            c.INFLEXION: model.inflexion,
            c.MEAN_CARRYOVER: carry,
            c.CURRENT_SPEND: spend,
            c.CURRENT_RESPONSE: now,
            c.CURRENT_MARGINAL: model.coefficient
            * model.alpha
            * saturated
            * (1 - saturated)
            / position,
        }
    )
    return table[:paid]


def _decomposition(
    model: _Model, contributions: pd.DataFrame, roles: dict[str, str], paid: int
) -> pd.DataFrame:
    table = pd.DataFrame({c.CANDIDATE: BEST, c.VARIABLE: list(contributions)})
    table[c.ROLE] = table[c.VARIABLE].map(roles)
    table[c.COEFFICIENT] = 1.0
    table[c.CONTRIBUTION] = contributions.sum().to_numpy()
    table[c.CONTRIBUTION_SHARE] = table[c.CONTRIBUTION] / table[c.CONTRIBUTION].sum()
    spend = dict(zip(model.names[:paid], model.spend.sum(axis=0), strict=False))
    table[c.SPEND] = table[c.VARIABLE].map(spend)
    effect = table[c.CONTRIBUTION].where(table[c.ROLE] == "paid")
    table[c.SPEND_SHARE] = table[c.SPEND] / table[c.SPEND].sum()
    table[c.EFFECT_SHARE] = effect / effect.sum()
    table[c.ROAS] = effect / table[c.SPEND]
    table[c.CPA] = table[c.SPEND] / effect.where(effect != 0)
    other = table.assign(**{c.CANDIDATE: "1_1_1", c.CONTRIBUTION: -1.0})  # must never be shown
    return pd.concat([other, table], ignore_index=True)


def _over_time(model: _Model, contributions: pd.DataFrame, *series: Any) -> pd.DataFrame:
    actual, fitted, split, later = series
    parts = []
    for name in [*contributions, c.ACTUAL, c.FITTED]:
        values = {c.ACTUAL: actual, c.FITTED: fitted}.get(name)
        values = contributions[name].to_numpy() if values is None else values
        part = pd.DataFrame({c.CANDIDATE: BEST, c.DATE: model.dates, c.VARIABLE: name})
        part[c.CONTRIBUTION] = values
        medium = name in model.names
        carried = later[:, model.names.index(name)] if medium else np.full(len(part), np.nan)
        part[c.IMMEDIATE], part[c.CARRYOVER] = values - carried, carried
        parts.append(part.assign(**{c.SPLIT: split}))
    return pd.concat(parts, ignore_index=True)


def _curves(model: _Model, channels: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for place, row in channels.iterrows():
        spend = np.linspace(0, 2.5 * row[c.CURRENT_SPEND], 101)
        shape = hill(spend + row[c.MEAN_CARRYOVER], row[c.ALPHA], row[c.INFLEXION])
        part = pd.DataFrame({c.CANDIDATE: BEST, c.CHANNEL: row[c.CHANNEL], c.SPEND: spend})
        part[c.RESPONSE] = row[c.COEFFICIENT] * shape
        part[c.MARGINAL_RESPONSE] = np.gradient(part[c.RESPONSE], spend)
        parts.append(part.assign(place=place).drop(columns="place"))
    return pd.concat(parts, ignore_index=True)


def _candidates(rng: np.random.Generator, held_out: bool) -> pd.DataFrame:
    trials = [(trial, i) for trial in (1, 2) for i in range(1, 201)]
    nrmse = 0.05 + rng.gamma(1.5, 0.03, len(trials))
    rssd = 0.2 + rng.gamma(1.5, 0.15, len(trials)) * 0.06 / nrmse
    table = pd.DataFrame(trials, columns=[c.TRIAL, c.ITERATION])
    table.insert(0, c.CANDIDATE, [f"{trial}_{i}_1" for trial, i in trials])
    best = table.index[table[c.CANDIDATE] == BEST][0]
    nrmse[best], rssd[best] = nrmse.min() * 1.02, rssd.min() * 1.05
    held = 1.0 if held_out else np.nan
    table[c.NRMSE], table[c.NRMSE_TRAIN], table[c.NRMSE_TEST] = nrmse, nrmse, nrmse * 1.4 * held
    table[c.RSQ_TRAIN], table[c.RSQ_TEST] = 1 - 4 * nrmse**2, (1 - 9 * nrmse**2) * held
    table[c.DECOMP_RSSD], table[c.NRMSE_VAL], table[c.ERROR_SCORE] = rssd, nrmse * held, nrmse
    table[c.PARETO_FRONT] = 0
    for front in (1, 2, 3):
        left = table[table[c.PARETO_FRONT] == 0].sort_values(c.NRMSE)
        kept = left[left[c.DECOMP_RSSD] <= left[c.DECOMP_RSSD].cummin()]
        table.loc[kept.index, c.PARETO_FRONT] = front
    return table
