"""Tables between pandas and R, column by column, nothing converted on the quiet.

A column is one of five kinds that R and pandas both have. What is none of them is an error with
the column's name: rpy2's own conversion would make strings of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines.robyn.messages import Frame, Vector
from mmmlib.ground import EngineError

INTEGER_MAX = 2**31 - 1  # R's integers have 32 bits; the lowest value is NA
EXACT_MAX = 2**53  # whole numbers up to here are exact as R's doubles
DAY = np.timedelta64(1, "D")


def to_frame(table: pd.DataFrame, texts: Collection[str] = ()) -> Frame:
    """Make a table ready for R.

    Parameters
    ----------
    table : DataFrame
        The index is left out.
    texts : collection of str
        Columns that are text on purpose; text anywhere else is an error.

    Raises
    ------
    EngineError
        Columns that R has no kind for, or that are text unexpectedly.
    """
    columns, problems = [], []
    for position, name in enumerate(table.columns):
        try:
            columns.append(_column(str(name), table.iloc[:, position], str(name) in texts))
        except _UnfitError as error:
            problems.append(f"column {str(name)!r} {error}")
    if repeated := [name for name in table.columns if (table.columns == name).sum() > 1]:
        problems.append(f"column {repeated[0]!r} is there twice")
    if problems:
        raise EngineError("a table cannot be handed to R: " + "; ".join(problems))
    return Frame(tuple(columns))


def to_table(frame: Frame) -> pd.DataFrame:
    """Make a pandas table of what R returned.

    Missing numbers are NaN (an integer column with some becomes float64), missing dates NaT,
    missing texts None; a logical column with missing values has the dtype ``boolean``.
    """
    return pd.DataFrame({column.name: _series(column) for column in frame.columns})


class _UnfitError(Exception):
    """Why a column cannot pass."""


def _column(name: str, series: pd.Series[Any], text: bool) -> Vector:
    missing = series.isna().to_numpy(dtype=np.bool_)
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        raise _UnfitError("is categorical; make it text or numbers")
    if isinstance(dtype, pd.DatetimeTZDtype):
        raise _UnfitError(f"has the time zone {dtype.tz}; dates have none")
    if pd.api.types.is_bool_dtype(dtype):
        return Vector(name, "logical", _filled(series, False, np.bool_), missing)
    if pd.api.types.is_integer_dtype(dtype):
        return _whole(name, _filled(series, 0, np.int64), missing)
    if pd.api.types.is_float_dtype(dtype):
        return Vector(name, "double", _filled(series, np.nan, np.float64), missing)
    if pd.api.types.is_datetime64_dtype(dtype):
        return _dates(name, series.to_numpy(), missing)
    if text:
        return _text(name, series, missing)
    raise _UnfitError(f"would arrive as text (pandas dtype {dtype}); numbers or dates are wanted")


def _filled(series: pd.Series[Any], filler: Any, dtype: Any) -> np.ndarray[Any, Any]:
    return (
        series.to_numpy(dtype=dtype, na_value=filler) if series.hasnans else series.to_numpy(dtype)
    )


def _whole(
    name: str, values: np.ndarray[Any, Any], missing: np.ndarray[Any, np.dtype[np.bool_]]
) -> Vector:
    """Whole numbers: R's integers where they fit, else doubles that are exact."""
    largest = max((abs(int(values.min())), abs(int(values.max()))), default=0) if values.size else 0
    if largest <= INTEGER_MAX:
        return Vector(name, "integer", values.astype(np.int32), missing)
    if largest > EXACT_MAX:
        raise _UnfitError(f"holds {largest}, which R cannot hold exactly")
    return Vector(name, "double", values.astype(np.float64), missing)


def _dates(
    name: str, moments: np.ndarray[Any, Any], missing: np.ndarray[Any, np.dtype[np.bool_]]
) -> Vector:
    days = moments.astype("datetime64[D]")
    if (days[~missing] != moments[~missing]).any():
        raise _UnfitError("has times of the day; a date is wanted")
    return Vector(name, "date", np.where(missing, 0, days.astype(np.int64)) * 1.0, missing)


def _text(
    name: str, series: pd.Series[Any], missing: np.ndarray[Any, np.dtype[np.bool_]]
) -> Vector:
    values = series.astype(object).where(~missing, "").to_numpy(dtype=object)
    if others := sorted({type(value).__name__ for value in values if not isinstance(value, str)}):
        raise _UnfitError(f"should be text but holds {', '.join(others)}")
    if any("\0" in value for value in values):
        raise _UnfitError("holds a NUL character, which R's texts cannot")
    return Vector(name, "text", values, missing)


def _series(column: Vector) -> Any:
    values, missing = column.values, column.missing
    some = bool(missing.any())
    match column.kind:
        case "double":
            return np.where(missing, np.nan, values) if some else values
        case "integer":
            whole = values.astype(np.int64)
            return np.where(missing, np.nan, whole) if some else whole
        case "logical":
            return pd.arrays.BooleanArray(values, missing) if some else values
        case "date":
            whole = np.where(missing, 0, values).astype(np.int64)
            days = whole.astype("datetime64[D]").astype("datetime64[ns]")
            return np.where(missing, np.datetime64("NaT"), days) if some else days
        case "text":
            texts = values.copy()
            texts[missing] = None
            return texts
