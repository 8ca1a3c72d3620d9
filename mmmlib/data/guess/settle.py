"""A guess held against its own data: what the check would refuse is left out, or asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmmlib.data.checks import Finding, Verdict, check
from mmmlib.data.extract import dataset_of
from mmmlib.data.guess.proposal import Guess
from mmmlib.data.prepare.ledger import Change, UnacknowledgedError
from mmmlib.ground import DataError, Problem

_MOST = 60  # variables that are left out before the data are given up
_SEPARATE = ("leakage", "correlated_pairs", "vif", "zero_variance")


def settled(guess: Guess, chosen: Mapping[str, str]) -> Guess:
    """Return the guess without what its data do not support, each said among the doubts.

    Raises
    ------
    DataError
        What only a person can answer: what missing dates mean, or what no rule of ours mends.
    """
    if chosen.get("no_row") == "zero":
        guess = _with(guess, {"no_row": "zero"})
    for _ in range(_MOST):
        try:
            dataset = dataset_of(guess.job)
        except UnacknowledgedError as error:
            guess = _answered(guess, error, chosen)
            continue
        failures = [each for each in check(dataset, guess.job) if each.verdict is Verdict.FAIL]
        if not failures:
            return guess
        guess = _without_one(guess, failures)
    raise DataError(
        [Problem("", "too many variables are copies of each other; name fewer columns")]
    )


def _answered(guess: Guess, error: UnacknowledgedError, chosen: Mapping[str, str]) -> Guess:
    """Variables that never change left out; missing rows and values as the person says."""
    dropped = [change for change in error.changes if change.acknowledge.startswith("drop:")]
    if dropped:
        for change in dropped:
            guess = _left_out(guess, change.where, f"is left out: {change.why}")
        if not guess.values["channels"]:
            raise error
        return guess
    if chosen.get("no_row"):
        accepted = [change.acknowledge for change in error.changes]
        return _with(guess, {"acknowledge": [*guess.values.get("acknowledge", []), *accepted]})
    raise DataError([Problem(error.changes[0].where, _question(error.changes))])


def _question(changes: tuple[Change, ...]) -> str:
    said = "; ".join(
        f"{each.where}: {each.what} ({each.count}; {each.why})" for each in changes[:3]
    )
    more = f"; and {len(changes) - 3} more" if len(changes) > 3 else ""
    return (
        f"rows or values are missing: {said}{more}. What does it mean? Answer with --no-row zero "
        "(nothing was sold or bought on dates without a row) or --no-row fill (they are filled so)"
    )


def _without_one(guess: Guess, failures: list[Finding]) -> Guess:
    """Leave out the first context or organic variable that fails, or an exposure not there."""
    free = {each["name"] for group in ("context", "organic") for each in guess.values[group]}
    for finding in sorted(failures, key=lambda each: each.id not in _SEPARATE):
        if finding.id == "spend_without_exposure":
            channels = [
                each | {"exposure": None} if each["name"] == finding.where else each
                for each in guess.values["channels"]
            ]
            doubt = f"the exposure of {finding.where} is left out: much of its spend has none"
            return _with(guess, {"channels": channels}, doubt)
        names = [name for name in finding.where.split(" ~ ") if name in free]
        if finding.id in _SEPARATE and names:
            return _left_out(guess, names[-1], f"is left out: it {finding.advice.split(';')[0]}")
    first = failures[0]
    where = f"{first.id} {first.where}".strip()
    raise DataError(
        [Problem(where, f"{first.value:.4g} where the limit is {first.threshold}; {first.advice}")]
    )


def _left_out(guess: Guess, name: str, why: str) -> Guess:
    groups: dict[str, Any] = {}
    columns = []
    for group in ("channels", "organic", "context"):
        for each in guess.values[group]:
            if each["name"] == name:
                columns += [c for c in (each.get("spend"), each.get("column") or None) if c]
        groups[group] = [each for each in guess.values[group] if each["name"] != name]
    columns = columns or [name]
    roles = guess.roles | dict.fromkeys(columns, "left out")
    reasons = guess.reasons | dict.fromkeys(columns, why)
    return replace(_with(guess, groups, f"{name!r} {why}"), roles=roles, reasons=reasons)


def _with(guess: Guess, values: dict[str, Any], doubt: str = "") -> Guess:
    doubts = (doubt, *guess.doubts) if doubt else guess.doubts
    return replace(guess, values=guess.values | values, doubts=doubts)
