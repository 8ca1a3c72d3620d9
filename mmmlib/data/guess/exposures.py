"""Exposures find the spend they belong to, by the words that name the channel."""

from __future__ import annotations

import re

import numpy as np

from mmmlib.data.guess.roles import Roles
from mmmlib.data.guess.sample import SampledColumn
from mmmlib.data.guess.words import Name, read_name
from mmmlib.ground import DataError, Problem


def match_exposures(roles: Roles) -> dict[str, str]:
    """Return the exposure of each spend that has one; the others get other roles.

    Two names belong together by the share of words they have in common. Rating points without
    another word belong to the one spend on television. Of two exposures of one spend, clicks are
    kept for search and impressions otherwise. An exposure without a spend is an organic variable
    where it names something, and left out where it does not.
    """
    spends = [read_name(name) for name in roles.of("spend")]
    found: dict[str, list[Name]] = {}
    for organic in roles.of("organic"):  # email_opens beside email_spend were paid for
        name = read_name(organic)
        if name.says("EXPOSURE") and _nearest(name, spends):
            roles.give(organic, "exposure", "is named like what was seen or clicked")
    for name in map(read_name, roles.of("exposure")):
        near = _nearest(name, spends)
        if len(near) == 1:
            found.setdefault(near[0].text, []).append(name)
        elif near:
            rivals = ", ".join(repr(each.text) for each in near[:3])
            roles.give(name.text, "left out", f"is an exposure, but of which of {rivals}?")
            roles.doubts.append(f"{name.text!r} could be the exposure of {rivals}; left out")
        else:
            _without_spend(name, roles)
    chosen = {}
    for spend, exposures in found.items():
        best = min(exposures, key=lambda each: _preference(each, read_name(spend)))
        chosen[spend] = best.text
        for name in exposures:
            if name is not best:
                why = f"is an exposure of {spend!r} too, which has {best.text!r}"
                roles.give(name.text, "left out", why)
                roles.doubts.append(f"{name.text!r} {why}; exchange them if it fits better")
            else:
                roles.reasons[name.text] += f"; belongs to {spend!r}"
    return chosen


def bare_media(roles: Roles) -> None:
    """``facebook`` beside ``facebook_cost`` is what was seen for it, not a second spend."""
    unsaid = []
    bare = [name for name in roles.of("spend") if "no unit" in roles.reasons[name]]
    units = {read_name(n).channel for n in roles.of("spend") if n not in bare}
    for name in bare:
        if read_name(name).channel in units:
            roles.give(name, "exposure", "names a channel whose money is another column")
            roles.doubts.append(f"{name!r} was taken for an exposure; its name has no unit")
        else:
            unsaid.append(repr(name))
    if unsaid:
        roles.doubts.append(
            f"{', '.join(unsaid[:12])} name media and no unit; taken for money spent"
        )


def totals(roles: Roles, columns: dict[str, SampledColumn]) -> None:
    """A column that is about the sum of all others of its role counts the same twice."""
    for role in ("spend", "exposure"):
        names = roles.of(role)
        if len(names) < 3:
            continue
        table = np.array([columns[name].values.fillna(0.0).to_numpy(dtype=float) for name in names])
        whole = table.sum(axis=0)
        for name, values in zip(names, table, strict=True):
            rest = whole - values
            active = rest > 0
            if active.any() and abs(values.sum() / rest.sum() - 1) < 0.05:
                apart = np.abs(values - rest)[active] / rest[active]
                if np.median(apart) < 0.01:
                    roles.give(name, "left out", f"is the sum of the other {len(names) - 1}")
    for name in roles.of("spend"):
        read = read_name(name)
        if not read.channel and len(roles.of("spend")) > 1:
            roles.doubts.insert(
                0, f"{name!r} is money of no channel, and not the sum of the others; taken for a "
                "channel of its own"
            )  # fmt: skip


def planned(roles: Roles) -> None:
    """Of what was planned and what was spent on one channel, what was spent counts."""
    by_channel: dict[frozenset[str], list[str]] = {}
    for name in roles.of("spend"):
        by_channel.setdefault(read_name(name).channel - _ACTUAL - _PLANNED, []).append(name)
    for names in by_channel.values():
        words = {name: set(read_name(name).words) for name in names}
        spent = [name for name in names if words[name] & _ACTUAL] or [
            name for name in names if not words[name] & (_PLANNED | {"budget", "budzet"})
        ]
        if len(spent) != 1:
            continue
        for name in names:
            if name != spent[0] and words[name] & (_PLANNED | {"budget", "budzet"}):
                roles.give(name, "left out", f"is what was planned; {spent[0]!r} is what was spent")
                roles.doubts.append(f"{name!r} {roles.reasons[name]}")


_ACTUAL = frozenset({"actual", "actuals", "real", "realised", "realized", "ist", "reel"})
_PLANNED = frozenset({"plan", "planned", "planning", "soll", "prevu", "previsto", "geplant"})


def one_unit(roles: Roles) -> None:
    """Money in thousands beside money in ones gives a wrong return on it.

    Raises
    ------
    DataError
        The names of the target and the spends tell units that differ.
    """
    money = [*roles.of("target"), *roles.of("spend")]
    units = {name: _unit(name) for name in money}
    if len(set(units.values())) > 1:
        odd = ", ".join(f"{name!r} ({unit or 'ones'})" for name, unit in units.items())
        why = f"money is in different units: {odd[:300]}; write all of it in one unit"
        raise DataError([Problem("spend", why)])


def _unit(name: str) -> str:
    """The unit of money that a name tells, such as thousands; empty where it tells none."""
    lower = name.casefold()
    return next((unit for unit, said in _UNITS.items() if said.search(lower)), "")


_UNITS = {
    "thousands": re.compile(
        r"(?:^|[^a-z0-9])(?:teur|tsd|tys|thousands?|k ?(?:€|\$|£|eur|usd|gbp|pln)|"
        r"(?:€|\$|£|eur|usd|gbp) ?k|t€|000s?|in k)(?:$|[^a-z0-9])"
    ),
    "millions": re.compile(r"(?:^|[^a-z0-9])(?:mio|mln|millions?|m€|€m|\$m|meur)(?:$|[^a-z0-9])"),
    "millionths": re.compile(r"(?:^|[^a-z0-9])micros?(?:$|[^a-z0-9])"),
}


def _nearest(name: Name, spends: list[Name]) -> list[Name]:
    """The spends whose channel is named most alike; none where no word is shared."""
    if not name.channel:
        if name.says("RATING_POINTS"):
            return [spend for spend in spends if "tv" in spend.media]
        return spends if len(spends) == 1 else []
    scores = {
        spend.text: len(name.channel & spend.channel) / len(name.channel | spend.channel)
        for spend in spends
    }
    best = max(scores.values(), default=0.0)
    return [spend for spend in spends if best > 0 and scores[spend.text] == best]


def _preference(exposure: Name, spend: Name) -> tuple[bool, int]:
    searching = "search" in spend.media
    return exposure.says("CLICKS") != searching, len(exposure.words)


def _without_spend(name: Name, roles: Roles) -> None:
    if name.channel:
        roles.give(name.text, "organic", "is an exposure of something without a spend column")
        roles.doubts.append(
            f"{name.text!r} is an exposure without spend; taken for organic. If it was paid for, "
            "add its spend"
        )
    else:
        roles.give(name.text, "left out", "is an exposure, but no name says of which channel")
        roles.doubts.append(f"{name.text!r} is an exposure that names no channel; left out")
