"""A job is refused whole, with every problem and its path, or it is what was typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mmmlib.data.examples import demo_job_path
from mmmlib.ground.errors import JobError
from mmmlib.job.model import JOB_KEYS
from mmmlib.job.parse import TrainingJob


def test_yaml_round_trip(job: TrainingJob) -> None:
    again = TrainingJob.from_yaml(job.to_yaml())
    assert again == job
    assert again.to_yaml() == job.to_yaml()


def test_values_are_plain(job: TrainingJob) -> None:
    assert json.loads(json.dumps(job.to_values())) == job.to_values()
    assert tuple(job.to_values()) == JOB_KEYS


def test_the_demo_job_is_robyns_standard_budget() -> None:
    job = TrainingJob.load(demo_job_path())
    assert (job.iterations, job.trials, job.seed, job.workers) == (2000, 5, 123, 1)


def test_a_job_is_frozen(job: TrainingJob) -> None:
    with pytest.raises(ValueError, match="frozen"):
        job.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"colour": "red"}, "colour", "unknown key"),
        ({"country": "../../etc"}, "country", "only hold letters"),
        ({"iterations": [1]}, "iterations", "valid integer"),
        ({"iterations": 0}, "iterations", "greater than or equal to 1"),
        ({"channels": []}, "channels", "at least 1 item"),
        ({"channels": [{"name": "tv"}]}, "channels[0].spend", "is missing"),
        ({"target_type": "clicks"}, "target_type", "'revenue' or 'conversion'"),
        ({"engine": "robin"}, "engine", "use one of: native"),
        ({"source": "oracle"}, "source", "use one of: duckdb"),
        ({"file": ""}, "file", "name a CSV"),
        ({"window": ["2018-01-01", "2017-01-01"]}, "window", "start before"),
        ({"lambda_range": [0.5, 0.2]}, "lambda_range", "low not above high"),
        ({"objective_weights": [1, 2, 3]}, "objective_weights", "two weights"),
        ({"allocator": {"low": 2, "high": 1}}, "allocator.low", "above allocator.high"),
        ({"allocator": {"low": 3}}, "allocator.low", "(3) is above allocator.high (2)"),
        ({"allocator": {"target": 3}}, "allocator.target", "only for the scenario"),
        ({"allocator": {"scenario": "target_efficiency", "total_budget": 3}},
         "allocator.total_budget", "what target_efficiency finds"),
        ({"allocator": {"last": 3, "end": "2018-01-01"}}, "allocator.last", "keep one"),
        ({"allocator": {"start": "2018-02-01", "end": "2018-01-01"}}, "allocator.start", "after"),
        ({"allocator": {"channels": {"tv": {"low": 1, "locked": True}}}},
         "allocator.channels.tv", "locked and has bounds"),
        (
            {"allocator": {"channels": {"radio": {"low": 1}}}},
            "allocator.channels.radio",
            "is no paid channel",
        ),
        ({"prophet": [], "context": [{"name": "events", "factor": True}]},
         "context[0].factor", "estimated by prophet"),
        ({"context": [{"name": "trend"}]}, "context[0].name", "model uses itself"),
        ({"organic": [{"name": "tv"}]}, "organic[0].name", "names must differ"),
        ({"ts_validation": True, "train_size": [0.9, 0.5]}, "train_size", "low not above"),
    ],
)  # fmt: skip
def test_a_problem_has_its_path(
    demo_values: dict[str, Any], change: dict[str, Any], where: str, message: str
) -> None:
    with pytest.raises(JobError) as refused:
        TrainingJob.parse(demo_values | change)
    found = {problem.where: problem.message for problem in refused.value.problems}
    assert where in found
    assert message in found[where]


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"thetas": [0.5, 0.2]}, "above the upper end"),
        ({"thetas": [0.5, 1.0]}, "must be below 1"),
        ({"alphas": [0, 1]}, "must be above 0"),
        ({"shapes": [0, 1]}, "geometric adstock has no shapes"),
    ],
)
def test_ranges_have_limits(
    make_job: Callable[..., TrainingJob], ranges: dict[str, Any], message: str
) -> None:
    with pytest.raises(JobError, match=message):
        make_job(channels=[{"name": "tv", "spend": "tv_S", "ranges": ranges}])


def test_all_problems_at_once(demo_values: dict[str, Any]) -> None:
    with pytest.raises(JobError) as refused:
        TrainingJob.parse(demo_values | {"seed": "x", "trials": 0, "colour": 1, "root": 3})
    assert {problem.where for problem in refused.value.problems} == {
        "seed", "trials", "colour", "root",
    }  # fmt: skip
    assert "(4 problems)" in str(refused.value)


def test_one_number_fixes_a_hyperparameter(make_job: Callable[..., TrainingJob]) -> None:
    job = make_job(channels=[{"name": "tv", "spend": "tv_S", "ranges": {"thetas": 0.3}}])
    assert job.ranges()["tv_thetas"] == (0.3, 0.3)


def test_ranges_are_in_the_order_of_robyns_search_vector(job: TrainingJob) -> None:
    assert list(job.ranges()) == sorted(job.ranges())
    assert job.ranges()["facebook_thetas"] == (0.0, 0.3)
    assert job.ranges()["tv_thetas"] == (0.3, 0.8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("[1, 2]", "a mapping of keys"),
        ("a: [", "not YAML"),
        ("", "a mapping of keys"),
        ("1: 2", "a mapping of keys"),
    ],
)
def test_text_that_is_no_job(text: str, message: str) -> None:
    with pytest.raises(JobError, match=message):
        TrainingJob.from_yaml(text)


def test_a_missing_file_is_said() -> None:
    with pytest.raises(JobError, match=r"no such file; write the path of a job\.yaml"):
        TrainingJob.load("nowhere.yaml")


def test_every_key_explains_itself() -> None:
    for key, field in TrainingJob.model_fields.items():
        assert field.description, key
        assert not set("#=|") & set(field.description), "papermill's inspection drops those"
    assert yaml.safe_load(demo_job_path().read_text()).keys() <= set(JOB_KEYS)
