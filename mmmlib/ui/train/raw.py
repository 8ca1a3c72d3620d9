"""What the source of a form holds, whatever the roles; and a guess of the roles.

Everything here reads files or a warehouse, and takes its time and memory: the view asks the child
process for it.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.ground import MMMError, SourceError, names
from mmmlib.job import TrainingJob
from mmmlib.ui.train.fields import SECTIONS, fit, plain
from mmmlib.ui.train.folders import refusals
from mmmlib.ui.train.form import Values

if TYPE_CHECKING:
    from mmmlib.data import Source

HEAD_ROWS = 8
_WORDS = {
    "DATE": "date",
    "TIMESTAMP": "date",
    "VARCHAR": "text",
    "BOOLEAN": "yes or no",
    "TEXT": "text",
}
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT",
            "UBIGINT", "UINTEGER", "NUMBER")  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """What the source holds, whatever the roles.

    Attributes
    ----------
    rows : int
    columns : list of mapping
        ``name`` and ``type`` (``date``, ``number``, ``text`` …) of each column.
    head : list of list of str
        The first rows, as text.
    """

    rows: int
    columns: list[dict[str, str]]
    head: list[list[str]]

    def plain(self) -> dict[str, Any]:
        """The same as JSON takes it."""
        return dict(self.__dict__)


def import_what_reads() -> None:
    """Import what the first look at data needs, while the person still chooses."""
    import duckdb  # noqa: F401

    from mmmlib.data import check, dataset_of, guess_job  # noqa: F401


def read_raw(values: Mapping[str, Any]) -> Raw:
    """Look at what the source of the form's values holds.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    job = _asking(values)
    if job.source == "duckdb":
        with tempfile.TemporaryDirectory() as folder:
            return _raw_of(_extracted(job, Path(folder)))
    found = _source(job).preview(job)
    return Raw(
        rows=found.rows,
        columns=[{"name": name, "type": _word(kind)} for name, kind in found.types.items()],
        head=[[_text(cell) for cell in row] for row in found.head.head(HEAD_ROWS).to_numpy()],
    )


def guess(values: Mapping[str, Any]) -> tuple[Values, dict[str, str], list[str]]:
    """Give every column a role, from its name and what it holds.

    Returns
    -------
    dict
        The values with the guessed roles.
    dict
        The reason of each column's role.
    list of str
        What is not certain.

    Raises
    ------
    SourceError, DataError
        The source cannot be read, or no roles can be guessed.
    """
    from mmmlib.data import UNKNOWN, guess_job

    job = _asking(values)
    looked_at = ""
    with tempfile.TemporaryDirectory() as folder:
        file = job.file
        if job.source != "duckdb":
            head = _source(job).preview(job).head
            looked_at = f"by the first {len(head)} rows: "
            file = str(Path(folder, "head.parquet"))
            head.to_parquet(file)
        elif job.sql or job.table or file.lower().endswith((".duckdb", ".db")):
            file = str(_extracted(job, Path(folder)))
        asked = ("country", "date", "target", "first_date", "table")
        chosen = {key: str(values[key]) for key in asked if values[key]}
        if values["country_value"]:
            chosen["country"] = str(values["country_value"])
        if values["no_row"] == "zero":
            chosen["no_row"] = "zero"
        chosen["spend"] = _listed(str(each["spend"]) for each in values["channels"])
        more = [str(each["file"]) for each in values["join"] if each["file"]]
        found = guess_job(file, chosen, more, settle=file == job.file)
    guessed, _ = fit({**values, **_without_source(found.values)})
    doubts = [f"{looked_at}{doubt}" for doubt in found.doubts]
    if guessed["country"] == UNKNOWN and not values["country"]:
        # a person has to name it, and its holidays come with it
        guessed["country"] = ""
        guessed["prophet"] = [*guessed["prophet"], "holiday"]
        doubts = ["the country is not in the data; name it", *doubts[1:]]
    return guessed, dict(found.reasons), doubts


