"""k-means from many starts, compiled.

Lloyd's algorithm, then single points move to the cluster where they lower the sum of squares
(Hartigan and Wong 1979, Applied Statistics 28(1), AS 136: the criterion by which R's ``kmeans``
stops; an optimum of Lloyd's alone need not be one of theirs). Machine code, because a hundred
starts for each of nine numbers of clusters shall cost a tenth of a second: as long as importing
a library for it takes by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmmlib.engines.native.compiled import compiled
from mmmlib.model import FloatArray

IntArray = NDArray[np.int64]

MAX_PASSES = 300  # each lowers the sum of squares, so this ends by itself long before


@compiled
def kmeans_starts(points: FloatArray, starts: IntArray) -> tuple[IntArray, FloatArray]:
    """Cluster points from each start.

    Parameters
    ----------
    points : array, shape (n, d)
    starts : array, shape (s, k)
        Rows of ``points`` that are the first centres of each start, ``k`` different ones.

    Returns
    -------
    labels : array, shape (s, n)
        Cluster of each point, 0 to k - 1.
    squares : array, shape (s,)
        Sum of squared distances of the points from their cluster's mean.
    """
    n_starts, k = starts.shape
    n = points.shape[0]
    labels = np.zeros((n_starts, n), dtype=np.int64)
    squares = np.empty(n_starts)
    for s in range(n_starts):
        centres = np.empty((k, points.shape[1]))
        for a in range(k):
            for j in range(points.shape[1]):
                centres[a, j] = points[starts[s, a], j]
        sizes = np.zeros(k)
        _lloyd(points, centres, sizes, labels[s])
        _move_single_points(points, centres, sizes, labels[s])
        total = 0.0
        for i in range(n):
            total += _squared(points[i], centres[labels[s, i]])
        squares[s] = total
    return labels, squares


@compiled
def _squared(point: FloatArray, centre: FloatArray) -> float:
    total = 0.0
    for j in range(point.size):
        total += (point[j] - centre[j]) ** 2
    return total


@compiled
def _means(points: FloatArray, centres: FloatArray, sizes: FloatArray, labels: IntArray) -> None:
    """Move the centres to the means of their points; a centre without points stays."""
    sums = np.zeros(centres.shape)
    for a in range(sizes.size):
        sizes[a] = 0.0
    for i in range(labels.size):
        sizes[labels[i]] += 1.0
        for j in range(points.shape[1]):
            sums[labels[i], j] += points[i, j]
    for a in range(sizes.size):
        if sizes[a] > 0.0:
            for j in range(points.shape[1]):
                centres[a, j] = sums[a, j] / sizes[a]


@compiled
def _lloyd(points: FloatArray, centres: FloatArray, sizes: FloatArray, labels: IntArray) -> None:
    for turn in range(MAX_PASSES):
        moved = turn == 0
        for i in range(labels.size):
            nearest, least = 0, np.inf
            for a in range(sizes.size):
                distance = _squared(points[i], centres[a])
                if distance < least:
                    nearest, least = a, distance
            if nearest != labels[i]:
                labels[i] = nearest
                moved = True
        _means(points, centres, sizes, labels)
        if not moved:
            return


@compiled
def _move_single_points(
    points: FloatArray, centres: FloatArray, sizes: FloatArray, labels: IntArray
) -> None:
    """Move points while that lowers the sum of squares by more than rounding does."""
    for _ in range(MAX_PASSES):
        moved = False
        for i in range(labels.size):
            own = labels[i]
            if sizes[own] <= 1.0:
                continue
            removed = _squared(points[i], centres[own]) * sizes[own] / (sizes[own] - 1.0)
            target, least = own, removed * (1.0 - 1e-10)
            for a in range(sizes.size):
                if a != own:
                    added = _squared(points[i], centres[a]) * sizes[a] / (sizes[a] + 1.0)
                    if added < least:
                        target, least = a, added
            if target != own:
                sizes[own] -= 1.0
                sizes[target] += 1.0
                for j in range(points.shape[1]):
                    centres[own, j] -= (points[i, j] - centres[own, j]) / sizes[own]
                    centres[target, j] += (points[i, j] - centres[target, j]) / sizes[target]
                labels[i] = target
                moved = True
        _means(points, centres, sizes, labels)
        if not moved:
            return
