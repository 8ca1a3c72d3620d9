"""`mmm job`: a first job from data, everything that is wrong with one, help for editors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings, strategies as st

from mmmlib.cli import main
from mmmlib.cli.first_job import job_text
from mmmlib.data.examples import demo_job_path
from mmmlib.data.guess.first import guess_job
from mmmlib.ground.errors import JobError
from mmmlib.job.model import JOB_KEYS
from mmmlib.job.parse import TrainingJob
from mmmlib.job.ranges import HYPERPARAMETERS
from mmmlib.job.schema import job_schema
from tests.data.test_guess import french, german, spanish

Mmm = Callable[..., Result]


@pytest.fixture
def mmm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mmm:
    """`mmm` in an empty folder; what is no message of ours fails the test."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        done = CliRunner().invoke(main, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


def series(**columns: Any) -> pd.DataFrame:
    """Two years of weeks with sales and one paid channel, and more columns."""
    weeks = pd.date_range("2021-01-04", periods=104, freq="7D").strftime("%Y-%m-%d")
    spend = [float(i % 5) for i in range(104)]
    frame = pd.DataFrame({"date": weeks, "sales": [100.0 + i % 7 for i in range(104)]})
    return frame.assign(**({"tv_spend": spend} | columns))


# --- init


@pytest.mark.parametrize("example", ["weekly", "daily"])
def test_a_shipped_example_becomes_a_job_that_passes_its_check(mmm: Mmm, example: str) -> None:
    done = mmm("job", "init", f"example:{example}", "--country", "de")
    assert done.exit_code == 0, done.output
    assert "next: mmm job check job.yaml\nthen: mmm run job.yaml" in done.output
    checked = mmm("job", "check", "job.yaml")
    assert checked.exit_code == 0, checked.output
    assert "ready: mmm run job.yaml" in checked.output
    assert {"weekly": "208 weeks", "daily": "728 days"}[example] in checked.output


@pytest.mark.parametrize(
    ("make", "country"), [(german, "de"), (french, "fr"), (spanish, "ES")], ids=["de", "fr", "es"]
)
def test_foreign_files_become_jobs_that_pass_their_check(
    mmm: Mmm, tmp_path: Path, make: Callable[[Path], Path], country: str
) -> None:
    assert mmm("job", "init", str(make(tmp_path)), "--country", country).exit_code == 0
    checked = mmm("job", "check", "job.yaml")
    assert checked.exit_code == 0, checked.output
    assert "120 weeks from 2021-01-04" in checked.output


def test_the_job_explains_itself(mmm: Mmm) -> None:
    mmm("job", "init", "example:weekly")
    text = Path("job.yaml").read_text()
    for key, field in TrainingJob.model_fields.items():
        assert f"\n# {field.description}" in text, key
        assert f"\n{key}:" in text or f"\n# {key}:" in text, key
    assert "  # 'facebook_I' ends in _I, Robyn's sign of exposure; belongs to 'facebook_S'" in text
    assert "    # ranges: {alphas: [0.5, 3.0], gammas: [0.3, 1.0], thetas: [0.3, 0.8]}" in text


def test_the_defaults_that_are_shown_are_the_defaults(mmm: Mmm) -> None:
    mmm("job", "init", "example:weekly", "--country", "de")
    text = Path("job.yaml").read_text()
    keys = tuple(f"# {key}:" for key in JOB_KEYS)
    typed = "\n".join(
        line.removeprefix("# ") if line.startswith(keys) else line for line in text.splitlines()
    )
    typed = typed.replace("    # ranges:", "    ranges:")
    job, same = TrainingJob.from_yaml(typed), TrainingJob.from_yaml(text)
    assert job.ranges() == same.ranges()
    assert job.without({m.name for m in job.media}) == same.without({m.name for m in same.media})


def test_doubts_are_said(mmm: Mmm) -> None:
    done = mmm("job", "init", "example:weekly")
    assert "not sure about:\n  - the country is not in the data" in done.output


