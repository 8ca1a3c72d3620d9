"""Known secrets are driven through every path of a run; the whole archive is searched for them."""

from __future__ import annotations

import base64
import html
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import CONSOLE, MANIFEST, STATUS
from tests.conftest import REPOSITORY

# Signs that HTML, JSON, URLs and Python's repr write differently.
OF_ENVIRONMENT = "hunter2&<Pass>\"wörd'%"
OF_PROFILE = "tok/en+of=the&profile"
LEAKS = """
import sys
from mmmlib.ground.secrets import register
password = __import__("os").environ["SNOWFLAKE_PASSWORD"]
token = open(__import__("os").environ["PROFILE"]).read()
register(token)
for secret in (password, token):
    print("out", secret)
    print("err", repr(secret), file=sys.stderr)
    work.progress.log("connecting with " + secret)
    work.run.save_json("changes.json", [{"what": "query", "why": f"password={secret}"}])
"""
SHOWS = """
import html
from IPython.display import HTML, display
for secret in (password, token):
    display(HTML("<b>" + html.escape(secret) + "</b>"))
    display({"application/json": {"secret": secret}, "text/plain": secret}, raw=True)
password
"""
FAILS = """
def connect(password, token):
    raise ConnectionError(f"login of {password} with {token} failed")
with work.progress.stage("extract"):
    connect(password, token)
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """The parameters of train.ipynb, then cells that leak in every way."""
    train = nbformat.read(REPOSITORY / "notebooks" / "train.ipynb", 4)
    (parameters,) = [cell for cell in train.cells if "parameters" in cell.metadata.get("tags", [])]
    opens = "from mmmlib.run.work import open_run\nwork = open_run(globals())"
    cells = [parameters, *map(nbformat.v4.new_code_cell, (opens, LEAKS, SHOWS, FAILS))]
    train.cells = cells
    path = tmp_path / "train.ipynb"
    nbformat.write(train, path)
    return path


@pytest.fixture(params=["mmm", pytest.param("alone", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> list[str]:
    """With papermill's engine ``mmm``, and without: the kernel keeps the status."""
    return ["--engine", "mmm"] if request.param == "mmm" else []


def forms(secret: str) -> set[bytes]:
    """A secret as a file may hold it."""
    texts = {
        secret, quote(secret), quote(secret, safe=""), html.escape(secret), repr(secret)[1:-1],
        json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(html.escape(secret), ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
    }  # fmt: skip
    encoded = {text.encode() for text in texts}
    return encoded | {base64.b64encode(secret.encode()).rstrip(b"=")}


def test_no_secret_reaches_the_archive(
    gcs_root: str, notebook: Path, demo_values: dict[str, Any], tmp_path: Path, engine: list[str]
) -> None:
    job, profile = tmp_path / "job.yaml", tmp_path / "profile"
    job.write_text(yaml.safe_dump(demo_values | {"root": gcs_root}))
    profile.write_text(OF_PROFILE)
    executed = tmp_path / "out.ipynb"
    done = subprocess.run(
        [Path(sys.executable).parent / "papermill", *engine, notebook, executed, "-f", job],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=900,
        env={**os.environ, "SNOWFLAKE_PASSWORD": OF_ENVIRONMENT, "PROFILE": str(profile)},
    )  # fmt: skip
    assert "ConnectionError" in done.stderr
    run = Archive(gcs_root).run("latest")
    searched = {name: run.load(name) for name in run.artifacts()}
    searched |= {"papermill's own copy": executed.read_bytes(), "stderr": done.stderr.encode()}
    found = {
        (name, secret)
        for name, data in searched.items()
        for secret in (OF_ENVIRONMENT, OF_PROFILE)
        if any(form in data for form in forms(secret))
    }
    assert found == set()
    assert b"connecting with [secret]" in searched[CONSOLE]  # it went that way
    assert b"ConnectionError: login of [secret] with [secret] failed" in searched[CONSOLE]
    assert b"password=[secret]" in searched["changes.json"]
    if engine:
        assert {STATUS, MANIFEST, "train.ipynb"} <= set(searched)
        state = run.state()
        assert state.status is Status.FAILED
        assert state.error == "ConnectionError: login of [secret] with [secret] failed"
        for said in (b"out [secret]", b"err '[secret]'", b"<b>[secret]</b>", b"Traceback"):
            assert said in searched["train.ipynb"], said


def test_a_job_is_archived_as_it_is(make_job: Callable[..., Any], monkeypatch: Any) -> None:
    """Its hash is part of the receipt; a secret that equals one of its words changes nothing."""
    job = make_job()
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "geometric")
    assert Archive(job.root).claim(job).job == job
