"""A look at the data of a job before it is trained: rows, types, dates, spend, checks.

Everything here reads files or a warehouse and takes its time: the view calls it in a thread.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib import names
from mmmlib.errors import DataError, MMMError, Problem, SourceError
from mmmlib.job import TrainingJob
from mmmlib.ui.train.fields import SECTIONS, fit, plain
from mmmlib.ui.train.form import Values, check

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.dataset import Dataset
    from mmmlib.sources import Source

HEAD_ROWS = 8
MOST_POINTS = 3000  # of the target on the time line
_WORDS = {"DATE": "date", "TIMESTAMP": "date", "VARCHAR": "text", "BOOLEAN": "yes or no"}
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT",
            "UBIGINT", "UINTEGER", "NUMBER")  # fmt: skip
_ACCEPT = re.compile(r"acknowledge: \[(['\"])((?:fill|drop|rows):.+)\1\]")


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


@dataclass(frozen=True)
class Series:
    """What the roles make of the data: the model's rows.

    Attributes
    ----------
    first, last, interval : str
    dates, target : list
        The time line.
    spend : list of mapping
        ``name``, ``total`` and ``share`` of each paid channel, over all rows.
    checks : list of mapping
        Findings of the data checks, the worst first, with the rule's ``title``.
    changes : list of str
        The change ledger, a sentence a row.
    problems : list of mapping
        Why the data do not fit the job (``where``, ``message``, and under ``accept`` the change
        of the data that would have to be acknowledged); then the rest is empty.
    """

    rows: int = 0
    first: str = ""
    last: str = ""
    interval: str = ""
    dates: list[str] = field(default_factory=list)
    target: list[float] = field(default_factory=list)
    spend: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """The same as JSON takes it."""
        return dict(self.__dict__)


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
    from mmmlib.guess import UNKNOWN, guess_job

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
        chosen = {key: str(values[key]) for key in ("country", "date", "target") if values[key]}
        found = guess_job(file, chosen)
    guessed, _ = fit({**values, **_without_source(found.values)})
    doubts = [f"{looked_at}{doubt}" for doubt in found.doubts]
    if guessed["country"] == UNKNOWN and not values["country"]:
        # a person has to name it, and its holidays come with it
        guessed["country"] = ""
        guessed["prophet"] = [*guessed["prophet"], "holiday"]
        doubts = ["the country is not in the data; name it", *doubts[1:]]
    return guessed, dict(found.reasons), doubts


def read_series(values: Mapping[str, Any]) -> Series:
    """Prepare the dataset of the form's values and check it.

    Values that make no job give an empty answer: what is wrong with them is said elsewhere.
    """
    from mmmlib.checks import RULES
    from mmmlib.checks import check as checked
    from mmmlib.preflight import dataset_of

    job = data_job(values)
    if job is None:
        return Series()
    try:
        dataset = dataset_of(job)
        findings = checked(dataset, job)
    except DataError as error:
        return Series(problems=[_problem(each) for each in error.problems])
    except SourceError as error:
        return Series(problems=[_problem(Problem("", str(error)))])
    rows = [{**each.plain(), "title": RULES[each.id].title} for each in findings]
    return Series(
        **_timeline(dataset, job),
        spend=_spend(dataset, job.without(dataset.dropped)),
        checks=[{key: _finite(value) for key, value in row.items()} for row in rows],
        changes=[f"{c.what} ({c.count:,}): {c.where} – {c.why}" for c in dataset.changes],
    )


def data_job(values: Mapping[str, Any]) -> TrainingJob | None:
    """Return the job whose data are shown: the form's, or the same while its country is not named.

    Without a country there are no holidays yet; nothing else depends on it.
    """
    if values["country"] or values["country_column"]:
        return check(values).job
    prophet = [each for each in values["prophet"] if each != "holiday"]
    factors = any(each["factor"] for each in values["context"])
    return check({**values, "country": "x", "prophet": prophet or ["trend"] * factors}).job


def try_source(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Try the source step by step: ``title``, ``ok``, ``seconds`` and ``message`` of each.

    The last step is the one that failed, where one did.
    """
    import time

    if values["source"] == "snowflake":
        from mmmlib.sources.snowflake.look import try_connection

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
    """A job that names the source, whatever the roles."""
    given = plain(values)
    roles = {"country": "x", "date": "x", "target": "x", "channels": [{"name": "x", "spend": "x"}]}
    kept = [key for key in SECTIONS["data"] if key in given and key != "features"]
    try:
        return TrainingJob.model_validate(roles | {key: given[key] for key in kept})
    except ValueError:
        raise SourceError("the source is not described well; see the problems in Data") from None


def _source(job: TrainingJob) -> Source:
    from mmmlib.sources import open_source

    if job.source not in names.SOURCES:
        raise SourceError(f"source: {job.source!r} is not known; choose another")
    return open_source(job.source)


def _extracted(job: TrainingJob, folder: Path) -> Path:
    """The rows of a file or a database as a Parquet file."""
    return _source(job).extract(job, folder / "look.parquet").path


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


def _timeline(dataset: Dataset, job: TrainingJob) -> dict[str, Any]:
    frame: pd.DataFrame = dataset.frame
    days = [f"{day:%Y-%m-%d}" for day in frame[job.date]]
    stride = -(-len(days) // MOST_POINTS)
    kept = [*range(0, len(days) - 1, stride), len(days) - 1]
    target = frame[job.target].to_list()
    return {
        "rows": len(days),
        "first": days[0],
        "last": days[-1],
        "interval": dataset.interval,
        "dates": [days[i] for i in kept],
        "target": [float(target[i]) for i in kept],
    }


def _spend(dataset: Dataset, job: TrainingJob) -> list[dict[str, Any]]:
    totals = {
        channel.name: float(dataset.frame[channel.spend].sum())
        for channel in job.channels
        if channel.spend in dataset.frame
    }
    whole = sum(totals.values())
    rows = [
        {"name": name, "total": total, "share": total / whole if whole > 0 else 0.0}
        for name, total in totals.items()
    ]
    return sorted(rows, key=lambda row: -row["total"])


def _problem(problem: Problem) -> dict[str, str]:
    """What is wrong with the data, and the entry of ``acknowledge`` that would accept it."""
    asked = _ACCEPT.search(problem.message)
    accept = asked[2] if asked else ""
    return {"where": problem.where, "message": problem.message, "accept": accept}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
