"""What the roles make of the data: the time line, spend by channel, the data checks.

Reading and preparing takes its time and memory: the view asks the child process for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mmmlib.ground import DataError, Problem, SourceError
from mmmlib.job import TrainingJob
from mmmlib.ui.train.form import check

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.data import Dataset

MOST_POINTS = 3000  # of the target on the time line
_ACCEPT = re.compile(r"acknowledge: \[(['\"])((?:fill|drop|rows):.+)\1\]")


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

    @property
    def unfit(self) -> bool:
        """Whether the data do not fit the job, or a check says FAIL."""
        return bool(self.problems) or any(each["verdict"] == "FAIL" for each in self.checks)

    def plain(self) -> dict[str, Any]:
        """The same as JSON takes it."""
        return dict(self.__dict__)


def read_series(values: Mapping[str, Any]) -> Series:
    """Prepare the dataset of the form's values and check it.

    Values that make no job give an empty answer: what is wrong with them is said elsewhere.
    """
    from mmmlib.data import RULES, check as checked, dataset_of

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
