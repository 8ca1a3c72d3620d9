"""What is typed into a dashboard that others reach connects to Snowflake and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmmlib.data.sources.snowflake import connections
from mmmlib.data.sources.snowflake.connections import TypedConnection, connection
from mmmlib.data.sources.snowflake.diagnose import diagnosed
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import SnowflakeError

GIVEN = {"account": "ACME-MARKETING", "user": "ada", "password": "hunter2-hunter2"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(connections, "_typed", None)
    monkeypatch.setenv("MMM_ONLY_ROOT", "gs://ours")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "typed",
    [
        {"host": "127.0.0.1"},
        {"host": "metadata.google.internal"},
        {"host": "x.snowflakecomputing.com.evil.example"},
        {"host": "evil.example/x.snowflakecomputing.com"},
        {"host": "evil.example#.snowflakecomputing.com"},
        {"host": "snowflakecomputing.com@evil.example"},
        {"host": "acme.snowflakecomputing.com", "protocol": "http"},
        {"port": "8080"},
        {"protocol": "http"},
        {"account": "evil.example/"},
        {"account": "127.0.0.1:80/"},
        {"account": "a@b"},
    ],
)
def test_no_way_into_the_network(served: None, typed: dict[str, str]) -> None:
    TypedConnection(**{**GIVEN, **typed}).use()
    with pytest.raises(SnowflakeError, match="connection typed") as refused:
        connection("typed")
    assert refused.value.kind == "profile"


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"account": "xy12345.eu-west-1"},
        {"host": "xy12345.eu-west-1.snowflakecomputing.com", "protocol": "https", "port": "443"},
        {"host": "acme.privatelink.snowflakecomputing.com"},
    ],
)
def test_snowflake_is_reached(served: None, typed: dict[str, str]) -> None:
    TypedConnection(**{**GIVEN, **typed}).use()
    assert connection("typed").values["user"] == "ada"


def test_what_answers_is_not_read_out(served: None) -> None:
    TypedConnection(**GIVEN).use()
    profile = connection("typed")
    error = OSError("404 Not Found: the inner page says PAYROLL")
    assert "PAYROLL" not in str(diagnosed(error, profile, connecting=True))


def test_on_ones_own_machine_any_address_is_ones_own_affair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_typed", None)
    TypedConnection(**GIVEN, host="127.0.0.1", port="8080", protocol="http").use()
    assert connection("typed").values["host"] == "127.0.0.1"
