"""Numbers as the browser takes them: JSON knows neither NaN nor infinity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

DIGITS = 6  # significant; more than a chart or a table shows


def number(value: Any) -> float | None:
    """Return a float, or ``None`` where it is undefined."""
    found = float(value)
    return found if abs(found) < float("inf") else None


def numbers(values: Iterable[Any], digits: int = DIGITS) -> list[float | None]:
    """Return floats of so many significant digits; ``None`` where one is undefined."""
    return [
        float(f"{found:.{digits}g}") if (found := number(value)) is not None else None
        for value in values
    ]


def cell(value: Any) -> str | float | None:
    """Return a cell of a table: text as it is, numbers as :func:`number` gives them."""
    return value if isinstance(value, str) else number(value)


def plain(value: Any, digits: int = 10) -> float | None:
    """A number with so many significant digits; ``None`` where it is none."""
    number = float(value)
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def plains(values: Iterable[Any], digits: int = 6) -> list[float | None]:
    """Numbers of a picture or a column."""
    return [plain(value, digits) for value in values]
