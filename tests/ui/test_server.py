"""What the server refuses before it starts."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from mmmlib.ground.errors import MMMError, StoreError
from mmmlib.ui.server.app import serve


def test_a_port_in_use_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("MMM_ROOT", "")  # serve() sets it for its kernels
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MMMError, match=f"port {port} of 127.0.0.1 is in use.*--port"):
            serve("127.0.0.1", port, str(tmp_path))


def test_a_port_that_is_none_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("MMM_ROOT", "")
    with pytest.raises(MMMError, match="70000 is no port"):
        serve("127.0.0.1", 70000, str(tmp_path))


def test_a_root_without_a_store_is_said():
    with pytest.raises(StoreError, match="no store for nowhere://"):
        serve("127.0.0.1", 0, "nowhere://bucket")


@pytest.mark.parametrize("base_url", ["a b", "/../x", "//evil.example", "http://x"])
def test_a_base_url_that_is_no_path_is_said(base_url, tmp_path):
    with pytest.raises(MMMError, match="is no path; write one such as /mmm/"):
        serve("127.0.0.1", 0, str(tmp_path), base_url=base_url)


def test_the_kernel_stays_light():
    """Neither papermill nor matplotlib nor an engine's compiler in every open tab."""
    heavy = (
        "papermill",
        "matplotlib",
        "numba",
        "prophet",
        "nevergrad",
        "voila",
        "duckdb",
        "pandas",
    )
    code = (
        "import sys; import mmmlib.ui.dashboard; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
