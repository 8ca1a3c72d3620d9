"""What is simulated: frozen, validated settings, read from YAML or the command line."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.ground import yaml_text
from mmmlib.job import Adstock, Frozen, Kind

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
Country = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
ONE_YEAR = 365.25  # days


class Flighting(Frozen):
    """When a channel spends. Its mean over all periods is the channel's ``spend_level``.

    ``always_on`` varies around its level; ``seasonal`` swings by ``amplitude`` about a peak day
    of the year; ``bursts`` spends in ``per_year`` bursts of ``length`` periods, nothing between.
    ``follows_demand`` lets spend rise by that many percent where what sells without marketing
    rises by 1 %: a budget that is planned on sales, which a model easily takes for an effect.
    """

    pattern: Literal["always_on", "seasonal", "bursts"] = "always_on"
    variation: float = Field(default=0.3, ge=0, le=2)  # coefficient of variation of one period
    persistence: Share = 0.5  # correlation of the variation with that of the period before
    amplitude: Share = 0.5
    peak_day: int = Field(default=340, ge=1, le=366)
    per_year: float = Field(default=6, gt=0, le=52)
    length: int = Field(default=14, ge=1, le=366)
    follows_demand: float = Field(default=0.0, ge=0, le=5)


class Exposure(Frozen):
    """What is seen for the spend: impressions at a CPM, or clicks at a CPC, with noise."""

    metric: Literal["impressions", "clicks"]
    cost: Positive  # of a thousand impressions, or of one click
    noise: float = Field(default=0.1, ge=0, le=1)  # coefficient of variation of the price


class SimulatedChannel(Frozen):
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


class Peak(Frozen):
    """A sharp peak each year, such as December's: ``effect`` of the baseline at its top.

    It falls off as a normal density does; ``width`` is its standard deviation in days.
    """

    day: int = Field(default=352, ge=1, le=366)
    width: float = Field(default=10.0, gt=0, le=60)
    effect: float = Field(ge=-1, le=5)


class LevelStep(Frozen):
    """From ``date`` on the baseline is higher by ``effect`` of itself, for good."""

    date: dt.date
    effect: float = Field(ge=-1, le=5)


class Holidays(Frozen):
    """A holiday adds ``effect`` of a day's baseline; ``spread`` is its deviation by name."""

    effect: float = Field(default=0.2, ge=-1, le=5)
    spread: float = Field(default=0.0, ge=0, le=1)


class SimulatedContext(Frozen):
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


class SimulationSettings(Frozen):
    """The settings of a simulation, and what follows from them."""

    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    start: dt.date = dt.date(2023, 1, 2)
    periods: int = Field(default=728, ge=10, le=100_000)
    interval: Literal["day", "week"] = "day"
    target: Name = "revenue"
    target_type: Literal["revenue", "conversion"] = "revenue"
    baseline: Positive = 50_000.0  # per period, for a country of size 1
    trend: float = Field(default=0.0, ge=-0.5, le=2)  # change a year, as a share of the baseline
    season: Season | None = None
    wander: float = Field(default=0.0, ge=0, le=1)  # sd of a random walk a year, as a share
    steps: tuple[LevelStep, ...] = ()
    peaks: tuple[Peak, ...] = ()
    weekday: tuple[float, ...] = ()  # seven shares of the baseline, Monday first
    holidays: Holidays | None = None
    context: tuple[SimulatedContext, ...] = ()
    events: Events | None = None
    adstock: Adstock = "geometric"
    channels: Annotated[tuple[SimulatedChannel, ...], Field(min_length=1)]
    flighting: Flighting | None = None  # of every channel, in place of its own
    collinear: tuple[Collinear, ...] = ()
    countries: Annotated[tuple[CountrySettings, ...], Field(min_length=1)]
    snr: Positive | None = 20.0  # variance of the expected target to that of the noise; null: none

    def to_yaml(self) -> str:
        """The same settings as text; equal settings give equal texts."""
        return yaml_text(self.model_dump(mode="json"), default_flow_style=None)

    @property
    def periods_a_year(self) -> float:
        """Days, or weeks, a year has."""
        return ONE_YEAR if self.interval == "day" else ONE_YEAR / 7

    def flighting_of(self, channel: SimulatedChannel) -> Flighting:
        """When a channel spends: the plan's pattern, or else its own."""
        return self.flighting or channel.flighting

    def family(self, channel: SimulatedChannel) -> Adstock:
        """Adstock family of a channel."""
        return channel.adstock or self.adstock
