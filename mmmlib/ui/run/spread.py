"""How far the candidates agree on what a channel brings: ROAS is no single number."""

from __future__ import annotations

import io
import math
from typing import Any

import pandas as pd

from mmmlib.archive import Run
from mmmlib.ground import columns as c
from mmmlib.model import ADDED_TABLES
from mmmlib.ui.plain import number

NEAR_SHARE = 0.01  # of all candidates
NEAR_LEAST = 10
_ERRORS = [c.CANDIDATE, c.ERROR_SCORE, c.PARETO_FRONT, c.CLUSTER]


def read_columns(run: Run, table: str, columns: list[str]) -> pd.DataFrame:
    """Read some columns of a table; those that an older run does not have are left out."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(run.load(f"{table}.parquet")), pre_buffer=False)
    there = [name for name in columns if name in file.schema_arrow.names]
    found: pd.DataFrame = file.read(there, use_threads=False).to_pandas(use_threads=False)
    return found


def read_spread(run: Run, candidate: str, efficiency: str) -> dict[str, Any]:
    """Return the spread of ROAS (or CPA) over near-best candidates and clusters, by channel.

    Near-best are the candidates on a kept front with the smallest error scores: as many as a
    hundredth of all that were tried, ten at least.

    Parameters
    ----------
    run : Run
        A trained run.
    candidate : str
        The model that is shown; the interval is that of its cluster.
    efficiency : str
        ``roas`` or ``cpa``.

    Returns
    -------
    dict
        ``near`` (how many), ``cluster`` (of the candidate, 0: none), ``channels``: channel →
        ``low, high`` (smallest and largest over the near-best), ``interval`` (``low, high, n`` of
        the spread within the cluster, or ``None``), ``winners`` (``[cluster, value]``). Empty where
        there is one candidate only.
    """
    errors = read_columns(run, "candidates", _ERRORS)
    if len(errors) < 2:  # an engine that makes one model: nothing is near it
        return {}
    paid = read_columns(run, "decomposition", [c.CANDIDATE, c.VARIABLE, c.ROLE, efficiency])
    paid = paid[paid[c.ROLE] == "paid"]
    kept = errors[errors[c.CANDIDATE].isin(paid[c.CANDIDATE])]
    count = max(NEAR_LEAST, math.ceil(NEAR_SHARE * len(errors)))
    near = kept.nsmallest(count, c.ERROR_SCORE)[c.CANDIDATE]
    clusters, intervals = _table(run, "clusters"), _table(run, "cluster_intervals")
    clusters = clusters[clusters[c.CLUSTER] > 0]
    winners = dict(zip(clusters[c.CANDIDATE], clusters[c.CLUSTER], strict=True))
    cluster = _cluster(kept, candidate)
    of_cluster = intervals[intervals[c.CLUSTER] == cluster] if cluster else intervals.iloc[:0]
    channels = {}
    for channel, rows in paid.groupby(c.VARIABLE, sort=False):
        values = rows.set_index(c.CANDIDATE)[efficiency]
        known = [value for name in near if (value := number(values[name])) is not None]
        found = of_cluster[of_cluster[c.CHANNEL] == channel]
        channels[str(channel)] = {
            "low": min(known, default=None),
            "high": max(known, default=None),
            "interval": _interval(found),
            "winners": [
                [int(cluster), value]
                for name, cluster in winners.items()
                if name in values.index and (value := number(values[name])) is not None
            ],
        }
    return {"near": len(near), "cluster": cluster, "channels": channels}


def _cluster(kept: pd.DataFrame, candidate: str) -> int:
    if c.CLUSTER not in kept:
        return 0
    found = kept.loc[kept[c.CANDIDATE] == candidate, c.CLUSTER]
    return int(found.iloc[0]) if len(found) else 0


def _interval(rows: pd.DataFrame) -> dict[str, Any] | None:
    if rows.empty:
        return None
    low, high, count = (rows.iloc[0][name] for name in (c.LOW, c.HIGH, c.COUNT))
    if number(low) is None or number(high) is None:
        return None
    return {"low": number(low), "high": number(high), "n": int(count)}


def _table(run: Run, name: str) -> pd.DataFrame:
    if not run.has(f"{name}.parquet"):  # a run older than the table
        return pd.DataFrame(columns=list(ADDED_TABLES[name]))
    return run.load_table(name)
