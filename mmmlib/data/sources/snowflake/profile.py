"""A connection profile: where, as whom and how to log in; checked before anything connects."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmlib.ground import Secret, SnowflakeError, settings

SECRETS = (
    "password",
    "passcode",
    "private_key",
    "private_key_file_pwd",
    "token",
    "oauth_client_secret",
)
PLACES = ("account", "user", "role", "warehouse", "database", "schema", "host", "protocol")
OTHERS = (
    "authenticator",
    "private_key_file",
    "token_file_path",
    "oauth_client_id",
    "oauth_token_request_url",
    "oauth_scope",
    "workload_identity_provider",
    "port",
)
KNOWN = (*PLACES, *OTHERS, *SECRETS)
_ALIASES = {
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
    "private_key_raw": "private_key",
    "accountname": "account",
    "username": "user",
    "rolename": "role",
    "warehousename": "warehouse",
    "dbname": "database",
    "databasename": "database",
    "schemaname": "schema",
}


@dataclass(frozen=True)
class Method:
    """A way to log in: its name, the connector's word for it, and what it needs."""

    title: str
    authenticator: str
    needs: tuple[tuple[str, ...], ...]  # of each tuple one
    user: bool = True


TYPED = "typed"  # the connection that a person typed; no file may take its name
_HOST = re.compile(r"([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)+snowflakecomputing\.(com|cn)", re.I)
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

METHODS = (
    Method("key pair", "SNOWFLAKE_JWT", (("private_key_file", "private_key"),)),
    Method(
        "programmatic access token", "PROGRAMMATIC_ACCESS_TOKEN", (("token", "token_file_path"),)
    ),
    Method(
        "OAuth client credentials",
        "OAUTH_CLIENT_CREDENTIALS",
        (("oauth_client_id",), ("oauth_client_secret",), ("oauth_token_request_url",)),
        user=False,
    ),
    Method(
        "workload identity", "WORKLOAD_IDENTITY", (("workload_identity_provider",),), user=False
    ),
    Method("external browser", "EXTERNALBROWSER", ()),
    Method("password and MFA", "USERNAME_PASSWORD_MFA", (("password",),)),
    Method("password", "SNOWFLAKE", (("password",),)),
)
_BY_AUTHENTICATOR = {method.authenticator: method for method in METHODS}


