"""Secrets are hidden in every form in which they might be written."""

from __future__ import annotations

import base64
import json
import pickle
from urllib.parse import quote

import pytest

from mmmlib.ground.secrets import HIDDEN, Secret, register, scrub

PASSWORD = 'pä"ss w\\örd/+1'


@pytest.mark.parametrize(
    "written",
    [
        PASSWORD,
        repr(PASSWORD),
        json.dumps({"password": PASSWORD}),
        json.dumps(PASSWORD, ensure_ascii=False),
        f"https://user:{quote(PASSWORD, safe='')}@host",
        base64.b64encode(PASSWORD.encode()).decode(),
    ],
)
def test_disguises_are_hidden(written: str) -> None:
    register(PASSWORD)
    scrubbed = scrub(f"before {written} after")
    assert HIDDEN in scrubbed
    assert "rd/+1" not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


def test_lines_of_a_key_are_hidden_but_not_its_frame() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFS\nU1RVVldYWVoxMjM0NTY3ODkw\n"
    Secret(key)
    scrubbed = scrub("-----BEGIN PRIVATE KEY----- line U1RVVldYWVoxMjM0NTY3ODkw")
    assert scrubbed == f"-----BEGIN PRIVATE KEY----- line {HIDDEN}"


def test_the_longest_is_hidden_first() -> None:
    register("correct-horse")
    register("correct-horse-battery")
    assert scrub("correct-horse-battery!") == f"{HIDDEN}!"


def test_a_short_secret_does_not_ruin_words() -> None:
    register("tv9")
    assert scrub("channel tv95 password tv9.") == f"channel tv95 password {HIDDEN}."


def test_secrets_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "from-the-environment")
    monkeypatch.setenv("SNOWFLAKE_TOKEN_FILE_PATH", "/run/token")
    assert scrub("from-the-environment /run/token") == f"{HIDDEN} /run/token"
    monkeypatch.setenv("DB_PWD", "of-the-database")
    monkeypatch.setenv("PWD", "/home/ada/mmm")  # the shell's working directory
    assert scrub("of-the-database in /home/ada/mmm") == f"{HIDDEN} in /home/ada/mmm"


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("do-not-show")
    assert secret.reveal() == "do-not-show"
    assert "do-not-show" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_nothing_is_no_secret() -> None:
    register(" ")
    assert scrub("a b") == "a b"
