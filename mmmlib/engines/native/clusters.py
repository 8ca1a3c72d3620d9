"""Clusters of the candidates on the Pareto fronts, and the winner of each.

Source: Robyn ``R/clusters.R: robyn_clusters`` and the package lares, ``clusterKmeans``. The
features are the hyperparameters of the media (and the penalty factors), each min-max scaled; a
winner has the lowest error score of its cluster, scaled over the clustered candidates only.

Departures. Robyn runs k-means once for each number of clusters from one seed of R's generator,
and so do its number of clusters and partition. Here each number is tried from 100 starts: the
median sum of squares, which is what one start typically finds, goes into Robyn's rule, and the
best start is the partition. Candidates that repeat another's features share its cluster, where
Robyn leaves them out. Clusters are numbered by the error score of their winners, so that the
number does not depend on chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.kmeans import kmeans_starts
from mmmlib.engines.native.pareto import error_scores
from mmmlib.ground import columns as c
from mmmlib.model import FloatArray

IntArray = NDArray[np.int64]

MIN_CLUSTERS, MAX_CLUSTERS = 3, 10
LEAST_DROP = 0.06  # of the sum of squares, by the last cluster that is worth having
STARTS = 100
SEED = 123  # Robyn's, for clusters; independent of the search's, so that runs compare


@dataclass(frozen=True)
class Clusters:
    """Clusters of the candidates on kept fronts.

    Attributes
    ----------
    of_candidate : array, shape (n,)
        Cluster of each candidate of the run, from 1; 0 for those in none.
    winners : tuple of int
        Row of the winner of each cluster, in the order of the clusters.
    note : str
        Why there are no clusters; empty where there are.
    """

    of_candidate: IntArray
    winners: tuple[int, ...]
    note: str = ""

    def table(self, ids: list[str]) -> pd.DataFrame:
        """Columns as ``TrainingResult.clusters``: one row a cluster, or one that says why none."""
        if self.note:
            row = {c.CLUSTER: [0], c.CANDIDATE: [""], c.SIZE: [0], c.NOTE: [self.note]}
            return pd.DataFrame(row)
        numbers = range(1, 1 + len(self.winners))
        return pd.DataFrame(
            {
                c.CLUSTER: numbers,
                c.CANDIDATE: [ids[row] for row in self.winners],
                c.SIZE: [int((self.of_candidate == number).sum()) for number in numbers],
                c.NOTE: "",
            }
        )


def find_clusters(
    model: Model, values: FloatArray, errors: FloatArray, on_front: NDArray[np.bool_]
) -> Clusters:
    """Cluster the candidates on kept fronts.

    Parameters
    ----------
    model : Model
    values : array, shape (n, len(space.names))
        Hyperparameters of all candidates of the run.
    errors : array, shape (n, m)
        The errors that make the error score, of all candidates.
    on_front : array of bool, shape (n,)
        Which candidates are on a kept front.
    """
    rows = np.flatnonzero(on_front)
    nothing = np.zeros(len(values), dtype=np.int64)
    points, place = distinct_points(features(model, values[rows]))
    if len(points) <= MIN_CLUSTERS:
        return Clusters(nothing, (), too_few(len(points)))
    labels = partition(points)[place]
    scores = error_scores(*errors[rows].T)
    firsts = [
        rows[labels == label][scores[labels == label].argmin()] for label in np.unique(labels)
    ]
    score_of = dict(zip(rows.tolist(), scores.tolist(), strict=True))
    order = sorted(range(len(firsts)), key=lambda label: (score_of[int(firsts[label])], label))
    of_candidate = nothing.copy()
    of_candidate[rows] = 1 + np.argsort(order)[labels]
    return Clusters(of_candidate, tuple(int(firsts[label]) for label in order))


def too_few(count: int) -> str:
    """Say that so many different candidates on the fronts make no clusters."""
    return (
        f"no clusters: the Pareto fronts hold {count} different candidate"
        f"{'' if count == 1 else 's'}, clusters need more than {MIN_CLUSTERS}; "
        "search longer or raise min_candidates"
    )


def features(model: Model, values: FloatArray) -> FloatArray:
    """Hyperparameters of the media and penalty factors, as they are: shape (n, d)."""
    left_out = {c.LAMBDA_HP, c.TRAIN_SIZE}
    chosen = [i for i, name in enumerate(model.space.names) if name not in left_out]
    return values[:, chosen]


def distinct_points(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Scale each feature to 0..1 (a constant one to 1, as lares does); drop repeated rows.

    Returns
    -------
    points : array, shape (m, d)
        Different rows, sorted, so that their order does not depend on that of the search.
    place : array, shape (n,)
        Point of each row of ``values``.
    """
    if not len(values):
        return values, np.zeros(0, dtype=np.int64)
    low, high = values.min(axis=0), values.max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    scaled = np.where(high > low, (values - low) / spread, 1.0)
    points, place = np.unique(scaled, axis=0, return_inverse=True)
    return points, place.reshape(-1)


def partition(points: FloatArray) -> IntArray:
    """Cluster different points; how many clusters follows from Robyn's rule.

    Parameters
    ----------
    points : array, shape (m, d)
        More than ``MIN_CLUSTERS`` of them.

    Returns
    -------
    array, shape (m,)
        Label of each point, 0 to k - 1; every label occurs.
    """
    rng = np.random.default_rng(SEED)
    most = min(len(points) - 1, MAX_CLUSTERS)
    best: dict[int, IntArray] = {}
    squares = [float(((points - points.mean(axis=0)) ** 2).sum())]
    for k in range(2, most + 1):
        rows = np.tile(np.arange(len(points)), (STARTS, 1))
        starts = np.ascontiguousarray(rng.permuted(rows, axis=1)[:, :k])
        labels, found = kmeans_starts(points, starts)
        best[k] = labels[found.argmin()]
        squares.append(float(np.median(found)))
    labels = best[number_of_clusters(squares)]
    return np.unique(labels, return_inverse=True)[1]


def number_of_clusters(squares: list[float]) -> int:
    """Robyn's rule: the last number whose cluster still lowers the sum of squares by 6 %.

    Parameters
    ----------
    squares : list of float
        Sum of squares within 1, 2, ... clusters.

    Returns
    -------
    int
        Within ``MIN_CLUSTERS`` and the length of ``squares``.
    """
    drops = -np.diff(squares) / squares[0]
    worth = np.flatnonzero(drops > LEAST_DROP)
    return max(int(worth[-1]) + 2 if worth.size else 1, MIN_CLUSTERS)


def compile_clusters() -> None:
    """Compile k-means, or load it from the cache."""
    kmeans_starts(np.zeros((4, 1)), np.zeros((1, 3), dtype=np.int64))
