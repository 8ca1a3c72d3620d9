"""What sells without marketing: baseline, trend, season, weekdays, holidays, context, events."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.simulate.parse import Simulation
from mmmlib.simulate.series import (
    Floats,
    around_one,
    dates_of,
    generator,
    intervals,
    wandering,
    wave,
)
from mmmlib.simulate.settings import ONE_YEAR, CountrySettings, Peak

INTERCEPT = "intercept"
NO_EVENT = "none"
DECIMALS = 3  # of a context variable


def context_values(settings: Simulation, country: CountrySettings) -> dict[str, Floats]:
    """Values of each context variable, shape (n,)."""
    made = {}
    for item in settings.context:
        rng = generator(settings.seed, country.name, item.name)
        z = wandering(rng, settings.periods, item.persistence)
        made[item.name] = np.round(item.mean * around_one(z, item.spread), DECIMALS)
    return made


def event_levels(settings: Simulation, country: CountrySettings) -> NDArray[np.str_]:
    """Level of the events factor in each period; where two meet, the later in the alphabet."""
    labels = np.full(settings.periods, NO_EVENT, dtype="U32")
    if settings.events is not None:
        events, year = settings.events, settings.periods_a_year
        for level in sorted(events.levels):  # their order in a file is no setting
            rng = generator(settings.seed, country.name, events.name, level)
            for span in intervals(settings.periods, events.per_year, events.length, year, rng):
                labels[span] = level
    return labels


def components(settings: Simulation, country: CountrySettings) -> dict[str, Floats]:
    """Contribution of everything that is no channel, target a period, shape (n,) each.

    ``intercept`` and what the settings switch on of ``trend``, ``season``, ``wander``, ``steps``,
    ``peaks``, ``weekday``, ``holiday``, the context variables and the events factor.
    """
    dates, level = dates_of(settings), settings.baseline * country.size
    made = {INTERCEPT: np.full(settings.periods, level)}
    if settings.trend:
        years = (dates - dates[0]).days.to_numpy() / ONE_YEAR
        made["trend"] = level * settings.trend * years
    if settings.season is not None:
        made["season"] = level * settings.season.amplitude * wave(dates, settings.season.peak_day)
    if settings.wander:
        made["wander"] = level * _walk(settings, country)
    if settings.steps:
        begun = [step.effect * (dates >= pd.Timestamp(step.date)) for step in settings.steps]
        made["steps"] = level * np.sum(begun, axis=0)
    if settings.peaks:
        made["peaks"] = level * np.sum([_peak(dates, peak) for peak in settings.peaks], axis=0)
    if settings.weekday:
        made["weekday"] = level * np.array(settings.weekday)[dates.dayofweek]
    if settings.holidays is not None:
        made["holiday"] = level * _holidays(settings, country, dates)
    values = context_values(settings, country)
    for item in settings.context:
        made[item.name] = level * item.effect * (values[item.name] / item.mean - 1)
    if settings.events is not None:
        shares = {NO_EVENT: 0.0, **settings.events.levels}
        labels = event_levels(settings, country)
        made[settings.events.name] = level * np.array([shares[str(label)] for label in labels])
    return made


def _walk(settings: Simulation, country: CountrySettings) -> Floats:
    """A random walk around 0 whose standard deviation after a year is ``wander``."""
    shocks = generator(settings.seed, country.name, "wander").standard_normal(settings.periods)
    walk: Floats = np.cumsum(shocks) * settings.wander / np.sqrt(settings.periods_a_year)
    return np.asarray(walk - walk.mean())


def _peak(dates: pd.DatetimeIndex, peak: Peak) -> Floats:
    """1 on the day of the year, falling off on both sides, also over the turn of the year."""
    away = (dates.dayofyear.to_numpy(dtype=np.float64) - peak.day + ONE_YEAR / 2) % ONE_YEAR
    falling: Floats = np.exp(-0.5 * ((away - ONE_YEAR / 2) / peak.width) ** 2)
    return peak.effect * falling


def _holidays(settings: Simulation, country: CountrySettings, dates: pd.DatetimeIndex) -> Floats:
    """Share of a period's baseline that its public holidays add; a week has seven days."""
    shares = np.zeros(settings.periods)
    if settings.holidays is None or not country.holidays:
        return shares
    import holidays

    years = range(dates[0].year, dates[-1].year + 2)
    days = 1 if settings.interval == "day" else 7
    for day, name in sorted(holidays.country_holidays(country.holidays, years=years).items()):
        row = (pd.Timestamp(day) - dates[0]).days // days
        if 0 <= row < settings.periods:
            rng = generator(settings.seed, country.name, "holiday", name)
            effect = settings.holidays.effect + settings.holidays.spread * rng.standard_normal()
            shares[row] += effect / days
    return shares
