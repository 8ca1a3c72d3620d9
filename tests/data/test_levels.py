"""Levels of factors: recoded for R in their order, joined beyond ten, refused in every row."""

from __future__ import annotations

import pandas as pd
import pytest

from mmmlib.data.dataset import prepare_dataset
from mmmlib.data.prepare.levels import OTHER, commonest
from mmmlib.ground.errors import DataError
from mmmlib.job.parse import TrainingJob


def _prepared(
    levels: list[str], weekly: pd.DataFrame, job: TrainingJob
) -> tuple[list[str], dict[str, str]]:
    rows = (levels * len(weekly))[: len(weekly)]
    dataset = prepare_dataset(weekly.assign(events=rows), job)
    return list(dataset.frame["events"]), {change.what: change.why for change in dataset.changes}


def test_what_r_takes_stays(weekly: pd.DataFrame, job: TrainingJob) -> None:
    made, changes = _prepared(["na", "Event_1", "2.b"], weekly, job)
    assert set(made) == {"na", "Event_1", "2.b"}
    assert "levels renamed" not in changes


@pytest.mark.parametrize(
    ("levels", "named"),
    [
        (["black friday", "none"], ["black.friday", "none"]),
        (["Männer-Tag", "Ostern", "x"], ["Manner.Tag", "Ostern", "x"]),
        # ü sorts behind z, its plain name would not; "a b" and "a-b" would be one
        (["ostern", "z", "übrig"], ["l1.ostern", "l2.z", "l3.ubrig"]),
        (["a b", "a-b"], ["l1.a.b", "l2.a.b"]),
    ],
)
def test_levels_are_renamed_in_their_order(
    levels: list[str], named: list[str], weekly: pd.DataFrame, job: TrainingJob
) -> None:
    made, changes = _prepared(levels, weekly, job)
    assert made[: len(levels)] == named
    assert sorted(levels) == levels
    assert sorted(named) == named
    for level in levels:
        if level not in named:
            assert repr(level) in changes["levels renamed"]


def test_other_keeps_its_place(weekly: pd.DataFrame, job: TrainingJob) -> None:
    levels = ["-", *"ABCDE", "Z", *"abcdefg"]
    made, changes = _prepared(levels, weekly, job)
    order = [
        name
        for _, name in sorted(zip([*levels, OTHER], [*made[: len(levels)], OTHER], strict=True))
    ]
    assert order == sorted(order)
    assert len(set(order)) == len(levels) + 1
    assert "10 commonest of 14" in changes["levels counted as OTHER"]


def test_ties_are_decided_by_name() -> None:
    assert commonest(pd.Series([*"bbccaadd", *"efghijk"])) == list("abcdefghij")


def test_a_level_in_every_row_is_no_factor(weekly: pd.DataFrame, job: TrainingJob) -> None:
    with pytest.raises(DataError, match=r"events has 208 levels in 208 rows.*group them"):
        _prepared([f"week {i}" for i in range(208)], weekly, job)
