"""What no single setting of a simulation can tell: contradictions between settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mmmlib.ground import Problem
from mmmlib.job import HYPERPARAMETERS, outside_limits
from mmmlib.simulate.settings import ONE_YEAR, SimulationSettings

# Columns of the data set and of its truth that no variable may be called.
RESERVED = {
    "date", "country", "target", "expected", "noise", "actual", "fitted", "intercept",
    "trend", "season", "wander", "steps", "peaks", "weekday", "monthly", "holiday",
    "lambda", "train_size",
}  # fmt: skip


def contradictions(settings: SimulationSettings) -> list[Problem]:
    """Everything in which settings contradict each other."""
    rules = (_names, _hyperparameters, _bursts, _collinear, _calendar)
    return [problem for rule in rules for problem in rule(settings)]


def _names(settings: SimulationSettings) -> Iterator[Problem]:
    places = [("target", settings.target)]
    places += [(f"channels[{i}].name", item.name) for i, item in enumerate(settings.channels)]
    places += [(f"context[{i}].name", item.name) for i, item in enumerate(settings.context)]
    if settings.events is not None:
        places.append(("events.name", settings.events.name))
    counts = Counter(name for _, name in places)
    for where, name in places:
        if counts[name] > 1:
            yield Problem(where, f"{name!r} names {counts[name]} variables; names must differ")
        if name in RESERVED and where != "target":
            yield Problem(where, f"{name!r} is a column of its own; choose another")
    countries = Counter(country.name.casefold() for country in settings.countries)
    for i, country in enumerate(settings.countries):
        if countries[country.name.casefold()] > 1:
            yield Problem(f"countries[{i}].name", f"{country.name!r} occurs twice")
    if settings.events is not None and "none" in settings.events.levels:
        yield Problem("events.levels.none", "means that there is no event; choose another name")


def _hyperparameters(settings: SimulationSettings) -> Iterator[Problem]:
    for i, channel in enumerate(settings.channels):
        where = f"channels[{i}].hyperparameters"
        family = settings.family(channel)
        needed = HYPERPARAMETERS[family]
        for name in needed:
            if name not in channel.hyperparameters:
                yield Problem(f"{where}.{name}", f"is missing; {family} adstock needs it")
        for name, value in channel.hyperparameters.items():
            if name not in needed:
                yield Problem(
                    f"{where}.{name}", f"{family} adstock has none; use {', '.join(needed)}"
                )
            elif why := outside_limits(name, value, value):
                yield Problem(f"{where}.{name}", why)


def _bursts(settings: SimulationSettings) -> Iterator[Problem]:
    patterns = {
        f"channels[{i}].flighting": channel.flighting for i, channel in enumerate(settings.channels)
    }
    if settings.flighting is not None:
        patterns = {"flighting": settings.flighting}
    for where, flighting in patterns.items():
        taken = flighting.per_year * flighting.length
        if flighting.pattern == "bursts" and taken > settings.periods_a_year:
            yield Problem(
                where,
                f"{flighting.per_year:g} bursts of {flighting.length} {settings.interval}s do not "
                "fit into a year; lower per_year or length",
            )
        elif flighting.pattern == "bursts" and flighting.length > settings.periods:
            yield Problem(f"{where}.length", "is longer than the data set")


def _collinear(settings: SimulationSettings) -> Iterator[Problem]:
    known = {channel.name for channel in settings.channels}
    leaders = {group.leader for group in settings.collinear}
    followers = Counter(name for group in settings.collinear for name in group.followers)
    for i, group in enumerate(settings.collinear):
        if group.leader not in known:
            yield Problem(f"collinear[{i}].leader", f"{group.leader!r} is no channel")
        for j, name in enumerate(group.followers):
            where = f"collinear[{i}].followers[{j}]"
            if name not in known:
                yield Problem(where, f"{name!r} is no channel")
            elif name in leaders or followers[name] > 1:
                yield Problem(where, f"{name!r} leads or follows elsewhere too; it can do one")


def _calendar(settings: SimulationSettings) -> Iterator[Problem]:
    if settings.weekday and settings.interval == "week":
        yield Problem("weekday", "has no meaning in weekly data; remove it")
    elif settings.weekday and len(settings.weekday) != 7:
        yield Problem(
            "weekday", f"needs seven shares, Monday first; there are {len(settings.weekday)}"
        )
    if settings.holidays is not None and not any(item.holidays for item in settings.countries):
        yield Problem("holidays", "no country names an ISO code in countries[…].holidays")
    step = 1 if settings.interval == "day" else 7
    if settings.periods * step > 200 * ONE_YEAR:
        yield Problem("periods", "reach beyond 200 years; ask for fewer")
    import holidays

    supported = holidays.list_supported_countries()
    for i, item in enumerate(settings.countries):
        if item.holidays and item.holidays not in supported:
            yield Problem(
                f"countries[{i}].holidays", f"no holidays are known for {item.holidays!r}; "
                "name an ISO code such as FR, or leave it empty"
            )  # fmt: skip
