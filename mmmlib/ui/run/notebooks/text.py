"""Markdown as blocks of plain spans: as much of it as our notebooks use, and never HTML."""

from __future__ import annotations

import re
from typing import Any

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(.*)")
_SPAN = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\([^)]*\)")


def blocks_of(markdown: str) -> list[dict[str, Any]]:
    """Return blocks ``{kind, spans}``: ``h1`` to ``h6``, ``li``, ``pre`` or ``p``.

    A span is ``{text, style}``, style ``code``, ``bold``, ``italic`` or empty. The target of a
    link is dropped: what leads out of the page is nothing a notebook decides.
    """
    blocks: list[dict[str, Any]] = []
    lines: list[str] = []  # of the paragraph
    fenced: list[str] | None = None

    def end() -> None:
        if lines:
            blocks.append({"kind": "p", "spans": _spans(" ".join(lines))})
            lines.clear()

    for line in markdown.splitlines():
        if line.lstrip().startswith("```"):
            end()
            if fenced is not None:
                blocks.append({"kind": "pre", "spans": [_plain("\n".join(fenced))]})
            fenced = [] if fenced is None else None
        elif fenced is not None:
            fenced.append(line)
        elif heading := _HEADING.fullmatch(line):
            end()
            blocks.append({"kind": f"h{len(heading[1])}", "spans": _spans(heading[2])})
        elif item := _ITEM.fullmatch(line):
            end()
            blocks.append({"kind": "li", "spans": _spans(item[1])})
        elif line.strip():
            lines.append(line.strip())
        else:
            end()
    end()
    if fenced:
        blocks.append({"kind": "pre", "spans": [_plain("\n".join(fenced))]})
    return blocks


def _spans(text: str) -> list[dict[str, str]]:
    spans, after = [], 0
    for match in _SPAN.finditer(text):
        if match.start() > after:
            spans.append(_plain(text[after : match.start()]))
        code, bold, italic, link = match.groups()
        style = "code" if code else "bold" if bold else "italic" if italic else ""
        spans.append({"text": code or bold or italic or link, "style": style})
        after = match.end()
    if after < len(text):
        spans.append(_plain(text[after:]))
    return spans


def _plain(text: str) -> dict[str, str]:
    return {"text": text, "style": ""}
