"""What is simulated: frozen, validated settings, read from YAML or the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from mmmlib.errors import JobError, Problem
from mmmlib.job import plain_values, read_text
from mmmlib.job_parts import Frozen
from mmmlib.ranges import Adstock, Kind
from mmmlib.yaml_text import yaml_text

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
Country = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
ONE_YEAR = 365.25  # days


class SimulationError(JobError):
    """The settings of a simulation are not valid, or contradict each other."""

    title = "the settings of the simulation are not valid"


class Flighting(Frozen):
    """When a channel spends. Its mean over all periods is the channel's ``spend_level``.

    ``always_on`` varies around its level; ``seasonal`` swings by ``amplitude`` about a peak day
    of the year; ``bursts`` spends in ``per_year`` bursts of ``length`` periods, nothing between.
    """

    pattern: Literal["always_on", "seasonal", "bursts"] = "always_on"
    variation: float = Field(default=0.3, ge=0, le=2)  # coefficient of variation of one period
    persistence: Share = 0.5  # correlation of the variation with that of the period before
    amplitude: Share = 0.5
    peak_day: int = Field(default=340, ge=1, le=366)
    per_year: float = Field(default=6, gt=0, le=52)
    length: int = Field(default=14, ge=1, le=366)


class Exposure(Frozen):
    """What is seen for the spend: impressions at a CPM, or clicks at a CPC, with noise."""

    metric: Literal["impressions", "clicks"]
    cost: Positive  # of a thousand impressions, or of one click
    noise: float = Field(default=0.1, ge=0, le=1)  # coefficient of variation of the price


class Channel(Frozen):
    """A paid channel and its true effect; spend is per period, for a country of size 1."""

    name: Name
    kind: Kind = "online"
    spend_level: Positive
    flighting: Flighting = Flighting()
    exposure: Exposure | None = None
    adstock: Adstock | None = None  # empty takes that of the data set
    hyperparameters: dict[str, float]  # alphas, gammas and thetas, or scales and shapes
    roas: float = Field(ge=0)


class Collinear(Frozen):
    """Channels whose spend follows that of a leader with a given Pearson correlation."""

    leader: Name
    followers: Annotated[tuple[Name, ...], Field(min_length=1)]
    correlation: float = Field(gt=0, le=0.999)


class CountrySettings(Frozen):
    """One country: its size scales target and spend, ``effect`` the ROAS of its channels."""

    name: Country
    size: Positive = 1.0
    effect: Positive = 1.0
    holidays: str = ""  # ISO code; empty: no holidays


class Season(Frozen):
    """A yearly wave, as a share of the baseline, that peaks at a day of the year."""

    amplitude: Share = 0.2
    peak_day: int = Field(default=345, ge=1, le=366)


class Holidays(Frozen):
    """A holiday adds ``effect`` of a day's baseline; ``spread`` is its deviation by name."""

    effect: float = Field(default=0.2, ge=-1, le=5)
    spread: float = Field(default=0.0, ge=0, le=1)


class Context(Frozen):
    """A context variable that wanders around its mean, such as a price or a competitor.

    Where it stands 1 % above its mean, the target moves by ``effect`` percent of the baseline.
    """

    name: Name
    mean: Positive
    spread: float = Field(default=0.1, gt=0, le=0.3)  # coefficient of variation
    persistence: Share = 0.9
    effect: float = Field(ge=-5, le=5)


class Events(Frozen):
    """A factor: ``none`` most of the time, otherwise a level that moves the baseline's share."""

    name: Name = "events"
    levels: Annotated[dict[Name, float], Field(min_length=1)]
    per_year: float = Field(default=6, gt=0, le=52)  # of each level
    length: int = Field(default=3, ge=1, le=60)


class Simulation(Frozen):
    """Everything that determines a simulated data set; ``docs/simulate.md`` has the formulas."""

    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    start: dt.date = dt.date(2023, 1, 2)
    periods: int = Field(default=728, ge=10, le=100_000)
    interval: Literal["day", "week"] = "day"
    target: Name = "revenue"
    target_type: Literal["revenue", "conversion"] = "revenue"
    baseline: Positive = 50_000.0  # per period, for a country of size 1
    trend: float = Field(default=0.0, ge=-0.5, le=2)  # change a year, as a share of the baseline
    season: Season | None = None
    weekday: tuple[float, ...] = ()  # seven shares of the baseline, Monday first
    holidays: Holidays | None = None
    context: tuple[Context, ...] = ()
    events: Events | None = None
    adstock: Adstock = "geometric"
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    collinear: tuple[Collinear, ...] = ()
    countries: Annotated[tuple[CountrySettings, ...], Field(min_length=1)]
    snr: Positive | None = 20.0  # variance of the expected target to that of the noise; null: none

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Simulation:
        """Validate plain values.

        Raises
        ------
        SimulationError
            With every problem and the path of its field.
        """
        from mmmlib.simulate.rules import contradictions

        try:
            settings = cls.model_validate(dict(values))
        except ValidationError as error:
            raise SimulationError(_problem(detail) for detail in error.errors()) from None
        if problems := contradictions(settings):
            raise SimulationError(problems)
        return settings

    @classmethod
    def load(cls, path: str | Path, changes: Iterable[tuple[str, str]] = ()) -> Simulation:
        """Read a settings file, with ``changes`` as :func:`changed` takes them."""
        return cls.parse(changed(plain_values(read_text(path)), changes))

    def to_yaml(self) -> str:
        """The same settings as text; equal settings give equal texts."""
        return yaml_text(self.model_dump(mode="json"), default_flow_style=None)

    @property
    def periods_a_year(self) -> float:
        """Days, or weeks, a year has."""
        return ONE_YEAR if self.interval == "day" else ONE_YEAR / 7

    def family(self, channel: Channel) -> Adstock:
        """Adstock family of a channel."""
        return channel.adstock or self.adstock


def changed(values: Mapping[str, Any], changes: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Set single values by their path, as ``channels.tv.roas``; each value is YAML.

    Entries of a list are found by their name or their number.

    Raises
    ------
    SimulationError
        A path leads nowhere, or a value is not YAML.
    """
    made: dict[str, Any] = yaml.safe_load(yaml.safe_dump(dict(values)))
    for path, text in changes:
        *way, last = path.split(".")
        try:
            place: Any = made
            for part in way:
                place = place[_key(place, part)]
            place[_key(place, last)] = yaml.safe_load(text)
        except (KeyError, IndexError, TypeError, ValueError):
            raise SimulationError(
                [Problem(path, "no such setting; see docs/simulate.md")]
            ) from None
        except yaml.YAMLError as error:
            raise SimulationError([Problem(path, f"{text!r} is not YAML: {error}")]) from None
    return made


def _key(place: Any, part: str) -> str | int:
    if not isinstance(place, list):
        return part
    names = [item.get("name") for item in place if isinstance(item, dict)]
    return names.index(part) if part in names else int(part)


def _problem(detail: Mapping[str, Any]) -> Problem:
    """pydantic's error, with the path as a person writes it."""
    where = ""
    for part in detail["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    messages = {
        "extra_forbidden": "unknown setting; remove it or correct its spelling",
        "missing": "is missing; add it",
    }
    return Problem(where, messages.get(detail["type"], detail["msg"]))
