"""The search space: which hyperparameters a candidate has, and which of them are searched.

Order and rounding (``significant``) are Robyn's (``R/model.R: hyper_collector, robyn_mmm``), so
that the same seed tries the same candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mmmlib.ground import columns as c
from mmmlib.job import HYPERPARAMETERS, Range, TrainingJob
from mmmlib.model import FloatArray

PENALTY_SUFFIX = "_penalty"
DIGITS = 10  # significant digits Robyn keeps of each coordinate nevergrad proposes


@dataclass(frozen=True)
class Space:
    """Bounds of every hyperparameter, in the order of the search vector.

    Attributes
    ----------
    bounds : dict
        Media hyperparameters sorted by name, then train size and lambda, then penalty factors
        in the order of the design. Lambda comes before the train size where the job gives its
        range. Equal bounds fix a hyperparameter; it is left out of the search vector.
    """

    bounds: dict[str, Range]

    @classmethod
    def of(
        cls,
        job: TrainingJob,
        variables: tuple[str, ...],
        narrowed: Mapping[str, Range] = MappingProxyType({}),
    ) -> Space:
        """Lay out the space of a job whose design has these columns.

        ``narrowed`` are the bounds of a refresh, which take the place of the job's.
        """
        train_size = job.train_size if job.ts_validation else (1.0, 1.0)
        late: dict[str, Range] = {c.TRAIN_SIZE: train_size, c.LAMBDA_HP: job.lambda_range}
        if job.lambda_range != (0.0, 1.0) or narrowed:  # a refresh always gives it
            late = {c.LAMBDA_HP: job.lambda_range, c.TRAIN_SIZE: train_size}
        penalties: dict[str, Range] = {}
        if job.penalty_factors:
            penalties = {name + PENALTY_SUFFIX: (0.0, 1.0) for name in variables}
        return cls({**job.ranges(), **late, **penalties} | dict(narrowed))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every hyperparameter, fixed ones too."""
        return tuple(self.bounds)

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The coordinates of the search vector."""
        return tuple(name for name, (low, high) in self.bounds.items() if low < high)

    def values(self, points: FloatArray) -> FloatArray:
        """Hyperparameters at points of the unit cube.

        Parameters
        ----------
        points : array, shape (b, d)
            One row a candidate, one column a searched hyperparameter, within [0, 1].

        Returns
        -------
        array, shape (b, len(names))
        """
        low, width, free = self._limits
        values = np.tile(low, (len(points), 1))
        values[:, free] = low[free] + points * width[free]
        return values

    @cached_property
    def _limits(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Lower ends, widths, and which are searched."""
        low, high = np.array(list(self.bounds.values())).T
        return low, high - low, low < high


def significant(points: FloatArray) -> FloatArray:
    """Round to ten significant digits, as R's ``signif`` does and Robyn with each proposal."""
    rounded = [float(f"{value:.{DIGITS}g}") for value in points.ravel()]
    return np.array(rounded).reshape(points.shape)


def media_columns(job: TrainingJob, names: tuple[str, ...]) -> list[list[int]]:
    """Where each medium's alpha, gamma, theta (or scale, shape) stand among ``names``."""
    wanted = HYPERPARAMETERS[job.adstock]
    return [
        [names.index(f"{medium.name}_{hyperparameter}") for hyperparameter in wanted]
        for medium in job.media
    ]
