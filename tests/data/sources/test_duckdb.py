"""Files and SQL through the embedded warehouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.sources import open_source
from mmmlib.ground.errors import SourceError
from mmmlib.job.parse import TrainingJob

MakeJob = Callable[..., TrainingJob]


def extract(job: TrainingJob, folder: Path) -> pd.DataFrame:
    return pd.read_parquet(open_source("duckdb").extract(job, folder / "raw.parquet").path)


def test_a_csv_comes_whole(job: TrainingJob, weekly: pd.DataFrame, tmp_path: Path) -> None:
    raw = extract(job, tmp_path)
    assert list(raw.columns) == list(weekly.columns)
    assert raw["revenue"].tolist() == weekly["revenue"].tolist()  # to the last bit
    assert raw["events"].tolist() == weekly["events"].tolist()


def test_parquet_is_the_same(make_job: MakeJob, weekly: pd.DataFrame, tmp_path: Path) -> None:
    weekly.to_parquet(tmp_path / "w.parquet")
    raw = extract(make_job(file=str(tmp_path / "w.parquet")), tmp_path)
    pd.testing.assert_frame_equal(raw, weekly)


def test_sql_selects(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(sql="WITH y AS (SELECT * FROM data) SELECT DATE, tv_S * 2 AS tv FROM y LIMIT 3")
    raw = extract(job, tmp_path)
    assert list(raw.columns) == ["DATE", "tv"]
    assert len(raw) == 3


def test_sql_reaches_nothing_but_the_table(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="sql: calls the table function read_text"):
        extract(make_job(sql="SELECT * FROM read_text('/etc/passwd')"), tmp_path)
    with pytest.raises(SourceError, match="must be one SELECT"):
        extract(make_job(sql="SET enable_external_access = true"), tmp_path)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing FROM data", "nothing"),
        ("SELEKT", "syntax error"),
        ("DROP TABLE data", "one SELECT"),
        ("SELECT * FROM data; SELECT 1", "one SELECT"),
        ("SELECT * FROM data WHERE false", "the query has no rows"),
        (
            "SELECT tv_S AS a, ooh_S AS A, DATE FROM data",
            "selects 'a' and 'A', which have one name",
        ),
    ],
)
def test_bad_sql_is_said(make_job: MakeJob, tmp_path: Path, sql: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        extract(make_job(sql=sql), tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "does not exist"),
        ("sheet.xlsx", b"x", "cannot be read as a workbook"),
        ("sheet.doc", b"x", "must end in .csv, .tsv"),
        ("empty.csv", b"", "no rows|cannot be read"),
        ("head.csv", b"a,b\n", "the file has no rows"),
        ("broken.parquet", b"PAR1", "cannot be read"),
    ],
)
def test_bad_files_are_said(
    make_job: MakeJob, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        extract(make_job(file=str(tmp_path / name)), tmp_path)


def test_a_folder_is_no_file(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        extract(make_job(file=str(tmp_path)), tmp_path)


def test_an_unknown_example_names_those_there_are(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is weekly"):
        extract(make_job(file="example:monthly"), tmp_path)


@pytest.mark.parametrize(
    ("values", "delimiter", "read"),
    [
        (["1.234", "12.345", "999"], ";", "text"),
        (["1.234", "0.500", "999"], ";", "numbers"),
        (["1.234", "1234.500", "999"], ";", "numbers"),
        (["1.234", "12.345", "999"], ",", "numbers"),
        (["1", "12", "999"], ";", "numbers"),
        (["1.234", "", "0"], "\t", "text"),
    ],
)
def test_a_point_between_thousands_is_not_read_as_a_decimal(
    make_job: MakeJob, tmp_path: Path, values: list[str], delimiter: str, read: str
) -> None:
    path = tmp_path / "d.csv"
    rows = [
        ["day", 'it\'s; "x"'.replace(delimiter, " ").replace('"', "")],
        *zip("abc", values, strict=True),
    ]
    path.write_text("\n".join(delimiter.join(row) for row in rows) + "\n")
    raw = extract(make_job(file=str(path)), tmp_path)
    assert (raw.iloc[:, 1].dtype == "float64") == (read == "numbers")


@pytest.mark.parametrize("header", ["day,tv,tv,sales", "day,tv,TV ,sales"])
def test_a_name_that_heads_two_columns_is_refused(
    make_job: MakeJob, tmp_path: Path, header: str
) -> None:
    """DuckDB calls the second tv_1: it would be a channel of its own, with the same money."""
    rows = "".join(f"2024-01-{day:02d},1.5,2,{100 + day}\n" for day in range(1, 29))
    (tmp_path / "twice.csv").write_text(f"{header}\n{rows}")
    with pytest.raises(SourceError, match="'tv' heads more than one column; rename one"):
        extract(make_job(file=str(tmp_path / "twice.csv")), tmp_path)
