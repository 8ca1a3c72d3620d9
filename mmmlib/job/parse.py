"""From YAML or plain values to a job: validated, all problems at once, in words for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ValidationError

from mmmlib.ground import JobError, Problem, Shown
from mmmlib.job.changes import changed, type_of, unknown
from mmmlib.job.model import FILE_KEYS, JOB_KEYS, JobKeys
from mmmlib.job.ranges import HYPERPARAMETERS
from mmmlib.job.rules import contradictions
from mmmlib.job.shipped import job_path
from mmmlib.job.yaml_values import plain_values, read_text

if TYPE_CHECKING:
    import pandas as pd


class TrainingJob(Shown, JobKeys):
    """Everything that determines a run. ``docs/job.md`` explains the keys at length.

    Examples
    --------
    >>> import mmmlib
    >>> job = mmmlib.Job.load("demo", iterations=500)
    >>> job
    Job demo/de: revenue from 5 paid channels in example:weekly
    500 × 5 candidates, geometric adstock, engine native
    >>> job.ranges()["tv_thetas"]
    (0.3, 0.8)
    """

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Validate plain values.

        Raises
        ------
        JobError
            With every problem and its path: those of single keys, and contradictions between
            the keys that are well formed.
        """
        try:
            job = cls.model_validate(dict(values))
        except ValidationError as error:
            faults = _own_faults(error)
            others = _contradictions_beside([fault["loc"] for fault in faults], values)
            raise JobError([*(problem_of(f, cls) for f in faults), *others]) from None
        if problems := contradictions(job):
            raise JobError(problems)
        return job

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Read a ``job.yaml``."""
        return cls.parse(plain_values(text))

    @classmethod
    def load(cls, file: str | Path, /, **keys: Any) -> Self:
        """Read a job file, or a shipped job by its name, with other values for some keys.

        Parameters
        ----------
        file : str or Path
            A ``job.yaml``, or ``demo`` or ``daily``.
        **keys
            Keys of the job, those within others with dots: the words of ``mmm run -p``. Ranges
            of hyperparameters that another ``adstock`` does not have are left out.

        Relative files are looked for beside the job's file, then in the working directory.

        Raises
        ------
        JobError
            With everything that is wrong with the job.

        Examples
        --------
        >>> import mmmlib
        >>> job = mmmlib.Job.load("demo", adstock="weibull_pdf", **{"allocator.low": 0.6})
        >>> job.adstock, job.allocator.low
        ('weibull_pdf', 0.6)
        """
        path = job_path(file)
        values = beside(plain_values(read_text(path)), path.parent)
        return cls.parse(_with_keys(values, keys))

    def with_keys(self, **keys: Any) -> Self:
        """The job with other values for some keys, as :meth:`load` takes them.

        Examples
        --------
        >>> import mmmlib
        >>> mmmlib.Job.load("demo").with_keys(trials=3).trials
        3
        """
        return self.parse(_with_keys(self.to_values(), keys))

    def __str__(self) -> str:
        return repr(self)

    def _said(self) -> tuple[str, str]:
        data = self.file or self.table or "its source"
        return (
            f"Job {self.revision}/{self.country}: {self.target} from {len(self.channels)} paid "
            f"channels in {data}",
            f"{self.iterations:,} × {self.trials} candidates, {self.adstock} adstock, "
            f"engine {self.engine}",
        )

    def _tabled(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            [
                {"channel": item.name, "spend": item.spend, "exposure": item.exposure or ""}
                for item in self.channels
            ]
        )


Job = TrainingJob  # its name in the face, `mmmlib.Job`


def beside(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Name the files that lie beside the job's file so that the working directory finds them."""
    named = {key: _found(values[key], folder) for key in FILE_KEYS if key in values}
    if isinstance(joined := values.get("join"), list):
        named["join"] = [
            item | {"file": _found(item["file"], folder)}
            if isinstance(item, dict) and "file" in item
            else item
            for item in joined
        ]
    return values | named


def _found(name: Any, folder: Path) -> Any:
    """Path of a file that a job names, which may lie beside the job; else what it says."""
    if not isinstance(name, str) or not name or name.startswith("example:"):
        return name
    try:
        path = Path(name).expanduser()
        there = folder / path
        return str(there) if not path.is_absolute() and there.is_file() else name
    except (OSError, RuntimeError, ValueError):  # no file's name; whoever reads it says so
        return name


