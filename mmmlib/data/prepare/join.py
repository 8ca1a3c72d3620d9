"""Several tables, each one row a date, joined by date on the coarsest grid among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mmmlib.data.prepare import grid
from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.roles import Column
from mmmlib.ground import DAYS, DataError, Period, Problem


def joined(
    tables: Sequence[tuple[str, pd.DataFrame]],
    date: str,
    columns: Mapping[str, Column],
    ledger: Ledger,
) -> pd.DataFrame:
    """Join tables by date; overlaps, gaps and what is summed to get there are in the ledger.

    Parameters
    ----------
    tables : sequence of (str, DataFrame)
        Name of the file and its rows: ``date`` (datetime64, unique) and columns of their own.
    columns : mapping
        Role of each column: target and media are summed to a coarser grid, context is averaged.

    Returns
    -------
    DataFrame
        ``date`` and all columns, the dates that all tables reach; missing where one has no row.
    """
    intervals = {}
    for name, table in tables:
        if table[date].duplicated().any():
            day = table[date][table[date].duplicated()].iloc[0]
            why = f"{name} has several rows of one date, such as {day:%Y-%m-%d}; give it a pivot"
            raise DataError([Problem("join", why)])
        intervals[name] = grid.interval_of(table[date].sort_values(), f"{name}: {date}")
    coarsest = max(intervals.values(), key=DAYS.__getitem__)
    start = next(table[date].min() for name, table in tables if intervals[name] == coarsest)
    parts = []
    for name, table in tables:
        part = table.sort_values(date)
        if intervals[name] != coarsest:
            part = _coarser(part, date, columns, coarsest, start)
            why = f"{name} has {intervals[name]}s: summed to {coarsest}s, context averaged"
            ledger.note("rows added up", date, len(table), why)
        elif coarsest == "week" and ((part[date] - start).dt.days % 7 != 0).any():
            why = f"weeks of {name} start on a {part[date].iloc[0]:%A}, others on a {start:%A}"
            raise DataError([Problem("join", f"{why}; give daily rows, or say week_label")])
        elif coarsest == "month":
            part = part.assign(**{date: part[date].dt.to_period("M").dt.to_timestamp()})
        parts.append((name, part.set_index(date)))
    first = max(part.index.min() for _, part in parts)
    last = min(part.index.max() for _, part in parts)
    if first > last:
        reach = "; ".join(
            f"{n} from {p.index.min():%Y-%m-%d} to {p.index.max():%Y-%m-%d}" for n, p in parts
        )
        raise DataError([Problem("join", f"the files have no dates in common: {reach}")])
    inside = []
    for name, part in parts:
        kept = part.loc[first:last]
        if out := len(part) - len(kept):
            why = (
                f"rows of {name} outside {first:%Y-%m-%d} to {last:%Y-%m-%d}, which all files reach"
            )
            ledger.note("rows left out", date, out, why)
        inside.append((name, kept))
    whole = pd.concat([part for _, part in inside], axis=1, join="outer").sort_index()
    for name, part in inside:
        if gaps := len(whole) - len(part):
            at = whole.index.difference(part.index)[0]
            ledger.note("no row", name, gaps, f"dates that other files have, such as {at:%Y-%m-%d}")
    if twice := sorted(set(map(str, whole.columns[whole.columns.duplicated()]))):
        raise DataError([Problem("join", f"{twice[0]!r} is in two of the files; rename one")])
    ledger.note("files joined", date, len(whole), " and ".join(name for name, _ in tables))
    whole.index.name = date
    return whole.reset_index()


def _coarser(
    table: pd.DataFrame,
    date: str,
    columns: Mapping[str, Column],
    interval: Period,
    start: pd.Timestamp,
) -> pd.DataFrame:
    """Rows of whole weeks or months; those at the ends that are not whole are left out."""
    if interval == "week":
        keys = table[date] - pd.to_timedelta((table[date] - start).dt.days % 7, unit="D")
        ends = keys + pd.Timedelta(days=6)
    else:
        keys = table[date].dt.to_period("M").dt.to_timestamp()
        ends = keys + pd.offsets.MonthEnd(0)
    reach = (keys >= table[date].min()) & (ends <= table[date].max())
    made = grid.combined(table[reach], keys[reach], dict(columns), date)
    made.index.name = date
    return made.reset_index()
