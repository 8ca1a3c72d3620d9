"""Checks of collinearity: can the effects of the variables be told apart?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmmlib.data.checks.rules import RULES
from mmmlib.data.checks.sample import Measured, Sample

LARGEST = 1e9  # of a variance inflation factor; an exact combination has no finite one


def correlation(sample: Sample) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the variables that vary, and their correlations over the fitted rows."""
    scaled = np.array(list(sample.varying.values())).reshape(len(sample.varying), sample.rows)
    return list(sample.varying), np.clip(scaled @ scaled.T, -1.0, 1.0)


def correlated_pairs(sample: Sample) -> Iterator[Measured]:
    """Pearson's r of each two variables that the model has coefficients for."""
    names, matrix = correlation(sample)
    sizes = np.abs(np.triu(matrix, 1))
    limit = min(RULES["correlated_pairs"].review or 0.0, sizes.max(initial=0.0))
    for one, other in np.argwhere((sizes >= limit) & (sizes > 0)):  # the others pass
        yield Measured(
            f"{names[one]} ~ {names[other]}",
            float(sizes[one, other]),
            "move together, so that the split of their effect is a guess; add them up "
            "(features: operation sum), keep one, or calibrate with a lift study",
        )


def vif(sample: Sample) -> Iterator[Measured]:
    """Variance inflation factor of each variable: 1 / (1 - R²) of it on the others."""
    names, matrix = correlation(sample)
    if len(names) < 2:
        return
    # The diagonal of the inverse; the small ridge gives an exact combination a large number.
    factors = np.diag(np.linalg.inv(matrix + 0.1 / LARGEST * np.eye(len(names))))
    sizes = np.abs(matrix - np.diag(np.diag(matrix)))
    for name, factor, row in zip(names, factors, sizes, strict=True):
        yield Measured(
            name,
            float(np.clip(factor, 1.0, LARGEST)),
            "is nearly made of the other variables, "
            f"{names[int(row.argmax())]} above all; leave one of them out "
            "or add them up (features: operation sum)",
        )


def condition_number(sample: Sample) -> Iterator[Measured]:
    """Largest over smallest singular value of the variables, centred and of unit length."""
    if len(sample.varying) < 2:
        return
    values = np.linalg.svd(np.array(list(sample.varying.values())), compute_uv=False)
    yield Measured(
        "all variables",
        float(min(LARGEST, values[0] / max(values[-1], values[0] / LARGEST))),
        "taken together the variables hardly tell effects apart; begin with those of the "
        "largest vif",
    )