def test_a_job_is_never_overwritten_unasked(mmm: Mmm) -> None:
    Path("mine.yaml").write_text("precious")
    done = mmm("job", "init", "example:weekly", "-o", "mine.yaml")
    assert done.exit_code == 2
    assert "mine.yaml: exists already" in done.output
    assert Path("mine.yaml").read_text() == "precious"
    assert mmm("job", "init", "example:weekly", "-o", "mine.yaml", "--force").exit_code == 0
    assert TrainingJob.load("mine.yaml").target == "revenue"


def test_a_job_that_cannot_be_written_is_said(mmm: Mmm) -> None:
    done = mmm("job", "init", "example:weekly", "-o", "nowhere/job.yaml")
    assert done.exit_code == 2
    assert "nowhere/job.yaml: cannot be written: No such file or directory" in done.output


def test_editors_are_told_of_a_schema_that_lies_beside(mmm: Mmm) -> None:
    mmm("job", "init", "example:weekly")
    assert "yaml-language-server" not in Path("job.yaml").read_text()
    Path("job.schema.json").write_text(mmm("job", "schema").output)
    mmm("job", "init", "example:weekly", "--force")
    first = Path("job.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=job.schema.json"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"date,sales\n", "has no rows"),
        (b"sales\n1\n", "one column only"),
        (b"\x00\x01\x02\x03" * 100, "is no text"),
        (b"a,b\nx,y\n", "no column holds dates"),
    ],
)
def test_bad_files_get_a_message(mmm: Mmm, content: bytes, message: str) -> None:
    Path("data.csv").write_bytes(content)
    done = mmm("job", "init", "data.csv")
    assert done.exit_code == 1
    assert message in done.output
    assert not Path("job.yaml").exists()


def test_a_folder_gets_a_message(mmm: Mmm, tmp_path: Path) -> None:
    assert "is a folder" in mmm("job", "init", str(tmp_path)).output
    assert "does not exist" in mmm("job", "init", "no.csv").output


NAMES = [
    "tv spend (EUR)",
    "\"tv\" 'spend': x",
    "📺 spend 🚀",
    "<script>alert(1)</script> spend",
    f"spend {'x' * 294}",
    "radio spend # no comment",
    "radio spend: {yes}",
    "- radio spend",
    "radio spend\nin two lines",
    "radio spend\u2028\x85\x07",
    " radio spend ",
    "null spend",
]


@pytest.mark.parametrize("name", NAMES)
def test_strange_names_come_back_as_they_were(mmm: Mmm, name: str) -> None:
    series(**{name: [float(i % 4) for i in range(104)]}).to_parquet("data.parquet")
    done = mmm("job", "init", "data.parquet")
    assert done.exit_code == 0, done.output
    assert [item.spend for item in TrainingJob.load("job.yaml").channels] == ["tv_spend", name]


# A name ends at NUL in DuckDB.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(["\x850", "a\u2028b", "\u2029"])  # line breaks to YAML
@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=40), max_size=4))
def test_any_names_give_a_job_that_reads_back(tmp_path: Path, names: list[str]) -> None:
    more = {f"{name} {kind}": range(104) for name in names for kind in ("cost", "notes", "views")}
    path = tmp_path / "data.parquet"
    series(**{name: [(i * 7) % 5 for i in values] for name, values in more.items()}).to_parquet(
        path
    )
    guess = guess_job(str(path))
    assert TrainingJob.from_yaml(job_text(guess)) == guess.job


# --- check


