"""From the tables R returns to those of a training result, checked before anybody reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines.engine import optimizer_of
from mmmlib.engines.native.convergence import convergence
from mmmlib.engines.native.curves import marginal, of_channels
from mmmlib.engines.native.pareto import error_scores, smallest_score
from mmmlib.ground import EngineError, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import ADDED_TABLES

Tables = dict[str, pd.DataFrame]

ERRORS = (
    c.NRMSE, c.NRMSE_TRAIN, c.NRMSE_VAL, c.NRMSE_TEST, c.RSQ_TRAIN, c.RSQ_VAL, c.RSQ_TEST,
    c.DECOMP_RSSD, c.MAPE,
)  # fmt: skip
COLUMNS = {
    "candidates": (
        c.CANDIDATE, c.TRIAL, c.ITERATION, c.WORKER, c.TRAIN_SIZE, c.LAMBDA_HP, c.LAMBDA, *ERRORS,
        c.PARETO_FRONT, c.CLUSTER,
    ),
    "coefficients": (c.CANDIDATE, c.VARIABLE, c.COEFFICIENT),
    "decomposition": (
        c.CANDIDATE, c.VARIABLE, c.ROLE, c.COEFFICIENT, c.CONTRIBUTION, c.CONTRIBUTION_SHARE,
        c.SPEND, c.SPEND_SHARE, c.EFFECT_SHARE, c.ROAS, c.CPA,
    ),
    "clusters": ADDED_TABLES["clusters"],
    "cluster_intervals": ADDED_TABLES["cluster_intervals"],
    "model_input": (c.DATE, c.TARGET),
    "decomposition_over_time": (
        c.CANDIDATE, c.DATE, c.VARIABLE, c.CONTRIBUTION, c.IMMEDIATE, c.CARRYOVER, c.SPLIT,
    ),
    "channels": (
        c.CANDIDATE, c.CHANNEL, c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER,
        c.CURRENT_SPEND,
    ),
    "response_curves": (c.CANDIDATE, c.CHANNEL, c.SPEND, c.RESPONSE),
}  # fmt: skip

# Robyn's curve is its own response function on the same numbers; the sums are its own sums.
CURVE_TOLERANCE = 1e-6
SUM_TOLERANCE = 1e-6


def searched(tables: Tables, job: TrainingJob) -> Tables:
    """Check the tables of the whole search and add the error score, and convergence.

    Raises
    ------
    EngineError
        Robyn's tables are not those of this job's search.
    """
    _have_columns(tables)
    candidates = tables["candidates"]
    wanted = job.trials * job.iterations
    if len(candidates) != wanted or not candidates[c.CANDIDATE].is_unique:
        raise EngineError(
            f"Robyn returned {candidates[c.CANDIDATE].nunique()} candidates where {wanted} were "
            "searched; the run is not complete"
        )
    scored = [candidates[name].to_numpy(dtype=np.float64) for name in score_columns(job)]
    candidates = candidates.copy()
    candidates[c.ERROR_SCORE] = error_scores(*scored)
    candidates[c.PASSES] = np.nan  # glmnet's passes are not in Robyn's output
    keys, others = COLUMNS["candidates"][:4], COLUMNS["candidates"][4:-2]
    last = (c.ERROR_SCORE, c.PARETO_FRONT, c.CLUSTER, c.PASSES)
    searched_over = [name for name in candidates if name not in (*keys, *others, *last)]
    candidates = candidates[[*keys, *searched_over, *others, *last]]
    checked = {**tables, "candidates": candidates, "convergence": convergence(candidates)}
    return {name: table.reset_index(drop=True) for name, table in checked.items()}


def score_columns(job: TrainingJob) -> tuple[str, str, str]:
    """The errors that make the error score."""
    return (c.NRMSE_TEST if job.ts_validation else c.NRMSE_TRAIN, c.DECOMP_RSSD, c.MAPE)


def best_candidate(candidates: pd.DataFrame, job: TrainingJob) -> tuple[str, str]:
    """Choose the best model: its id, and the rule in words.

    It need not be on a kept front: under ``ts_validation`` the fronts are those of the validation
    error, the score that of the test error.

    Raises
    ------
    EngineError
        No candidate has finite errors.
    """
    scores = candidates[c.ERROR_SCORE].to_numpy()
    scored = [candidates[name].to_numpy(dtype=np.float64) for name in score_columns(job)]
    best = smallest_score(scores, *scored)
    if best is None:
        raise EngineError(
            "no candidate has finite errors: paid media explain nothing in any of them; look at "
            "the data checks, the window and the signs"
        )
    used = score_columns(job)[: 3 if job.calibration else 2]
    errors = " and ".join(used) if len(used) == 2 else f"{used[0]}, {used[1]} and {used[2]}"
    return str(candidates[c.CANDIDATE].iloc[best]), (
        f"smallest error score of all candidates {optimizer_of(job)} tried: root of the sum of "
        f"squares of {errors}, each scaled to 0..1 over all candidates and divided by three"
    )


def in_full(tables: Tables, totals: pd.DataFrame, shown: list[str]) -> Tables:
    """Check the tables of the models stored in full, and add what stands where today.

    Parameters
    ----------
    tables : dict of DataFrame
        ``decomposition_over_time, channels, response_curves`` and the ``decomposition`` of these
        models as R returns them.
    totals : DataFrame
        ``decomposition`` of the candidates on kept fronts; a best model on none is added.
    shown : list of str
        Ids of the models.

    Raises
    ------
    EngineError
        A model is missing, or Robyn's tables contradict each other.
    """
    _have_columns(tables)
    for name, table in tables.items():
        if missing := set(shown) - set(table[c.CANDIDATE]):
            raise EngineError(f"Robyn's {name} lacks {', '.join(sorted(missing))}")
    channels = tables["channels"]
    spend = channels[c.CURRENT_SPEND].to_numpy(dtype=np.float64)
    functions = of_channels(channels)
    channels = channels.assign(
        **{c.CURRENT_RESPONSE: functions.response(spend)},
        **{c.CURRENT_MARGINAL: marginal(functions, spend)},
    )
    over_time = tables["decomposition_over_time"]
    of_shown = tables["decomposition"]
    apart = ~of_shown[c.CANDIDATE].isin(set(totals[c.CANDIDATE]))
    totals = pd.concat([of_shown[apart], totals], ignore_index=True) if apart.any() else totals
    _add_up(over_time, totals)
    return {
        "decomposition": totals,
        "decomposition_over_time": over_time.reset_index(drop=True),
        "channels": channels.reset_index(drop=True),
        "response_curves": _with_marginal(tables["response_curves"], channels),
    }


def _have_columns(tables: Tables) -> None:
    for name, table in tables.items():
        if name in COLUMNS and (lacking := [n for n in COLUMNS[name] if n not in table]):
            raise EngineError(
                f"Robyn's table {name} lacks {', '.join(lacking)}: r/R and mmmlib are not of one "
                "version; use both from one checkout"
            )


def _with_marginal(curves: pd.DataFrame, channels: pd.DataFrame) -> pd.DataFrame:
    """Robyn's curves with their slope; they must be the response function of the channels."""
    keys = [c.CANDIDATE, c.CHANNEL]
    points = curves[[*keys, c.SPEND, c.RESPONSE]].merge(channels, on=keys, how="left")
    functions = of_channels(points)
    spend = points[c.SPEND].to_numpy(dtype=np.float64)
    ours, robyns = functions.response(spend), points[c.RESPONSE].to_numpy(dtype=np.float64)
    scale = points.groupby(keys)[c.RESPONSE].transform("max").abs().to_numpy()
    wrong = np.abs(ours - robyns) > CURVE_TOLERANCE * np.maximum(scale, 1e-12)
    if wrong.any() or not np.isfinite(robyns).all():
        where = points[~np.isfinite(robyns) | wrong].iloc[0]
        raise EngineError(
            f"Robyn's response curve of {where[c.CHANNEL]} in {where[c.CANDIDATE]} is not that of "
            f"its coefficient, alpha, inflexion and carryover (at {where[c.SPEND]:,.2f})"
        )
    return points[[*keys, c.SPEND, c.RESPONSE]].assign(
        **{c.MARGINAL_RESPONSE: marginal(functions, spend)}
    )


