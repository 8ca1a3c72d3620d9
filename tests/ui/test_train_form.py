"""The form's values as a job, and columns in their roles."""

from __future__ import annotations

import shlex

import pytest

from mmmlib.data.examples import demo_job_path
from mmmlib.ground.errors import JobError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.ui.train import form, roles

DEMO = TrainingJob.load(demo_job_path())


@pytest.fixture
def demo():
    return form.of_example("demo")


def test_the_example_is_a_job_as_it_is(demo):
    checked = form.check(demo)
    assert checked.problems == []
    assert checked.job == DEMO
    assert TrainingJob.from_yaml(checked.yaml) == DEMO


def test_all_problems_at_once_with_their_fields(demo):
    demo["country"] = "a b"
    demo["iterations"] = ""
    demo["window"] = ["2016-01-01", ""]
    demo["channels"][1]["ranges"]["alphas"] = ["x", 2]
    demo["channels"][2]["name"] = "tv"
    problems = {each["where"]: each["message"] for each in form.check(demo).problems}
    assert problems["window"] == "must be a first and a last date, or empty"
    assert problems["iterations"] == "must be a whole number"
    assert problems["channels[1].ranges.alphas[0]"] == "must be a number"
    assert "only hold letters" in problems["country"]
    assert "names must differ" in problems["channels[2].name"]
    assert "names must differ" in problems["channels[0].name"]
    assert len(problems) == 6


def test_columns_in_two_roles_are_refused(demo):
    demo["channels"][0]["spend"] = "revenue"
    assert form.check(demo).problems[0]["where"] == "channels[0].spend"


def test_the_commands_train_the_file_that_is_downloaded(demo):
    checked = form.check(demo)
    assert checked.filename == "demo-de.yaml"
    for each in checked.commands():
        assert shlex.split(each["command"])[-1] == checked.filename
    assert "papermill --engine mmm notebooks/train.ipynb" in checked.commands()[-1]["command"]


def test_a_file_that_is_no_job_is_refused_and_one_of_another_version_is_told():
    with pytest.raises(JobError, match="mapping"):
        form.of_text("- a\n- b\n")
    values, notice = form.of_text(DEMO.to_yaml() + "colour: red\n")
    assert form.check(values).job == DEMO
    assert "colour" in notice


def test_a_run_is_trained_again(ended):
    archive, run = ended["archive"], ended["succeeded"]
    assert form.check(form.of_run(archive, str(run))).job == run.job
    with pytest.raises(RunError):
        form.of_run(archive, "r100/de/20000101_000000")


def test_roles_are_read_from_the_job(demo):
    known = {column: roles.role_of(demo, column) for column in ("DATE", "revenue", "tv_S", "x")}
    assert known == {
        "DATE": ("date", ""),
        "revenue": ("target", ""),
        "tv_S": ("spend", "tv"),
        "x": ("", ""),
    }
    assert roles.role_of(demo, "facebook_I") == ("exposure", "facebook")
    assert roles.role_of(demo, "newsletter") == ("organic", "newsletter")
    assert roles.role_of(demo, "competitor_sales_B") == ("context", "competitor_sales")
    assert roles.role_of(demo, "events") == ("factor", "events")


@pytest.mark.parametrize("role", [role for role in roles.ROLES if role not in ("exposure", "")])
def test_a_column_changes_its_role(demo, role):
    before = form.of_example("demo")
    changed = roles.assign(demo, "print_S", role)
    assert roles.role_of(changed, "print_S")[0] == role
    assert demo == before  # the values that were given are left alone
    uses = str(changed).count("'print_S'")
    assert uses == 1


def test_an_exposure_belongs_to_a_channel_and_a_column_can_be_unused(demo):
    changed = roles.assign(demo, "newsletter", "exposure", "tv")
    assert roles.role_of(changed, "newsletter") == ("exposure", "tv")
    assert changed["organic"] == []
    assert roles.role_of(roles.assign(demo, "tv_S", ""), "tv_S") == ("", "")


def test_names_of_variables_stay_apart(demo):
    changed = roles.assign(demo, "tv_cost", "spend")
    assert [each["name"] for each in changed["channels"]].count("tv") == 1
    assert form.check(changed).job is not None
