"""What one period of a run's data is called."""

from __future__ import annotations

import pandas as pd

from mmmlib.archive import Run
from mmmlib.ground import columns as c, period_name
from mmmlib.ui.run.spread import read_columns


def period_of(run: Run) -> str:
    """``day``, ``week``, ``month``, or ``period`` where the model's dates are not stored."""
    dates = read_columns(run, "model_input", [c.DATE])
    if c.DATE not in dates:  # a run older than the column
        return "period"
    return period_name(pd.to_datetime(dates[c.DATE]))
