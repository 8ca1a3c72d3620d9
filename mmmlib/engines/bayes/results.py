"""The tables of a training result, of which the posterior's mean is the one candidate.

Its contributions are means over the draws. Its curve is that of the mean hyperparameters, scaled
so that the channel's whole contribution is the mean; what needs the spread of the curves takes the
draws themselves (``posterior_draws``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines.bayes.chains import Draws
from mmmlib.engines.bayes.design import Design
from mmmlib.engines.bayes.priors import signed_context
from mmmlib.engines.bayes.tables import (
    Effects,
    baseline_of,
    draws_table,
    effects_of,
    posterior_table,
)
from mmmlib.engines.native.bootstrap import no_intervals
from mmmlib.engines.native.curves import GRID_POINTS, GRID_REACH, marginal, of_channels
from mmmlib.engines.native.evaluate import decomposition_distance, split_errors
from mmmlib.ground import columns as c
from mmmlib.job import HYPERPARAMETERS
from mmmlib.model import FloatArray

CANDIDATE = "1_1_1"
OPTIMIZER = "Metropolis"
RULE = (
    "the mean of the posterior: what all drawn models say together, each as often as it is likely"
)
_CUTS = 20


def posterior_tables(design: Design, draws: Draws) -> tuple[pd.DataFrame, pd.DataFrame, Effects]:
    """The posterior by channel and its draws, which stand beside any engine's model."""
    effects = effects_of(design, draws)
    return posterior_table(design, draws, effects), draws_table(design, effects), effects


def tables(design: Design, draws: Draws) -> dict[str, Any]:
    """Every table of a result whose model is the posterior's mean.

    Returns
    -------
    dict
        The fields of :class:`mmmlib.model.result.TrainingResult` but ``engine`` and ``seconds``.
    """
    posterior, of_draws, effects = posterior_tables(design, draws)
    parts = _parts(design, draws, effects)
    data = design.data
    channels = _channels(design, effects)
    decomposition = _decomposition(design, parts)
    return {
        "candidates": _candidates(design, draws, effects, parts, decomposition),
        "coefficients": decomposition[[c.CANDIDATE, c.VARIABLE, c.COEFFICIENT]].copy(),
        "decomposition": decomposition,
        "decomposition_over_time": _over_time(design, effects, parts),
        "response_curves": _response_curves(design, channels),
        "channels": channels,
        "clusters": pd.DataFrame(
            {
                c.CLUSTER: [0],
                c.CANDIDATE: [""],
                c.SIZE: [0],
                c.NOTE: ["no clusters: a posterior is one model, with an interval of its own"],
            }
        ),
        "cluster_intervals": no_intervals(),
        "convergence": _convergence(draws, effects, design, str(posterior[c.VERDICT].iloc[0])),
        "model_input": replace(data, values=_seen(design, parts)).table(),
        "best": CANDIDATE,
        "rule": RULE,
        "optimizer": OPTIMIZER,
        "posterior": posterior,
        "posterior_draws": of_draws,
    }


def _parts(design: Design, draws: Draws, effects: Effects) -> dict[str, tuple[float, FloatArray]]:
    """Coefficient and contribution a row of each variable, the intercept first.

    Numeric context keeps its own column: coefficient times value is its contribution.
    """
    data, job = design.data, design.job
    base = baseline_of(design, draws, effects)
    intercept = float(base[c.INTERCEPT].mean())
    parts: dict[str, tuple[float, FloatArray]] = {}
    for name in job.prophet:
        parts[name] = 1.0, base.get(name, np.zeros(data.rows))
    signed = {item.name: i for i, item in enumerate(signed_context(job), len(job.media))}
    means = effects.coefficients.mean(axis=0)
    for item in job.context:
        if item.factor:
            series = base[item.name]
            intercept += float(series.min())
            parts[item.name] = 1.0, series - series.min()
            continue
        values = data.values[data.window, data.variables.index(item.name)]
        standard = (values - values.mean()) / values.std()
        slope = (
            means[signed[item.name]] if item.name in signed else _slope(base, item.name, standard)
        )
        coefficient = float(slope / values.std())
        intercept -= coefficient * float(values.mean())
        parts[item.name] = coefficient, coefficient * values
    plugged = _plugged(design, effects)
    for i, medium in enumerate(job.media):
        parts[medium.name] = float(plugged[i, 0]), effects.series[:, i]
    return {c.INTERCEPT: (intercept, np.full(data.rows, intercept)), **parts}


def _slope(base: dict[str, FloatArray], name: str, standard: FloatArray) -> float:
    return float((base[name] * standard).sum() / (standard**2).sum())


