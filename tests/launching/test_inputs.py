"""What a run takes along to another machine: every file its job names, joined ones too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.archive import Archive
from mmmlib.data import dataset_of, guess_job
from mmmlib.ground import JobError
from mmmlib.job import TrainingJob
from mmmlib.launching.inputs import at_hand, carried

DAYS = pd.date_range("2021-01-04", periods=120, freq="7D")


@pytest.fixture
def joined(tmp_path: Path) -> TrainingJob:
    """A job of three files, two of one name in folders of their own."""
    numbers = pd.Series(range(120))
    tables = {
        "costs/weekly.csv": {"date": DAYS, "tv_spend": 100.0 + numbers % 7},
        "sales/weekly.csv": {"day": DAYS, "revenue": 9000.0 + numbers % 11},
        "prices.csv": {"week": DAYS, "price": 20.0 + numbers % 3},
    }
    for name, table in tables.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pd.DataFrame(table).to_csv(tmp_path / name, index=False)
    first, *more = (str(tmp_path / name) for name in tables)
    return guess_job(first, {"country": "de"}, more, settle=True).job


def test_joined_files_are_read_where_the_job_is_executed(
    joined: TrainingJob, archive: Archive, tmp_path: Path
) -> None:
    here = dataset_of(joined).frame
    sent, inputs = carried(joined, str(tmp_path))
    assert sorted(inputs) == [
        "inputs/file-weekly.csv", "inputs/join0-weekly.csv", "inputs/join1-prices.csv"
    ]  # fmt: skip
    run = archive.claim(sent)
    for name, content in inputs.items():
        run.save(name, content)
    for path in tmp_path.rglob("*.csv"):
        if "inputs" not in path.parts:
            path.unlink()
    with at_hand(run):
        pd.testing.assert_frame_equal(dataset_of(run.job).frame, here)


def test_a_joined_file_that_is_gone_is_said(joined: TrainingJob, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").unlink()
    with pytest.raises(JobError, match=r"join1: .*prices.csv cannot be sent along: No such file"):
        carried(joined, str(tmp_path))


def test_files_are_found_from_the_folder_of_the_job(
    make_job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    sent, inputs = carried(make_job(file="sales.csv"), str(tmp_path))
    assert sent.file == "inputs/file-sales.csv"
    assert inputs[sent.file] == b"a,b\n1,2\n"