_ANSWERS = {
    "country": "Country value",
    "date": "the role Date",
    "target": "Target",
    "spend": "the role Paid channel for",
    "first-date": "First date",
    "no-row": "No row",
}


def as_asked(error: MMMError) -> str:
    """A question of a guess in the words of the form: where to answer, and how to go on.

    >>> as_asked(SourceError("Which column? Answer with --target"))
    'Which column? Answer with “Target”, then choose Guess again'
    """
    text = str(error).replace("mmm job init COSTS SALES", "name it under Join in Data")
    said = re.sub(r"--([a-z-]+)", lambda found: f"“{_ANSWERS.get(found[1], found[1])}”", text)
    return f"{said}, then choose Guess again" if said != str(error) else said


def _listed(names: Iterable[str]) -> str:
    """Names as one line, whatever commas are in them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name for name in names if name])
    return line.getvalue()


def try_source(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Try the source step by step: ``title``, ``ok``, ``seconds`` and ``message`` of each.

    The last step is the one that failed, where one did.
    """
    if values["source"] == "snowflake":
        from mmmlib.data import try_connection

        tried = try_connection(
            str(values["connection"]), "" if values["sql"] else str(values["table"])
        )
        return [
            {"title": s.title, "ok": not s.kind, "seconds": s.seconds, "message": s.message}
            for s in tried
        ]
    started = time.perf_counter()
    try:
        raw = read_raw(values)
        said, ok = f"{raw.rows:,} rows, {len(raw.columns)} columns", True
    except MMMError as error:
        said, ok = str(error), False
    took = time.perf_counter() - started
    return [{"title": "read", "ok": ok, "seconds": took, "message": said}]


def _asking(values: Mapping[str, Any]) -> TrainingJob:
    """A job that names the source, whatever the roles; only files that may be read."""
    for problem in refusals(values):
        if problem.where == "file" or problem.where.startswith("join"):
            raise SourceError(str(problem))
    given = plain(values)
    roles = {"country": "x", "date": "x", "target": "x", "channels": [{"name": "x", "spend": "x"}]}
    kept = [key for key in SECTIONS["data"] if key in given and key not in ("features", "join")]
    try:
        return TrainingJob.model_validate(roles | {key: given[key] for key in kept})
    except ValueError:
        raise SourceError("the source is not described well; see the problems in Data") from None


def _source(job: TrainingJob) -> Source:
    from mmmlib.data import open_source

    if job.source not in names.SOURCES:
        raise SourceError(f"source: {job.source!r} is not known; choose another")
    return open_source(job.source)


def _extracted(job: TrainingJob, folder: Path) -> Path:
    """The rows of a file or a database as a Parquet file."""
    from mmmlib.data import Listener

    return _source(job).extract(job, folder / "look.parquet", Listener(look=True)).path


def _raw_of(path: Path) -> Raw:
    import duckdb

    with duckdb.connect(":memory:", config={"memory_limit": "1GB"}) as warehouse:
        name = str(path).replace("'", "''")
        warehouse.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet('{name}')")
        described = warehouse.execute("DESCRIBE data").fetchall()
        columns = [{"name": str(row[0]), "type": _word(str(row[1]))} for row in described]
        counted = warehouse.execute("SELECT count(*) FROM data").fetchone()
        rows = warehouse.execute(f"SELECT * FROM data LIMIT {HEAD_ROWS}").fetchall()
    head = [[_text(cell) for cell in row] for row in rows]
    return Raw(int(counted[0]) if counted else 0, columns, head)


def _word(kind: str) -> str:
    if kind.startswith(_NUMBERS):
        return "number"
    return next((word for name, word in _WORDS.items() if kind.startswith(name)), kind.lower())


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.6g}" if abs(cell) < 1e6 else f"{cell:.0f}"
    return str(cell)[:200].removesuffix(" 00:00:00")


def _without_source(values: Mapping[str, Any]) -> Values:
    return {key: value for key, value in values.items() if key not in ("file", "source", "engine")}
