"""The form's values as a job: everything that is wrong with them, the file, the commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmlib.archive import Archive
from mmmlib.data import clashes
from mmmlib.ground import JobError, Problem
from mmmlib.job import JOBS, TrainingJob, plain_values
from mmmlib.ui.train.fields import blank, fit, plain
from mmmlib.ui.train.folders import refusals

Values = dict[str, Any]

_UNION = re.compile(r"\.tuple\[[^\]]*\]")  # pydantic's word for one of two shapes of a key
_PAIR_OR_NONE = "must be a first and a last date, or empty"
_EMPTY = {
    "String should have at least 1 character": "is empty; fill it in",
    "Input should be a valid number": "must be a number",
    "Input should be a valid integer": "must be a whole number",
    "Input should be a valid date": "must be a date such as 2018-12-31",
}


@dataclass(frozen=True)
class CheckedForm:
    """What the values of the form are worth.

    Attributes
    ----------
    job : TrainingJob or None
        The job, where nothing is wrong.
    problems : list of mapping
        Everything that is wrong: ``where`` (a field's path) and ``message``.
    """

    job: TrainingJob | None
    problems: list[dict[str, str]]

    @property
    def yaml(self) -> str:
        """The job as a file."""
        return self.job.to_yaml() if self.job else ""

    @property
    def filename(self) -> str:
        """Name of that file."""
        return f"{self.job.revision}-{self.job.country}.yaml" if self.job else ""

    def commands(self) -> list[dict[str, str]]:
        """Commands that train the same, with what each is for."""
        if not self.job:
            return []
        file = shlex.quote(self.filename)
        return [
            {"what": "Train here and watch", "command": f"mmm run {file}"},
            {"what": "Queue it and return", "command": f"mmm launch {file}"},
            {
                "what": "With papermill",
                "command": f"papermill --engine mmm notebooks/train.ipynb out.ipynb -f {file}",
            },
        ]


def check(values: Mapping[str, Any]) -> CheckedForm:
    """Validate the values of the form as a typed job is: all problems at once.

    Beyond that, the form names only files that this dashboard reads.
    """
    not_read = refusals(values)
    try:
        job = TrainingJob.parse(plain(values))
    except JobError as error:
        return CheckedForm(None, shown([*error.problems, *not_read]))
    if problems := [*not_read, *clashes(job)]:
        return CheckedForm(None, shown(problems))
    return CheckedForm(job, [])


def of_example(name: str) -> Values:
    """Return the values of a shipped job: ``demo`` or ``daily``."""
    if name not in JOBS:
        raise JobError([Problem("", f"there is no example {name[:40]!r}")])
    return fit(TrainingJob.load(name).to_values())[0]


def of_run(archive: Archive, name: str) -> Values:
    """Return the values of an earlier run's job, to be trained again."""
    return fit(archive.run(name).job.to_values())[0]


def of_text(text: str) -> tuple[Values, str]:
    """Return the values of a ``job.yaml``, and what of it has no place in the form.

    Raises
    ------
    JobError
        It is no mapping of keys to values.
    """
    values, left = fit(plain_values(text))
    if not left:
        return values, "The job is loaded."
    shown = ", ".join(left[:12]) + (" …" if len(left) > 12 else "")
    return values, f"The job is loaded without what no job has in that place: {shown}"


def starting() -> Values:
    """Return the values of an empty form."""
    return blank()


def shown(problems: list[Problem] | tuple[Problem, ...]) -> list[dict[str, str]]:
    """Problems as rows of the page: the paths of its fields, one row a message."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for problem in problems:
        where, message = problem.where, problem.message
        if _UNION.search(where):
            where, message = where.partition(".")[0], _PAIR_OR_NONE
        for theirs, ours in _EMPTY.items():
            if message.startswith(theirs):
                message = ours
        rows.setdefault((where, message), {"where": where, "message": message})
    return list(rows.values())
