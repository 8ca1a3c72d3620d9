"""Columns made of columns, as the job declares them, on the finished grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.ground import DataError, Problem
from mmmlib.job import Feature, TrainingJob


def with_features(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> pd.DataFrame:
    """Add the job's features in their order; a later one may use an earlier one."""
    for i, feature in enumerate(job.features):
        where = f"features[{i}]"
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


def _make(frame: pd.DataFrame, feature: Feature, where: str, ledger: Ledger) -> pd.DataFrame:
    if unmade := [name for name in feature.columns if name not in frame]:
        why = f"{', '.join(unmade)} is no column yet; a feature is made of earlier ones only"
        raise DataError([Problem(f"{where}.columns", why)])
    sources = frame[list(feature.columns)]
    match feature.operation:
        case "sum":
            return sources.sum(axis=1).to_frame(feature.name)
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
