"""Logging in, in every way, and saying what failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmmlib.cli import main
from mmmlib.data.sources.snowflake import connections as named_connections
from mmmlib.data.sources.snowflake.connections import TypedConnection, connection, known_connections
from mmmlib.data.sources.snowflake.preview import Step, try_connection
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import SnowflakeError
from tests.servers import running
from tests.servers.running import ACCOUNT, CLIENT_SECRET, PASSCODE, PASSWORD, SnowflakeServer
from tests.servers.secret_manager import secret_manager

Write = Callable[..., None]
SECRETS = (PASSWORD, running.TOKEN, running.PASSPHRASE, CLIENT_SECRET, running.ATTESTATION)
NO_KEY: dict[str, Any] = {"private_key_file": None, "private_key_file_pwd": None}


@pytest.fixture
def profiles(snowflake: SnowflakeServer, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write connections.toml; nothing is left of the environment's connection."""
    for name in [name for name in os.environ if name.startswith("SNOWFLAKE_")]:
        if name != "SNOWFLAKE_HOME":
            monkeypatch.delenv(name)
    path = Path(os.environ["SNOWFLAKE_HOME"]) / "connections.toml"

    def write(mode: int = 0o600, **tables: dict[str, Any]) -> None:
        path.parent.mkdir(exist_ok=True)
        lines: list[str] = []
        for name, values in tables.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        path.write_text("\n".join(lines))
        path.chmod(mode)

    return write


def last(name: str = "here", **asked: Any) -> Step:
    """The last step of a connection's test; no secret is in any message."""
    steps = try_connection(name, **asked)
    for secret in SECRETS:
        assert secret not in repr(steps)
    return steps[-1]


def test_a_key_pair_logs_in(snowflake: SnowflakeServer, profiles: Write) -> None:
    profiles(
        here=snowflake.profile(),
        open=snowflake.profile(
            private_key_file=str(snowflake.folder / "open.p8"), private_key_file_pwd=None
        ),
        text=snowflake.profile(private_key=(snowflake.folder / "open.p8").read_text(), **NO_KEY),
    )
    for name in ("here", "open", "text"):
        assert last(name).kind == ""
    assert {each["how"] for each in snowflake.log() if "how" in each} == {"SNOWFLAKE_JWT"}


@pytest.mark.parametrize(
    ("how", "values"),
    [
        ("PROGRAMMATIC_ACCESS_TOKEN", {"token": running.TOKEN}),
        ("OAUTH", {"oauth_client_id": "trainer-app", "oauth_client_secret": CLIENT_SECRET}),
        ("USERNAME_PASSWORD_MFA", {"user": "careful", "password": PASSWORD, "passcode": PASSCODE}),
        ("SNOWFLAKE", {"password": PASSWORD}),
    ],
)
def test_each_way_logs_in_and_is_refused_with_another_secret(
    snowflake: SnowflakeServer, profiles: Write, how: str, values: dict[str, str]
) -> None:
    if "oauth_client_id" in values:
        url = f"http://127.0.0.1:{snowflake.port}/oauth/token"
        values = {**values, "oauth_token_request_url": url, "oauth_scope": "session:role:READER"}
    (secret,) = [key for key in values if key in ("token", "password", "oauth_client_secret")]
    wrong = {**values, secret: "quite-another-secret"}
    profiles(here=snowflake.profile(**NO_KEY | values), other=snowflake.profile(**NO_KEY | wrong))
    assert last("here").kind == ""
    assert connection("here").method.authenticator.startswith(how)
    on_the_wire = how.replace("USERNAME_PASSWORD_MFA", "SNOWFLAKE")  # with its passcode
    assert [each["how"] for each in snowflake.log() if "how" in each] == [on_the_wire]
    assert snowflake.log()[-1]["user"] in ("TRAINER", "CAREFUL")
    refused = last("other")
    assert (refused.title, refused.kind) == ("login", "login")
    assert "quite-another-secret" not in refused.message


