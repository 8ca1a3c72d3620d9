"""What is kept on this machine to be quicker the next time, and how to throw it away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmmlib.ground import MMMError, compiled_folders
from mmmlib.ui.run.download import readable


@dataclass(frozen=True)
class Cache:
    """One cache.

    Attributes
    ----------
    title, about : str
        For people: what is kept, and what clearing it costs.
    files : callable
        Its files.
    """

    title: str
    about: str
    files: Callable[[], list[Path]]

    def clear(self) -> int:
        """Remove its files; returns how many there were.

        Raises
        ------
        MMMError
            A file cannot be removed.
        """
        files = self.files()
        for file in files:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise MMMError(f"cannot remove {file}: {error.strerror}") from error
        return len(files)


def _compiled() -> list[Path]:
    """Code that numba compiled and kept."""
    return [file for folder in compiled_folders() for file in sorted(folder.rglob("*.nb[ic]"))]


def _extracted() -> list[Path]:
    """Answers of Snowflake; each is a table and the facts about it."""
    from mmmlib.data import cached

    return [file for kept in cached() for file in (kept.path.with_suffix(".json"), kept.path)]


CACHES = {
    "snowflake": Cache(
        "Snowflake's answers",
        "What was read from Snowflake and is kept for a while (MMM_CACHE_HOURS). Without it the "
        "next run reads anew, as after a correction in the warehouse.",
        _extracted,
    ),
    "numba": Cache(
        "Compiled code",
        "What numba compiled of the native engine. Without it the next run compiles for about "
        "ten seconds; a run that goes on is not disturbed.",
        _compiled,
    ),
}


def caches() -> list[dict[str, Any]]:
    """Each cache with its number of files and their size."""
    rows = []
    for name, cache in CACHES.items():
        files = [file for file in cache.files() if file.exists()]
        size = sum(file.stat().st_size for file in files)
        rows.append(
            {
                "name": name,
                "title": cache.title,
                "about": cache.about,
                "count": len(files),
                "size": readable(size),
                "where": str(files[0].parent) if files else "",
            }
        )
    return rows
