"""Long tables made wide: one row a date, one column for each text and value."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.values import as_numbers, decimal_mark
from mmmlib.ground import DataError, Problem
from mmmlib.job import Pivot

MOST_LEVELS = 200  # different texts; more are rows of a report, not channels


def pivoted(
    frame: pd.DataFrame, date: str, pivot: Pivot, kept: Collection[str], ledger: Ledger
) -> pd.DataFrame:
    """Make one row a date of a long table whose dates are read already.

    Parameters
    ----------
    frame : DataFrame
        Has the columns ``date``, ``pivot.by``, ``pivot.values`` and ``pivot.sums``.
    kept : collection of str
        Further columns the job uses; each must say the same in all rows of a date.

    Returns
    -------
    DataFrame
        ``date`` (unique, sorted), a float column for each text and value, the sums, the kept.
    """
    if not pivot.by:
        return _sums(frame, date, pivot, kept, ledger)
    levels = frame[pivot.by].map(lambda value: "" if value is None else str(value).strip())
    unnamed = (levels == "") | frame[pivot.by].isna()
    found = sorted(levels[~unnamed].unique())
    if not 1 <= len(found) <= MOST_LEVELS:
        why = f"{pivot.by!r} has {len(found)} different texts; a pivot takes 1 to {MOST_LEVELS}"
        raise DataError([Problem("pivot.by", why)])
    names = [*pivot.values, *pivot.sums]
    numbers = _numbers(frame, names, ledger)
    if unnamed.any() and numbers[unnamed.to_numpy()].notna().to_numpy().any():
        why = f"{int(unnamed.sum())} rows have numbers and no {pivot.by!r}; name what they are of"
        raise DataError([Problem("pivot.by", why)])
    by = [frame[date], levels.rename("level")]
    grouped = numbers[list(pivot.values)].groupby(by).sum(min_count=1)
    wide: pd.DataFrame = grouped.unstack("level")  # type: ignore[assignment]
    pairs: list[tuple[str, str]] = list(wide.columns)  # type: ignore[arg-type]
    wide.columns = pd.Index([pivot.column(str(level), str(value)) for value, level in pairs])
    wide = wide.loc[:, wide.notna().any()]  # in a table of names and values few have all
    if twice := sorted(set(wide.columns[wide.columns.duplicated()])):
        raise DataError([Problem("pivot", f"makes the column {twice[0]!r} twice; rename a text")])
    parts: list[pd.DataFrame | pd.Series] = [wide]
    if pivot.sums:
        parts.append(numbers[list(pivot.sums)].groupby(frame[date]).sum(min_count=1))
    parts += [_said_once(frame, date, name) for name in kept]
    made = pd.concat(parts, axis=1).sort_index()
    made.index.name = date
    several = int((numbers.groupby(by).size() > 1).sum())
    more = f"; {several} pairs of date and text have several rows, which are added up"
    ledger.note(
        "rows made columns", pivot.by, len(frame),
        f"{len(frame)} rows are {len(made)} dates: {', '.join(wide.columns[:12])}"
        f"{' …' if wide.shape[1] > 12 else ''}{more if several else ''}",
    )  # fmt: skip
    return made.reset_index()


def _sums(
    frame: pd.DataFrame, date: str, pivot: Pivot, kept: Collection[str], ledger: Ledger
) -> pd.DataFrame:
    """One row a date, where the rows of a date are only added up."""
    numbers = _numbers(frame, list(pivot.sums), ledger)
    parts: list[pd.DataFrame | pd.Series] = [numbers.groupby(frame[date]).sum(min_count=1)]
    made = pd.concat(
        [*parts, *(_said_once(frame, date, name) for name in kept)], axis=1
    ).sort_index()
    made.index.name = date
    why = f"{', '.join(pivot.sums)}: {len(frame)} rows are {len(made)} dates"
    ledger.note("rows added up", date, len(frame), why)
    return made.reset_index()


def _numbers(frame: pd.DataFrame, names: list[str], ledger: Ledger) -> pd.DataFrame:
    mark = decimal_mark(frame[name] for name in names)
    read = {name: as_numbers(frame[name], name, ledger, mark) for name in names}
    if problems := [each for each in read.values() if isinstance(each, Problem)]:
        raise DataError(problems)
    return pd.DataFrame(read, index=frame.index, dtype=np.float64)


def _said_once(frame: pd.DataFrame, date: str, name: str) -> pd.Series:
    """A column that repeats itself in all rows of a date."""
    groups = frame.groupby(date)[name]
    if (different := groups.nunique() > 1).any():
        day = different.idxmax()
        raise DataError(
            [
                Problem(
                    name,
                    f"says different things in the rows of one date, such as {day:%Y-%m-%d}; if "
                    f"its rows are to be added up, name it in the pivot: sums: [{name}]",
                )
            ]
        )
    said: pd.Series = groups.first()
    return said