def test_workload_identity_logs_in(
    snowflake: SnowflakeServer, profiles: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test server stands in for Google's metadata server, whose address is fixed."""
    from snowflake.connector import wif_util

    metadata = f"http://127.0.0.1:{snowflake.port}/metadata"
    monkeypatch.setattr(wif_util, "GCP_METADATA_SERVICE_ACCOUNT_BASE_URL", metadata)
    monkeypatch.setenv("SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES", "127.0.0.1")
    values = {**NO_KEY, "workload_identity_provider": "GCP"}
    profiles(here=snowflake.profile(authenticator="WORKLOAD_IDENTITY", **values))
    assert last().kind == ""
    assert [e["how"] for e in snowflake.log() if "how" in e] == ["WORKLOAD_IDENTITY"]


def test_a_browser_logs_in_on_a_desk_only(
    snowflake: SnowflakeServer, profiles: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    fetch = "import sys, urllib.request as r; r.urlopen(sys.argv[1]).read()"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{fetch}" "$@"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s &")  # & so that nobody waits for its end
    profiles(here=snowflake.profile(authenticator="externalbrowser", **NO_KEY))
    code = "from mmmlib.data.sources.snowflake.preview import try_connection as t; print(t('here'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert "kind='login'" not in done.stdout + done.stderr, done
    assert [e["how"] for e in snowflake.log() if "how" in e] == ["EXTERNALBROWSER"]
    monkeypatch.setenv("BROWSER", "")
    monkeypatch.setenv("PATH", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert "opens a browser, and there is none here" in done.stdout, done
    monkeypatch.setenv("K_SERVICE", "mmm-app")
    assert "opens a browser, and there is none here" in last().message


@pytest.mark.parametrize(
    ("values", "asked", "kind", "message"),
    [
        ({"account": "nobody"}, {}, "name", "no account 'nobody' answers"),
        ({"host": "no-such-host.invalid"}, {}, "name", "no account"),
        ({"port": 9}, {}, "network", "was not reached"),
        ({"user": "stranger"}, {}, "login", "refused the key pair of user 'stranger'"),
        ({"role": "ACCOUNTADMIN"}, {}, "role", "GRANT ROLE ACCOUNTADMIN TO USER trainer"),
        ({"warehouse": "HUGE"}, {}, "warehouse", "GRANT USAGE ON WAREHOUSE HUGE TO ROLE READER"),
        ({"database": "NOWHERE"}, {}, "database", "database NOWHERE does not exist"),
        ({}, {"table": "NOTHING"}, "table", "GRANT SELECT ON TABLE"),
        ({}, {"table": "WEEKLY", "columns": ("tv_s", "radio")}, "column", "no column radio; it"),
        ({}, {"table": "a b"}, "table", "is no DATABASE"),
    ],
)
def test_a_test_says_what_failed(
    snowflake: SnowflakeServer,
    profiles: Write,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, Any],
    asked: dict[str, Any],
    kind: str,
    message: str,
) -> None:
    monkeypatch.setenv("MMM_SNOWFLAKE_LOGIN_SECONDS", "1")
    settings.cache_clear()
    profiles(here=snowflake.profile(**values))
    step = last(**asked)
    assert step.kind == kind, step
    assert message in step.message
    assert step.seconds < 30


def test_a_suspended_warehouse_is_told(snowflake: SnowflakeServer, profiles: Write) -> None:
    why = "Warehouse 'TRAINING' cannot be resumed because resource monitor 'M' has exceeded"
    snowflake.fault("query-request", "refuse", code=90073, message=why, state="22000")
    profiles(here=snowflake.profile())
    step = last()
    assert (step.title, step.kind) == ("warehouse", "warehouse")
    assert "auto-resume or over its quota" in step.message
    assert "resource monitor 'M'" in step.message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"private_key_file": "/nowhere/key.p8"},
            "private_key_file /nowhere/key.p8 cannot be read",
        ),
        ({"private_key_file_pwd": None}, "is encrypted; give its private_key_file_pwd"),
        ({"private_key_file_pwd": "wrong-phrase"}, "private_key_file_pwd is wrong"),
        ({"account": None, "user": None}, "lacks account, user for key pair"),
        (NO_KEY, "has no way to log in; give private_key_file"),
        ({"authenticator": "oauth_code"}, "authenticator 'OAUTH_CODE' is not offered"),
    ],
)
def test_a_profile_that_is_not_complete_is_refused_before_it_connects(
    snowflake: SnowflakeServer, profiles: Write, values: dict[str, Any], message: str
) -> None:
    profiles(here=snowflake.profile(**values))
    step = last()
    assert (step.title, step.kind) == ("profile", "profile")
    assert message in step.message
    assert "wrong-phrase" not in step.message
    assert snowflake.log() == []


def test_an_unknown_name_is_told_those_there_are(
    snowflake: SnowflakeServer, profiles: Write
) -> None:
    profiles(here=snowflake.profile(), there=snowflake.profile())
    with pytest.raises(SnowflakeError, match="'elsewhere' is not known; there is here, there"):
        connection("elsewhere")
    with pytest.raises(SnowflakeError, match="'default' is not known"):
        connection()