@dataclass(frozen=True)
class Profile:
    """A named connection.

    Attributes
    ----------
    name, origin : str
        As the job names it, and where it was found.
    values : mapping
        Keys of ``connections.toml``; those in :data:`SECRETS` are
        :class:`~mmmlib.ground.Secret`.
    ignored : tuple of str
        Keys that nothing here reads.
    """

    name: str
    origin: str
    values: Mapping[str, Any] = field(repr=False)
    ignored: tuple[str, ...] = ()

    @property
    def method(self) -> Method:
        """How it logs in: as it says, or the safest way for which it has what is needed."""
        said = str(self.values.get("authenticator", "")).upper()
        if said and said not in _BY_AUTHENTICATOR:
            ways = ", ".join(_BY_AUTHENTICATOR)
            raise self._wrong(f"authenticator {said!r} is not offered; use one of {ways}")
        if said:
            return _BY_AUTHENTICATOR[said]
        for method in METHODS:
            if method.authenticator == "USERNAME_PASSWORD_MFA" and not self.values.get("passcode"):
                continue
            if method.needs and all(any(self.values.get(k) for k in some) for some in method.needs):
                return method
        raise self._wrong(
            "has no way to log in; give private_key_file (a key pair), or token with authenticator "
            "PROGRAMMATIC_ACCESS_TOKEN, or another of docs/snowflake.md"
        )

    def checked(self) -> Profile:
        """The profile itself when it is complete; everything that is missing otherwise."""
        self._stay_with_snowflake()
        method = self.method
        missing = [] if self.values.get("account") else ["account"]
        if method.user and not self.values.get("user"):
            missing.append("user")
        missing += [
            " or ".join(some)
            for some in method.needs
            if not any(self.values.get(key) for key in some)
        ]
        if missing:
            raise self._wrong(f"lacks {', '.join(missing)} for {method.title}")
        if method.authenticator == "EXTERNALBROWSER" and not _has_browser():
            # the connector would ask for an address at a keyboard that nobody sits at
            raise self._wrong("opens a browser, and there is none here; use a key pair")
        if method.authenticator == "SNOWFLAKE_JWT":
            self.private_key()
        return self

    def _stay_with_snowflake(self) -> None:
        """What others type to a server connects to Snowflake with TLS, and nowhere else.

        Otherwise the server would ask machines that only it can reach, and tell what they say.
        """
        if self.name != TYPED or not settings().mmm_only_root:
            return
        given = {key: str(self.values.get(key, "")) for key in ("account", "host", "protocol")}
        if given["account"] and not _ACCOUNT.fullmatch(given["account"]):
            raise self._wrong("account is no account's name; write it as ORGANISATION-ACCOUNT")
        if given["host"] and not _HOST.fullmatch(given["host"]):
            raise self._wrong("host must end in .snowflakecomputing.com; leave it empty")
        if given["protocol"] not in ("", "https") or self.values.get("port") not in (None, 443):
            raise self._wrong("is https on port 443 only; leave protocol and port empty")

    def parameters(self) -> dict[str, Any]:
        """What the connector's ``connect`` takes; secrets are plain in it, so keep it short."""
        given = {key: value for key, value in self.checked().values.items() if key not in SECRETS}
        given["authenticator"] = self.method.authenticator
        wanted = {key for some in self.method.needs for key in some} | {"passcode"}
        for key in wanted & set(SECRETS):
            if secret := self.values.get(key):
                given[key] = secret.reveal()
        if path := given.pop("token_file_path", ""):
            given.setdefault("token", self._secret_file("token_file_path", path).decode().strip())
        given.pop("private_key_file", None)
        if self.method.authenticator == "SNOWFLAKE_JWT":
            given["private_key"] = self.private_key()
        if self.method.authenticator == "EXTERNALBROWSER":
            given["external_browser_timeout"] = 120
        return given

    def private_key(self) -> bytes:
        """The key as DER; a file that is no key, or needs another passphrase, is refused."""
        from cryptography.hazmat.primitives import serialization

        where = "private_key_file" if self.values.get("private_key_file") else "private_key"
        text = (
            self._secret_file(where, self.values[where])
            if where == "private_key_file"
            else self.values[where].reveal().replace("\\n", "\n").encode()
        )
        phrase = self.values.get("private_key_file_pwd")
        try:
            key = serialization.load_pem_private_key(
                text, password=phrase.reveal().encode() if phrase else None
            )
        except TypeError:
            do = "give its private_key_file_pwd" if not phrase else "leave private_key_file_pwd out"
            raise self._wrong(
                f"{where} {'is' if not phrase else 'is not'} encrypted; {do}"
            ) from None
        except ValueError:
            raise self._wrong(
                f"{where} is no private key in PEM, or private_key_file_pwd is wrong"
            ) from None
        return key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _secret_file(self, key: str, path: str) -> bytes:
        try:
            content = Path(path).expanduser().read_bytes()
        except OSError as error:
            raise self._wrong(f"{key} {path} cannot be read: {error.strerror}") from None
        Secret(content.decode(errors="replace"))  # registered: it may not be shown
        return content

    def _wrong(self, what: str) -> SnowflakeError:
        return SnowflakeError("profile", f"connection {self.name} ({self.origin}): {what}")


def _has_browser() -> bool:
    """Whether a person sits here: Cloud Run says of itself that it is no desk."""
    import webbrowser

    if os.environ.get("K_SERVICE"):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def profile_of(
    name: str,
    origin: str,
    given: Mapping[str, Any],
    fetch: Callable[[str], str] | None = None,
) -> Profile:
    """Make a profile of plain values; secrets are wrapped, and fetched where they are named.

    Parameters
    ----------
    given : mapping
        Keys as in ``connections.toml``, in any case.
    fetch : callable, optional
        Reads ``secret:NAME`` from Secret Manager.
    """
    values: dict[str, Any] = {}
    ignored = []
    for key, value in given.items():
        known = _ALIASES.get(key.lower(), key.lower())
        if known not in KNOWN:
            ignored.append(key)
        elif value in ("", None):
            continue
        elif known in SECRETS:
            text = str(value)
            if fetch and text.startswith("secret:"):
                text = fetch(text.removeprefix("secret:"))
            values[known] = Secret(text)
        else:
            values[known] = int(value) if known == "port" else str(value)
    return Profile(name, origin, values, tuple(ignored))
