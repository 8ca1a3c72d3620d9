"""Train a whole run again from what its receipt names, and say what differs.

The new run starts from the archived dataset of the old one, so it needs no source; the receipt's
hash proves that it is the dataset that was trained on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmmlib.archive import (
    ANNOTATIONS,
    BEST,
    CHANGES,
    CHECKS,
    DATASET,
    HOLIDAYS,
    JOB,
    Manifest,
    Receipt,
    Run,
    Status,
)
from mmmlib.ground import RunError, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import TABLES

COPIED = (DATASET, HOLIDAYS, CHANGES, CHECKS, ANNOTATIONS)
EXACT, ROBYN_TOLERANCE = 0.0, 1e-6  # native agrees to the last bit; R's prophet and BLAS may not


@dataclass(frozen=True)
class Reproduction:
    """A run trained again, against the run it reproduces.

    Attributes
    ----------
    tables : DataFrame
        One row a table: ``table, rows, cells`` (that differ), ``difference`` (largest, relative),
        ``note``.
    surroundings : DataFrame
        What else differs: ``name, before, now`` (versions, cores, commit).
    best : tuple of str
        Best model of the old run and of the new one.
    tolerance : float
        Relative difference up to which tables count as the same; 0 is to the last bit.
    """

    tables: pd.DataFrame
    surroundings: pd.DataFrame
    best: tuple[str, str]
    tolerance: float

    @property
    def same(self) -> bool:
        """Say whether the run was reproduced."""
        within = self.tables[c.DIFFERENCE] <= self.tolerance
        return bool(within.all()) and self.best[0] == self.best[1]


def reproducible_job(run: Run) -> TrainingJob:
    """The job of a finished run, to be trained again.

    Raises
    ------
    RunError
        The run has not succeeded, or its dataset or job is not the one that was trained.
    """
    manifest = _finished(run)
    receipt = manifest.receipt
    for name, wanted in ((DATASET, receipt.dataset_sha256), (JOB, receipt.job_sha256)):
        if hashlib.sha256(run.load(name)).hexdigest() != wanted:
            raise RunError(f"run {run}: {name} is not what the receipt names; it was changed")
    return run.job.model_copy(update={"root": run.store.root})


def copy_dataset(old: Run, new: Run) -> None:
    """Give a new run the dataset of the old one, so that it does not read the source again."""
    for name in COPIED:
        if old.has(name):
            new.save(name, old.load(name))


def compare_runs(old: Run, new: Run) -> Reproduction:
    """Say what differs between two finished runs of the same job.

    Raises
    ------
    RunError
        One of them has not succeeded.
    """
    before, after = _finished(old), _finished(new)
    native = before.receipt.engine == after.receipt.engine == "native"
    rows = [_compared(name, old, new) for name in TABLES]
    return Reproduction(
        pd.DataFrame(rows, columns=["table", "rows", "cells", c.DIFFERENCE, c.NOTE]),
        _surroundings(before.receipt, after.receipt),
        (old.load(BEST).decode().strip(), new.load(BEST).decode().strip()),
        EXACT if native else ROBYN_TOLERANCE,
    )


def _finished(run: Run) -> Manifest:
    if (manifest := run.manifest) is None or manifest.status is not Status.SUCCEEDED:
        raise RunError(f"run {run} is {run.state().status}; only one that succeeded is reproduced")
    return manifest


def _compared(name: str, old: Run, new: Run) -> list[object]:
    has = [run.has(f"{name}.parquet") for run in (old, new)]
    if not all(has):
        if has[0]:
            return [name, 0, 0, np.inf, "only in the old run"]
        # a version that computes more reproduces what an earlier one had
        return [name, 0, 0, 0.0, "only in the new run" if has[1] else "in neither run"]
    if old.load(f"{name}.parquet") == new.load(f"{name}.parquet"):
        return [name, len(old.load_table(name)), 0, 0.0, "the same file"]
    one, other = old.load_table(name), new.load_table(name)
    if one.shape != other.shape or list(one) != list(other):
        return [name, len(other), 0, np.inf, f"{one.shape} became {other.shape}, or other columns"]
    cells, largest = 0, 0.0
    for column in one:
        differing, difference = _columns(one[column], other[column])
        cells, largest = cells + differing, max(largest, difference)
    return [name, len(one), cells, largest, ""]


def _columns(one: pd.Series[float], other: pd.Series[float]) -> tuple[int, float]:
    """Cells that differ, and the largest relative difference (infinite for text)."""
    alike = (one == other) | (one.isna() & other.isna())
    if alike.all():
        return 0, 0.0
    if not all(pd.api.types.is_numeric_dtype(each) for each in (one, other)):
        return int((~alike).sum()), np.inf
    left, right = one[~alike].to_numpy(float), other[~alike].to_numpy(float)
    with np.errstate(all="ignore"):
        relative = np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))
    return int((~alike).sum()), float(np.nan_to_num(relative, nan=np.inf).max())


def _surroundings(before: Receipt, after: Receipt) -> pd.DataFrame:
    keys = ("engine_version", "code_commit", "python", "platform", "cores", "seed", "workers")
    pairs = {key: (getattr(before, key), getattr(after, key)) for key in keys}
    for name in sorted({*before.packages, *after.packages}):
        pairs[name] = (before.packages.get(name, ""), after.packages.get(name, ""))
    rows = [[name, str(old), str(new)] for name, (old, new) in pairs.items() if old != new]
    return pd.DataFrame(rows, columns=[c.NAME, "before", "now"])