def _plugged(design: Design, effects: Effects) -> FloatArray:
    """Coefficient, inflexion and mean carryover at the mean hyperparameters; shape (m, 3)."""
    from mmmlib.engines.bayes.sampler import column_into
    from mmmlib.engines.bayes.tables import immediate_share

    data = design.arrays
    positions = _mean_positions(design, effects)
    adstocked, column = np.empty((2, data.y.size))
    window = data.media[:, data.first : data.first + data.y.size]
    made = np.empty((len(positions), 3))
    totals = effects.totals.mean(axis=0)
    for medium, position in enumerate(positions):
        inflexion = column_into(data, medium, position, adstocked, column)
        share = immediate_share(data, medium, position)
        carryover = (adstocked - share * window[medium]).mean()
        made[medium] = totals[medium] / column.sum(), inflexion, max(carryover, 0.0)
    return made


def _mean_positions(design: Design, effects: Effects) -> FloatArray:
    from mmmlib.engines.bayes.sampler import SCALES

    data, mean = design.arrays, effects.hyperparameters.mean(axis=0)
    width = np.where(data.high > data.low, data.high - data.low, 1.0)
    positions = (mean - data.low) / width
    low, high = data.low[:, :SCALES], data.high[:, :SCALES]
    ratio = np.where(high > low, np.log(high / low), 1.0)
    positions[:, :SCALES] = np.log(mean[:, :SCALES] / low) / ratio
    return np.ascontiguousarray(positions)


def _channels(design: Design, effects: Effects) -> pd.DataFrame:
    paid = len(design.job.channels)
    plugged = _plugged(design, effects)[:paid]
    table = pd.DataFrame(
        {
            c.CANDIDATE: CANDIDATE,
            c.CHANNEL: [channel.name for channel in design.job.channels],
            c.COEFFICIENT: plugged[:, 0],
            c.ALPHA: effects.hyperparameters.mean(axis=0)[:paid, 0],
            c.INFLEXION: plugged[:, 1],
            c.MEAN_CARRYOVER: plugged[:, 2],
            c.CURRENT_SPEND: design.data.spends[design.data.window].mean(axis=0),
        }
    )
    curves, spend = of_channels(table), table[c.CURRENT_SPEND].to_numpy()
    table[c.CURRENT_RESPONSE] = curves.response(spend)
    table[c.CURRENT_MARGINAL] = marginal(curves, spend)
    return table


def _response_curves(design: Design, channels: pd.DataFrame) -> pd.DataFrame:
    largest = design.data.spends[design.data.window].max(axis=0)
    grid = np.linspace(np.zeros_like(largest), GRID_REACH * largest, GRID_POINTS)
    curves = of_channels(channels)
    return pd.DataFrame(
        {
            c.CANDIDATE: CANDIDATE,
            c.CHANNEL: np.repeat(channels[c.CHANNEL].to_numpy(), GRID_POINTS),
            c.SPEND: grid.T.ravel(),
            c.RESPONSE: curves.response(grid).T.ravel(),
            c.MARGINAL_RESPONSE: marginal(curves, grid).T.ravel(),
        }
    )


def _decomposition(design: Design, parts: dict[str, tuple[float, FloatArray]]) -> pd.DataFrame:
    data = design.data
    roles = np.array(["intercept", *data.roles])
    contributions = np.array([series.sum() for _, series in parts.values()])
    spend = np.full(roles.size, np.nan)
    paid = roles == "paid"
    spend[paid] = data.spends[data.window].sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                c.CANDIDATE: CANDIDATE,
                c.VARIABLE: list(parts),
                c.ROLE: roles,
                c.COEFFICIENT: [coefficient for coefficient, _ in parts.values()],
                c.CONTRIBUTION: contributions,
                c.CONTRIBUTION_SHARE: contributions / contributions.sum(),
                c.SPEND: spend,
                c.SPEND_SHARE: spend / np.nansum(spend),
                c.EFFECT_SHARE: np.where(paid, contributions / contributions[paid].sum(), np.nan),
                c.ROAS: contributions / spend,
                c.CPA: spend / contributions,
            }
        )


def _fitted(parts: dict[str, tuple[float, FloatArray]]) -> FloatArray:
    return np.asarray(np.sum([series for _, series in parts.values()], axis=0))


def _over_time(
    design: Design, effects: Effects, parts: dict[str, tuple[float, FloatArray]]
) -> pd.DataFrame:
    data = design.data
    media = {medium.name: i for i, medium in enumerate(design.job.media)}
    nothing = np.full(data.rows, np.nan)
    rows = [
        (name, series, effects.carried[:, media[name]] if name in media else nothing)
        for name, (_, series) in parts.items()
    ]
    rows += [
        (c.ACTUAL, data.target[data.window], nothing),
        (c.FITTED, _fitted(parts), nothing),
    ]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    c.CANDIDATE: CANDIDATE,
                    c.DATE: data.dates[data.window],
                    c.VARIABLE: name,
                    c.CONTRIBUTION: series,
                    c.IMMEDIATE: series - carried,
                    c.CARRYOVER: carried,
                    c.SPLIT: "train",
                }
            )
            for name, series, carried in rows
        ],
        ignore_index=True,
    )


