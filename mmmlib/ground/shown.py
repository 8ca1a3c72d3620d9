"""What a person can hold in a notebook shows itself: two lines of text, and a table below them."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20  # of a table in a notebook


class Shown(ABC):
    """Two lines, ``repr`` in a terminal; Jupyter shows them as HTML, with a table."""

    @abstractmethod
    def _said(self) -> tuple[str, str]:
        """What it is, and the figures that one asks for first."""

    def _tabled(self) -> pd.DataFrame | None:
        """What stands below the two lines in a notebook."""
        return None

    def __repr__(self) -> str:
        return "\n".join(self._said())

    def _repr_html_(self) -> str:
        return card(*self._said(), table=self._tabled())


def card(title: str, *lines: str, table: pd.DataFrame | None = None) -> str:
    """A title, lines and a table as HTML; all texts are escaped."""
    said = "<br>".join([f"<b>{html.escape(title)}</b>", *map(html.escape, lines)])
    return f"<div>{said}</div>" + ("" if table is None else html_table(table))


def html_table(table: pd.DataFrame) -> str:
    """A table as HTML: short figures, shares in percent, no column without a value."""
    filled = table.dropna(axis="columns", how="all") if len(table) else table
    shares: dict[Any, Callable[[Any], str]] = {
        name: _percent
        for name, kind in filled.dtypes.items()
        if str(name).endswith("_share") and kind.kind == "f"
    }
    made: str = filled.to_html(
        index=False, border=0, na_rep="", max_rows=MOST_ROWS, float_format=figure, formatters=shares
    )
    return made


def _percent(value: float) -> str:
    return "" if value != value else f"{value:.1%}"


def figure(value: float | None) -> str:
    """A figure of any size: thousands as whole numbers, others with four digits."""
    if value is None or value != value:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
