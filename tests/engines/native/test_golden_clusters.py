"""The standard run's clusters, winners, intervals and convergence against Robyn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.engines.native import results
from mmmlib.engines.native.search import Trial
from mmmlib.ground import columns as c
from tests.engines.native import golden

RESAMPLES = 1000  # Robyn's


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """Our tables of Robyn's candidates."""
    expected = golden.read("full_candidates.parquet")
    model = golden.model(trials=5)
    trials = []
    for number, part in expected.groupby("trial"):
        values = golden.values_of(part, model)
        trials.append(Trial(int(str(number)), values, model.evaluate(values)))
    return results.tables(model, trials)


@pytest.fixture(scope="module")
def matched(tables: dict[str, Any]) -> pd.DataFrame:
    """Robyn's table of clusters with our cluster of the same candidates."""
    theirs = golden.read("full_clusters.csv")
    ours = tables["candidates"].set_index(c.CANDIDATE)[c.CLUSTER]
    assert set(ours[ours > 0].index) == set(theirs["solID"])
    return theirs.assign(ours=ours[theirs["solID"]].to_numpy())


def test_the_partition_is_robyns_up_to_labels(matched: pd.DataFrame) -> None:
    pairs = matched.groupby(["cluster", "ours"]).size()
    assert sorted(pairs) == [30, 37, 61]
    assert matched["ours"].nunique() == matched["cluster"].nunique() == 3


def test_the_winners_are_robyns(tables: dict[str, Any], matched: pd.DataFrame) -> None:
    winners = matched[matched["top_sol"].astype(str).str.upper() == "TRUE"]
    clusters = tables["clusters"]
    assert set(zip(winners["solID"], winners["ours"], strict=True)) == set(
        zip(clusters[c.CANDIDATE], clusters[c.CLUSTER], strict=True)
    )
    assert sorted(clusters[c.CANDIDATE]) == ["3_1998_1", "4_1699_1", "5_1969_1"]
    assert sorted(clusters[c.SIZE]) == [30, 37, 61]


def test_intervals_within_the_sampling_error_of_a_thousand_resamples(
    tables: dict[str, Any], matched: pd.DataFrame
) -> None:
    theirs = golden.read("full_cluster_intervals.csv")
    label = dict(zip(matched["cluster"], matched["ours"], strict=True))
    theirs = theirs.assign(ours=theirs["cluster"].map(label)).set_index(["ours", "rn"]).sort_index()
    ours = tables["cluster_intervals"].set_index([c.CLUSTER, c.CHANNEL]).sort_index()
    assert ours.index.tolist() == theirs.index.tolist()
    assert (ours[c.EFFICIENCY] == c.ROAS).all()
    assert (ours[c.COUNT] == theirs["n"]).all()
    error = ours[c.STANDARD_ERROR]
    # the standard deviation of a standard deviation, 1 / sqrt(2 * 999), and of a mean
    off = theirs["boot_se"] / error - 1
    assert off.abs().max() < 4 / np.sqrt(2 * (RESAMPLES - 1))
    assert abs(off.mean()) < 4 / np.sqrt(2 * (RESAMPLES - 1) * len(off))
    assert ((ours[c.MEAN] - theirs["boot_mean"]).abs() < 4 * error / np.sqrt(RESAMPLES)).all()
    reach = ours[c.HIGH] - ours[c.MEAN]
    for end, golden_end in ((c.LOW, "ci_low"), (c.HIGH, "ci_up")):
        assert ((ours[end] - theirs[golden_end]).abs() < 0.09 * reach).all()
    clipped = ours[c.LOW] == 0
    assert clipped.sum() == 2
    assert (clipped == (theirs["ci_low"] == 0)).all()


def test_convergence_as_robyn_judged_it(tables: dict[str, Any]) -> None:
    table = tables["convergence"]
    verdicts = table.drop_duplicates(c.OBJECTIVE).set_index(c.OBJECTIVE)
    assert verdicts[c.CONVERGED].to_dict() == {c.NRMSE: True, c.DECOMP_RSSD: False}
    assert verdicts[c.VERDICT][c.NRMSE].startswith("NRMSE converged: ")
    assert verdicts[c.VERDICT][c.DECOMP_RSSD].startswith("DECOMP.RSSD did not converge: ")
    assert (table.groupby(c.OBJECTIVE)[c.CUT].max() == 20).all()
    assert table[c.ITERATION].max() == 2000
    assert (table.groupby(c.OBJECTIVE)[c.COUNT].sum() == 10_000).all()
