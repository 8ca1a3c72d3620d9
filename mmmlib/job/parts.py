"""The parts of a job that are mappings: channels, variables, features, studies, the allocator."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mmmlib.job.ranges import Kind, Range

Sign = Literal["positive", "negative", "default"]
Component = Literal["trend", "season", "weekday", "monthly", "holiday"]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Text = Annotated[str, Field(min_length=1, max_length=300)]


def _as_range(value: Any) -> Any:
    """A single number fixes a hyperparameter: 0.3 means [0.3, 0.3]."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value, value)
    return value


Bounds = Annotated[Range, BeforeValidator(_as_range)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Prior(Frozen):
    """What is known of a channel before the data: a range, or a mean and a spread.

    Of ROAS, or of CPA where the target is a conversion; nothing given is no prior. Nine tenths of
    it lie between ``low`` and ``high``; ``spread`` is a standard deviation. Read by the posterior
    only.
    """

    low: float | None = Field(default=None, gt=0)
    high: float | None = Field(default=None, gt=0)
    mean: float | None = Field(default=None, gt=0)
    spread: float | None = Field(default=None, gt=0)


class Posterior(Frozen):
    """How the posterior is computed: by ``engine: bayes``, and beside every other engine's model.

    ``noise: heavy_tailed`` lets single rows lie far off (Student's t, 4 degrees of freedom).
    """

    second_opinion: bool = True
    noise: Literal["normal", "heavy_tailed"] = "normal"
    chains: int = Field(default=4, ge=2, le=64)
    sweeps: int = Field(default=4000, ge=200, le=1_000_000)


class Channel(Frozen):
    """A paid channel: what was spent, optionally what was seen for it, and how it may act."""

    name: Text
    spend: Text
    exposure: Text | None = None
    sign: Sign = "positive"
    kind: Kind = "online"
    ranges: dict[str, Bounds] = {}
    prior: Prior = Prior()


class Organic(Frozen):
    """An unpaid channel (newsletter, posts): it has adstock and saturation but no spend."""

    name: Text
    column: Text | None = None
    sign: Sign = "positive"
    kind: Kind = "organic"
    ranges: dict[str, Bounds] = {}


class Context(Frozen):
    """A context variable: a number, or a factor whose levels (``promo``, ``strike``) act."""

    name: Text
    column: Text | None = None
    sign: Sign = "default"
    factor: bool = False


class Pivot(Frozen):
    """How rows become columns: a long table, as platforms export it, made one row a date.

    Each different text of ``by`` becomes columns of the numbers in ``values``: named like the
    text where there is one, ``{text}_{value}`` where there are several. Several rows of one date
    and text are added up. Columns in ``sums`` are added up over all rows of a date; every other
    column of the job must say the same in all rows of a date.
    """

    by: Annotated[str, Field(max_length=300)] = ""
    values: tuple[Text, ...] = ()
    sums: tuple[Text, ...] = ()

    @property
    def makes_columns(self) -> bool:
        """Whether there is anything to be made wide or added up."""
        return bool(self.by or self.sums)

    def column(self, level: str, value: str) -> str:
        """The name of the column that a text and a value make."""
        return level if len(self.values) == 1 else f"{level}_{value}"


class Joined(Frozen):
    """A further file whose rows are joined to the first one's by their date."""

    file: Text
    table: str = ""
    date: Text
    date_format: str = ""
    week_label: Literal["", "start", "end"] = ""
    pivot: Pivot = Pivot()


class ChannelBounds(Frozen):
    """How far the plan may move one channel, as multiples of its current spend."""

    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, ge=0)
    locked: bool = False


