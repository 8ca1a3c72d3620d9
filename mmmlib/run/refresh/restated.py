"""The data of a refresh against those its parent saw: the same dates, and what was restated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.ground import DataError, Problem, columns as c

SAME = 1e-9  # relative; below it a value is the same, written by another program
COLUMNS = (c.NAME, c.COUNT, "first", "last", c.PARENT, c.REFRESHED)


def compare_past(old: pd.DataFrame, new: pd.DataFrame, date: str) -> pd.DataFrame:
    """Compare the parent's dataset with that of the refresh on the dates they share.

    Parameters
    ----------
    old, new : DataFrame
        Datasets, the date column and one column a variable.
    date : str
        Name of the date column.

    Returns
    -------
    DataFrame
        One row a column whose values have changed: ``name, n`` (dates), ``first, last`` of them,
        ``parent, refreshed`` (sums over the shared dates; NaN for text).

    Raises
    ------
    DataError
        Dates the parent saw are missing from the new data.
    """
    before, after = old.set_index(date), new.set_index(date)
    missing = before.index.difference(after.index)
    if len(missing):
        raise DataError([Problem("file", _why_missing(before.index, after.index, missing))])
    rows = []
    after = after.loc[before.index]
    for name in [column for column in before.columns if column in after.columns]:
        then, now = before[name], after[name]
        if pd.api.types.is_numeric_dtype(then) and pd.api.types.is_numeric_dtype(now):
            differs = ~np.isclose(then, now, rtol=SAME, atol=0, equal_nan=True)
            sums = [float(then.sum()), float(now.sum())]
        else:
            differs = (then.astype(str) != now.astype(str)).to_numpy()
            sums = [np.nan, np.nan]
        if differs.any():
            changed = before.index[differs]
            rows.append([name, int(differs.sum()), changed[0], changed[-1], *sums])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _why_missing(
    before: pd.Index[pd.Timestamp], after: pd.Index[pd.Timestamp], missing: pd.Index[pd.Timestamp]
) -> str:
    had = f"the refreshed model saw {before[0]:%Y-%m-%d} to {before[-1]:%Y-%m-%d}"
    if len(missing) == len(before) and after[0] > before[-1]:
        return (
            f"begins {after[0]:%Y-%m-%d}, but {had}: a refresh needs the old rows too, as "
            "spend of before carries over; append the new rows to them"
        )
    if len(missing) == len(before):
        return f"shares no date with the data of before ({had}); are weeks begun on another day?"
    named = ", ".join(f"{day:%Y-%m-%d}" for day in missing[:5]) + (" …" if len(missing) > 5 else "")
    return f"lacks {len(missing)} dates of before ({named}); {had}: put those rows back"
