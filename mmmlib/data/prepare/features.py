"""Columns made of columns, as the job declares them, on the finished grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.data.prepare.roles import Column, roles_of
from mmmlib.ground import DataError, Problem
from mmmlib.job import Feature, TrainingJob


def with_features(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> pd.DataFrame:
    """Add the job's features in their order; a later one may use an earlier one."""
    for i, feature in enumerate(job.features):
        where = f"features[{i}]"
        if feature.operation == "product" and feature.name in frame:
            continue  # made row by row already
        made = _make(frame, feature, where, ledger)
        for name in made:
            if name in frame:
                raise DataError([Problem(f"{where}.name", f"the data already have {name!r}")])
        frame = pd.concat([frame, made], axis=1)
        ledger.note(
            "column made", feature.name, len(frame),
            f"{feature.operation} of {', '.join(feature.columns)}",
        )  # fmt: skip
    return frame


def with_products(
    frame: pd.DataFrame, columns: dict[str, Column], job: TrainingJob, ledger: Ledger
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Multiply columns of the data row by row, before rows are added up or filled.

    What is sold is price × orders of each row; the product of sums or of means is another number.
    Columns that only products use are not needed any longer.
    """
    columns = dict(columns)
    roles = roles_of(job)
    for feature in job.features:
        if feature.operation == "product" and all(name in frame for name in feature.columns):
            made = frame[list(feature.columns)].prod(axis=1, skipna=False)
            frame = frame.assign(**{feature.name: made})
            columns[feature.name] = roles.get(feature.name, Column("context", "features"))
            ledger.note(
                "column made", feature.name, len(frame), f"product of {', '.join(feature.columns)}"
            )
    made_here = [each for each in job.features if each.name in columns]
    later = {n for each in job.features if each not in made_here for n in each.columns}
    gone = {n for each in made_here for n in each.columns} - set(roles) - later
    return frame.drop(columns=list(gone)), {n: use for n, use in columns.items() if n not in gone}


def _make(frame: pd.DataFrame, feature: Feature, where: str, ledger: Ledger) -> pd.DataFrame:
    if unmade := [name for name in feature.columns if name not in frame]:
        why = f"{', '.join(unmade)} is no column yet; a feature is made of earlier ones only"
        raise DataError([Problem(f"{where}.columns", why)])
    sources = frame[list(feature.columns)]
    match feature.operation:
        case "sum":
            return sources.sum(axis=1).to_frame(feature.name)
        case "product":
            return sources.prod(axis=1, skipna=False).to_frame(feature.name)
        case "ratio":
            above, below = sources.to_numpy(dtype=np.float64).T
            if (below == 0).any():
                problem = f"{feature.columns[1]} is 0 in {int((below == 0).sum())} rows"
                raise DataError([Problem(where, f"{problem}; nothing can be divided by it")])
            return pd.DataFrame({feature.name: above / below})
        case "lag":
            column = feature.columns[0]
            if feature.periods >= len(frame):
                raise DataError(
                    [Problem(f"{where}.periods", f"is longer than the data ({len(frame)} rows)")]
                )
            shifted = frame[column].shift(feature.periods)
            why = f"the first {feature.periods} rows have nothing before them: the first value"
            ledger.note("lag begun", feature.name, feature.periods, why)
            return shifted.bfill().to_frame(feature.name)
        case "one_hot":
            levels = frame[feature.columns[0]].astype(str)
            names = sorted(levels.unique())
            if len(names) > 30:
                raise DataError(
                    [Problem(where, f"{feature.columns[0]} has {len(names)} levels; at most 30")]
                )
            return pd.DataFrame(
                {f"{feature.name}_{level}": (levels == level).astype(float) for level in names}
            )
