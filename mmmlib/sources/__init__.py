"""Where data come from. A source writes what the job asks for to a Parquet file, unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mmmlib.job import TrainingJob


@dataclass(frozen=True)
class Extraction:
    """What a source returned: where it is, how much, and the query as it was run."""

    path: Path
    rows: int
    columns: tuple[str, ...]
    query: str


class Source(Protocol):
    """Reads data. A source is made without arguments."""

    def extract(self, job: TrainingJob, into: Path) -> Extraction:
        """Write the job's raw data to the Parquet file ``into``.

        Raises
        ------
        SourceError
            The data could not be read; the message says what to do.
        """


def open_source(name: str) -> Source:
    """Open a registered source by its name."""
    from mmmlib import names

    source: Source = names.load(names.SOURCES[name])()
    return source