def _add_up(over_time: pd.DataFrame, totals: pd.DataFrame) -> None:
    """The periods' contributions must sum up to the totals."""
    keys = [c.CANDIDATE, c.VARIABLE]
    sums = over_time.groupby(keys)[c.CONTRIBUTION].sum()
    both = totals.set_index(keys)[[c.CONTRIBUTION]].join(sums.rename("sum"), how="inner")
    scale = float(both[c.CONTRIBUTION].abs().max())
    wrong = (both[c.CONTRIBUTION] - both["sum"]).abs() > SUM_TOLERANCE * scale
    if both.empty or wrong.any():
        which = both.index[int(wrong.to_numpy().argmax())] if len(both) else ("it", "anything")
        raise EngineError(
            f"Robyn's decomposition over time of {which[1]} in {which[0]} does not sum up to its "
            "total contribution"
        )


def describe(tables: dict[str, Any]) -> list[str]:
    """Lines on what was found."""
    candidates, best = tables["candidates"], tables["best"]
    fronts = candidates[c.PARETO_FRONT]
    row = candidates.set_index(c.CANDIDATE).loc[best]
    verdicts = tables["convergence"].drop_duplicates(c.OBJECTIVE)[c.VERDICT].tolist()
    return [
        f"{len(candidates)} candidates, {int((fronts > 0).sum())} of them on "
        f"{int(fronts.max())} Pareto fronts",
        *verdicts,
        f"best model {best}: NRMSE {row[c.NRMSE]:.4f}, R² {row[c.RSQ_TRAIN]:.4f}, "
        f"DECOMP.RSSD {row[c.DECOMP_RSSD]:.4f} ({tables['rule']})",
    ]
