"""Tables as CSV that a person may open: no text of ours becomes a spreadsheet's formula.

A text that a spreadsheet would compute gets an apostrophe before it, and so does a text that
already has one before such a beginning: reading takes exactly one away, so every text returns.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pandas as pd

# also the wide forms, which some spreadsheets take for the narrow ones
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def to_sheet(table: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8, without its index.

    Parameters
    ----------
    table : DataFrame
        Numbers stay as they are, texts that are numbers too.

    Returns
    -------
    bytes
        Texts and names of columns that a spreadsheet would compute begin with ``'``.

    Examples
    --------
    >>> import pandas as pd
    >>> to_sheet(pd.DataFrame({"channel": ["tv", "=1+1"], "change": [-2, 3]}))
    b"channel,change\\ntv,-2\\n'=1+1,3\\n"
    """
    texts = [place for place, kind in enumerate(table.dtypes) if kind.kind not in "biufcmM"]
    shown = table.copy()
    for place in texts:
        shown.isetitem(place, [_escaped(value) for value in table.iloc[:, place]])
    shown.columns = pd.Index([_escaped(name) for name in table.columns])
    text = shown.to_csv(index=False)
    if "\r" in text:  # the csv module leaves it bare, and readers take it for the end of a line
        text = shown.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text.encode()


def from_sheet(data: bytes, **options: Any) -> pd.DataFrame:
    """Read what :func:`to_sheet` wrote.

    Parameters
    ----------
    data : bytes
    **options
        Of :func:`pandas.read_csv`.

    Examples
    --------
    >>> list(from_sheet(b"channel\\n'=1+1\\n").channel)
    ['=1+1']
    """
    table: pd.DataFrame = pd.read_csv(io.BytesIO(data), **options)
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcmM":
            table.isetitem(place, [_plain(value) for value in table.iloc[:, place]])
    table.columns = pd.Index([_plain(name) for name in table.columns])
    return table


def _escaped(value: Any) -> Any:
    dangerous = isinstance(value, str) and _FORMULA.match(value) and not _number(value)
    return f"'{value}" if dangerous else value


def _plain(value: Any) -> Any:
    dangerous = isinstance(value, str) and value[:1] == "'" and _FORMULA.match(value)
    return value[1:] if dangerous else value


def _number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", text) is not None
