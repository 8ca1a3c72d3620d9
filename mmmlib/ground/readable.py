"""Tables that Jupyter shows as a person reads them; every value is in them as it was computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mmmlib.ground.shown import html_table


class ReadableTable(pd.DataFrame):
    """A table whose view in a notebook has short figures and no empty columns.

    What is taken from it (rows, columns, sums) are plain pandas objects.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return html_table(self)


class ReadableRow(pd.Series):
    """A row of a table with a sentence that says what it means, and the figures worth seeing."""

    _metadata = ["sentence", "worth"]  # noqa: RUF012  # so pandas keeps them
    sentence: str
    worth: dict[str, str]  # a title for each figure that is shown, by its name in the row

    @classmethod
    def of(cls, row: pd.Series[Any], sentence: str, worth: dict[str, str]) -> ReadableRow:
        """Make one of a row."""
        made = cls(row)
        made.sentence, made.worth = sentence, worth
        return made

    @property
    def _constructor(self) -> Callable[..., pd.Series[Any]]:
        return pd.Series

    def _repr_html_(self) -> str:
        import html

        known = {title: self[name] for name, title in self.worth.items() if pd.notna(self[name])}
        table = html_table(pd.DataFrame({"error": list(known), "value": list(known.values())}))
        return f"<p>{html.escape(self.sentence)}</p>{table}"
