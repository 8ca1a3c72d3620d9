"""The same with version 5 of the connector, whose core is another one; in a process of its own.

``requirements/connector5.txt`` pins it; it shadows the version of the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY
from tests.servers.running import SnowflakeServer

CLIENT = """
import json, sys
from pathlib import Path
import snowflake.connector
from mmmlib.ground.errors import SourceError
from mmmlib.job import TrainingJob
from mmmlib.data.sources import open_source
from mmmlib.data.sources.snowflake.preview import try_connection
source, job = open_source("snowflake"), TrainingJob.load(sys.argv[1])
said = {"version": snowflake.connector.__version__}
try:
    said["rows"] = source.extract(job, Path(sys.argv[2])).rows
    said["preview"] = source.preview(job).rows
    said["steps"] = [step.title for step in try_connection(table="WEEKLY")]
except SourceError as error:
    said |= {"kind": error.kind, "message": str(error)}
print(json.dumps(said))
"""
Client = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def version_5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("connector5")
    pins = str(REPOSITORY / "requirements" / "connector5.txt")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    options = ["--no-deps", "--require-hashes", "--target", str(folder), "-r", pins]
    subprocess.run([*pip, *options], check=True, timeout=900)
    return folder


@pytest.fixture
def client(version_5: Path, make_job: Callable[..., TrainingJob], tmp_path: Path) -> Client:
    def run(**values: Any) -> dict[str, Any]:
        job = make_job(source="snowflake", file="", **values)
        (tmp_path / "job.yaml").write_text(job.to_yaml())
        paths = os.pathsep.join([str(version_5), str(REPOSITORY)])
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", CLIENT, str(tmp_path / "job.yaml"),
             str(tmp_path / "raw.parquet")],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        assert said["version"].startswith("5.")
        return said

    return run


@pytest.mark.slow
def test_a_table_with_bound_dates(snowflake: SnowflakeServer, client: Client) -> None:
    said = client(table="WEEKLY", dates=["2016-01-04", "2018-12-31"])
    assert (said["rows"], said["preview"]) == (157, 208)
    assert said["steps"] == ["profile", "login", "warehouse", "database", "table"]
    tags = {each["parameters"]["QUERY_TAG"] for each in snowflake.statements()}
    assert "mmm-trainer/local" in tags


@pytest.mark.slow
def test_chunks_and_decimals(snowflake: SnowflakeServer, client: Client, tmp_path: Path) -> None:
    snowflake.owner(
        "CREATE OR REPLACE TABLE LONG AS SELECT range AS N, (range / 100)::DECIMAL(12, 2) AS D, "
        "CASE WHEN range > 0 THEN 1 END AS MAYBE FROM range(25000)"
    )
    assert client(sql="SELECT N, D, MAYBE FROM LONG ORDER BY N")["rows"] == 25_000
    raw = pd.read_parquet(tmp_path / "raw.parquet")
    assert raw["N"].tolist() == list(range(25_000))
    assert raw["D"].tolist() == [float(f"{n / 100:.2f}") for n in range(25_000)]
    assert raw["MAYBE"].isna().sum() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "values", "kind"),
    [
        ({}, {"table": "NOTHING"}, "table"),
        ({}, {"sql": "SELECT NOTHING FROM WEEKLY"}, "column"),
        ({"SNOWFLAKE_ROLE": "ACCOUNTADMIN"}, {"table": "WEEKLY"}, "role"),
        ({"SNOWFLAKE_USER": "stranger"}, {"table": "WEEKLY"}, "login"),
        ({"SNOWFLAKE_WAREHOUSE": "HUGE"}, {"table": "WEEKLY"}, "warehouse"),
    ],
)
def test_what_fails_is_said(
    snowflake: SnowflakeServer,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    values: dict[str, Any],
    kind: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = client(**values)
    assert said.get("kind") == kind, said
