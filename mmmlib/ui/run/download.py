"""An artifact on its way to the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmmlib.archive import Run
from mmmlib.errors import RunError
from mmmlib.ui.view import View

LIMIT = 200_000_000  # bytes; more than this through a web socket freezes the page


@dataclass(frozen=True)
class Download:
    """What a view sends so that the browser saves the bytes beside it under a name."""

    name: str

    @property
    def message(self) -> dict[str, Any]:
        """The message; the page's ``jupyter_save`` takes it."""
        return {"method": "save", "args": [self.name]}


def send_artifact(view: View, run: Run, name: str) -> None:
    """Send an artifact: by link where the store has one, otherwise its bytes.

    Raises
    ------
    RunError
        There is no such artifact, or it is too large for the browser.
    """
    size = run.artifacts().get(name)
    if size is None:
        raise RunError(f"run {run} has no {name}; reload the page")
    url = run.url(name)
    if url.startswith("https://"):
        view.send({"method": "follow", "args": [url]})
        return
    if size > LIMIT:
        raise RunError(
            f"{name} is {readable(size)}, too large for the browser; copy it from {run.place}"
        )
    view.send(Download(name).message, buffers=[run.load(name)])


def readable(size: int) -> str:
    """Bytes as people read them: ``812 B``, ``3.4 kB``, ``1.2 MB`` (powers of 1000)."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
