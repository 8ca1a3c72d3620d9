"""Intervals of ROAS or CPA by cluster and channel.

Source: Robyn ``R/clusters.R: confidence_calcs, .bootci``: ``mean -/+ t * se * sqrt(n)``, where
``se`` is the standard deviation of the means of bootstrap resamples; with ``sqrt(n)`` the
interval is that of a single model, not of the mean.

Departures. Robyn draws 1,000 resamples. The statistic is a mean, and the bootstrap's standard
error of a mean has a closed form, ``sqrt(sum((x - mean(x))^2)) / n`` (Efron and Tibshirani 1993,
An Introduction to the Bootstrap, chapter 5: the plug-in standard error, which infinitely many
resamples would give). So there is nothing to draw, and no sampling error of a fortieth. Robyn
clips every low end to 0; here only where no model is below 0, because a harmful channel's
interval would lie outside its own mean.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c
from mmmlib.model import FloatArray

MIN_MODELS = 3  # in a cluster, for intervals
CONFIDENCE = 0.975  # two-sided 95 %


def cluster_intervals(
    decomposition: pd.DataFrame, cluster_of: dict[str, int], efficiency: str
) -> pd.DataFrame:
    """Intervals of a channel's efficiency among the models of a cluster.

    Parameters
    ----------
    decomposition : DataFrame
        ``TrainingResult.decomposition``.
    cluster_of : dict
        Cluster of each candidate that counts; exact repeats of a candidate should be left out,
        since they are no evidence of their own.
    efficiency : str
        ``roas`` or ``cpa``. A CPA that is not finite (no effect) is left out.

    Returns
    -------
    DataFrame
        ``cluster, channel, efficiency, mean, standard_error, low, high, n``, sorted by cluster,
        channels in the order of the job. Clusters of fewer than three models have no rows; with
        fewer than two values ``standard_error, low, high`` are NaN.
    """
    paid = decomposition[decomposition[c.ROLE] == "paid"]
    wide = paid.pivot(index=c.CANDIDATE, columns=c.VARIABLE, values=efficiency)
    wide = wide.reindex(index=list(cluster_of), columns=paid[c.VARIABLE].unique())
    numbers = np.array(list(cluster_of.values()), dtype=np.int64)
    tables = [
        _of_cluster(int(number), wide[numbers == number], efficiency)
        for number in np.unique(numbers)
        if np.count_nonzero(numbers == number) >= MIN_MODELS
    ]
    return pd.concat(tables, ignore_index=True) if tables else no_intervals()


def no_intervals() -> pd.DataFrame:
    """The table where there are no clusters."""
    return _table(0, pd.Index([], dtype=object), "", *np.empty((4, 0)), np.empty(0, dtype=int))


def interval(
    values: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean, standard error of the mean, interval of a single value, and count, by column.

    Parameters
    ----------
    values : array, shape (n, k)
        What is not finite is left out.

    Returns
    -------
    mean, standard_error, low, high, count : arrays, shape (k,)
    """
    from scipy.special import stdtrit

    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(finite, values, 0.0).sum(axis=0) / count
        squares = (np.where(finite, values - mean, 0.0) ** 2).sum(axis=0)
        error = np.where(count > 1, np.sqrt(squares) / count, np.nan)
        reach = stdtrit(np.maximum(count - 1, 1), CONFIDENCE) * error * np.sqrt(count)
    low = mean - reach
    never_negative = np.where(finite, values, 0.0).min(axis=0, initial=0.0) >= 0.0
    low = np.where(never_negative, np.maximum(low, 0.0), low)
    return mean, error, low, mean + reach, count


def _of_cluster(number: int, wide: pd.DataFrame, efficiency: str) -> pd.DataFrame:
    return _table(number, wide.columns, efficiency, *interval(wide.to_numpy(dtype=np.float64)))


def _table(number: int, channels: pd.Index, efficiency: str, *figures: FloatArray) -> pd.DataFrame:
    mean, error, low, high, count = figures
    table = pd.DataFrame(
        {
            c.CLUSTER: np.full(len(channels), number, dtype=np.int64),
            c.CHANNEL: np.array(channels, dtype=object),
            c.EFFICIENCY: np.full(len(channels), efficiency, dtype=object),
            c.MEAN: mean,
            c.STANDARD_ERROR: error,
            c.LOW: low,
            c.HIGH: high,
            c.COUNT: count,
        }
    )
    return table.astype({c.COUNT: np.int64})
