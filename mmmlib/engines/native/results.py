"""From the trials to the tables of a training result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines.engine import NSGA2, optimizer_of
from mmmlib.engines.native import curves, decompose
from mmmlib.engines.native.bootstrap import MIN_MODELS, cluster_intervals, no_intervals
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.clusters import Clusters, find_clusters
from mmmlib.engines.native.convergence import convergence, verdicts
from mmmlib.engines.native.evaluate import N_ERRORS
from mmmlib.engines.native.nsga2 import POPULATION
from mmmlib.engines.native.pareto import error_scores, pareto_fronts, smallest_score
from mmmlib.engines.native.search import Trial
from mmmlib.ground import EngineError, columns as c
from mmmlib.model import FloatArray

# In the order in which evaluate_batch numbers them.
ERROR_COLUMNS = (
    c.NRMSE_TRAIN,
    c.NRMSE_VAL,
    c.NRMSE_TEST,
    c.RSQ_TRAIN,
    c.RSQ_VAL,
    c.RSQ_TEST,
    c.DECOMP_RSSD,
)
assert len(ERROR_COLUMNS) == N_ERRORS


def tables(model: Model, trials: list[Trial]) -> dict[str, Any]:
    """Make every table, choose the best model.

    Returns
    -------
    dict
        The fields of :class:`mmmlib.model.result.TrainingResult` but ``engine`` and ``seconds``.

    Raises
    ------
    EngineError
        No candidate could be fitted.
    """
    values = np.concatenate([trial.values for trial in trials])
    coefficients = np.concatenate([trial.fits.coefficients for trial in trials])
    candidates = candidate_table(model, trials)
    best = smallest_score(candidates[c.ERROR_SCORE].to_numpy(), *score_errors(model, candidates).T)
    if best is None:
        raise EngineError(
            "no candidate has finite errors: paid media explain nothing in any of them; look at "
            "the data checks, the window and the signs"
        )
    ids = candidates[c.CANDIDATE].tolist()
    chosen = np.flatnonzero(candidates[c.PARETO_FRONT].to_numpy() > 0)
    chosen = np.union1d(chosen, [best])
    decomposition = pd.concat(
        [decompose.totals(model, ids[i], values[i], coefficients[i]) for i in chosen],
        ignore_index=True,
    )
    clusters = find_clusters(
        model, values, score_errors(model, candidates), candidates[c.PARETO_FRONT].to_numpy() > 0
    )
    place = list(candidates).index(c.PARETO_FRONT) + 1
    candidates.insert(place, c.CLUSTER, clusters.of_candidate)
    shown = list(dict.fromkeys([best, *clusters.winners]))
    in_full = [(model, ids[i], values[i], coefficients[i]) for i in shown]
    channels = [curves.channel_table(*candidate) for candidate in in_full]
    of_clusters = intervals(model, clusters, ids, values, decomposition)
    return {
        "candidates": candidates,
        "coefficients": coefficient_table(model, ids, coefficients),
        "decomposition": decomposition,
        "decomposition_over_time": _stacked(decompose.over_time(*each) for each in in_full),
        "response_curves": _stacked(curves.response_curves(model, each) for each in channels),
        "channels": _stacked(channels),
        "clusters": _noted(clusters.table(ids), of_clusters),
        "cluster_intervals": of_clusters,
        "convergence": convergence(candidates),
        "model_input": model.data.table(),
        "best": ids[best],
        "rule": rule(model),
        "optimizer": optimizer_of(model.job),
    }


def candidate_table(model: Model, trials: list[Trial]) -> pd.DataFrame:
    """One row a candidate in the order tried; columns as ``TrainingResult.candidates``."""
    values = np.concatenate([trial.values for trial in trials])
    errors = np.concatenate([trial.fits.errors for trial in trials])
    numbers = np.concatenate([np.full(len(trial.values), trial.number) for trial in trials])
    places = np.concatenate([np.arange(len(trial.values)) for trial in trials])
    iterations, workers = 1 + places // model.job.workers, 1 + places % model.job.workers
    table = pd.DataFrame(
        {
            c.CANDIDATE: [
                f"{t}_{i}_{w}" for t, i, w in zip(numbers, iterations, workers, strict=True)
            ],
            c.TRIAL: numbers,
            c.ITERATION: iterations,
            c.WORKER: workers,
            **dict(zip(model.space.names, values.T, strict=True)),
            c.LAMBDA: model.strengths(values),
            c.NRMSE: np.concatenate([model.objectives(trial.fits) for trial in trials])[:, 0],
            **dict(zip(ERROR_COLUMNS, errors.T, strict=True)),
            c.MAPE: np.concatenate([trial.fits.mape for trial in trials]),
        }
    )
    table[c.ERROR_SCORE] = error_scores(*score_errors(model, table).T)
    job = model.job
    table[c.PARETO_FRONT] = pareto_fronts(
        table[c.NRMSE].to_numpy(),
        table[c.DECOMP_RSSD].to_numpy(),
        job.pareto_fronts,
        job.min_candidates,
        table[c.MAPE].to_numpy() if job.calibration else None,
        job.calibration_constraint,
    )
    table[c.PASSES] = np.concatenate([trial.fits.passes for trial in trials])
    return table


def score_errors(model: Model, candidates: pd.DataFrame) -> FloatArray:
    """The errors that make the error score: shape (n, 3)."""
    nrmse = c.NRMSE_TEST if model.job.ts_validation else c.NRMSE_TRAIN
    return candidates[[nrmse, c.DECOMP_RSSD, c.MAPE]].to_numpy(dtype=np.float64)


def intervals(
    model: Model,
    clusters: Clusters,
    ids: list[str],
    values: FloatArray,
    decomposition: pd.DataFrame,
) -> pd.DataFrame:
    """Intervals of ROAS (CPA where the target is a conversion) by cluster and channel.

    Exact repeats of a candidate, which optimizers do propose, are counted once.
    """
    clustered = np.flatnonzero(clusters.of_candidate)
    if not clustered.size:
        return no_intervals()
    firsts = clustered[np.sort(np.unique(values[clustered], axis=0, return_index=True)[1])]
    cluster_of = {ids[i]: int(clusters.of_candidate[i]) for i in firsts}
    efficiency = c.ROAS if model.job.target_type == "revenue" else c.CPA
    return cluster_intervals(decomposition, cluster_of, efficiency)


def _noted(clusters: pd.DataFrame, of_clusters: pd.DataFrame) -> pd.DataFrame:
    """The table of clusters, where those without intervals say why."""
    without = (clusters[c.CLUSTER] > 0) & ~clusters[c.CLUSTER].isin(of_clusters[c.CLUSTER])
    note = f"no intervals: fewer than {MIN_MODELS} different models"
    return clusters.assign(**{c.NOTE: clusters[c.NOTE].mask(without, note)})


def _stacked(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True)


def coefficient_table(model: Model, ids: list[str], coefficients: FloatArray) -> pd.DataFrame:
    """``candidate, variable, coefficient`` of all candidates."""
    names = [c.INTERCEPT, *model.data.variables]
    return pd.DataFrame(
        {
            c.CANDIDATE: np.repeat(np.array(ids, dtype=object), len(names)),
            c.VARIABLE: np.tile(np.array(names, dtype=object), len(ids)),
            c.COEFFICIENT: coefficients.ravel(),
        }
    )


def rule(model: Model) -> str:
    """Say in words what chose the best model."""
    nrmse = c.NRMSE_TEST if model.job.ts_validation else c.NRMSE_TRAIN
    errors = f"{nrmse} and {c.DECOMP_RSSD}"
    if model.job.calibration:
        errors = f"{nrmse}, {c.DECOMP_RSSD} and {c.MAPE}"
    said = (
        f"smallest error score of all candidates {optimizer_of(model.job)} tried: root of the sum "
        f"of squares of {errors}, each scaled to 0..1 over all candidates and divided by three"
    )
    if model.continuation:
        said += f"; {c.DECOMP_RSSD} is the distance from the decomposition of the refreshed model"
    return said


def describe_input(model: Model) -> str:
    """One line on what the model sees."""
    data, job = model.data, model.job
    start, end = data.dates[data.window][[0, -1]]
    return (
        f"{len(data.dates)} rows, {data.rows} in the window {start:.10} to {end:.10}; "
        f"{len(data.variables)} variables ({len(job.channels)} paid channels, "
        f"{len(job.organic)} organic), {job.adstock} adstock, lambda up to {data.lambda_max:.6g}"
    )


def describe_search(model: Model, cores: int) -> str:
    """One line on the search that begins, by so many cores."""
    job, optimizer = model.job, optimizer_of(model.job)
    if optimizer == NSGA2:
        how, where = f"generations of {min(POPULATION, job.iterations)}", _counted(cores, "thread")
    else:
        processes = _counted(min(cores, job.trials), "process", "es")
        how, where = f"{job.workers} a round", f"in {processes}"
    return (
        f"{_counted(job.trials, 'trial')} of {job.iterations} iterations over "
        f"{len(model.space.searched)} hyperparameters with {optimizer}, seed {job.seed}, {how}, "
        f"{where}"
    )


def _counted(count: int, what: str, plural: str = "s") -> str:
    return f"{count} {what}{plural if count > 1 else ''}"


def describe(made: dict[str, Any]) -> Iterator[str]:
    """Lines on what was found."""
    candidates = made["candidates"]
    fronts = candidates[c.PARETO_FRONT]
    if unfit := int((candidates[c.PASSES] < 0).sum()):
        yield f"{unfit} of {len(candidates)} candidates could not be fitted; they are on no front"
    if idle := int(np.isinf(candidates[c.DECOMP_RSSD]).sum()):
        yield (
            f"in {idle} of {len(candidates)} candidates no paid channel has an effect "
            f"({c.DECOMP_RSSD} is infinite): they count in the error score as in Robyn, and are on "
            "no front, where Robyn may put them"
        )
    yield (
        f"{len(candidates)} candidates, {int((fronts > 0).sum())} of them on "
        f"{int(fronts.max())} Pareto fronts"
    )
    clusters = made["clusters"]
    for number, note in zip(clusters[c.CLUSTER], clusters[c.NOTE], strict=True):
        if note:
            yield f"cluster {number}: {note}" if number else note
    if (won := clusters[clusters[c.CLUSTER] > 0]).size:
        named = zip(won[c.CANDIDATE], won[c.SIZE], strict=True)
        yield f"{len(won)} clusters, their winners (and sizes): " + ", ".join(
            f"{winner} ({size})" for winner, size in named
        )
    yield from verdicts(made["convergence"])
    row = candidates.set_index(c.CANDIDATE).loc[made["best"]]
    yield (
        f"best model {made['best']}: NRMSE {row[c.NRMSE]:.4f}, R² {row[c.RSQ_TRAIN]:.4f}, "
        f"DECOMP.RSSD {row[c.DECOMP_RSSD]:.4f} ({made['rule']})"
    )
