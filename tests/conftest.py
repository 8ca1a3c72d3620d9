"""What every test may need: the shipped data, the demo job, an archive of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml
from hypothesis import settings

from mmmlib.archive.archive import Archive
from mmmlib.data.examples import demo_job_path, example_path
from mmmlib.job.parse import TrainingJob
from tests.servers.fixtures import (
    gcs_proxy,
    gcs_root,
    gcs_server,
    hasty,
    keyless,
    logins,
    with_key,
)

# fixtures for every test
__all__ = ["gcs_proxy", "gcs_root", "gcs_server", "hasty", "keyless", "logins", "with_key"]

# The same examples everywhere: a red test is red for everyone. `make test-all` looks for new ones.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")

if TYPE_CHECKING:
    from tests.servers.running import SnowflakeServer

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _interrupts_interrupt() -> Iterator[None]:
    """Ctrl-C raises in each test, whoever took it before.

    A shell that starts us in the background has SIGINT ignored, and so would all our children;
    Playwright's event loop catches it as long as a browser is open.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def snowflake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnowflakeServer]:
    """One server for all tests; it holds the shipped weekly data as MARKETING.PUBLIC.WEEKLY."""
    from tests.servers.running import running

    with running(tmp_path_factory.mktemp("snowflake")) as server:
        data = example_path("example:weekly")
        server.owner(f"CREATE TABLE WEEKLY AS FROM read_csv('{data}', header = true)")
        yield server


@pytest.fixture
def snowflake(
    snowflake_server: SnowflakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SnowflakeServer]:
    """The server without faults; the connection ``default`` of the environment leads to it."""
    from mmmlib.ground.environment import settings as own_settings

    snowflake_server.call("reset")
    for name in [name for name in os.environ if name.startswith(("SNOWFLAKE_", "MMM_TYPED_"))]:
        monkeypatch.delenv(name)
    for key, value in snowflake_server.profile().items():
        monkeypatch.setenv(f"SNOWFLAKE_{key.upper()}", str(value))
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MMM_SNOWFLAKE_LOGIN_SECONDS", "5")
    monkeypatch.setenv("MMM_SNOWFLAKE_NETWORK_SECONDS", "20")
    own_settings.cache_clear()
    yield snowflake_server
    own_settings.cache_clear()


@pytest.fixture
def demo_values() -> dict[str, Any]:
    """The demo job as plain values, to be changed at will."""
    values: dict[str, Any] = yaml.safe_load(demo_job_path().read_text())
    return values


@pytest.fixture
def make_job(demo_values: dict[str, Any], tmp_path: Path) -> Callable[..., TrainingJob]:
    """The demo job with other values; its archive is the test's own."""

    def make(**values: Any) -> TrainingJob:
        return TrainingJob.parse(demo_values | {"root": str(tmp_path / "archive")} | values)

    return make


@pytest.fixture
def job(make_job: Callable[..., TrainingJob]) -> TrainingJob:
    return make_job()


@pytest.fixture
def job_file(demo_values: dict[str, Any], tmp_path: Path) -> Callable[..., Path]:
    """Write the demo job with other values; its archive is the test's own."""

    def write(**values: Any) -> Path:
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump(demo_values | {"root": str(tmp_path / "archive")} | values))
        return path

    return write


@pytest.fixture
def archive(job: TrainingJob) -> Archive:
    return Archive(job.root)


@pytest.fixture
def weekly() -> pd.DataFrame:
    """The shipped weekly data as a source returns them."""
    return pd.read_csv(example_path("example:weekly"), float_precision="round_trip")
