"""The keys of a job: a frozen training configuration, written as ``job.yaml``.

Its top-level keys are the parameters of the notebooks, its values plain YAML. Where Robyn has
parallel lists a job has one list of mappings. Nothing secret is ever a key of a job.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from mmmlib.ground import yaml_text
from mmmlib.job.parts import (
    Allocator,
    Bounds,
    Channel,
    Component,
    Context,
    Feature,
    Frozen,
    Joined,
    Label,
    Organic,
    Pivot,
    Posterior,
    ProphetOptions,
    Study,
    Text,
)
from mmmlib.job.ranges import HYPERPARAMETERS, Adstock, Range, default_range


def _key(help_: str, default: Any = ..., **limits: Any) -> Any:
    """A key of the job with the one sentence that notebooks, docs and editors show for it."""
    return Field(default, description=help_, **limits)


class JobKeys(Frozen):
    """The keys of a job, and what follows from them; a person holds a :class:`TrainingJob`."""

    country: Label = _key("Label of the country; becomes part of the run's path")
    revision: Label = _key("Label that groups runs", "r100")
    engine: str = _key("What trains the model (native, robyn or bayes)", "native")
    source: str = _key("Where the data come from (duckdb, snowflake)", "duckdb")
    connection: str = _key("Name of the Snowflake connection; empty takes the default", "")
    file: str = _key("CSV or Parquet file, workbook, or example:weekly", "")
    table: str = _key("Table of a DuckDB file or DATABASE.SCHEMA.TABLE, or sheet of a workbook", "")
    sql: str = _key("One SELECT; empty takes all of the table", "")
    country_column: str = _key("Column that holds the country of a row; empty takes all rows", "")
    country_value: str = _key(
        "Value of country_column where it is not the label; * adds all up", ""
    )
    pivot: Pivot = _key("Makes columns of the rows of a long table with by, values, sums", Pivot())
    join: tuple[Joined, ...] = _key(
        "Files joined by date with file, table, date, date_format, week_label, pivot", ()
    )
    date: Text = _key("Column of the dates, one row a week or a day")
    dates: tuple[dt.date, dt.date] | tuple[()] = _key(
        "First and last date read of a Snowflake table; empty reads all", ()
    )
    date_format: str = _key("Such as %d/%m/%Y where dates can be read in two ways", "")
    week_column: str = _key("Column of week numbers where the date column holds years", "")
    week_label: Literal["", "start", "end"] = _key(
        "Whether dates name the start or the end of their week; empty is start", ""
    )
    first_date: str = _key("Date of the first row where rows are numbered, not dated", "")
    no_row: Literal["fill", "zero"] = _key(
        "What a date without a row means, fill or zero (closed days)", "fill"
    )
    interval: Literal["", "day", "week"] = _key(
        "week sums daily rows up to weeks; empty keeps the rows of the data", ""
    )
    target: Text = _key("Column to be explained (Robyn dep_var)")
    target_type: Literal["revenue", "conversion"] = _key("revenue or conversion", "revenue")
    prophet: tuple[Component, ...] = _key(
        "Components of trend, season, weekday, monthly, holiday", ("trend", "season", "holiday")
    )
    holidays: str = _key("ISO code or CSV file of the holidays; empty takes the country", "")
    prophet_options: ProphetOptions = _key(
        "Settings of prophet such as changepoint_prior_scale", ProphetOptions()
    )
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = _key(
        "Paid channels with name, spend, exposure, sign, kind, ranges"
    )
    organic: tuple[Organic, ...] = _key("Unpaid channels with name, column, sign, ranges", ())
    context: tuple[Context, ...] = _key("Context variables with name, column, sign, factor", ())
    features: tuple[Feature, ...] = _key(
        "Columns made of columns with name, operation, columns, periods", ()
    )
    acknowledge: tuple[Text, ...] = _key(
        "Changes of the data that are accepted, such as fill:revenue or drop:radio", ()
    )
    annotations: str = _key("CSV file with date and label, drawn on the charts", "")
    window: tuple[dt.date, dt.date] | tuple[()] = _key(
        "First and last date that is modelled; empty takes all", ()
    )
    adstock: Adstock = _key("geometric, weibull_cdf or weibull_pdf", "geometric")
    ts_validation: bool = _key("Hold out the last rows for validation and test", False)
    train_size: Bounds = _key("Range of the training share under ts_validation", (0.5, 0.8))
    lambda_range: Bounds = _key("Range of the ridge penalty within its bounds", (0.0, 1.0))
    penalty_factors: bool = _key("Search a penalty factor for each variable too", False)
    intercept: bool = _key("Fit an intercept", True)
    intercept_sign: Literal["non_negative", "unconstrained"] = _key(
        "non_negative or unconstrained", "non_negative"
    )
    rssd_zero_penalty: bool = _key("Penalize candidates with channels without effect", True)
    calibration: tuple[Study, ...] = _key(
        "Lift studies with channels, start, end, lift, scope, confidence, spend", ()
    )
    calibration_constraint: float = _key(
        "Share of candidates closest to the studies that may be best", 0.1, ge=0.01, le=0.1
    )
    refresh_of: str = _key(
        "Run whose best model is continued on newer data; /CANDIDATE names another", ""
    )
    objective_weights: tuple[float, ...] = _key(
        "Weights of nrmse, rssd and, with calibration, mape; empty is equal", ()
    )
    iterations: int = _key("Candidates of a trial", 2000, ge=1, le=1_000_000)
    trials: int = _key("Independent searches", 5, ge=1, le=1000)
    seed: int = _key("Seed of the search", 123, ge=0, le=2**31 - 1)
    workers: int = _key("Candidates asked at a time; changes the search", 1, ge=1, le=256)
    optimizer: str = _key("NSGA2 or any optimizer of nevergrad; empty takes the engine's own", "")
    pareto_fronts: int = _key("Fronts to keep; 0 chooses the number", 0, ge=0)
    min_candidates: int = _key("Candidates the kept fronts must hold together", 100, ge=1)
    allocator: Allocator = _key(
        "Scenario, total_budget, target, low, high, last, start, end, today, channels", Allocator()
    )
    posterior: Posterior = _key("Posterior with second_opinion, noise, chains, sweeps", Posterior())
    root: str = _key("Root of the archive; empty takes that of the settings", "")

    def to_values(self) -> dict[str, Any]:
        """Plain values, as YAML, JSON and papermill take them."""
        return self.model_dump(mode="json")

    def to_yaml(self) -> str:
        """The same job as text; equal jobs give equal texts."""
        return yaml_text(self.to_values(), default_flow_style=None)

    @property
    def media(self) -> tuple[Channel | Organic, ...]:
        """Paid channels, then organic ones: everything with adstock and saturation."""
        return (*self.channels, *self.organic)

    def without(self, names: Collection[str]) -> Self:
        """Return the job without variables that the data do not support."""
        if not names:
            return self
        left = {
            group: tuple(item for item in getattr(self, group) if item.name not in names)
            for group in ("channels", "organic", "context")
        }
        bounds = {
            name: value for name, value in self.allocator.channels.items() if name not in names
        }
        allocator = self.allocator.model_copy(update={"channels": bounds})
        return self.model_copy(update=left | {"allocator": allocator})

    def ranges(self) -> dict[str, Range]:
        """Bounds of each media hyperparameter, named ``{channel}_{hyperparameter}``, sorted.

        The order is that of Robyn's search vector (``hyper_names`` sorted in the C locale), so
        that the same seed tries the same candidates.
        """
        bounds = {
            f"{medium.name}_{name}": medium.ranges.get(
                name, default_range(name, self.adstock, medium.kind)
            )
            for medium in self.media
            for name in HYPERPARAMETERS[self.adstock]
        }
        return dict(sorted(bounds.items()))


JOB_KEYS = tuple(JobKeys.model_fields)  # in their order: the parameters of the notebooks
FILE_KEYS = ("file", "annotations", "holidays")  # those that name files
