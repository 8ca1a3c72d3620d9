"""Fixtures of the servers; a conftest that needs them imports them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.logins import Logins, login_server
from tests.servers.proxy import Proxy, proxy_to
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


@pytest.fixture
def gcs_proxy(gcs_root: str, gcs_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy between this process (and its children) and the storage server."""
    with proxy_to(gcs_server) as proxy:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.address)
        yield proxy


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Logins]:
    """Google's logins; IAM's signing is asked there too."""
    from google.auth import _regional_access_boundary_utils as boundaries, iam

    with login_server() as logins:
        account = f"{logins.address}/v1/projects/-/serviceAccounts/{{}}"
        monkeypatch.setattr(iam, "_IAM_SIGN_ENDPOINT", f"{account}:signBlob")
        monkeypatch.setattr(  # asked in the background at each login
            boundaries,
            "get_service_account_rab_endpoint",
            lambda email: account.format(email) + "/allowedLocations",
        )
        yield logins


@pytest.fixture
def with_key(
    logins: Logins, gcs_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Logins:
    """Logged in with the key file of a service account."""
    key = logins.key_file(tmp_path / "key.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key)
    return logins


@pytest.fixture
def keyless(logins: Logins, gcs_root: str, monkeypatch: pytest.MonkeyPatch) -> Logins:
    """Logged in as on Cloud Run: the metadata server gives tokens, nobody a key."""
    from google.auth.compute_engine import _metadata

    host = logins.address.removeprefix("http://")
    monkeypatch.setenv("GCE_METADATA_HOST", host)
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere")  # no login of the person who tests
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)  # read when it was imported
    return logins


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines a test can wait for."""
    from mmmlib.archive.stores import gcs_connection

    for name, seconds in (
        ("READ_SECONDS", 1.5), ("WRITE_SECONDS", 1.5), ("FIRST_PAUSE", 0.05),
        ("ANSWER_TIMEOUT", 0.7),
    ):  # fmt: skip
        monkeypatch.setattr(gcs_connection, name, seconds)
