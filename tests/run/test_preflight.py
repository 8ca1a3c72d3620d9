"""What is asked before anything runs."""

from __future__ import annotations

import pandas as pd
import pytest

from mmmlib.data import extract
from mmmlib.data.dataset import prepare_dataset
from mmmlib.data.examples import example_path, job_path
from mmmlib.data.extract import dataset_of
from mmmlib.ground.errors import DataError, JobError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.check import check_job
from mmmlib.run.preflight import accepted


@pytest.fixture
def daily() -> TrainingJob:
    return TrainingJob.load(job_path("daily"))


def test_other_countries_are_passed_over_batch_by_batch(
    daily: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extract, "BATCH_ROWS", 100)
    read = dataset_of(daily)
    whole = prepare_dataset(
        pd.read_csv(example_path("example:daily"), float_precision="round_trip"), daily
    )
    pd.testing.assert_frame_equal(read.frame, whole.frame)
    left_out = [change for change in read.changes if change.what == "rows left out"]
    assert [change.count for change in left_out] == [1456]
    assert left_out == [change for change in whole.changes if change.what == "rows left out"]


def test_a_country_that_is_not_there_is_said_with_those_that_are(daily: TrainingJob) -> None:
    with pytest.raises(DataError, match="'it' is not in the data; there is de, fr, uk"):
        dataset_of(daily.model_copy(update={"country": "it"}))


def test_a_column_in_two_roles_is_refused_before_a_run(daily: TrainingJob) -> None:
    values = daily.to_values() | {"target": "tv_spend"}
    with pytest.raises(JobError, match="'tv_spend' is the target; it explains itself"):
        accepted(TrainingJob.parse(values))


def test_a_file_that_is_not_there_is_one_problem(daily: TrainingJob) -> None:
    with pytest.raises(JobError, match=r"nowhere\.csv does not exist") as refused:
        check_job(daily.model_copy(update={"file": "nowhere.csv"}))
    assert len(refused.value.problems) == 1
