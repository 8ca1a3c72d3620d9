"""Annotations: dates with a label that a person wants to see on the charts."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from mmmlib.ground import DataError, Problem, columns as c

_KEY = "annotations"
_LARGEST = 1_000_000  # bytes; a thousand charts' worth


def load_annotations(path: str | Path) -> bytes:
    """Return a file of annotations as it is, once it is known to be one.

    Raises
    ------
    DataError
        The file cannot be read, or is refused by :func:`read_annotations`.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refusal(f"{path} cannot be read ({error.strerror}); name a CSV file") from None
    read_annotations(data)
    return data


def read_annotations(data: bytes) -> pd.DataFrame:
    """Read annotations: ``date`` (midnight, datetime64[ns]) and ``label``, sorted by date.

    Parameters
    ----------
    data
        A CSV in UTF-8 with the columns ``date`` (2018-12-31) and ``label``; other columns are
        left alone. Nothing at all stands for no annotations.

    Raises
    ------
    DataError
        With every row that is no annotation, and why.
    """
    if len(data) > _LARGEST:
        raise _refusal(f"the file has more than {_LARGEST:,} bytes; it should be a short list")
    if not data:
        data = f"{c.DATE},{c.LABEL}\n".encode()
    try:
        table = pd.read_csv(
            io.BytesIO(data), dtype=str, keep_default_na=False, encoding="utf-8-sig",
            index_col=False, skipinitialspace=True, on_bad_lines="error",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserWarning) as error:  # also a wrong encoding
        message = str(error).strip().replace("\n", " ")
        raise _refusal(
            f"the file is no CSV in UTF-8 ({message}); quote labels with commas"
        ) from None
    if not {c.DATE, c.LABEL} <= set(table.columns):
        seen = ", ".join(map(str, table.columns))[:200]
        raise _refusal(f"the first line must name the columns date,label; it is {seen!r}")
    labels = table[c.LABEL].str.split().str.join(" ")
    dates = pd.to_datetime(
        table[c.DATE].str.strip(), format="%Y-%m-%d", errors="coerce", exact=True
    )
    problems = [
        Problem(f"{_KEY}, line {line + 2}", why)
        for line, (date, text, label) in enumerate(zip(dates, table[c.DATE], labels, strict=True))
        for why in _wrong(date, text, label)
    ]
    if problems:
        raise DataError(problems)
    clean = pd.DataFrame({c.DATE: dates.astype("datetime64[ns]"), c.LABEL: labels.astype(str)})
    return clean.sort_values(c.DATE, kind="stable", ignore_index=True)


def _wrong(date: object, text: str, label: str) -> list[str]:
    wrong = []
    if date is pd.NaT:
        wrong.append(f"{text[:40]!r} is no date; write it as 2018-12-31")
    if not label:
        wrong.append("has no label; write what happened on that date")
    return wrong


def _refusal(message: str) -> DataError:
    return DataError([Problem(_KEY, message)])
