"""Simulate: from settings to a data set and its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.engines import native
from mmmlib.ground import Problem, SourceError, columns as c
from mmmlib.job import HYPERPARAMETERS
from mmmlib.simulate.baseline import components, context_values, event_levels
from mmmlib.simulate.media import CENTS, Effect, effects
from mmmlib.simulate.parse import Simulation, SimulationError
from mmmlib.simulate.series import Floats, dates_of, generator
from mmmlib.simulate.settings import CountrySettings, SimulatedChannel
from mmmlib.simulate.truth import COUNTRY, EXPECTED, NOISE, SPEND_COLUMN, Truth, truth_folder

_HYPERPARAMETERS = tuple(sorted({name for names in HYPERPARAMETERS.values() for name in names}))
WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda data, path: data.to_csv(path, index=False, date_format="%Y-%m-%d"),
    ".parquet": lambda data, path: data.to_parquet(path, index=False),
}


@dataclass(frozen=True)
class Simulated:
    """A simulated data set and its truth.

    Attributes
    ----------
    data : DataFrame
        One row a country and date: ``country, date``, the target, the context variables, the
        events, and of each channel ``{channel}_spend`` and ``{channel}_impressions`` or
        ``{channel}_clicks``.
    truth : Truth
    """

    data: pd.DataFrame
    truth: Truth

    def save(self, path: Path) -> None:
        """Write the data (CSV or Parquet, by the name) and, beside them, the truth.

        Raises
        ------
        SourceError
            The name ends in neither, or a file cannot be written.
        """
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            raise SourceError(f"{path.name}: must end in {' or '.join(WRITERS)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            writer(self.data, path)
            self.truth.save(truth_folder(path))
        except OSError as error:
            raise SourceError(f"{path}: cannot be written: {error}") from error


def simulate(settings: Simulation) -> Simulated:
    """Simulate a data set. Equal settings give equal data.

    Raises
    ------
    SimulationError
        What was asked for cannot be simulated: a correlation that is out of reach, a target
        below zero.
    """
    made = [_country(settings, country) for country in settings.countries]
    data, contributions, baseline, channels, curves = (
        pd.concat(parts, ignore_index=True) for parts in zip(*made, strict=True)
    )
    return Simulated(data, Truth(contributions, baseline, channels, curves, settings))


def spend_column(channel: SimulatedChannel) -> str:
    """Column of a channel's spend."""
    return f"{channel.name}_spend"


def exposure_column(channel: SimulatedChannel) -> str | None:
    """Column of a channel's exposure; ``None`` where only its spend is known."""
    return None if channel.exposure is None else f"{channel.name}_{channel.exposure.metric}"


def _country(settings: Simulation, country: CountrySettings) -> tuple[pd.DataFrame, ...]:
    """Data, contributions, baseline, channels and response curves of one country."""
    paid = effects(settings, country)
    base = components(settings, country)
    expected = np.sum([*base.values(), *(each.contribution for each in paid.values())], axis=0)
    target = _with_noise(settings, country, expected)
    key = {COUNTRY: country.name, c.DATE: dates_of(settings)}
    columns: dict[str, Any] = {**key, settings.target: target}
    columns |= context_values(settings, country)
    if settings.events is not None:
        columns[settings.events.name] = event_levels(settings, country)
    for channel in settings.channels:
        effect = paid[channel.name]
        columns[spend_column(channel)] = effect.spend
        if (seen := exposure_column(channel)) is not None:
            columns[seen] = effect.exposure
    contributions = [
        pd.DataFrame(
            {**key, c.CHANNEL: name, c.SPEND: each.spend, c.CONTRIBUTION: each.contribution}
        )
        for name, each in paid.items()
    ]
    ends = {EXPECTED: expected, NOISE: target - expected, c.TARGET: target}
    channels = _channels(settings, country, paid)
    return (
        pd.DataFrame(columns),
        pd.concat(contributions, ignore_index=True),
        pd.DataFrame({**key, **base, **ends}),
        channels,
        _curves(country, channels, paid),
    )


def _with_noise(settings: Simulation, country: CountrySettings, expected: Floats) -> Floats:
    """The target: normal noise of mean 0 whose variance is that of ``expected`` over the SNR.

    The drawn noise itself has that mean and variance, not only its distribution. With noise the
    target is rounded to cents, which is part of the noise; without it nothing is rounded.
    """
    target = expected
    if settings.snr is not None:
        z = generator(settings.seed, country.name, NOISE).standard_normal(expected.size)
        z = (z - z.mean()) / z.std()
        target = np.round(expected + z * expected.std() / np.sqrt(settings.snr), CENTS)
    if target.min() < 0:
        at = dates_of(settings)[int(target.argmin())].date()
        raise SimulationError(
            [Problem("baseline", f"the target of {country.name} falls below zero ({at}); raise the "
                                 "baseline or the snr, or soften what lowers it")]
        )  # fmt: skip
    return target


def _channels(
    settings: Simulation, country: CountrySettings, paid: dict[str, Effect]
) -> pd.DataFrame:
    rows = []
    for channel in settings.channels:
        effect, own = paid[channel.name], channel.hyperparameters
        spend, contribution = effect.spend.sum(), effect.contribution.sum()
        rows.append(
            {
                COUNTRY: country.name,
                c.CHANNEL: channel.name,
                SPEND_COLUMN: spend_column(channel),
                "adstock": settings.family(channel),
                **{name: own.get(name, np.nan) for name in _HYPERPARAMETERS},
                c.SPEND: spend,
                c.CONTRIBUTION: contribution,
                c.ROAS: contribution / spend,
                c.COEFFICIENT: effect.coefficient,
                c.ALPHA: own["alphas"],
                c.INFLEXION: effect.inflexion,
                c.MEAN_CARRYOVER: effect.mean_carryover,
                c.CURRENT_SPEND: effect.spend.mean(),
            }
        )
    table = pd.DataFrame(rows)
    curves, current = native.of_channels(table), table[c.CURRENT_SPEND].to_numpy()
    table[c.CURRENT_RESPONSE] = curves.response(current)
    table[c.CURRENT_MARGINAL] = native.marginal(curves, current)
    return table


def _curves(
    country: CountrySettings, channels: pd.DataFrame, paid: dict[str, Effect]
) -> pd.DataFrame:
    largest = np.array([each.spend.max() for each in paid.values()])
    grid = np.linspace(np.zeros_like(largest), native.GRID_REACH * largest, native.GRID_POINTS)
    curves = native.of_channels(channels)
    return pd.DataFrame(
        {
            COUNTRY: country.name,
            c.CHANNEL: np.repeat(channels[c.CHANNEL].to_numpy(), native.GRID_POINTS),
            c.SPEND: grid.T.ravel(),
            c.RESPONSE: curves.response(grid).T.ravel(),
            c.MARGINAL_RESPONSE: native.marginal(curves, grid).T.ravel(),
        }
    )