class Allocator(Frozen):
    """What the budget allocation may do; bounds are multiples of the current spend.

    ``max_response`` finds the most response for ``total_budget`` (of all periods together).
    ``target_efficiency`` finds the most response whose ROAS is at least ``target`` (whose CPA is
    at most it), and with it the budget. Current spend is the average over all periods, or over
    the ``last`` ones, or over those from ``start`` to ``end``; the plan covers as many. ``today``
    says what of a channel with an exposure counts as its spend in these: what was ``paid``, or its
    ``exposure`` in units of money, as in Robyn; empty is Robyn's way where Robyn trained.
    ``response`` is what a plan brings: each channel's own ``series`` of these periods, made larger
    or smaller; or, as in Robyn, the curve at its ``mean_spend`` in every period. Empty is the
    series, or Robyn's where ``today`` is ``exposure``. Where a posterior has converged, a split
    that it gives a chance below ``least_chance`` of beating today's is not made: today's stays;
    0 asks no posterior.
    """

    scenario: Literal["max_response", "target_efficiency"] = "max_response"
    total_budget: float | None = Field(default=None, gt=0)
    target: float | None = Field(default=None, gt=0)
    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, ge=0)
    last: int | None = Field(default=None, ge=1)
    start: dt.date | None = None
    end: dt.date | None = None
    today: Literal["", "paid", "exposure"] = ""
    response: Literal["", "series", "mean_spend"] = ""
    least_chance: float = Field(default=0.7, ge=0, le=1)
    channels: dict[str, ChannelBounds] = {}

    def bounds(self, channel: str = "") -> tuple[float, float]:
        """Lowest and highest multiple of a channel's current spend, or of any without its own.

        Where nothing is said they are Robyn's: 0.5 to 2, for ``target_efficiency`` 0.1 to 10.
        """
        low, high = _ROBYNS_BOUNDS[self.scenario]
        low = low if self.low is None else self.low
        high = high if self.high is None else self.high
        own = self.channels.get(channel)
        if own is None:
            return low, high
        if own.locked:
            return 1.0, 1.0
        return low if own.low is None else own.low, high if own.high is None else own.high


_ROBYNS_BOUNDS = {"max_response": (0.5, 2.0), "target_efficiency": (0.1, 10.0)}


class Feature(Frozen):
    """A column made of columns, before anything else is read from the data.

    ``sum`` adds columns (small channels into one); ``ratio`` divides the first by the second;
    ``product`` multiplies columns row by row, before rows are added up (price × orders);
    ``lag`` moves one column ``periods`` rows later; ``one_hot`` makes one 0/1 column a level of a
    text column, named ``{name}_{level}``.
    """

    name: Text
    operation: Literal["sum", "ratio", "product", "lag", "one_hot"]
    columns: Annotated[tuple[Text, ...], Field(min_length=1)]
    periods: int = Field(default=1, ge=1, le=520)


class Study(Frozen):
    """A lift study: what an experiment found for channels together, Robyn's calibration input."""

    channels: Annotated[tuple[Text, ...], Field(min_length=1)]
    start: dt.date
    end: dt.date
    lift: float
    spend: float = Field(default=0.0, ge=0)
    confidence: float = Field(default=0.9, gt=0, le=1)
    scope: Literal["immediate", "total"] = "immediate"
    standard_error: float | None = Field(default=None, gt=0)


class ProphetOptions(Frozen):
    """Prophet's own settings, under its own names; what is left out has prophet's default."""

    changepoint_prior_scale: float | None = Field(default=None, gt=0, le=10)
    n_changepoints: int | None = Field(default=None, ge=0, le=200)
    changepoint_range: float | None = Field(default=None, gt=0, le=1)
    seasonality_prior_scale: float | None = Field(default=None, gt=0, le=100)
    holidays_prior_scale: float | None = Field(default=None, gt=0, le=100)
    seasonality_mode: Literal["additive", "multiplicative"] | None = None
    yearly_seasonality: int | None = Field(default=None, ge=1, le=50)
    weekly_seasonality: int | None = Field(default=None, ge=1, le=3)

    def given(self) -> dict[str, Any]:
        """What the job sets."""
        return self.model_dump(exclude_none=True)