def test_the_environment_is_the_default(snowflake: SnowflakeServer) -> None:
    assert connection().origin == "the environment"
    assert connection("environment").values["account"] == ACCOUNT
    assert [each.name for each in known_connections()] == ["environment"]


def test_a_file_that_others_can_read_is_refused(
    snowflake: SnowflakeServer, profiles: Write
) -> None:
    profiles(0o644, here=snowflake.profile())
    with pytest.raises(SnowflakeError, match="others can read; chmod 600"):
        connection("here")


def test_a_broken_file_is_told_without_its_secrets(
    snowflake: SnowflakeServer, profiles: Write
) -> None:
    profiles(here={})
    path = Path(os.environ["SNOWFLAKE_HOME"]) / "connections.toml"
    path.write_text('[here]\npassword = "never-show-this\n')
    with pytest.raises(SnowflakeError, match=r"is no TOML: look at .*line 2") as refused:
        connection("here")
    assert "never-show-this" not in str(refused.value)


def test_secret_manager_holds_keys_and_whole_connections(
    snowflake: SnowflakeServer, profiles: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "projects/acme/secrets/{}/versions/latest"
    key = (snowflake.folder / "open.p8").read_text()
    whole = "\n".join(
        f"{name} = {json.dumps(value)}"
        for name, value in snowflake.profile(private_key="secret:the-key", **NO_KEY).items()
    )
    secrets = {place.format("the-key"): key, place.format("mmm-snowflake-cloud"): whole}
    closed = place.format("mmm-snowflake-closed")
    profiles(here=snowflake.profile(private_key="secret:the-key", **NO_KEY))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme")
    with secret_manager(secrets, (closed,)) as address:
        monkeypatch.setenv("MMM_SECRET_MANAGER", address)
        settings.cache_clear()
        assert last("here").kind == ""
        assert connection("cloud").origin == "Secret Manager"
        assert last("cloud").kind == ""
        assert "grant roles/secretmanager.secretAccessor" in last("closed").message
        assert "no secret mmm-snowflake-nothing in project acme" in last("nothing").message
    # nothing is served any more
    assert key.splitlines()[3] not in repr(known_connections())


def test_a_typed_connection_stays_in_memory(
    snowflake: SnowflakeServer, profiles: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = TypedConnection(
        ACCOUNT,
        "trainer",
        role="READER",
        warehouse="TRAINING",
        database="MARKETING",
        password=PASSWORD,
        **{key: str(value) for key, value in snowflake.address.items()},
    )
    assert PASSWORD not in repr(typed)
    with pytest.raises(SnowflakeError, match="what was typed is gone"):
        connection("typed")
    monkeypatch.setattr(named_connections, "_typed", None)
    typed.use()
    assert last("typed").kind == ""
    for name, value in typed.environment().items():  # as a child process gets it
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(named_connections, "_typed", None)
    assert last("typed").kind == ""
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(PASSWORD in text for text in written)


def test_commands_list_and_test(snowflake: SnowflakeServer, profiles: Write) -> None:
    profiles(here=snowflake.profile(warehous="x"), bad=snowflake.profile(account=None))
    runner = CliRunner()
    listed = runner.invoke(main, ["connections", "list"])
    assert listed.exit_code == 0, listed.output
    assert "key pair" in listed.output
    assert "lacks account for key pair" in listed.output
    assert "without warehous, which nothing here reads" in listed.output
    good = runner.invoke(main, ["connections", "test", "here", "--table", "WEEKLY"])
    assert good.exit_code == 0, good.output
    assert good.output.count("ok ") == 5
    bad = runner.invoke(main, ["connections", "test", "here", "--table", "NOTHING"])
    assert bad.exit_code == 1
    assert "failed table (table)" in bad.output
    assert all(secret not in listed.output + good.output + bad.output for secret in SECRETS)


def test_commands_preview_and_clear(
    snowflake: SnowflakeServer, make_job: Callable[..., Any], tmp_path: Path
) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(make_job(source="snowflake", file="", table="WEEKLY").to_yaml())
    runner = CliRunner()
    picture = str(tmp_path / "p.png")
    seen = runner.invoke(main, ["data", "preview", str(job), "--picture", picture])
    assert seen.exit_code == 0, seen.output
    assert "208 rows of 12 columns, DATE from 2015-11-23 to 2019-11-11" in seen.output
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert runner.invoke(main, ["job", "check", str(job)]).exit_code == 0
    kept = runner.invoke(main, ["cache", "list"])
    assert "READER" in kept.output
    assert runner.invoke(main, ["cache", "clear"]).output == "removed 1 extraction\n"
