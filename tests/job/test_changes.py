"""One way to set single keys by their dotted path: `-p KEY VALUE` of every command."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from mmmlib.data.examples import example_path, job_path
from mmmlib.ground.errors import JobError
from mmmlib.job.changes import changed
from mmmlib.job.parse import TrainingJob
from mmmlib.job.robyns import SAID
from mmmlib.job.yaml_values import plain_values, read_text
from mmmlib.simulate.parse import Simulation


@pytest.fixture
def values() -> dict[str, Any]:
    return plain_values(read_text(job_path("demo")))


def _job(values: dict[str, Any], *changes: tuple[str, Any]) -> TrainingJob:
    return TrainingJob.parse(changed(values, changes))


def test_keys_are_set_by_their_path(values: dict[str, Any]) -> None:
    before = copy.deepcopy(values)
    job = _job(
        values,
        ("allocator.low", "0.6"),
        ("allocator.channels.tv.high", "1.2"),
        ("allocator.start", "2016-01-04"),
        ("channels.tv.ranges.gammas", "[0.3,0.4]"),
        ("channels.tv.ranges.thetas", "0.5"),
        ("channels.1.exposure", "ooh_seen"),
        ("channels.search.exposure", "null"),
        ("prophet_options.n_changepoints", "3"),
        ("iterations", 7),
        ("window", ["2016-01-04", "2018-12-31"]),
    )
    assert values == before
    assert (job.allocator.low, job.allocator.channels["tv"].high) == (0.6, 1.2)
    assert job.allocator.start == dt.date(2016, 1, 4)
    tv, ooh, *_, search = job.channels
    assert (tv.ranges["gammas"], tv.ranges["thetas"]) == ((0.3, 0.4), (0.5, 0.5))
    assert (ooh.exposure, search.exposure) == ("ooh_seen", None)
    assert job.prophet_options.n_changepoints == 3
    assert (job.iterations, len(job.window)) == (7, 2)


@pytest.mark.parametrize(
    ("key", "text", "wanted"),
    [
        ("date_format", "%d/%m/%Y", "%d/%m/%Y"),
        ("revision", "2024", "2024"),
        ("country", "no", "no"),
        ("country", "'no'", "no"),
        ("file", "''", ""),
        ("sql", "", ""),
        ("sql", "SELECT a: b FROM 'x'", "SELECT a: b FROM 'x'"),
        ("sql", "'a' or 'b'", "'a' or 'b'"),
        ("table", "[x", "[x"),
        ("channels.tv.spend", "2024", "2024"),
        ("acknowledge", "[no, 2024, fill:revenue]", ["no", "2024", "fill:revenue"]),
        ("interval", "week", "week"),
    ],
)
def test_text_stays_text_where_the_key_wants_text(
    values: dict[str, Any], key: str, text: str, wanted: Any
) -> None:
    made: Any = changed(values, [(key, text)])
    for part in key.split("."):
        made = next(c for c in made if c["name"] == part) if isinstance(made, list) else made[part]
    assert made == wanted


def test_text_within_lists_and_mappings_stays_text_too(values: dict[str, Any]) -> None:
    feature = "[{name: no, operation: sum, columns: [yes, 2024], periods: 2}]"
    allocator = "{scenario: max_response, channels: {no: {low: 1}}}"
    made = changed(values, {"features": feature, "allocator": allocator})
    assert made["features"] == [
        {"name": "no", "operation": "sum", "columns": ["yes", "2024"], "periods": 2}
    ]
    assert made["allocator"]["channels"] == {"no": {"low": 1}}


def test_names_may_hold_dots(values: dict[str, Any]) -> None:
    values["channels"].append({"name": "search.brand", "spend": "search_S"})
    made = changed(
        values,
        {"channels.search.brand.spend": "b", "allocator.channels.search.brand.locked": "true"},
    )
    assert made["channels"][-1]["spend"] == "b"
    assert made["allocator"]["channels"]["search.brand"]["locked"] is True


def test_a_lock_stands_in_place_of_the_bounds(values: dict[str, Any]) -> None:
    bounds = ("allocator.channels.tv.low", "0.9")
    job = _job(values, bounds, ("allocator.channels.tv.locked", "true"))
    assert job.allocator.bounds("tv") == (1.0, 1.0)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("iteration", "5", "iteration: unknown key; .* did you mean iterations?"),
        ("total_budget", "5", r"did you mean allocator\.total_budget\?"),
        ("allocater.low", "5", r"did you mean allocator\.low\?"),
        ("channels.tv.spent", "x", r"channels\.tv\.spent: .* did you mean channels\.tv\.spend\?"),
        ("allocator.channels.tv.hi", "2", r"did you mean allocator\.channels\.tv\.high\?"),
        ("channels.radio.spend", "x", "no such entry of channels; it has tv, ooh, print"),
        ("channels.9.spend", "x", "no such entry of channels"),
        ("calibration.0.lift", "1", "no such entry of calibration; it has 0 entries"),
        ("country.iso", "de", r"country\.iso: country is one value and has no keys"),
        ("iterations", "[1", "iterations: not YAML"),
        ("window", "[2016-13-01, 2017-01-01]", "window: not YAML: month must be"),
        ("channels", "&a [*a]", "aliases"),
        ("zzz", "1", "zzz: unknown key; remove it or correct its spelling$"),
    ],
)
def test_a_key_that_leads_nowhere_is_refused(
    values: dict[str, Any], key: str, text: str, said: str
) -> None:
    with pytest.raises(JobError, match=said):
        changed(values, [(key, text)])


def test_everything_that_is_wrong_is_said_at_once(values: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="2 problems"):
        changed(values, {"zzz": "1", "iterations": "[", "country": "fr"})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("country: no", 'country: must be text; YAML reads no.*as false.*quotes, such as "no"'),
        ("revision: 2024", 'revision: must be text; YAML reads 2024 as a number.*"2024"'),
        ("date: 2024-01-01", "date: must be text; YAML reads 2024-01-01 as a date"),
        ("target:", "target: is empty; write a text"),
        ("table: [a]", "table: must be one text, not a list"),
        ("interval: on", "interval: must be text; YAML reads"),
    ],
)
def test_a_file_says_plainly_what_yaml_made_of_a_text(
    values: dict[str, Any], line: str, said: str
) -> None:
    with pytest.raises(JobError, match=said):
        TrainingJob.parse(values | plain_values(line))


def test_the_same_reads_the_settings_of_a_simulation() -> None:
    path = example_path("daily").with_suffix(".yaml")
    made = Simulation.load(path, [("seed", "7"), ("snr", "null"), ("season.amplitude", "0.3")])
    assert (made.seed, made.snr) == (7, None)
    assert made.season is not None
    assert made.season.amplitude == 0.3
    with pytest.raises(JobError, match=r"did you mean periods\?"):
        Simulation.load(path, [("period", "7")])


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("dep_var", "write target"),
        ("cluster_by", "by performance"),
        ("robyn_calibrate", "ranges of alphas and gammas"),
        ("balance", "objective_weights"),
        ("allocator.constr_mode", "total_budget"),
        ("allocator.channel_constr_multiplier", "mmm allocate RUN"),
        ("prophet_options.daily.seasonality", "no hourly models"),
    ],
)
def test_a_word_of_robyn_is_refused_with_what_to_do(
    values: dict[str, Any], word: str, said: str
) -> None:
    room, _, key = word.partition(".")
    place = values.setdefault(room, {}) if key else values
    place[key or room] = 1
    with pytest.raises(JobError, match=f"{word}: is Robyn's word and no key of a job: .*{said}"):
        TrainingJob.parse(values)


def test_no_word_of_robyn_is_a_key() -> None:
    assert not SAID.keys() & set(TrainingJob.model_fields)


def test_orders_of_a_season_need_the_season(values: dict[str, Any]) -> None:
    options = {"yearly_seasonality": 4, "weekly_seasonality": 2}
    with pytest.raises(JobError, match=r"prophet_options\.weekly_seasonality: is of weekday"):
        TrainingJob.parse(values | {"prophet_options": options})
    kept = TrainingJob.parse(values | {"prophet_options": {"yearly_seasonality": 4}})
    assert kept.prophet_options.given() == {"yearly_seasonality": 4}