def test_check_says_everything_about_the_job_at_once(mmm: Mmm, demo_values: dict[str, Any]) -> None:
    wrong = demo_values | {"seed": "x", "colour": 1, "window": ["2018-01-01", "2017-01-01"]}
    wrong["channels"][0] |= {"ranges": {"thetas": [0.5, 0.2]}}
    del wrong["channels"][1]["spend"]
    Path("job.yaml").write_text(yaml.safe_dump(wrong))
    done = mmm("job", "check", "job.yaml")
    assert done.exit_code == 2
    for said in (
        "(5 problems)",
        "seed: ",
        "colour: unknown key",
        "window: must start",
        "channels[0].ranges.thetas: the lower end",
        "channels[1].spend: is missing",
    ):
        assert said in done.output, done.output


def test_check_says_everything_about_the_data_at_once(
    mmm: Mmm, demo_values: dict[str, Any]
) -> None:
    demo_values["channels"][0]["spend"] = "tv_spent"
    demo_values["organic"][0]["column"] = "letters"
    Path("job.yaml").write_text(yaml.safe_dump(demo_values | {"optimizer": "NoSuchOptimizer"}))
    done = mmm("job", "check", "job.yaml")
    assert done.exit_code == 2
    assert "the job does not fit its data" in done.output
    assert "channels[0].spend: the data have no column 'tv_spent'" in done.output
    assert "letters" in done.output
    assert "optimizer: " in done.output, "what the engine refuses is said with it"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "nowhere.csv"}, "does not exist"),
        ({"file": "example:monthly"}, "no example"),
        ({"sql": "DROP TABLE data"}, "must be one SELECT"),
        ({"window": ["1999-01-01", "2000-01-01"]}, "outside the data"),
    ],
)
def test_check_says_what_the_source_says(
    mmm: Mmm, demo_values: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    Path("job.yaml").write_text(yaml.safe_dump(demo_values | change))
    done = mmm("job", "check", "job.yaml")
    assert done.exit_code == 2
    assert message in done.output


def test_check_of_the_demo_and_of_nothing(mmm: Mmm) -> None:
    assert "5 paid channels: tv, ooh, print, facebook, search" in mmm("job", "check", "demo").output
    done = mmm("job", "check", "nowhere.yaml")
    assert done.exit_code == 2
    assert "no such file" in done.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a job is a mapping"),
        (b"\xff\xfe\x00", "cannot be read as text"),
        (b"window: [2018-13-45, 2019-01-01]", "not YAML: month must be in 1..12"),
        (b"a: !!python/object:os.system x", "not YAML"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"a: &a [x, x]\nb: [*a, *a]", "aliases"),
        (b"a: b: c", "not YAML"),
    ],
)
def test_check_of_what_is_no_job(mmm: Mmm, content: bytes, message: str) -> None:
    Path("job.yaml").write_bytes(content)
    done = mmm("job", "check", "job.yaml")
    assert done.exit_code == 2
    assert message in done.output


def test_check_of_a_folder(mmm: Mmm, tmp_path: Path) -> None:
    assert "cannot be read as text" in mmm("job", "check", str(tmp_path)).output


# --- contradictions beside faults of single keys


def problems(values: dict[str, Any]) -> set[str]:
    with pytest.raises(JobError) as refused:
        TrainingJob.parse(values)
    return {problem.where for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"seed": "x", "engine": "robin"}, {"seed", "engine"}),
        # A rule that reads a key with a fault says nothing: neither on ranges nor on weights.
        ({"adstock": "geo", "lambda_range": [2, 1]}, {"adstock", "lambda_range"}),
        ({"objective_weights": "x"}, {"objective_weights"}),
        ({"file": 3}, {"file"}),
        # A channel without a valid name leaves open which channels there are.
        ({"channels": [{"name": 3, "spend": "a"}], "allocator": {"channels": {"tv": {"low": 1}}}},
         {"channels[0].name"}),
        # One whose spend is wrong still has its name.
        ({"channels": [{"name": "tv", "spend": 3}], "organic": [{"name": "tv"}]},
         {"channels[0].spend", "channels[0].name", "organic[0].name"}),
        ({"channels": "tv", "table": "a", "sql": "b"}, {"channels", "table"}),
        ({"channels": [7], "window": ["2018-01-01", "2017-01-01"]}, {"channels[0]", "window"}),
        ({"context": [{}], "trials": 0}, {"context[0].name", "trials"}),
        ({"country": "../x", "train_size": [0.9, 0.5], "ts_validation": True},
         {"country", "train_size"}),
    ],
)  # fmt: skip
def test_contradictions_are_found_beside_faults(
    demo_values: dict[str, Any], change: dict[str, Any], where: set[str]
) -> None:
    assert problems(demo_values | change) == where


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(changes=st.dictionaries(st.sampled_from(JOB_KEYS), JUNK, min_size=1, max_size=6))
def test_any_values_are_a_job_or_a_refusal(
    demo_values: dict[str, Any], changes: dict[str, Any]
) -> None:
    try:
        job = TrainingJob.parse(demo_values | changes)
    except JobError as error:
        told = [problem.message for problem in error.problems]
    else:
        told = [] if TrainingJob.from_yaml(job.to_yaml()) == job else [""]
    assert all(told)
    assert "\ufffd" not in "".join(told), "a stand-in was shown to a person"


