"""Short lists that people keep in spreadsheets: lift studies, annotations, holidays.

A file of studies becomes rows of the form, since a job holds them itself; the others stay files
that the job names. What is wrong with a file is said of all its lines at once.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmmlib.ground import DataError, Problem
from mmmlib.job import Study

STUDIES = "calibration"
MOST_BYTES = 1_000_000
MOST_PROBLEMS = 50  # shown of one file

# What may be sent for a key: a whole file that is right, to be filled in, and its columns in words.
EXAMPLES = {
    STUDIES: {
        "name": "lift-studies.csv",
        "columns": "Columns channels (several joined by +), start, end, lift; spend, confidence "
        "and scope may be left out; Robyn's calibration_input is read, too. The studies of a file "
        "replace those above.",
        "text": "channels,start,end,lift,spend,confidence,scope\n"
        "facebook,2018-05-01,2018-06-10,400000,60000,0.9,immediate\n"
        "tv+print,2018-08-06,2018-09-16,950000,210000,0.8,total\n",
    },
    "annotations": {
        "name": "annotations.csv",
        "columns": "Columns date and label.",
        "text": "date,label\n2018-03-05,New shop opens\n2018-11-23,Black Friday\n",
    },
    "holidays": {
        "name": "holidays.csv",
        "columns": "Columns ds and holiday: calendar days of all years of the data.",
        "text": "ds,holiday\n2018-05-18,Founders' day\n2019-05-17,Founders' day\n",
    },
}
_ROBYNS = {
    "channel": "channels",
    "liftStartDate": "start",
    "liftEndDate": "end",
    "liftAbs": "lift",
    "calibration_scope": "scope",
}
_UNCLEAR = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
_NEEDED = ("channels", "start", "end", "lift")
_DATE = "must be a date such as 2018-05-01"
_WORDS = {
    "channels": "names no channel; join several with +",
    "start": _DATE,
    "end": _DATE,
    "lift": "must be a number such as 400000 or 0.5, without separators of thousands",
    "spend": "must be a number, 0 or more, without separators of thousands",
    "confidence": "must be a number above 0, at most 1, such as 0.9",
    "scope": "must be immediate or total",
}


def read_list(key: str, path: str, values: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Read a list that has arrived.

    Parameters
    ----------
    key : str
        A key of :data:`EXAMPLES`.
    path : str
        Where it is kept.
    values : mapping
        Of the form: its channels may be named by their columns of spend, as Robyn does.

    Returns
    -------
    object
        The value of the job's key: the studies, or the path.
    list of str
        Everything that is wrong with the file; it is deleted then, and the value is ``None``.
    """
    try:
        if key == STUDIES:
            columns = {str(each["spend"]): str(each["name"]) for each in values["channels"]}
            found: Any = read_studies(_text(Path(path)), columns)
            Path(path).unlink()  # they live in the job
        else:
            _checked(key, path)
            found = path
    except DataError as error:
        Path(path).unlink()
        name = Path(path).name  # the folder is nobody's concern
        said = [str(problem).replace(path, name) for problem in error.problems]
        more = len(said) - MOST_PROBLEMS
        return None, said[:MOST_PROBLEMS] + ([f"… and {more} more"] if more > 0 else [])
    return found, []


def read_studies(text: str, columns: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Read lift studies from CSV, as values of the form.

    Parameters
    ----------
    text : str
        With the columns of :class:`mmmlib.job.parts.Study`, or those of Robyn's
        ``calibration_input``; separated by commas, semicolons or tabs.
    columns : mapping of str to str
        Channel by its column of spend.

    Raises
    ------
    DataError
        With every line that is no study, and why.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    names = [_ROBYNS.get(name.strip(), name.strip().lower()) for name in reader.fieldnames or ()]
    if missing := [name for name in _NEEDED if name not in names]:
        raise _refused(f"the first line must name {', '.join(_NEEDED)}; there is no {missing[0]}")
    reader.fieldnames = names
    studies, problems = [], []
    for row in reader:
        cells = {name: (row[name] or "").strip() for name in _WORDS if name in row}
        if not any(cells.values()):
            continue  # a spreadsheet's empty last lines
        study = {name: cell for name, cell in cells.items() if cell}
        channels = [name.strip() for name in study.get("channels", "").split("+") if name.strip()]
        study["channels"] = [(columns or {}).get(name, name) for name in channels]
        if None in row:  # a comma in a number, mostly
            why = "has more cells than the first line; take separators out of numbers"
            problems.append(Problem(f"line {reader.line_num}", why))
            continue
        wrong = sorted(_wrong(study), key=list(_WORDS).index)
        problems += [
            Problem(f"line {reader.line_num}, {name}", f"{_WORDS[name]}{_seen(cells.get(name))}")
            for name in wrong
        ]
        if not wrong:
            studies.append(Study.model_validate(study).model_dump(mode="json"))
    if problems:
        raise DataError(problems)
    if not studies:
        raise _refused("there is no study below the first line")
    return studies


def _wrong(study: Mapping[str, Any]) -> set[str]:
    """Columns of one line that hold something else.

    ``400.000`` is among them: 400 or 400 thousand, depending on who writes.
    """
    wrong = {name for name in ("start", "end") if not _is_date(str(study.get(name, "")))}
    wrong |= {name for name in ("lift", "spend") if _UNCLEAR.fullmatch(str(study.get(name, "")))}
    try:
        Study.model_validate(study)
    except ValidationError as error:
        wrong |= {str(fault["loc"][0]) for fault in error.errors()}
    return wrong


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _seen(cell: str | None) -> str:
    return f"; it is {cell[:60]!r}" if cell else "; it is empty"


def _checked(key: str, path: str) -> None:
    """Refuse a file that the job's key could not use."""
    from mmmlib.data import load_annotations, read_holidays

    if key == "annotations":
        load_annotations(path)
    else:
        read_holidays(Path(path))


def _text(path: Path) -> str:
    from mmmlib.data import encoding_of

    if path.stat().st_size > MOST_BYTES:
        raise _refused(f"the file has more than {MOST_BYTES:,} bytes; it should be a short list")
    encoding = encoding_of(path)
    text = path.read_text(encoding="utf-8-sig" if encoding == "utf-8" else encoding)
    if "\0" in text:
        raise _refused("the file is no text; save it as CSV")
    return text


def _refused(why: str) -> DataError:
    return DataError([Problem("", why)])
