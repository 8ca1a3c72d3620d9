"""What people decide about a run: promotions, notes, keep or release. Who, when and why.

Each is an object of its own, ``decisions/{time}_{id}.json``, and never changed: two who decide at
once need no lock. Runs of 0.1.0 hold theirs in ``decisions.jsonl``, one a line; they are read, and
what is decided now stands beside them.
"""

from __future__ import annotations

import datetime as dt
import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from mmmlib.archive.interactions import Did, record
from mmmlib.archive.run import BEST, Run, now
from mmmlib.archive.stores import together
from mmmlib.ground import RunError, columns as c, scrub

DECISIONS = "decisions"
OLD_DECISIONS = "decisions.jsonl"
LONGEST = 4000  # characters of a text
_NAME = "%Y%m%d_%H%M%S_%f"
_TICK = dt.timedelta(microseconds=1)


class Kind(StrEnum):
    """What was decided."""

    PROMOTED = "promoted"
    NOTE = "note"
    KEPT = "kept"
    RELEASED = "released"


_DID = {
    Kind.PROMOTED: Did.PROMOTED,
    Kind.NOTE: Did.NOTED,
    Kind.KEPT: Did.KEPT,
    Kind.RELEASED: Did.RELEASED,
}


class Decision(BaseModel):
    """One of them.

    Attributes
    ----------
    candidate : str
        What was promoted; empty otherwise.
    text : str
        The note, or why it was decided.
    errors : dict of str to float
        NRMSE (train) and DECOMP.RSSD of what was promoted, so that a list of runs need not read
        every candidate; empty otherwise, and in the promotions of 0.2.0.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    at: dt.datetime
    who: str
    candidate: str = ""
    text: str = ""
    errors: dict[str, float] = {}


@dataclass(frozen=True)
class Chosen:
    """The model a run stands for.

    Attributes
    ----------
    candidate : str
        The promoted candidate, or else the best model.
    original : str
        The best model by the rule of the training.
    promotion : Decision or None
        Who promoted it, when and why.
    """

    candidate: str
    original: str
    promotion: Decision | None = None


def decisions_of(run: Run) -> list[Decision]:
    """Return everything decided about a run, oldest first.

    Raises
    ------
    RunError
        One of them cannot be read.
    """
    return sorted((_read(where, data) for where, data in _written(run)), key=lambda one: one.at)


def promotion(run: Run, original: str) -> Decision | None:
    """Return the promotion that holds; promoting the best model (``original``) takes it back."""
    promoted = [item for item in decisions_of(run) if item.kind is Kind.PROMOTED]
    return promoted[-1] if promoted and promoted[-1].candidate != original else None


def chosen_model(run: Run) -> Chosen:
    """Return the model a trained run stands for: the one promoted last, or else the best."""
    original = run.load(BEST).decode().strip()
    made = promotion(run, original)
    return Chosen(made.candidate if made else original, original, made)


def asked_model(run: Run, asked: str = "") -> tuple[str, str]:
    """Return the candidate that a person asks for, and which model that is, in words.

    Parameters
    ----------
    run : Run
        One that has trained.
    asked : str
        A candidate, ``best``, ``promoted``, or nothing: the model the run stands for.

    Raises
    ------
    RunError
        ``promoted`` is asked for and no other model than the best is.
    """
    chosen = chosen_model(run)
    if asked == "best" or (not asked and chosen.promotion is None):
        candidate, why = chosen.original, "its best one"
        if made := chosen.promotion:
            why += f", as asked; {made.candidate} is the promoted one"
    elif asked in ("", "promoted"):
        if chosen.promotion is None:
            raise RunError(f"no model of run {run} is promoted; its best one is {chosen.original}")
        candidate, made = chosen.candidate, chosen.promotion
        text = " ".join(made.text.split())
        why = f"promoted by {made.who}: {text} (the best one is {chosen.original})"
    else:
        candidate, why = asked, "as asked"
    return candidate, f"model {candidate} of run {run}, {why}"


def is_kept(run: Run) -> bool:
    """Say whether the run is kept, so that nobody deletes it."""
    kept = [item.kind for item in decisions_of(run) if item.kind in (Kind.KEPT, Kind.RELEASED)]
    return bool(kept) and kept[-1] is Kind.KEPT


def promote(run: Run, candidate: str, who: str, why: str) -> Decision:
    """Let the run stand for another candidate, one on a kept front.

    Raises
    ------
    RunError
        It is no such candidate, or no reason is given.
    """
    table = run.load_table("decomposition")
    if candidate not in set(table[c.CANDIDATE]):
        raise RunError(
            f"{candidate!r} is not on a kept Pareto front of run {run}; choose one that is"
        )
    errors = errors_of(run, candidate)
    return _decide(run, Kind.PROMOTED, who, _text(why, "why it is promoted"), candidate, errors)


def errors_of(run: Run, candidate: str) -> dict[str, float]:
    """NRMSE (train) and DECOMP.RSSD of a candidate; those that are not finite are left out."""
    table = run.load_table("candidates").set_index(c.CANDIDATE)
    row = table.loc[candidate, [c.NRMSE_TRAIN, c.DECOMP_RSSD]]
    return {str(key): float(row[key]) for key in row.index if math.isfinite(row[key])}


def note(run: Run, who: str, text: str) -> Decision:
    """Write a note on the run."""
    return _decide(run, Kind.NOTE, who, _text(text, "the note"))


def keep(run: Run, who: str, why: str = "") -> Decision:
    """Protect the run from being deleted."""
    return _decide(run, Kind.KEPT, who, scrub(why.strip())[:LONGEST])


def release(run: Run, who: str, why: str = "") -> Decision:
    """Take the protection away."""
    return _decide(run, Kind.RELEASED, who, scrub(why.strip())[:LONGEST])


def _text(text: str, what: str) -> str:
    text = scrub(text.strip())
    if not text:
        raise RunError(f"write {what}")
    if len(text) > LONGEST:
        raise RunError(f"{what} has {len(text):,} characters; {LONGEST:,} are the most")
    return text


def _decide(
    run: Run,
    kind: Kind,
    who: str,
    text: str,
    candidate: str = "",
    errors: dict[str, float] | None = None,
) -> Decision:
    # after all that whoever decides could see, also where another machine's clock is ahead
    at = max([now(), *(one.at + _TICK for one in decisions_of(run))])
    made = Decision(kind=kind, at=at, who=who, candidate=candidate, text=text, errors=errors or {})
    name = f"{at.astimezone(dt.UTC):{_NAME}}_{secrets.token_hex(4)}.json"
    run.save(f"{DECISIONS}/{name}", made.model_dump_json(indent=2).encode() + b"\n")
    details = {"candidate": candidate, "text": made.text}
    record(run.store, _DID[kind], who, run, **{key: said for key, said in details.items() if said})
    return made


def _written(run: Run) -> Iterator[tuple[str, bytes]]:
    """Every decision as it is written, and where."""
    if run.has(OLD_DECISIONS):
        for number, line in enumerate(run.load(OLD_DECISIONS).splitlines(), 1):
            yield f"{run.place}/{OLD_DECISIONS}, line {number}", line
    keys = [stored.key for stored in run.store.list(f"{run.id.folder}/{DECISIONS}")]
    for key, data in zip(keys, together(run.store, run.store.get, keys), strict=True):
        yield f"{run.store.root.rstrip('/')}/{key}", data


def _read(where: str, data: bytes) -> Decision:
    try:
        return Decision.model_validate_json(data)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise RunError(f"{where} is no decision: {said}; correct or remove it") from None
