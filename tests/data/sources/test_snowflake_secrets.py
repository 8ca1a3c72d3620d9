"""No secret of a connection is in anything that is written, whatever goes wrong."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.ground.errors import MMMError
from mmmlib.job.parse import TrainingJob
from tests.servers.running import PASSPHRASE, SnowflakeServer

MakeJob = Callable[..., TrainingJob]


def assert_nowhere(root: Path, secrets: list[str]) -> None:
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(files) > 3
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            found = [path.name for path in files if form.encode() in path.read_bytes()]
            assert not found, f"a secret is in {found}"


def test_a_failed_run_holds_no_secret(
    snowflake: SnowflakeServer, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server itself repeats the secret in its message."""
    from mmmlib.run.runner import run_job

    secret = "Passw0rd/that+is=typed"
    for name in ("PRIVATE_KEY_FILE", "PRIVATE_KEY_FILE_PWD"):
        monkeypatch.delenv(f"SNOWFLAKE_{name}")
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", secret)
    why = f"Incorrect username or password was specified: {secret} {quote(secret, safe='')}"
    snowflake.fault("login-request", "refuse", 9, code=390100, message=why, state="08001")
    job = make_job(source="snowflake", file="", table="WEEKLY", iterations=10, trials=1)
    with pytest.raises(MMMError, match="refused the password of user 'trainer'") as refused:
        run_job(job, lambda run: None, lambda facts: None)
    assert secret not in str(refused.value)
    run = Archive(job.root).run("latest")
    assert run.has("extract.ipynb")
    assert "[secret]" in run.load("robyn_console.log").decode()
    assert_nowhere(Path(job.root), [secret, PASSPHRASE])


def test_a_cancelled_run_stops_its_statement(
    snowflake: SnowflakeServer, make_job: MakeJob, tmp_path: Path
) -> None:
    snowflake.owner("CREATE OR REPLACE TABLE LONG AS SELECT range AS N FROM range(30000)")
    endless = "SELECT COUNT(*) AS N FROM LONG a, LONG b, LONG c WHERE SIN(a.N + b.N * c.N) > 2"
    job = tmp_path / "job.yaml"
    job.write_text(make_job(source="snowflake", file="", sql=endless).to_yaml())
    command = [sys.executable, "-c", "from mmmlib.cli import main; main()", "run", str(job)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        deadline = time.monotonic() + 300
        while not snowflake.statements():
            assert client.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        request = snowflake.statements()[0]["request"]
        time.sleep(1)
        os.kill(client.pid, signal.SIGINT)
        said, _ = client.communicate(timeout=300)
    finally:
        client.kill()
    assert "cancelled" in said
    assert {"abort": request} in snowflake.log()
