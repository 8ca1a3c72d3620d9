"""When a column is constant: by its spread beside its level, not by equality of floats."""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDING = 1e-9  # of the largest value: what varies less is the rounding of a constant


def constant(values: Any) -> bool:
    """Whether numbers vary by no more than rounding.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers.

    Examples
    --------
    >>> constant([19.99, 19.990000000000002])
    True
    >>> constant([19.99, 20.0])
    False
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.size:
        return True
    low, high = float(values.min()), float(values.max())
    return high - low <= ROUNDING * max(abs(low), abs(high))
