"""Numbers as a browser takes them: JSON knows neither NaN nor infinity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def plain(value: Any, digits: int = 10) -> float | None:
    """A number with so many significant digits; ``None`` where it is none."""
    number = float(value)
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def plains(values: Iterable[Any], digits: int = 6) -> list[float | None]:
    """Numbers of a picture or a column."""
    return [plain(value, digits) for value in values]
