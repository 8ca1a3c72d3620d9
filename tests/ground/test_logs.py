"""Lines that a log service can query, and that tell no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.ground import logs, secrets
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import StoreError
from mmmlib.ground.logs import Severity
from mmmlib.run.supervisor import Supervisor


@pytest.fixture
def as_json(monkeypatch):
    """``MMM_LOG=json``."""
    monkeypatch.setenv("MMM_LOG", "json")
    settings.cache_clear()
    yield
    settings.cache_clear()


def lines(capsys) -> list[dict]:
    said = capsys.readouterr()
    assert said.err == ""
    return [json.loads(line) for line in said.out.splitlines()]


def test_a_line_is_one_object_with_the_names_that_are_queried(as_json, capsys):
    logs.log("two\nlines", run="r100/de/20261123_053424", stage="train", user="ada", error_id="")
    (line,) = lines(capsys)
    assert set(line) == {"severity", "time", "message", "memory_usage_mb", "run", "stage", "user"}
    assert (line["severity"], line["message"]) == ("INFO", "two\nlines")
    assert 5 < line["memory_usage_mb"] < 5000


def test_memory_counts_what_a_process_has_started():
    before = logs.memory_usage_mb()
    code = "data = bytearray(60_000_000); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        assert logs.memory_usage_mb() > before + 55
        child.communicate("\n")


def test_what_must_wake_someone_and_tracebacks(as_json, capsys):
    logs.log(f"{logs.FATAL} the disk is gone", Severity.CRITICAL)
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logs.failure("server error 12ab34cd", error_id="12ab34cd")
    fatal, failed = lines(capsys)
    assert (fatal["severity"], fatal["message"]) == ("CRITICAL", "FATAL ERROR the disk is gone")
    assert (failed["severity"], failed["error_id"]) == ("ERROR", "12ab34cd")
    assert failed["stack_trace"].endswith("ZeroDivisionError: by zero")


def test_text_is_for_people(capsys):
    logs.log("trained", run="r100/de/20261123_053424")
    logs.event("only for a log service")
    logs.log("beware", Severity.WARNING)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("trained\n", "beware\n")


def test_secrets_are_hidden(as_json, capsys):
    secrets.register("sesame-open-4711")
    logs.log("login with sesame-open-4711 failed", details={"p": "sesame-open-4711"})
    said = capsys.readouterr().out
    assert "4711" not in said
    assert json.loads(said)["severity"] == "INFO"


def test_a_run_says_how_it_goes(as_json, capsys, archive: Archive, job):
    with Supervisor(archive.claim(job), who="ada") as supervisor:
        supervisor.stage("train")
    broken = archive.claim(job)
    with pytest.raises(StoreError), Supervisor(broken, who="bob"):
        raise StoreError("the bucket is away")
    said = lines(capsys)
    run = str(supervisor.run)
    assert [line["message"] for line in said[:3]] == [
        f"run {run} started",
        f"run {run}: stage train",
        f"run {run} succeeded",
    ]
    assert said[1] | {"run": run, "stage": "train", "user": "ada"} == said[1]
    last = said[-1]
    assert last["message"] == f"FATAL ERROR run {broken} failed: the bucket is away"
    assert (last["severity"], last["user"]) == ("CRITICAL", "bob")


def test_a_kernel_speaks_through_its_service_not_on_the_page(tmp_path):
    """In ipykernel ``print`` goes to the page; the line must come out of the kernel's process."""
    code = (
        "import sys\n"
        "class Page:\n"
        "    pub_thread = None\n"
        "    def write(self, text): raise AssertionError('shown on the page')\n"
        "    def flush(self): pass\n"
        "sys.stdout = sys.stderr = Page()\n"
        "from mmmlib.ground.logs import Severity, log\n"
        "log('said'); log('warned', Severity.WARNING)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert (done.stdout, done.stderr) == ("said\n", "warned\n")
