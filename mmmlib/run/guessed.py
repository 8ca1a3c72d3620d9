"""A first job from a look at the data, wherever they are, with the engine that is proposed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmmlib.data import Guess, guess_job, guess_table
from mmmlib.engines import proposed_engine
from mmmlib.ground import JobError, Problem


def first_guess(files: Sequence[str], chosen: Mapping[str, str]) -> Guess:
    """Guess a job from files, or from a table or SQL of Snowflake.

    Parameters
    ----------
    files : sequence of str
        The data; the job names them as typed here. None: ``chosen`` has ``table`` or ``sql``.
    chosen : mapping
        What the person knows: see :func:`mmmlib.data.guess_job`; and ``connection, table, sql``.

    Raises
    ------
    SourceError, DataError
        No job can be guessed from the data.
    JobError
        Neither files nor a table are named.
    """
    if files:
        guess = guess_job(files[0], chosen, files[1:], settle=True)
    elif chosen.get("table") or chosen.get("sql"):
        where = [chosen.get(key, "") for key in ("connection", "table", "sql")]
        guess = guess_table(where[0], where[1], where[2], chosen)
    else:
        why = "is missing; name a file, or --table or --sql of Snowflake"
        raise JobError([Problem("FILE", why)])
    engine, why = proposed_engine(guess.job)
    return replace(
        guess, values=guess.values | {"engine": engine}, reasons=guess.reasons | {"engine": why}
    )
