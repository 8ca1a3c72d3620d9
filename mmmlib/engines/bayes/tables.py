"""From draws to tables: what each channel brought in, how sure that is, and the model's mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.engines.bayes.chains import Draws
from mmmlib.engines.bayes.design import Design
from mmmlib.engines.bayes.diagnostics import LEAST_ESS, MOST_R_HAT, ess, r_hat
from mmmlib.engines.bayes.priors import SPREAD, log_moments
from mmmlib.engines.bayes.sampler import LINEAR, SCALES, Data, column_into, shape_of
from mmmlib.ground import columns as c
from mmmlib.job import HYPERPARAMETERS, Channel
from mmmlib.model import FloatArray

LEVEL = 0.9  # of every interval here
MOST_DRAWS = 400  # that the tables average over
PLANNED_DRAWS = 200  # that are archived for plans
WELL, ROUGHLY = 1.6, 3.5  # high over low of an interval, up to which a channel is known
FAR = 2.0  # standard deviations of a prior, from which on the data contradict it
KNOWN = ("well known", "roughly known", "not identified: needs a lift study")


@dataclass(frozen=True)
class Effects:
    """What the drawn models say of the window; ``d`` draws, ``m`` media, ``n`` rows.

    Attributes
    ----------
    hyperparameters : array, shape (d, m, h)
    coefficients : array, shape (d, t)
        In units of the target; media first.
    inflexions, carryovers : array, shape (d, m)
        Inflexion and mean carryover, in units of money per period.
    totals : array, shape (d, m)
        Contribution of each medium over the window.
    series, carried : array, shape (n, m)
        Mean contribution a row, and the part of it that was carried over.
    media : array, shape (d, n)
        What all media and signed context bring together, a row.
    chosen : array, shape (d,)
        Which of all draws, chain after chain, these are.
    """

    hyperparameters: FloatArray
    coefficients: FloatArray
    inflexions: FloatArray
    carryovers: FloatArray
    totals: FloatArray
    series: FloatArray
    carried: FloatArray
    media: FloatArray
    chosen: NDArray[np.int64]


def effects_of(design: Design, draws: Draws) -> Effects:
    """Compute the media of evenly chosen draws."""
    data, scale = design.arrays, design.scale
    shapes = draws.shapes.reshape(-1, *draws.shapes.shape[2:])
    logs = draws.logs.reshape(-1, draws.logs.shape[2])
    count = min(MOST_DRAWS, len(logs))
    chosen = np.linspace(0, len(logs) - 1, count).round().astype(np.int64)
    m, _size = data.low.shape
    n, terms = data.y.size, logs.shape[1]
    hyper = hyperparameters_at(data, shapes[chosen])
    made = Effects(
        hyper, np.empty((count, terms)), np.empty((count, m)), np.empty((count, m)),
        np.empty((count, m)), np.zeros((n, m)), np.zeros((n, m)), np.zeros((count, n)), chosen,
    )  # fmt: skip
    window = data.media[:, data.first : data.first + n]
    adstocked, column = np.empty((2, n))
    free = np.where(data.prior == LINEAR, logs[chosen], data.sign * np.exp(logs[chosen]))
    for at, draw in enumerate(chosen):
        for medium in range(m):
            position = shapes[draw, medium]
            inflexion = column_into(data, medium, position, adstocked, column)
            coefficient = scale * free[at, medium] * data.unit[medium] / column.sum()
            share = immediate_share(data, medium, position)
            carryover = adstocked - share * window[medium]
            alpha = hyper[at, medium, 0]
            with np.errstate(divide="ignore", over="ignore"):
                carried = 1.0 / (1.0 + (inflexion / np.maximum(carryover, 0.0)) ** alpha)
            made.coefficients[at, medium] = coefficient
            made.inflexions[at, medium] = inflexion
            made.carryovers[at, medium] = carryover.mean()
            contribution = coefficient * column
            made.totals[at, medium] = contribution.sum()
            made.media[at] += contribution
            made.series[:, medium] += contribution / count
            made.carried[:, medium] += coefficient * carried / count
        for i in range(m, terms):
            made.coefficients[at, i] = scale * free[at, i]
            made.media[at] += made.coefficients[at, i] * data.fixed[i - m]
    return made


def hyperparameters_at(data: Data, positions: FloatArray) -> FloatArray:
    """Hyperparameters at positions between their bounds, shape (..., m, h)."""
    made = data.low + positions * (data.high - data.low)
    low, high = data.low[:, :SCALES], data.high[:, :SCALES]
    made[..., :SCALES] = low * (high / low) ** positions[..., :SCALES]
    return np.asarray(made)


def immediate_share(data: Data, medium: int, position: FloatArray) -> float:
    if data.family == 0:
        return 1.0
    from mmmlib.engines.native.transforms import weibull_weights

    scale, shape = (shape_of(data, medium, position, d) for d in (2, 3))
    return float(weibull_weights(data.media.shape[1], scale, shape, data.family == 2)[0])


def posterior_table(design: Design, draws: Draws, effects: Effects) -> pd.DataFrame:
    """One row a medium; columns as ``TrainingResult.posterior``."""
    job, data = design.job, design.data
    spend = data.spends[data.window].sum(axis=0)
    conversions = job.target_type == "conversion"
    lower = (1 - LEVEL) / 2
    most, least = draws.worst()
    converged = draws.converged
    verdict = _verdict(converged, most, least, draws) + _disagreement(design, draws)
    signs, logs = design.arrays, draws.logs.reshape(-1, draws.logs.shape[2])
    rows: list[dict[str, Any]] = []
    for i, medium in enumerate(job.media):
        free = np.where(signs.prior[i] == LINEAR, logs[:, i], signs.sign[i] * np.exp(logs[:, i]))
        totals = free * signs.unit[i] * design.scale
        low, middle, high = np.quantile(totals, [lower, 0.5, 1 - lower])
        paid = i < len(job.channels)
        row = {
            c.CHANNEL: medium.name,
            c.ROLE: "paid" if paid else "organic",
            c.EFFICIENCY: ("cpa" if conversions else "roas") if paid else "",
            c.SPEND: float(spend[i]) if paid else np.nan,
            c.CONTRIBUTION: float(totals.mean()),
            c.CONTRIBUTION_LOW: low,
            c.CONTRIBUTION_HIGH: high,
        }
        figures = np.array([totals.mean(), middle, low, high])
        if paid:
            figures /= spend[i]
            if conversions:  # the least effect is the most costly
                with np.errstate(divide="ignore", over="ignore"):
                    figures = 1.0 / figures[[0, 1, 3, 2]]
        else:
            figures[:] = np.nan
        row |= dict(zip((c.MEAN, c.MEDIAN, c.LOW, c.HIGH), figures.tolist(), strict=True))
        prior = (np.nan, np.nan)
        if isinstance(medium, Channel):
            prior = _prior_range(medium, design)
        row |= {c.PRIOR_LOW: prior[0], c.PRIOR_HIGH: prior[1], c.LEVEL: LEVEL}
        row |= {c.R_HAT: r_hat(draws.logs[:, :, i]), c.ESS: ess(draws.logs[:, :, i])}
        row |= {c.KNOWN: known(low, high), c.CONVERGED: converged, c.VERDICT: verdict}
        rows.append(row)
    return pd.DataFrame(rows)


def known(low: float, high: float) -> str:
    """How well a contribution is known, by how far the ends of its interval are apart."""
    if low * high <= 0:
        return KNOWN[2]
    ratio = max(high / low, low / high)
    return KNOWN[0] if ratio <= WELL else KNOWN[1] if ratio <= ROUGHLY else KNOWN[2]


def _verdict(converged: bool, most: float, least: float, draws: Draws) -> str:
    said = (
        f"R-hat at most {most:.3f}, effective sample size at least {least:.0f}, "
        f"{draws.logs.shape[0]} chains of {draws.sweeps} sweeps"
    )
    if converged:
        return f"the chains agree ({said})"
    return (
        f"the chains do not agree ({said}; wanted {MOST_R_HAT} and {LEAST_ESS:.0f}): do not use "
        "these numbers; raise posterior.sweeps, narrow ranges, or give priors or lift studies"
    )


def _disagreement(design: Design, draws: Draws) -> str:
    """What to say of channels whose own prior the data contradict; nothing where none is."""
    names, conversions = [], design.job.target_type == "conversion"
    logs = draws.logs.reshape(-1, draws.logs.shape[2])
    for i, channel in enumerate(design.job.channels):
        own = log_moments(channel, conversions)
        if own is not None and abs(np.median(logs[:, i]) - own[0]) > FAR * own[1]:
            names.append(channel.name)
    if not names:
        return ""
    return f"; the data contradict the prior of {', '.join(names)}: one of them is wrong"


def _prior_range(channel: Channel, design: Design) -> tuple[float, float]:
    """Interval of the efficiency before the data are seen."""
    conversions = design.job.target_type == "conversion"
    own = log_moments(channel, conversions)
    data = design.arrays
    mean, sd = own or (data.pooled_mean, float(np.hypot(data.pooled_mean_sd, SPREAD)))
    low, high = np.exp([mean - 1.645 * sd, mean + 1.645 * sd]).tolist()
    if channel.sign == "default" and own is None:
        low, high = -high, high
    return (1 / high, 1 / low) if conversions else (low, high)


def draws_table(design: Design, effects: Effects) -> pd.DataFrame:
    """One row a draw and paid channel; columns as ``TrainingResult.posterior_draws``."""
    job, paid = design.job, len(design.job.channels)
    count = len(effects.totals)
    picked = np.linspace(0, count - 1, min(PLANNED_DRAWS, count)).round().astype(int)
    names = HYPERPARAMETERS[job.adstock]
    table = {
        c.DRAW: np.repeat(picked, paid),
        c.CHANNEL: [channel.name for channel in job.channels] * len(picked),
        c.CONTRIBUTION: effects.totals[picked, :paid].ravel(),
        c.COEFFICIENT: effects.coefficients[picked, :paid].ravel(),
        c.INFLEXION: effects.inflexions[picked, :paid].ravel(),
        c.MEAN_CARRYOVER: effects.carryovers[picked, :paid].ravel(),
    }
    for h, name in enumerate(names):
        table[name] = effects.hyperparameters[picked, :paid, h].ravel()
    return pd.DataFrame(table)


def baseline_of(design: Design, draws: Draws, effects: Effects) -> dict[str, FloatArray]:
    """Mean of each baseline variable's contribution, a row, and of unsigned context its slope.

    Given a draw the baseline is normal; its mean is the solution of a penalised regression.
    """
    data, z = design.arrays, design.z
    scalars = draws.scalars.reshape(-1, draws.scalars.shape[2])[effects.chosen]
    weighted = z * draws.weights[:, None]
    base = np.einsum("ti,tj->ij", weighted, z)
    penalty = np.full((len(scalars), z.shape[1]), 1e-9)
    grouped = data.group >= 0
    penalty[:, grouped] = np.exp(-2.0 * scalars[:, 3 + data.group[grouped]])
    a = base + penalty[:, :, None] * np.eye(z.shape[1])
    residuals = data.y - effects.media / design.scale
    right = np.einsum("tk,dt->dk", weighted, residuals)
    slopes = np.linalg.solve(a, right[:, :, None])[:, :, 0].mean(axis=0) * design.scale
    made = {c.INTERCEPT: np.full(design.data.rows, design.centre)}
    for column, slope in zip(design.columns, slopes, strict=True):
        made[column.variable] = made.get(column.variable, 0.0) + slope * column.values
    return made
