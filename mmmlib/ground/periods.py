"""The periods that rows may be of: day, week or month. One list, and one way to tell them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Period = Literal["day", "week", "month"]
DAYS: dict[Period, int] = {"day": 1, "week": 7, "month": 30}


def period_of(days: float) -> Period | None:
    """Name of the period that is so many days long; ``None`` where none is.

    Examples
    --------
    >>> period_of(7), period_of(31), period_of(14)
    ('week', 'month', None)
    """
    for name in ("day", "week"):
        if days == DAYS[name]:
            return name
    return "month" if 28 <= days <= 31 else None


def period_name(dates: npt.ArrayLike) -> str:
    """Name of one period of sorted dates, in a text: ``period`` where they do not tell.

    Parameters
    ----------
    dates : array_like of datetime64, shape (n,)

    Examples
    --------
    >>> period_name(np.array(["2024-01-01", "2024-02-01", "2024-03-01"], dtype="datetime64"))
    'month'
    """
    steps = np.diff(np.asarray(dates, dtype="datetime64[D]")).astype(np.float64)
    return (len(steps) and period_of(float(np.median(steps)))) or "period"
