"""Missing values, by role: what is filled, with what, and what has to be acknowledged."""

from __future__ import annotations

import pandas as pd

from mmmlib.data.prepare.ledger import MATERIAL_SHARE, Ledger
from mmmlib.data.prepare.roles import Column
from mmmlib.ground import DataError, Problem


def without_missing(
    frame: pd.DataFrame, columns: dict[str, Column], target: str, ledger: Ledger
) -> pd.DataFrame:
    """Fill or cut what is missing.

    The target's missing ends are cut, its gaps interpolated: both always need the job's word.
    Media that are missing were not bought: 0. Context is interpolated, never 0.
    """
    if problems := [
        Problem(name, "is empty; take it out of the job, or fill it")
        for name in map(str, frame)
        if frame[name].isna().all()
    ]:
        raise DataError(problems)
    if target in frame:  # else a feature makes it, of columns that are filled as the target is
        frame = _without_missing_ends(frame, target, ledger)
    filled = {name: _filled(frame[name], columns[name], ledger) for name in map(str, frame)}
    return pd.DataFrame(filled)


def _without_missing_ends(frame: pd.DataFrame, target: str, ledger: Ledger) -> pd.DataFrame:
    there = frame[target].notna().to_numpy().nonzero()[0]
    inner = frame.iloc[there[0] : there[-1] + 1]
    if cut := len(frame) - len(inner):
        why = "the target is missing at the start or the end"
        ledger.material("rows", target, "rows left out", target, cut, why)
    return inner.reset_index(drop=True)


def _filled(values: pd.Series, column: Column, ledger: Ledger) -> pd.Series:
    name = str(values.name)
    count = int(values.isna().sum())
    if not count:
        return values
    if column.role == "text":
        return values.fillna("missing")
    if column.role == "media":
        what, why, filled = "filled with 0", "missing media were not bought", values.fillna(0.0)
    else:
        filled = values.interpolate(limit_direction="both")
        what, why = "interpolated", "values are missing"
    before, after = float(values.sum()), float(filled.sum())
    if column.role != "context" and after != before:
        share = f" ({(after - before) / abs(before):+.1%})" if before else ""
        why += f"; the sum moves from {before:,.6g} to {after:,.6g}{share}"
    if column.role == "target" or count > MATERIAL_SHARE * len(values):
        ledger.material("fill", name, what, name, count, f"{why}, {count} of {len(values)}")
    else:
        ledger.note(what, name, count, why)
    return filled
