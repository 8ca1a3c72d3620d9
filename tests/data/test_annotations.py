"""Annotations are read as they were meant, or refused with the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import ANNOTATIONS
from mmmlib.data.annotations import load_annotations, read_annotations
from mmmlib.ground.errors import DataError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.work import open_run

GOOD = b'date,label\n2017-05-01,"Strike, two days"\n2016-03-01, Relaunch\n'


def test_sorted_by_date() -> None:
    read = read_annotations(GOOD)
    assert list(read["label"]) == ["Relaunch", "Strike, two days"]
    assert list(read["date"]) == [pd.Timestamp("2016-03-01"), pd.Timestamp("2017-05-01")]
    assert read["date"].dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfdate,label,note\r\n2016-03-01,NA,x\r\n", b"label,date\nNA,2016-03-01\n"],
    ids=["from a spreadsheet", "columns turned"],
)
def test_as_spreadsheets_write_it(data: bytes) -> None:
    read = read_annotations(data)
    assert list(read.columns) == ["date", "label"]
    assert read["label"].tolist() == ["NA"]  # a word, not a gap


@pytest.mark.parametrize("data", [b"", b"date,label\n"], ids=["nothing", "only titles"])
def test_none(data: bytes) -> None:
    read = read_annotations(data)
    assert read.empty
    assert list(read.columns) == ["date", "label"]
    assert read["date"].dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"date;label\n2016-03-01;x\n", "must name the columns date,label; it is 'date;label'"),
        (b"day,label\n2016-03-01,x\n", "must name the columns date,label"),
        (b"date,label\n2016-03-01,x\n01.03.2016,y\n", "line 3: '01.03.2016' is no date"),
        (b"date,label\n2016-02-30,x\n", "line 2: '2016-02-30' is no date"),
        (b"date,label\n2016-03-01,\n", "line 2: has no label"),
        (b"date,label\n2016-03-01,a,b,c\n", "line 2|no CSV"),
        (b"date,label\n2016-03-01,x\n2016-03-02,a,b,c\n", "no CSV in UTF-8"),
        (b"date,label\n2016-03-01,\xe4\n", "no CSV in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "annotations: "),
        (b"date,label\n" + b"2016-03-01,x\n" * 100_000, "more than 1,000,000 bytes"),
        (b"date,label\n3000-01-01,x\n", "line 2: '3000-01-01' is no date"),
    ],
)
def test_refusals(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_annotations(data)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(DataError) as caught:
        read_annotations(b"date,label\nx,\n2016-03-01,y\nz,a\n")
    assert [problem.where for problem in caught.value.problems] == [
        "annotations, line 2", "annotations, line 2", "annotations, line 4",
    ]  # fmt: skip


def read_or_refused(data: bytes) -> None:
    try:
        read = read_annotations(data)
    except DataError:
        return
    assert list(read.columns) == ["date", "label"]
    assert read["label"].str.len().min() > 0 or read.empty
    assert read["date"].is_monotonic_increasing


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@given(st.text(alphabet="date,label\n\"2016-30' x;", max_size=80))
def test_nearly_right_text_is_read_or_refused(text: str) -> None:
    read_or_refused(b"date,label\n" + text.encode())


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_annotations(tmp_path / name)


def test_a_run_archives_them_as_they_are(
    make_job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(GOOD)
    job = make_job(annotations=str(path))
    work = open_run(job.to_values() | {"run": ""})
    assert len(work.annotations()) == 2
    work.finish()
    assert Archive(job.root).run("latest").load(ANNOTATIONS) == GOOD


def test_a_run_stops_at_a_bad_file(make_job: Callable[..., TrainingJob], tmp_path: Path) -> None:
    job = make_job(annotations=str(tmp_path / "none.csv"))
    work = open_run(job.to_values() | {"run": ""})
    with pytest.raises(DataError, match=r"none\.csv cannot be read"):
        work.extract()
    assert Archive(job.root).run("latest").state().status is Status.FAILED
