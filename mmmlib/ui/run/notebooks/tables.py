"""Tables out of a notebook's HTML, as plain cells: nothing else of the HTML is ever shown."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

MOST_ROWS = 300
_SILENT = ("script", "style", "template", "noscript", "svg", "title")

Table = list[list[dict[str, Any]]]  # rows of cells: text, head, span


def read_html(html: str) -> tuple[list[Table], str]:
    """Return the tables of an HTML fragment, rows of cells ``{text, head, span}``, and its text.

    Tags and attributes are dropped; the text is that outside of tables. A table longer than
    ``MOST_ROWS`` ends with a row that says so.
    """
    reader = _TableReader()
    reader.feed(html)
    reader.close()
    return [_shortened(table) for table in reader.tables if table], " ".join(reader.around)


class _TableReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self.around: list[str] = []
        self._depth = 0  # of tables: one in another is read into its cell
        self._silent = 0
        self._cell: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
                self._cell = None
        elif self._depth != 1:
            return
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            if not self.tables[-1]:  # HTML without <tr>
                self.tables[-1].append([])
            self._cell = {"text": "", "head": tag == "th", "span": _span(dict(attrs))}
            self.tables[-1][-1].append(self._cell)
        elif tag == "br" and self._cell:
            self._cell["text"] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table":
            self._depth = max(0, self._depth - 1)
            self._cell = None
        elif tag in ("td", "th") and self._depth == 1:
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._depth:
            self.around += data.split()
        elif self._cell is not None:
            self._cell["text"] += " ".join(data.split()) if not data.strip() else data


def _span(attributes: dict[str, str | None]) -> int:
    text = attributes.get("colspan") or "1"
    return min(max(int(text), 1), 100) if text.isdecimal() else 1


def _shortened(table: Table) -> Table:
    rows = [[{**cell, "text": cell["text"].strip()} for cell in row] for row in table if row]
    if len(rows) <= MOST_ROWS:
        return rows
    left = f"{len(rows) - MOST_ROWS:,} more rows"
    width = max(sum(cell["span"] for cell in row) for row in rows)
    return [*rows[:MOST_ROWS], [{"text": left, "head": False, "span": width}]]
