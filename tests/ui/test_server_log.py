"""The server's log: passed on, kept, bounded, and searchable."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mmmlib.ground.errors import MMMError
from mmmlib.ground.logs import Severity
from mmmlib.ui.server import folder as server_folder, server_log
from mmmlib.ui.server.folder import VARIABLE, ServerFolder, server_facts, viewer
from mmmlib.ui.server.server_log import as_entries, read_log

_PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from mmmlib.ground.logs import Severity, log
from mmmlib.ui.server.server_log import ServerLog
with ServerLog(Path(sys.argv[1])):
    log("started")
    log("beware", Severity.WARNING, user="ada")
    subprocess.run([sys.executable, "-c", "print('from a child'); 1/0"])
    os.write(2, b"unfinished")
print("after")
"""


@pytest.mark.parametrize("mode", ["text", "json"])
def test_everything_is_passed_on_and_kept(tmp_path, mode):
    file = tmp_path / "server.log"
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(file)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MMM_LOG": mode},
    )
    kept = read_log(file, 100)
    said = "\n".join(entry["message"] for entry in kept)
    for words in ("started", "beware", "from a child", "ZeroDivisionError", "unfinished"):
        assert words in said
    assert done.stdout.endswith("after\n")
    if mode == "json":
        assert done.stderr == ""
        every = [json.loads(line) for line in done.stdout.splitlines()[:-1]]
        assert {line["severity"] for line in every} == {"INFO", "WARNING"}
        assert next(line for line in every if line["message"] == "beware")["user"] == "ada"
    else:
        assert "started\nfrom a child\n" in done.stdout
        assert "ZeroDivisionError" in done.stderr


def test_what_a_library_says_in_a_row_is_one_entry():
    ours = '{"severity": "ERROR", "message": "ours"}'
    entries = [
        json.loads(entry)
        for entry in as_entries(["a", "b", "", ours, '{"other": 1}', "{", ""], Severity.WARNING)
    ]
    assert [entry["message"] for entry in entries] == ["a\nb", "ours", '{"other": 1}\n{']
    assert entries[0]["severity"] == "WARNING"


def test_the_file_is_bounded_and_the_last_lines_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(server_log, "LIMIT", 5_000)
    log = server_log.ServerLog(tmp_path / "server.log")
    for number in range(500):
        log._keep([json.dumps({"severity": "INFO", "message": f"line {number} " + "x" * 50})])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 11_000
    last = read_log(tmp_path / "server.log", 10)
    assert [entry["message"].split()[1] for entry in last] == [str(n) for n in range(499, 489, -1)]
    assert [e["message"][:8] for e in read_log(tmp_path / "server.log", 10, "LINE 498")] == [
        "line 498"
    ]


def test_nobody_is_guessed_behind_iap(monkeypatch):
    folder = ServerFolder()
    try:
        assert folder.path.stat().st_mode & 0o077 == 0  # for us alone
        monkeypatch.setattr(server_folder, "kernel_id", lambda: "abc-1")
        folder.tell(behind_iap=True, pid=1)
        with pytest.raises(MMMError, match="does not know who you are"):
            viewer()
        folder.introduce("abc-1", "ada@example.com")
        assert viewer() == "ada@example.com"
        folder.tell(behind_iap=False)
        assert viewer() == server_folder.user()
    finally:
        folder.remove()
    assert VARIABLE not in os.environ
    assert server_facts() == {}
