"""Tables that hold some candidates in full: the best model, the winners, and who was promoted.

A run's own tables never change once it has ended, so what a promotion adds stands beside them, in
``promoted/{candidate}/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmmlib.archive.decisions import chosen_model
from mmmlib.archive.run import BEST, REPORT, Run
from mmmlib.archive.stores import together

if TYPE_CHECKING:
    import pandas as pd

IN_FULL = ("decomposition_over_time", "response_curves", "channels")
_PROMOTED = "promoted/"


def load_in_full(run: Run, name: str) -> pd.DataFrame:
    """Read one of the tables :data:`IN_FULL`, promoted candidates last.

    Parameters
    ----------
    run : Run
    name : str
        One of :data:`IN_FULL`.
    """
    import pandas as pd

    own = run.load_table(name)
    added = [
        path.removesuffix(".parquet")
        for path in sorted(run.artifacts())
        if path.startswith(_PROMOTED) and path.endswith(f"/{name}.parquet")
    ]
    if not added:
        return own
    return pd.concat([own, *together(run.store, run.load_table, added)], ignore_index=True)


def save_in_full(run: Run, candidate: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Add a candidate's rows of the tables :data:`IN_FULL`."""
    run.save_tables({promoted_name(candidate, name): table for name, table in tables.items()})


def promoted_name(candidate: str, name: str) -> str:
    """Name of an artifact that was made for a promoted candidate."""
    return f"{_PROMOTED}{candidate}/{name}"


def report_of(run: Run) -> str:
    """Name of the report on the model a run stands for; empty where none is archived."""
    if not run.has(BEST):
        return ""
    chosen = chosen_model(run)
    name = promoted_name(chosen.candidate, REPORT) if chosen.promotion else REPORT
    return name if run.has(name) else ""


def report_name(run: Run) -> str:
    """Name of the report as a file that people keep: with revision, country and date."""
    identity = run.id
    return f"report-{identity.revision}-{identity.country}-{identity.timestamp.split('_')[0]}.html"
