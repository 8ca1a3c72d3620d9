"""An executed notebook as plain cells. Nothing of it can run in the page that shows it.

Pictures stay pictures, tables are read out of their HTML, everything else is text.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mmmlib.archive import Run
from mmmlib.ground import RunError
from mmmlib.ui.run.notebooks.tables import read_html
from mmmlib.ui.run.notebooks.text import blocks_of

ORDER = ("extract.ipynb", "train.ipynb")
LONGEST = 20_000  # characters of a text output
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PROGRESS = "application/vnd.mmm.progress+json"
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def notebooks_of(run: Run) -> list[str]:
    """Names of the notebooks in a run's folder, in the order of their execution."""
    found = [name for name in run.artifacts() if name.endswith(".ipynb")]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else 9, name))


def read_notebook(run: Run, name: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook.

    A text cell has ``kind: text`` and ``blocks``, a code cell ``kind: code``, ``source``,
    ``number`` (of its execution, ``None``: not executed) and ``outputs``: ``text``, ``error``,
    ``picture`` (a data URI) or ``table`` (rows of cells).

    Raises
    ------
    RunError
        It is no notebook.
    """
    try:
        cells = json.loads(run.load(name))["cells"]
        return [shown for one in cells if (shown := _cell(one))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{run.place}/{name} is no notebook ({error}); download it") from error


def _cell(cell: dict[str, Any]) -> dict[str, Any] | None:
    source = _text(cell.get("source", ""))
    if cell["cell_type"] == "markdown":
        return {"kind": "text", "blocks": blocks_of(source)}
    if cell["cell_type"] != "code":
        return None
    tags = cell.get("metadata", {}).get("tags", [])
    return {
        "kind": "code",
        "source": source,
        "number": cell.get("execution_count"),
        "parameters": "parameters" in tags or "injected-parameters" in tags,
        "outputs": [item for output in cell.get("outputs", []) for item in _output(output)],
    }


def _output(output: dict[str, Any]) -> list[dict[str, Any]]:
    kind = output["output_type"]
    if kind == "stream":
        return [_written(_text(output["text"]))]
    if kind == "error":
        lines = [*output.get("traceback", []), f"{output['ename']}: {output['evalue']}"]
        return [{**_written("\n".join(lines)), "kind": "error"}]
    data = output.get("data", {})
    for picture in ("image/png", "image/jpeg"):
        text = "".join(_text(data.get(picture, "")).split())
        if text and _BASE64.fullmatch(text):
            return [{"kind": "picture", "uri": f"data:{picture};base64,{text}"}]
    if "text/html" in data and _PROGRESS not in data:
        tables, around = read_html(_text(data["text/html"]))
        if tables:
            return [{"kind": "table", "rows": rows} for rows in tables]
        if around:
            return [_written(around)]
    if "text/markdown" in data:
        return [{"kind": "blocks", "blocks": blocks_of(_text(data["text/markdown"]))}]
    return [_written(_text(data["text/plain"]))] if "text/plain" in data else []


def _written(text: str) -> dict[str, Any]:
    text = _COLOURS.sub("", text)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n… {len(text) - LONGEST:,} more characters: download the notebook"
    return {"kind": "text", "text": text}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "".join(value)
