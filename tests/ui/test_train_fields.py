"""The form's fields: every key of a job, and its values in and out of the form."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from mmmlib.data.examples import JOBS, job_path
from mmmlib.ground.errors import JobError
from mmmlib.job.model import JOB_KEYS
from mmmlib.job.parse import TrainingJob
from mmmlib.job.ranges import LIMITS
from mmmlib.ui.train.fields import SECTIONS, blank, fields, fit, paths, plain


def leaves(annotation: object, path: str) -> Iterator[str]:
    """Paths of a type, by the types themselves: another way than the form's."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for key, field in annotation.model_fields.items():
            yield from leaves(field.annotation, f"{path}.{key}" if path else key)
    elif origin in (typing.Union, types.UnionType):
        (own,) = [each for each in inner if each not in (type(None), tuple[()])]
        yield from leaves(own, path)
    elif origin is tuple and inner[-1] is Ellipsis:
        yield from leaves(inner[0], f"{path}[]")
    elif origin is dict and path.endswith(".ranges"):
        yield from (f"{path}.{name}" for name in LIMITS)
    elif origin is dict:
        yield from leaves(inner[1], f"{path}.{{}}")
    else:
        yield path


def test_every_key_of_a_job_can_be_set():
    assert sorted(paths(fields())) == sorted(leaves(TrainingJob, ""))


def test_every_key_is_in_one_section():
    assert [field["key"] for field in fields()] == list(JOB_KEYS)
    assert {field["section"] for field in fields()} == set(SECTIONS)
    placed = [key for keys in SECTIONS.values() for key in keys]
    assert len(placed) == len(set(placed))
    assert set(JOB_KEYS) - set(placed) == set()


def test_every_field_says_what_it_is():
    for field in fields():
        assert field["help"], field["key"]
        assert field["label"], field["key"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_goes_through_the_form_unchanged(name):
    job = TrainingJob.load(job_path(name))
    values, left = fit(job.to_values())
    assert left == []
    assert TrainingJob.parse(plain(values)) == job


def test_an_empty_form_lacks_what_a_job_must_have():
    with pytest.raises(JobError) as error:
        TrainingJob.parse(plain(blank()))
    missing = {p.where for p in error.value.problems if "is missing" in p.message}
    assert missing == {"country", "date", "target", "channels"}


def test_an_empty_form_has_the_defaults_of_a_job():
    needed = {"country": "de", "file": "x.csv", "date": "d", "target": "t"}
    needed |= {"channels": [{"name": "tv", "spend": "s"}]}
    filled, _ = fit({**blank(), **needed})
    assert TrainingJob.parse(plain(filled)) == TrainingJob.parse(needed)


def test_a_wrong_value_is_kept_and_a_wrong_shape_is_left_out():
    values, left = fit(
        {
            "iterations": "many",
            "trials": [1],
            "window": "2018",
            "channels": [5, {"name": 3, "ranges": {"alphas": 0.5, "foo": 1}, "colour": "red"}],
            "allocator": {"channels": {"tv": {"low": ""}}},
            "nonsense": 1,
        }
    )
    assert values["iterations"] == "many"
    assert values["trials"] == 5
    assert values["channels"][0]["name"] == 3
    assert values["channels"][0]["ranges"] == {"alphas": [0.5, 0.5]}
    assert values["allocator"]["channels"] == {"tv": values["allocator"]["channels"]["tv"]}
    assert sorted(left) == [
        "channels[0]",
        "channels[1].colour",
        "channels[1].ranges.foo",
        "nonsense",
        "trials",
        "window",
    ]


def test_a_field_that_was_cleared_is_not_a_text():
    values, _ = fit({"allocator": {"total_budget": ""}, "channels": [{"exposure": ""}]})
    given = plain(values)
    assert given["allocator"]["total_budget"] is None
    assert given["channels"][0]["exposure"] is None
    assert plain(fit({"iterations": ""})[0])["iterations"] == ""  # refused, not taken as default
