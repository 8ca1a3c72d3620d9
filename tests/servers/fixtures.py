"""Fixtures of the servers; a conftest that needs them imports them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.servers.storage import make_bucket, storage_server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one server for all tests; each has a bucket of its own."""
    with storage_server(tmp_path_factory.mktemp("gcs") / "server.log") as address:
        yield address


@pytest.fixture
def gcs_root(gcs_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Root in a new bucket; this process and its children find the server."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)
    bucket = f"bucket-{next(_numbers)}"
    make_bucket(gcs_server, bucket)
    return f"gs://{bucket}/archive"
