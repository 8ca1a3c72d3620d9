"""A dashboard served as `mmm app` does, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SAMPLE = Path(__file__).parents[1] / "ui" / "sample_archive.py"
_APP = "import sys; from mmmlib.cli import main; sys.argv[0] = 'mmm'; main()"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name where there is no browser."""
    if CHROMIUM:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@dataclass(frozen=True)
class Served:
    """A running server: its address, its process, its archive, and the lines it has said."""

    url: str
    process: subprocess.Popen[str]
    root: str
    said: list[str] = field(default_factory=list)


@contextmanager
def serving(root: str, *arguments: str, port: int = 0, **variables: str) -> Iterator[Served]:
    """`mmm app` on a free port; leaving it ends the server as Ctrl-C does."""
    command = [sys.executable, "-c", _APP, "app", "--port", str(port), "--root", root, *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables},
    ) as process:
        said: list[str] = []
        try:
            assert process.stdout
            for line in process.stdout:
                said.append(line)
                if "dashboard is on" in line:
                    break
            address = re.search(r"http://\S+", said[-1] if said else "")
            assert address, f"the server did not start: {said}"
            # a pipe that nobody reads fills, and the server waits
            threading.Thread(target=said.extend, args=[process.stdout], daemon=True).start()
            yield Served(address[0], process, root, said)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Start another server."""
    return serving


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive with one run of each end."""
    folder = str(tmp_path_factory.mktemp("archive"))
    subprocess.run([sys.executable, str(_SAMPLE), folder, "ended"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def served(root: str) -> Iterator[Served]:
    """The dashboard of that archive; it has nothing to complain of, its end included."""
    with serving(root) as server:
        yield server
    said = "".join(server.said)
    assert "Traceback" not in said, said


@pytest.fixture
def going(root: str) -> Iterator[subprocess.Popen[str]]:
    """A run that searches until somebody cancels it; its id is the first line of its output."""
    command = [sys.executable, str(_SAMPLE), root, "going"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


class Browser:
    """Headless Chromium, whose tabs wait as long as a busy machine may need."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium

    def new_context(self, **options: Any) -> Any:
        context = self._chromium.new_context(**options)
        context.set_default_timeout(1000 * PATIENCE)
        return context

    def new_page(self, **options: Any) -> Any:
        page = self._chromium.new_page(**options)
        page.set_default_timeout(1000 * PATIENCE)
        return page


def leave(page: Any) -> None:
    """Close a tab as a person does: it says so to its server, and then it is gone."""
    with page.expect_event("close"):
        page.close(run_before_unload=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield Browser(chromium)
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Any]:
    """A tab in which no script fails and nothing is asked of the network outside."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    tab = context.new_page()
    trouble: list[str] = []
    outside: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on(
        "console",
        lambda message: trouble.append(message.text) if message.type == "error" else None,
    )
    tab.on(
        "dialog",
        lambda dialog: (
            dialog.accept()  # a form that is left asks
            if dialog.type == "beforeunload"
            else (trouble.append(f"dialog {dialog.message}"), dialog.dismiss())
        ),
    )
    tab.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else outside.append(request.url)
        ),
    )
    yield tab
    leave(tab)
    context.close()
    assert trouble == []
    assert outside == []
