"""What goes wrong on the way: what is tried again, what is not, and that nothing is half read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.sources import Listener, open_source
from mmmlib.data.sources.snowflake import source
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import SnowflakeError
from mmmlib.job.parse import TrainingJob
from tests.servers.running import SnowflakeServer

MakeJob = Callable[..., TrainingJob]
QUERY, CHUNK, LOGIN = "query-request", "/chunk/", "login-request"
ROWS = 30_000
ENDLESS = "SELECT COUNT(*) AS N FROM LONG a, LONG b, LONG c WHERE SIN(a.N + b.N * c.N) > 2"


@pytest.fixture
def job(
    snowflake: SnowflakeServer, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> TrainingJob:
    monkeypatch.setattr(source, "PAUSE_SECONDS", 0.01)
    snowflake.owner(f"CREATE OR REPLACE TABLE LONG AS SELECT range AS N FROM range({ROWS})")
    return make_job(source="snowflake", file="", sql="SELECT N FROM LONG ORDER BY N")


def extract(job: TrainingJob, folder: Path, **listener: Any) -> list[int]:
    raw = open_source("snowflake").extract(job, folder / "raw.parquet", Listener(**listener))
    return [int(value) for value in pd.read_parquet(raw.path)["N"]]


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [
        (QUERY, "503", {"times": 2}),
        (QUERY, "429", {"times": 1}),
        (QUERY, "reset", {"times": 1}),
        (CHUNK, "503", {"times": 2}),
        (CHUNK, "reset", {"times": 1}),
        (LOGIN, "503", {"times": 1}),
    ],
)
def test_what_passes_is_waited_for(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path, path: str, kind: str, more: Any
) -> None:
    snowflake.fault(path, kind, **more)
    assert extract(job, tmp_path) == list(range(ROWS))
    assert [each["fault"] for each in snowflake.log() if "fault" in each] == [kind] * more["times"]


def test_a_server_that_stalls_is_asked_again(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMM_SNOWFLAKE_NETWORK_SECONDS", "4")
    settings.cache_clear()
    snowflake.fault(QUERY, "stall", seconds=3600)
    assert extract(job, tmp_path) == list(range(ROWS))


def test_a_session_that_ends_is_begun_again(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path
) -> None:
    gone = {"code": 390114, "message": "Authentication token has expired.", "state": "08001"}
    snowflake.fault(QUERY, "refuse", **gone)
    said: list[str] = []
    assert extract(job, tmp_path, log=said.append) == list(range(ROWS))
    assert sum("login" in each and "how" in each for each in snowflake.log()) == 2
    assert any("attempt 2 of 3" in line for line in said)


def test_an_incident_is_told_after_three_attempts(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path
) -> None:
    snowflake.fault(QUERY, "refuse", 99, code=300002, message="Internal error", state="XX000")
    with pytest.raises(SnowflakeError, match="could not answer; try again") as refused:
        extract(job, tmp_path)
    assert refused.value.kind == "service"
    assert sum("fault" in each for each in snowflake.log()) == 3


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (3001, "Insufficient privileges to operate on table 'LONG'", "permission"),
        (630, "Statement reached its statement or warehouse timeout", "timeout"),
        (606, "No active warehouse selected in the current session.", "warehouse"),
        (1003, "SQL compilation error: syntax error", "sql"),
    ],
)
def test_what_stays_wrong_is_not_tried_again(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path, code: int, message: str, kind: str
) -> None:
    snowflake.fault(QUERY, "refuse", 99, code=code, message=message, state="42501")
    with pytest.raises(SnowflakeError, match=message.split("'")[0]) as refused:
        extract(job, tmp_path)
    assert refused.value.kind == kind
    assert sum("fault" in each for each in snowflake.log()) == 1


def test_a_login_that_is_refused_is_tried_once(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three wrong attempts in a row would lock the account."""
    snowflake.fault(LOGIN, "refuse", 99, code=390100, message="Incorrect username", state="08001")
    with pytest.raises(SnowflakeError, match="refused the key pair"):
        extract(job, tmp_path)
    assert sum("fault" in each for each in snowflake.log()) == 1


def test_a_stalled_statement_is_stopped_on_the_server(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMM_SNOWFLAKE_STATEMENT_SECONDS", "1")
    settings.cache_clear()
    with pytest.raises(SnowflakeError) as refused:
        extract(job.model_copy(update={"sql": ENDLESS}), tmp_path)
    assert refused.value.kind in ("timeout", "cancelled")
    assert sum("abort" in each for each in snowflake.log()) >= 1
    assert len(snowflake.statements()) == 1


def test_rows_that_do_not_come_are_missed(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path
) -> None:
    snowflake.call("reset", {"lost_chunks": 1})
    with pytest.raises(SnowflakeError) as refused:
        extract(job, tmp_path)
    assert refused.value.kind in ("service", "network")
    from mmmlib.data.sources.snowflake import cache

    assert cache.cached() == []


def test_an_interrupt_reaches_snowflake(
    snowflake: SnowflakeServer, job: TrainingJob, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(job.model_copy(update={"sql": ENDLESS}).to_yaml())
    code = (
        "import sys; from pathlib import Path; from mmmlib.job import TrainingJob;"
        "from mmmlib.data.sources import open_source; job = TrainingJob.load(sys.argv[1]);"
        "open_source('snowflake').extract(job, Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "job.yaml"), str(tmp_path / "x.parquet")]
    client = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 300
        while not snowflake.statements():
            assert client.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        request = snowflake.statements()[0]["request"]
        time.sleep(0.3)  # the statement runs
        os.kill(client.pid, signal.SIGINT)
        _, said = client.communicate(timeout=300)
    finally:
        client.kill()
    assert "KeyboardInterrupt" in said
    assert {"abort": request} in snowflake.log()
