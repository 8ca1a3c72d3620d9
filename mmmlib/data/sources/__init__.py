"""Where data come from. A source writes what the job asks for to a Parquet file, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mmmlib.data.prepare.ledger import Change
from mmmlib.data.sources.preview import Preview
from mmmlib.ground import Problem
from mmmlib.job import TrainingJob


def _silent(*facts: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Listener:
    """Who reads, and who wants to hear how far it is.

    Attributes
    ----------
    run : str
        Id of the run, or what else reads (``preview``); the warehouse's history shows it.
    log : callable
        Takes a line for the run's log.
    rows : callable
        Takes the rows read so far, and those there are (0 where that is not known).
    look : bool
        Whether somebody only looks: then seconds and bytes are bounded by the settings.
    """

    run: str = ""
    log: Callable[[str], None] = field(default=_silent, repr=False)
    rows: Callable[[int, int], None] = field(default=_silent, repr=False)
    look: bool = False


NOBODY = Listener()


@dataclass(frozen=True)
class Extraction:
    """What a source returned: where it is, how much, and the query as it was run.

    Attributes
    ----------
    left_out : tuple of str
        Columns the source has and did not read, since the job does not use them.
    others : int
        Rows of other countries that were not read.
    changes : tuple of Change
        What the ledger must say about how the data were read.
    """

    path: Path
    rows: int
    columns: tuple[str, ...]
    query: str
    left_out: tuple[str, ...] = ()
    others: int = 0
    changes: tuple[Change, ...] = ()


class Source(Protocol):
    """Reads data. A source is made without arguments."""

    def extract(self, job: TrainingJob, into: Path, listener: Listener = NOBODY) -> Extraction:
        """Write the job's raw data to the Parquet file ``into``.

        Raises
        ------
        SourceError
            The data could not be read; the message says what to do.
        """

    def refusals(self, job: TrainingJob) -> list[Problem]:
        """Say what of a job this source cannot take; nothing is opened for it."""

    def preview(self, job: TrainingJob) -> Preview:
        """Look at the job's raw data: the first rows, how many there are, dates and types.

        Raises
        ------
        SourceError
            The data could not be read; the message says what to do.
        """


def open_source(name: str) -> Source:
    """Open a registered source by its name."""
    from mmmlib.ground import names

    source: Source = names.load(names.SOURCES[name])()
    return source
