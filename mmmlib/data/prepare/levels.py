"""Levels of a factor as every engine can take them; what becomes of them is in the ledger."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from mmmlib.data.prepare.ledger import Ledger
from mmmlib.ground import DataError, Problem
from mmmlib.job import TrainingJob

MOST_LEVELS = 10  # Robyn's limit (lares::ohse): the commonest; the rest is one level
OTHER = "OTHER"
TOO_MANY = 0.9  # of the rows: Robyn then leaves the factor out without a word
_UNSAFE = re.compile(r"[^A-Za-z0-9._]")


def with_plain_levels(frame: pd.DataFrame, job: TrainingJob, ledger: Ledger) -> pd.DataFrame:
    """Recode the levels that R would not take as parts of a name, keeping their order.

    Raises
    ------
    DataError
        A factor has a level in nearly every row.
    """
    problems = []
    for i, item in enumerate(job.context):
        column = item.column or item.name
        if not item.factor or column not in frame:
            continue
        levels = sorted(set(frame[column]))
        if len(levels) >= TOO_MANY * len(frame):
            said = f"has {len(levels)} levels in {len(frame)} rows, too many to learn from; group"
            problems.append(Problem(f"context[{i}].column", f"{column} {said} them"))
            continue
        recoded = _plain(levels)
        if changed := [level for level in levels if recoded[level] != level]:
            frame = frame.assign(**{column: frame[column].map(recoded)})
            shown = ", ".join(f"{level!r} is {recoded[level]!r}" for level in changed[:10])
            rows = int(frame[column].isin({recoded[level] for level in changed}).sum())
            ledger.note("levels renamed", column, rows, f"{shown}; R takes no other names")
        if len(levels) > MOST_LEVELS:
            joined = frame.loc[~frame[column].isin(commonest(frame[column])), column]
            why = f"the {MOST_LEVELS} commonest of {len(levels)} levels stay, as in Robyn"
            ledger.note(f"levels counted as {OTHER}", column, len(joined), why)
    if problems:
        raise DataError(problems)
    return frame


def commonest(values: pd.Series) -> list[str]:
    """The levels that stay: the most frequent, of equally frequent ones the first by name."""
    counts = values.value_counts()
    return sorted(counts.index, key=lambda level: (-counts[level], level))[:MOST_LEVELS]


def _plain(levels: list[str]) -> dict[str, str]:
    """Names of letters, digits, ``_`` and ``.`` in the order of the levels.

    Which level is left out of a regression depends on the order, with that of ``OTHER`` among
    them; where the plain names would change it, they are numbered.
    """
    plain = {level: _UNSAFE.sub(".", _ascii(level)).replace("_delim_", ".") for level in levels}
    if plain == dict(zip(levels, levels, strict=True)):
        return plain
    before = [(level, plain[level]) for level in levels if level != OTHER] + [(OTHER, OTHER)]
    named = [name for _, name in sorted(before)]
    if named == sorted(set(named)):
        return plain
    width = len(str(len(levels)))
    return {
        level: OTHER
        if level == OTHER
        else f"{'L' if level < OTHER else 'l'}{i:0{width}d}.{plain[level]}"
        for i, level in enumerate(levels, 1)
    }


def _ascii(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
