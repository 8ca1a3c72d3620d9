"""The server's ceilings: pages at once and a place in line, wrong tokens, whose kernel is whose."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mmmlib.ui.server.line import PATIENCE_SECONDS, Line, Tries, most_pages

PAGES = 4
POOL = 2
_APP = "from mmmlib.cli import main; main()"


def test_who_waits_longest_comes_next() -> None:
    now = [0.0]
    line = Line(1, lambda: now[0])
    assert [line.ask(who, open_pages=1) for who in "abc"] == [1, 2, 3]
    assert line.ask("new", open_pages=0) == 4  # one page is free, and three were there before
    assert line.ask("b", open_pages=0) == 2
    now[0] = PATIENCE_SECONDS
    assert line.ask("b", open_pages=1) == 2  # a is still there, by a hair
    now[0] += 1
    assert line.ask("b", open_pages=0) == 0
    assert line.ask("c", open_pages=1) == 1


def test_the_memory_says_how_many(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{4 * 2**30}\n")
    assert most_pages(tmp_path) == 24
    (tmp_path / "memory.max").write_text("1000\n")
    assert most_pages(tmp_path) == 1
    (tmp_path / "memory.max").write_text("max\n")
    assert most_pages(tmp_path) >= 1


def test_wrong_tokens_are_forgotten_after_a_minute() -> None:
    now = [0.0]
    tries = Tries(3, 60, lambda: now[0])
    for _ in range(3):
        tries.wrong("a")
    assert tries.too_many("a")
    assert not tries.too_many("b")
    now[0] = 61.0
    assert not tries.too_many("a")


@contextmanager
def served(root: Path, **variables: str) -> Iterator[tuple[str, psutil.Process]]:
    """A dashboard: where it is, and its process."""
    command = [sys.executable, "-c", _APP, "app", "--root", str(root), "--port", "0"]
    environment = {**os.environ, **variables}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            assert process.stdout
            said = next(line for line in process.stdout if "dashboard is on" in line)
            yield re.findall(r"http://[^/\s]+", said)[0], psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=300)


def answer(
    address: str, path: str = "/", method: str = "GET", body: str = "", **headers: str
) -> tuple[int, str, str]:
    """Status, text and the first cookie of an answer."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=300)
    try:
        connection.request(method, path, body or None, headers)
        said = connection.getresponse()
        return said.status, said.read().decode(), said.getheader("Set-Cookie") or ""
    finally:
        connection.close()


def memory(process: psutil.Process) -> int:
    """Bytes of a server and all it started, shared ones counted once."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


@pytest.mark.slow
def test_a_hundred_pages_stay_under_the_cap_and_the_next_person_reads_why(tmp_path: Path) -> None:
    with served(tmp_path, MMM_PAGES=str(PAGES)) as (address, process):
        codes, most, kernels = [], 0, 0
        for _ in range(100):
            codes.append(answer(address)[0])
            most = max(most, memory(process))
            kernels = max(kernels, len(process.children()))
        assert codes == [200] * PAGES + [503] * (100 - PAGES)
        print(f"{PAGES} pages at most: {kernels} processes, {most / 1e6:.0f} MB")
        assert kernels <= PAGES + POOL + 2  # and what kernels are started by
        status, text, cookie = answer(address)
        assert status == 503
        place = int(re.findall(r"You are number\s+(\d+) in line", text)[0])
        assert place == 100 - PAGES + 1
        assert 'http-equiv="refresh"' in text
        kept = re.findall(r"mmm_line=[^;]+", cookie)[0]
        again = answer(address, Cookie=kept)[1]
        assert re.findall(r"number\s+(\d+) in line", again) == [str(place)]


@pytest.mark.slow
def test_kernels_are_of_served_pages_and_tokens_cannot_be_guessed(tmp_path: Path) -> None:
    with served(tmp_path, MMM_TOKEN="right-token") as (address, process):
        known = {"Authorization": "token right-token"}
        status, text, _ = answer(address, **known)
        assert status == 200
        (mine,) = set(re.findall(r'"kernelId":\s*"([0-9a-f-]+)"', text))
        assert answer(address, f"/api/kernels/{mine}", **known)[0] == 200
        waiting = {
            found[0]
            for each in process.children(recursive=True)
            if (found := re.findall(r"kernel-([0-9a-f-]{36})", " ".join(each.cmdline())))
        } - {mine}
        assert waiting
        for kernel in waiting:  # nobody's yet
            assert answer(address, f"/api/kernels/{kernel}", **known)[0] == 404
        asked, login, cookie = answer(address, "/login")
        hidden = re.findall(r'name="_xsrf" value="([^"]+)', login)[0]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        form["Cookie"] = re.findall(r"_xsrf=[^;]+", cookie)[0]
        sent = urllib.parse.urlencode({"_xsrf": hidden, "password": "right-token"})
        assert answer(address, "/login", "POST", sent, **form)[0] == 302
        assert asked == 200
        codes = [answer(address, f"/?token=guess{i}")[0] for i in range(12)]
        assert codes[:10].count(429) == 0
        assert codes[10:] == [429, 429]
        assert answer(address, "/login", "POST", sent, **form)[0] == 429
        assert answer(address, **known)[0] == 429  # a right one has to wait too
