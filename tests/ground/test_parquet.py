"""Tables as pandas reads them, without a thread of arrow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from mmmlib.ground.parquet import read_table

# The threads of a process that has read, beside those that importing has started.
THREADS = """
import io, os, sys
from pathlib import Path
import pandas, pyarrow.parquet
from mmmlib.ground.parquet import read_table
before = len(os.listdir("/proc/self/task"))
read_table(io.BytesIO(Path(sys.argv[1]).read_bytes()))
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    table = pd.DataFrame(
        {
            "week": pd.date_range("2024-01-01", periods=400, freq="7D"),
            "name": pd.Categorical(["tv", "radio"] * 200),
            "spend": [float(at) for at in range(400)],
        },
        index=range(5, 405),
    )
    table.to_parquet(tmp_path / "table.parquet", row_group_size=50)
    return tmp_path / "table.parquet"


def test_it_reads_what_pandas_reads(file: Path) -> None:
    assert_frame_equal(read_table(file), pd.read_parquet(file))
    some = ["spend", "week"]
    assert_frame_equal(read_table(file, some), pd.read_parquet(file, columns=some))


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_no_thread_is_started_that_could_abort_the_end(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS, str(file)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == 0
