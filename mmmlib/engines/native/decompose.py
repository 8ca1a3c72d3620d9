"""Decomposition: how much of the target each variable explains, in all and over time.

Source: Robyn ``R/model.R: model_decomp`` and ``R/pareto.R: robyn_pareto``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.engines.native.candidates import Model, Transformed
from mmmlib.engines.native.evaluate import split_sizes
from mmmlib.ground import columns as c
from mmmlib.model import FloatArray


def design_matrix(model: Model, media: Transformed) -> FloatArray:
    """Columns the ridge regression saw: shape (rows, p), the window's rows."""
    base = model.data.values[model.data.window, : -len(model.job.media)]
    return np.hstack([base, media.saturated])


def totals(
    model: Model, candidate: str, values: FloatArray, coefficients: FloatArray
) -> pd.DataFrame:
    """Decompose one candidate over the window.

    Parameters
    ----------
    model : Model
    candidate : str
        Its id.
    values : array, shape (len(space.names),)
        Its hyperparameters.
    coefficients : array, shape (1 + p,)
        The intercept first.

    Returns
    -------
    DataFrame
        The columns of ``TrainingResult.decomposition``; contributions in units of the target,
        spend in the currency.
    """
    data = model.data
    design = design_matrix(model, model.transform(values))
    contributions = np.append(coefficients[0] * data.rows, (design * coefficients[1:]).sum(axis=0))
    roles = np.array(["intercept", *data.roles])
    paid = roles == "paid"
    spend = np.full(roles.size, np.nan)
    spend[paid] = data.spends[data.window].sum(axis=0)
    effect = contributions[paid].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                c.CANDIDATE: candidate,
                c.VARIABLE: [c.INTERCEPT, *data.variables],
                c.ROLE: roles,
                c.COEFFICIENT: coefficients,
                c.CONTRIBUTION: contributions,
                c.CONTRIBUTION_SHARE: contributions / contributions.sum(),
                c.SPEND: spend,
                c.SPEND_SHARE: spend / np.nansum(spend),
                c.EFFECT_SHARE: np.where(paid, contributions / effect, np.nan),
                c.ROAS: contributions / spend,
                c.CPA: spend / contributions,
            }
        )


def over_time(
    model: Model, candidate: str, values: FloatArray, coefficients: FloatArray
) -> pd.DataFrame:
    """Decompose one candidate period by period; parameters as :func:`totals`.

    Returns
    -------
    DataFrame
        The columns of ``TrainingResult.decomposition_over_time``. Immediate and carryover add
        up to a medium's contribution; they are NaN for everything else.
    """
    data = model.data
    media = model.transform(values)
    parts = design_matrix(model, media) * coefficients[1:]
    n_media = len(model.job.media)
    carryover = np.full_like(parts, np.nan)
    carryover[:, -n_media:] = media.saturated_carryover * coefficients[-n_media:]
    nothing = np.full(data.rows, np.nan)
    intercept = np.full(data.rows, coefficients[0])
    columns = [(c.INTERCEPT, intercept, nothing)]
    columns += list(zip(data.variables, parts.T, carryover.T, strict=True))
    columns += [
        (c.ACTUAL, data.target[data.window], nothing),
        (c.FITTED, intercept + parts.sum(axis=1), nothing),
    ]
    split = split_labels(data.rows, values[model.space.names.index(c.TRAIN_SIZE)])
    tables = [
        pd.DataFrame(
            {
                c.CANDIDATE: candidate,
                c.DATE: data.dates[data.window],
                c.VARIABLE: name,
                c.CONTRIBUTION: contribution,
                c.IMMEDIATE: contribution - carried,
                c.CARRYOVER: carried,
                c.SPLIT: split,
            }
        )
        for name, contribution, carried in columns
    ]
    return pd.concat(tables, ignore_index=True)


def split_labels(rows: int, train_size: float) -> list[str]:
    """Split each row of the window belongs to."""
    n_train, n_val = split_sizes(rows, train_size)
    return ["train"] * n_train + ["val"] * n_val + ["test"] * (rows - n_train - n_val)