def _with_keys(values: dict[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Set keys; a family of adstock that takes another's place has none of its ranges."""
    before = str(values.get("adstock", "geometric"))
    after = str(keys.get("adstock", before))
    known = {str(family): set(names) for family, names in HYPERPARAMETERS.items()}
    if after != before and {before, after} <= known.keys():
        gone = known[before] - known[after]
        for group in (values.get("channels"), values.get("organic")):
            for item in group if isinstance(group, list) else ():
                if isinstance(item, dict) and isinstance(ranges := item.get("ranges"), dict):
                    item["ranges"] = {name: ranges[name] for name in ranges if name not in gone}
    return changed(values, keys)


# What a job and its variables must have, for one whose own has a fault: no rule that reads it is
# asked then.
_STAND_INS: dict[str, Any] = {
    "country": "unknown",
    "date": "unknown",
    "target": "unknown",
    "channels": [{"name": "unknown", "spend": "unknown"}],
}
_STAND_IN_PARTS = {"name": "unknown", "spend": "unknown"}


def _contradictions_beside(
    faults: Iterable[tuple[int | str, ...]], values: Mapping[str, Any]
) -> list[Problem]:
    """The contradictions between what has no fault of its own in a refused job."""
    sound, faulty = dict(values), set()
    for path in faults:
        faulty.add(".".join(part for part in path if isinstance(part, str)))
        match path:
            case (("channels" | "organic" | "context") as key, int(i), str(part), *_) if (
                key in sound
            ):
                items = list(sound[key])
                kept = {name: value for name, value in items[i].items() if name != part}
                stand_in = {k: v for k, v in _STAND_IN_PARTS.items() if k == part}
                sound[key] = [*items[:i], kept | stand_in, *items[i + 1 :]]
            case (key, *_):
                sound.pop(str(key), None)
    stand_ins = {key: value for key, value in _STAND_INS.items() if key not in sound}
    return contradictions(JobKeys.model_validate(stand_ins | sound), faulty)


def _own_faults(error: ValidationError) -> list[Any]:
    """pydantic's errors, without the list that is too short as all its items have faults."""
    faults = error.errors()
    inside = {fault["loc"][:1] for fault in faults if len(fault["loc"]) > 1}
    return [f for f in faults if not (f["type"] == "too_short" and f["loc"] in inside)]


def unknown_keys(names: Iterable[str]) -> list[Problem]:
    """One problem for each name that is no key of a job, with the key that was likely meant."""
    return [Problem(name, unknown(name, JobKeys)) for name in names if name not in JOB_KEYS]


def problem_of(detail: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    """pydantic's error on a model, in the words of a person who edits a job."""
    where = ""
    for part in detail["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    message = detail["msg"]
    match detail["type"]:
        case "extra_forbidden":
            *way, name = detail["loc"]
            message = unknown(str(name), type_of(way, model))
        case "missing":
            message = "is missing; add it"
        case "model_type" | "dict_type":
            message = "must be a mapping of keys to values, such as {name: tv}"
        case "tuple_type":
            message = "must be a list, such as [a, b]"
        case "string_type" | "literal_error" if not isinstance(detail["input"], str):
            message = _no_text(detail["input"])
        case "string_pattern_mismatch":
            message = f"{detail['input']!r} may only hold letters, digits, - and _, at most 32"
    return Problem(where, message)


def _no_text(value: Any) -> str:
    """Why a value is no text: YAML took it for something else, as it had no quotes."""
    match value:
        case None:
            return "is empty; write a text, or leave the key out"
        case bool():
            example = '"yes"' if value else '"no"'
            read = f"YAML reads no, off, yes and on as false and true, here as {str(value).lower()}"
            return f"must be text; {read}: put it in quotes, such as {example}"
        case int() | float() | dt.date():
            kind = "a date" if isinstance(value, dt.date) else "a number"
            return f'must be text; YAML reads {value} as {kind}: put it in quotes, "{value}"'
    return f"must be one text, not {'a mapping' if isinstance(value, dict) else 'a list'}"
