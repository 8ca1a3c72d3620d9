"""One suite for every source: what preflight, stages and people may rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.extract import dataset_of
from mmmlib.data.sources import Listener, Source, open_source
from mmmlib.ground import names
from mmmlib.ground.errors import SourceError
from mmmlib.job.parse import TrainingJob

MakeJob = Callable[..., TrainingJob]
HERE: dict[str, dict[str, Any]] = {
    "duckdb": {},
    "snowflake": {"file": "", "table": "WEEKLY"},
}
TABLE = {"duckdb": "data", "snowflake": "WEEKLY"}


@dataclass(frozen=True)
class Weekly:
    """The shipped weekly data, wherever they are."""

    name: str
    source: Source
    make_job: MakeJob

    def job(self, **values: Any) -> TrainingJob:
        given = {"source": self.name} | HERE[self.name] | values
        return self.make_job(**given | ({"table": ""} if "sql" in values else {}))


@pytest.fixture(params=sorted(names.SOURCES))
def there(request: pytest.FixtureRequest, make_job: MakeJob) -> Weekly:
    if request.param == "snowflake":
        request.getfixturevalue("snowflake")
    return Weekly(request.param, open_source(request.param), make_job)


def test_the_data_come_unchanged(there: Weekly, weekly: pd.DataFrame, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    listener = Listener(rows=lambda done, total: heard.append((done, total)))
    raw = there.source.extract(there.job(), tmp_path / "raw.parquet", listener)
    table = pd.read_parquet(raw.path)
    assert raw.path == tmp_path / "raw.parquet"
    assert raw.columns == tuple(table.columns)
    assert set(raw.columns) | set(raw.left_out) == set(weekly.columns)
    assert raw.rows == len(table) == len(weekly)
    assert heard[-1] == (raw.rows, raw.rows)
    for name in raw.columns:
        if name != "DATE":
            assert table[name].tolist() == weekly[name].tolist(), name  # to the last bit
    assert pd.to_datetime(table["DATE"]).dt.strftime("%Y-%m-%d").tolist() == list(weekly["DATE"])


def test_the_dataset_is_the_same_everywhere(
    there: Weekly, make_job: MakeJob, tmp_path: Path
) -> None:
    here = dataset_of(make_job())
    dataset = dataset_of(there.job())
    pd.testing.assert_frame_equal(dataset.frame, here.frame)
    assert dataset.changes == here.changes


def test_sql_chooses(there: Weekly, tmp_path: Path) -> None:
    table = TABLE[there.name]
    sql = f'SELECT "DATE" AS DAY, "tv_S" * 2 AS TV FROM {table} ORDER BY 1 LIMIT 3;'
    raw = there.source.extract(there.job(sql=sql), tmp_path / "raw.parquet")
    assert (raw.rows, raw.columns) == (3, ("DAY", "TV"))


@pytest.mark.parametrize(
    "sql",
    ["DROP TABLE {0}", "SELECT 1 AS A; SELECT 2 AS A", "SELECT no_such_column FROM {0}",
     "SELECT * FROM no_such_table", "SELEKT", "SELECT * FROM {0} WHERE 1 = 0"],
)  # fmt: skip
def test_bad_sql_is_a_source_error(there: Weekly, tmp_path: Path, sql: str) -> None:
    job = there.job(sql=sql.format(TABLE[there.name]))
    with pytest.raises(SourceError):
        there.source.extract(job, tmp_path / "raw.parquet")
    assert there.source.extract(there.job(), tmp_path / "raw.parquet").rows == 208


def test_a_preview_counts_all_and_shows_the_first(there: Weekly, weekly: pd.DataFrame) -> None:
    seen = there.source.preview(there.job())
    assert seen.rows == len(weekly)
    assert len(seen.head) == 100
    assert set(seen.types) == set(weekly.columns)
    assert (seen.first[:10], seen.last[:10]) == (weekly["DATE"].min(), weekly["DATE"].max())
    assert seen.spend["tv"] == pytest.approx(weekly["tv_S"].sum(), rel=1e-12)
    assert set(seen.spend) == {"tv", "ooh", "print", "facebook", "search"}


def test_nothing_is_refused_before_it_is_read(there: Weekly) -> None:
    assert there.source.refusals(there.job()) == []