# --- schema


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = job_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """Values as an editor reads them: dates are text."""
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return plain


def test_the_schema_that_is_printed_accepts_the_demo(mmm: Mmm, demo_values: dict[str, Any]) -> None:
    schema = json.loads(mmm("job", "schema").output)
    assert schema == job_schema()
    jsonschema.validate(as_json(demo_values), schema)


def test_the_schema_accepts_what_init_writes(validator: jsonschema.Draft202012Validator) -> None:
    for data, chosen in (("example:weekly", {}), ("example:daily", {"country": "fr"})):
        validator.validate(as_json(yaml.safe_load(job_text(guess_job(data, chosen)))))
    validator.validate(TrainingJob.load(demo_job_path()).to_values())


def test_every_key_is_described_in_the_schema() -> None:
    schema = job_schema()
    assert tuple(schema["properties"]) == JOB_KEYS
    for key, described in schema["properties"].items():
        assert described["description"] == TrainingJob.model_fields[key].description, key
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"colour": 1}, []),
        ({"engine": "robin"}, ["engine"]),
        ({"country": "../x"}, ["country"]),
        ({"iterations": 0}, ["iterations"]),
        ({"window": ["2018-31-12", "2019-01-01"]}, ["window"]),
        ({"train_size": [0.1, 0.2, 0.3]}, ["train_size"]),
        ({"channels": []}, ["channels"]),
    ],
)
def test_the_schema_refuses_what_a_job_refuses(
    validator: jsonschema.Draft202012Validator,
    demo_values: dict[str, Any],
    change: dict[str, Any],
    path: list[str],
) -> None:
    values = demo_values | change
    assert [list(error.path) for error in validator.iter_errors(as_json(values))] == [path]
    with pytest.raises(JobError):
        TrainingJob.parse(values)


@pytest.mark.parametrize("adstock", list(HYPERPARAMETERS))
@pytest.mark.parametrize("ranges", [
    {"thetas": [0.1, 0.3]}, {"thetas": 0.3}, {"thetas": [0.3, 1.0]}, {"shapes": [0, 2]},
    {"shapes": [0, 20]}, {"alphas": [0.5, 3]}, {"alphas": 0}, {"gammas": 1}, {"scales": [0, 1]},
    {"alphas": "high"}, {"betas": 1},
])  # fmt: skip
def test_the_schema_knows_the_ranges_of_each_adstock(
    validator: jsonschema.Draft202012Validator,
    demo_values: dict[str, Any],
    adstock: str,
    ranges: dict[str, Any],
) -> None:
    values = demo_values | {
        "adstock": adstock,
        "channels": [{"name": "tv", "spend": "tv_S", "ranges": ranges}],
    }
    try:
        TrainingJob.parse(values)
        valid = True
    except JobError:
        valid = False
    assert validator.is_valid(as_json(values)) is valid
