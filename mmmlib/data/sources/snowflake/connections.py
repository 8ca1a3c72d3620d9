"""Connections by name: typed for a first try, the environment, connections.toml, Secret Manager."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmlib.data.sources.snowflake.profile import KNOWN, SECRETS, TYPED, Profile, profile_of
from mmmlib.ground import Secret, SnowflakeError, settings

ENVIRONMENT = "environment"  # a name that no file may take
TYPED_PREFIX, ENVIRONMENT_PREFIX = "MMM_TYPED_", "SNOWFLAKE_"
SECRET_PREFIX = "mmm-snowflake-"  # of the secrets that are whole connections


@dataclass(frozen=True)
class TypedConnection:
    """What a person types for a first try; it lives in memory and is never written.

    It serves previews and runs on this machine, as the connection ``typed``: :meth:`use` makes it
    known to this process, :meth:`environment` hands it to a child process.
    """

    account: str
    user: str
    role: str = ""
    warehouse: str = ""
    database: str = ""
    schema: str = ""
    password: str = field(default="", repr=False)
    passcode: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    protocol: str = ""

    def __post_init__(self) -> None:
        for name in SECRETS:
            Secret(getattr(self, name, ""))  # registered at once

    def values(self) -> dict[str, str]:
        """The keys that were filled in; a token alone is a programmatic access token."""
        filled = {key: value for key, value in vars(self).items() if value}
        if self.token and not self.password:
            filled["authenticator"] = "PROGRAMMATIC_ACCESS_TOKEN"
        return filled

    def use(self) -> None:
        """Let the name ``typed`` mean this connection, in this process."""
        global _typed
        _typed = self

    def environment(self) -> dict[str, str]:
        """Variables for a child process that runs a job with this connection."""
        return {f"{TYPED_PREFIX}{key.upper()}": value for key, value in self.values().items()}


_typed: TypedConnection | None = None


def connection(name: str = "") -> Profile:
    """Find a connection by its name and check that it is complete.

    Parameters
    ----------
    name : str
        ``typed``, ``environment``, one of ``connections.toml``, or one of Secret Manager. Empty
        takes the environment's where it names an account, else the file's default.

    Raises
    ------
    SnowflakeError
        Of kind ``name``: there is none, with those there are; of kind ``profile``: it is not
        complete.
    """
    wanted = name or _default()
    if wanted == TYPED:
        return _typed_profile().checked()
    if wanted == ENVIRONMENT:
        given = _variables(ENVIRONMENT_PREFIX)
        if not given:
            raise SnowflakeError("name", "connection environment: no variable SNOWFLAKE_* is set")
        return profile_of(ENVIRONMENT, "the environment", given, _fetched).checked()
    file = _file()
    if wanted in file:
        return profile_of(wanted, str(_path()), file[wanted], _fetched).checked()
    if settings().google_cloud_project:
        found = _secret_manager_profile(wanted)
        if found:
            return found.checked()
    there = ", ".join(each.name for each in known_connections()) or "none"
    looked = f"{_path()} and the environment"
    if project := settings().google_cloud_project:
        looked += f", and no secret {SECRET_PREFIX}{wanted} in project {project}"
    raise SnowflakeError(
        "name", f"connection: {wanted!r} is not known; there is {there} (looked in {looked})"
    )


def known_connections() -> list[Profile]:
    """Every connection known here, complete or not; Secret Manager is only asked by name."""
    found = []
    if _typed or _variables(TYPED_PREFIX):
        found.append(_typed_profile())
    if given := _variables(ENVIRONMENT_PREFIX):
        found.append(profile_of(ENVIRONMENT, "the environment", given))
    return found + [profile_of(name, str(_path()), given) for name, given in _file().items()]


def _typed_profile() -> Profile:
    given = _typed.values() if _typed else _variables(TYPED_PREFIX)
    if not given:
        raise SnowflakeError(
            "name",
            "connection typed: what was typed is gone with its session; type it again, or write a "
            "profile into connections.toml (docs/snowflake.md)",
        )
    return profile_of(TYPED, "typed", given)


def _default() -> str:
    if os.environ.get("SNOWFLAKE_ACCOUNT"):
        return ENVIRONMENT
    return os.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "") or "default"


def _variables(prefix: str) -> dict[str, str]:
    """Variables that are keys of a profile; SNOWFLAKE_HOME and the like are none."""
    names = {*KNOWN, "private_key_path", "private_key_passphrase", "private_key_raw"}
    return {
        name: value
        for name in sorted(names)
        if (value := os.environ.get(f"{prefix}{name.upper()}", ""))
    }


def _path() -> Path:
    """Where the connector and its tools keep ``connections.toml``."""
    if home := settings().snowflake_home:
        return home.expanduser() / "connections.toml"
    own = Path("~/.snowflake").expanduser()
    return (own if own.is_dir() else Path("~/.config/snowflake").expanduser()) / "connections.toml"


def _file() -> dict[str, Mapping[str, Any]]:
    """The profiles of the file; one with secrets that others can read is refused."""
    path = _path()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SnowflakeError("profile", f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # the parser's message may quote a line that holds a secret: only its place is told
        place = str(error).rpartition("(")[2].rstrip(")") if "(" in str(error) else "its text"
        raise SnowflakeError("profile", f"{path} is no TOML: look at {place}") from None
    profiles: dict[str, Mapping[str, Any]] = {
        name: given for name, given in found.items() if isinstance(given, dict)
    }
    holds = any(key.lower() in SECRETS for given in profiles.values() for key in given)
    if holds and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SnowflakeError(
            "profile", f"{path} holds secrets that others can read; chmod 600 {path}"
        )
    return profiles


def _fetched(name: str) -> str:
    from mmmlib.data.sources.snowflake.secret_manager import read_secret

    text = read_secret(name)
    if text is None:
        raise SnowflakeError("name", f"secret:{name} does not exist in Secret Manager")
    return text


def _secret_manager_profile(name: str) -> Profile | None:
    """A whole connection as TOML in one secret."""
    from mmmlib.data.sources.snowflake.secret_manager import read_secret

    text = read_secret(f"{SECRET_PREFIX}{name}")
    if text is None:
        return None
    Secret(text)
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise SnowflakeError(
            "profile", f"secret {SECRET_PREFIX}{name} is no TOML with the keys of a connection"
        ) from None
    return profile_of(name, "Secret Manager", given, _fetched)
