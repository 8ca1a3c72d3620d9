"""A million rows of thirty columns, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mmmlib.job.parse import TrainingJob
from tests.servers.running import SnowflakeServer

ROWS, COLUMNS = 1_000_000, 30
CLIENT = """
import json, re, sys, time
from pathlib import Path
from mmmlib.job import TrainingJob
from mmmlib.data.sources import open_source
job = TrainingJob.load(sys.argv[1])
started = time.perf_counter()
raw = open_source("snowflake").extract(job, Path(sys.argv[2]))
# not ru_maxrss: a child is born with its parent's
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps([raw.rows, len(raw.columns), time.perf_counter() - started, peak]))
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(
    snowflake: SnowflakeServer,
    make_job: Callable[..., TrainingJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MMM_CACHE_HOURS", "0")
    monkeypatch.setenv("MMM_SNOWFLAKE_NETWORK_SECONDS", "600")  # the machine may be busy
    values = ", ".join(
        f"(random() * 1000)::DECIMAL(12, 4) AS N{i}" if i % 3 == 0 else f"random() AS F{i}"
        for i in range(COLUMNS - 2)
    )
    snowflake.owner(
        "CREATE OR REPLACE TABLE LARGE AS SELECT DATE '1900-01-01' + (range % 40000)::INTEGER AS D,"
        f" 'country ' || (range % 20) AS LAND, {values} FROM range({ROWS})"
    )
    peaks = {}
    for rows in (ROWS // 5, ROWS):
        sql = f"SELECT * FROM LARGE LIMIT {rows}"
        file = tmp_path / "job.yaml"
        file.write_text(make_job(source="snowflake", file="", sql=sql).to_yaml())
        into = str(tmp_path / "raw.parquet")
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, str(file), into],
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        got, columns, seconds, peaks[rows] = json.loads(done.stdout)
        assert (got, columns) == (rows, COLUMNS)
        assert pq.read_metadata(into).num_rows == rows
        print(f"{rows:,} × {columns}: {seconds:.1f} s, at most {peaks[rows]:.0f} MB")
    assert peaks[ROWS] < 400
    assert peaks[ROWS] < peaks[ROWS // 5] + 100
