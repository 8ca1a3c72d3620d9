"""An artifact on its way to the browser."""

from __future__ import annotations

from mmmlib.archive import Run
from mmmlib.ground import RunError
from mmmlib.ui.routes import Session

LIMIT = 200_000_000  # bytes; more than this through a web socket freezes the page


def send_artifact(session: Session, run: Run, name: str) -> None:
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
        session.follow(url)
        return
    if size > LIMIT:
        raise RunError(
            f"{name} is {readable(size)}, too large for the browser; copy it from {run.place}"
        )
    session.save(name, run.load(name))


def readable(size: int) -> str:
    """Bytes as people read them: ``812 B``, ``3.4 kB``, ``1.2 MB`` (powers of 1000)."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
