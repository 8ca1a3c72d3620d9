"""Paid channels of a simulation: what is spent, what is seen for it, what it really brings in.

Adstock and saturation are those of the native engine, called, not written again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmmlib.engines import native
from mmmlib.ground import Problem
from mmmlib.job import HYPERPARAMETERS
from mmmlib.model import adstock
from mmmlib.simulate.baseline import components
from mmmlib.simulate.parse import Simulation, SimulationError
from mmmlib.simulate.series import Floats, around_one, flight, generator
from mmmlib.simulate.settings import CountrySettings, SimulatedChannel

CENTS = 2  # decimals of money


@dataclass(frozen=True)
class Effect:
    """The true effect of one channel in one country; arrays have shape (n,).

    Attributes
    ----------
    spend : array
        Currency a period.
    exposure : array or None
        Impressions or clicks a period.
    contribution : array
        Target a period: ``coefficient * Hill(adstock(media))``, where media is the exposure in
        units of money (``exposure * sum(spend) / sum(exposure)``), or else the spend.
    coefficient : float
        Response at full saturation, target a period; chosen so that
        ``sum(contribution) = roas * sum(spend)``.
    inflexion : float
        ``gammas * max(adstock)``, currency a period.
    mean_carryover : float
        Mean of what earlier periods carry over, currency a period.
    """

    spend: Floats
    exposure: Floats | None
    contribution: Floats
    coefficient: float
    inflexion: float
    mean_carryover: float


def effects(settings: Simulation, country: CountrySettings) -> dict[str, Effect]:
    """Effects of all channels in a country, by name.

    Raises
    ------
    SimulationError
        A correlation cannot be reached, or a channel is never seen.
    """
    flights = _flights(settings, country)
    return {
        channel.name: _effect(settings, country, i, channel, flights[channel.name])
        for i, channel in enumerate(settings.channels)
    }


def _flights(settings: Simulation, country: CountrySettings) -> dict[str, Floats]:
    """Spend of each channel as multiples of its mean; followers mixed with their leaders."""
    demand = _demand(settings, country)
    flights = {
        channel.name: flight(
            settings.flighting_of(channel),
            settings,
            generator(settings.seed, country.name, channel.name, "spend"),
            demand,
        )
        for channel in settings.channels
    }
    for i, group in enumerate(settings.collinear):
        for j, follower in enumerate(group.followers):
            where = f"collinear[{i}].followers[{j}]"
            flights[follower] = _mixed(
                flights[follower], flights[group.leader], group.correlation, where, country.name
            )
    return flights


def _demand(settings: Simulation, country: CountrySettings) -> Floats:
    """What sells without marketing, as multiples of its mean; all 1 where no spend follows it."""
    if not any(settings.flighting_of(item).follows_demand for item in settings.channels):
        return np.ones(settings.periods)
    demand: Floats = np.sum(list(components(settings, country).values()), axis=0)
    if demand.min() <= 0:
        raise SimulationError(
            [Problem("baseline", "falls to zero, and spend follows it; raise it, or soften what "
                                 "lowers it")]
        )  # fmt: skip
    return np.asarray(demand / demand.mean())


def _mixed(own: Floats, leader: Floats, correlation: float, where: str, country: str) -> Floats:
    """``(1 - w) own + w leader`` with the one ``w`` in [0, 1] that has this correlation.

    The part of the series across the leader has length ``(1 - w) sqrt(1 - r²)`` in units of
    standard deviations, the part along it ``(1 - w) r + w s`` with s the ratio of the
    deviations; their ratio is the tangent of the angle between the series.
    """
    deviation, reference = own.std(), leader.std()
    if reference == 0:
        raise SimulationError([Problem(where, "its leader's spend never varies")])
    natural = float(np.corrcoef(own, leader)[0, 1]) if deviation > 0 else 0.0
    if deviation == 0 or natural >= correlation:
        raise SimulationError(
            [Problem(where, f"its spend in {country} correlates by {natural:.3f} already; ask for "
                            "more, or let it vary more")]
        )  # fmt: skip
    across = deviation * np.sqrt(1 - natural**2)
    wanted = across * correlation / np.sqrt(1 - correlation**2)
    ratio = (wanted - deviation * natural) / reference  # w / (1 - w)
    weight = ratio / (1 + ratio)
    mixed: Floats = (1 - weight) * own + weight * leader
    return mixed


def _effect(
    settings: Simulation,
    country: CountrySettings,
    i: int,
    channel: SimulatedChannel,
    pattern: Floats,
) -> Effect:
    spend = np.round(channel.spend_level * country.size * pattern, CENTS)
    if not spend.any():
        where = f"channels[{i}].spend_level"
        raise SimulationError([Problem(where, "is less than a cent a period; raise it")])
    exposure = _exposure(settings, country, i, channel, spend)
    media = spend if exposure is None else exposure * (spend.sum() / exposure.sum())
    family = settings.family(channel)
    own = np.array([[channel.hyperparameters[name] for name in HYPERPARAMETERS[family]]])
    adstocked, saturated = np.empty((2, 1, spend.size))
    inflexions, shares = np.empty((2, 1))
    native.fill_media(
        media[None], 0, adstock.FAMILIES[family], own, adstocked, saturated, inflexions, shares
    )
    coefficient = channel.roas * country.effect * spend.sum() / saturated.sum()
    return Effect(
        spend,
        exposure,
        coefficient * saturated[0],
        float(coefficient),
        float(inflexions[0]),
        float((adstocked[0] - shares[0] * media).mean()),
    )


def _exposure(
    settings: Simulation, country: CountrySettings, i: int, channel: SimulatedChannel, spend: Floats
) -> Floats | None:
    """Whole impressions or clicks, bought at a price that varies from period to period."""
    if channel.exposure is None:
        return None
    rng = generator(settings.seed, country.name, channel.name, "exposure")
    price = around_one(rng.standard_normal(spend.size), channel.exposure.noise)
    each = channel.exposure.cost / (1000 if channel.exposure.metric == "impressions" else 1)
    seen = np.round(spend / (each * price))
    if not seen.any():
        where = f"channels[{i}].exposure.cost"
        raise SimulationError([Problem(where, "buys nothing for this spend; lower it")])
    return seen