def _candidates(
    design: Design,
    draws: Draws,
    effects: Effects,
    parts: dict[str, tuple[float, FloatArray]],
    decomposition: pd.DataFrame,
) -> pd.DataFrame:
    data, job = design.data, design.job
    actual = data.target[data.window]
    nrmse, rsq = split_errors(actual, _fitted(parts), data.rows, len(data.variables), 1)
    paid = decomposition[decomposition[c.ROLE] == "paid"]
    distance = decomposition_distance(
        paid[c.CONTRIBUTION].to_numpy(), paid[c.SPEND_SHARE].to_numpy(), False
    )
    means = effects.hyperparameters.mean(axis=0)
    hyper = {
        f"{medium.name}_{name}": means[i, h]
        for i, medium in enumerate(job.media)
        for h, name in enumerate(HYPERPARAMETERS[job.adstock])
    }
    return pd.DataFrame(
        [
            {
                c.CANDIDATE: CANDIDATE,
                c.TRIAL: 1,
                c.ITERATION: 1,
                c.WORKER: 1,
                **dict(sorted(hyper.items())),
                c.TRAIN_SIZE: 1.0,
                c.LAMBDA_HP: 0.0,
                c.LAMBDA: 0.0,
                c.NRMSE: nrmse,
                c.NRMSE_TRAIN: nrmse,
                c.NRMSE_VAL: np.nan,
                c.NRMSE_TEST: np.nan,
                c.RSQ_TRAIN: rsq,
                c.RSQ_VAL: np.nan,
                c.RSQ_TEST: np.nan,
                c.DECOMP_RSSD: distance,
                c.MAPE: 0.0,
                c.ERROR_SCORE: 0.0,
                c.PARETO_FRONT: 1,
                c.CLUSTER: 0,
                c.PASSES: draws.sweeps,
            }
        ]
    )


def _convergence(draws: Draws, effects: Effects, design: Design, verdict: str) -> pd.DataFrame:
    """The noise along the chains, in twentieths: level where they have settled."""
    noise = np.exp(0.5 * draws.scalars[:, :, 0]) * design.scale
    spread = float(np.ptp(design.data.target[design.data.window]))
    pieces = np.array_split(noise / spread, min(_CUTS, noise.shape[1]), axis=1)
    ends = np.cumsum([piece.shape[1] for piece in pieces])
    return pd.DataFrame(
        {
            c.OBJECTIVE: c.NRMSE,
            c.CUT: np.arange(1, len(pieces) + 1),
            c.ITERATION: (ends * (draws.sweeps // noise.shape[1])).astype(np.int64),
            c.COUNT: [piece.size for piece in pieces],
            c.MEDIAN: [float(np.median(piece)) for piece in pieces],
            c.SD: [float(piece.std()) for piece in pieces],
            c.SD_LIMIT: np.nan,
            c.MEDIAN_LIMIT: np.nan,
            c.CONVERGED: draws.converged,
            c.VERDICT: verdict,
        }
    )


def _seen(design: Design, parts: dict[str, tuple[float, FloatArray]]) -> FloatArray:
    """The modelling table with the estimated components in place of their stand-ins.

    Before the window they have the value of its first row: the model says nothing about it.
    """
    data = design.data
    values = data.values.copy()
    for i, (name, role) in enumerate(zip(data.variables, data.roles, strict=True)):
        factor = any(item.factor and item.name == name for item in design.job.context)
        if role == "prophet" or factor:
            series = parts[name][1]
            values[:, i] = series[0]
            values[data.window, i] = series
            values[data.window.stop :, i] = series[-1]
    return values


def describe(made: dict[str, Any]) -> list[str]:
    """Lines on what was found."""
    posterior = made["posterior"]
    lines = [str(posterior[c.VERDICT].iloc[0])]
    for _, row in posterior[posterior[c.ROLE] == "paid"].iterrows():
        lines.append(
            f"{row[c.CHANNEL]}: {row[c.EFFICIENCY].upper()} {row[c.MEAN]:.3g}, 90 % interval "
            f"{row[c.LOW]:.3g} to {row[c.HIGH]:.3g} (before the data {row[c.PRIOR_LOW]:.3g} to "
            f"{row[c.PRIOR_HIGH]:.3g}): {row[c.KNOWN]}"
        )
    return lines
