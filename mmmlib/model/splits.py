"""How rows are split into training, validation and test."""

from __future__ import annotations

import math


def split_sizes(rows: int, train_size: float) -> tuple[int, int]:
    """Rows of training and of validation; the rest is test (Robyn ``robyn_mmm``)."""
    if train_size >= 1.0:
        return rows, 0
    return math.floor(1.0 + (rows - 1) * train_size), math.floor((1.0 - train_size) / 2.0 * rows)
