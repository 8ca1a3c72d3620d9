"""A look at raw data before anything is trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmlib.job import TrainingJob

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 100


@dataclass(frozen=True)
class Preview:
    """What a source holds for a job.

    Attributes
    ----------
    head : DataFrame
        The first :data:`PREVIEW_ROWS` rows.
    rows : int
        Rows there are, of all countries.
    types : dict of str to str
        The type of each column, in the words of the source.
    first, last : str
        First and last date as the source writes them; empty where no column is the date.
    spend : dict of str to float
        Channel → spend over all rows; a channel is missing where its column is, or is no number.
    query : str
        What was looked at.
    """

    head: pd.DataFrame
    rows: int
    types: dict[str, str]
    first: str
    last: str
    spend: dict[str, float]
    query: str


def named(present: list[str], wanted: str) -> str:
    """The column that is meant by a name, whatever its case; empty where none or several are."""
    if wanted in present:
        return wanted
    alike = [name for name in present if name.strip().casefold() == wanted.strip().casefold()]
    return alike[0] if len(alike) == 1 else ""


def spends(job: TrainingJob, present: list[str]) -> dict[str, str]:
    """Channel → its column of spend, of those the source has."""
    found = {channel.name: named(present, channel.spend) for channel in job.channels}
    return {channel: column for channel, column in found.items() if column}
