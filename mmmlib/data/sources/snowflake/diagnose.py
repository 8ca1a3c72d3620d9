"""What the connector's errors mean for a person: what failed, and what to do."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.request import getproxies

from mmmlib.data.sources.snowflake.profile import TYPED, Profile
from mmmlib.ground import SnowflakeError, scrub, settings

# Numbers that Snowflake and its connector give, by what failed.
_KINDS = {
    "login": {
        390100, 390101, 390102, 390103, 390104, 390110, 390111, 390112, 390113, 390114, 390115,
        390144, 390191, 390195, 390303, 390318, 390422, 390432,
        394300, 394301, 394302, 394303, 394304, 394400, 394401, 394507,
        251005, 251006, 251008, 251010, 251013, 251014, 251015, 251017, 251018, 251020, 251021,
        250006, 250008,
    },
    "role": {390189, 390201},
    "name": {290403, 290404, 251001, 251009},
    "network": {250001, 250003, 250005, 251011, 251012, 252010, 252013, 290000},
    "warehouse": {606, 607, 608, 90073, 90064, 90109},
    "database": {90105, 90106},
    "table": {2003, 2043},
    "column": {904},
    "permission": {3001, 3540, 90095},
    "timeout": {630},
    "cancelled": {604, 605, 625},
    "sql": {1003, 1007, 2140, 100035, 100038, 100040, 100051},
}  # fmt: skip
_KIND_OF = {number: kind for kind, numbers in _KINDS.items() for number in numbers}
# Credentials, permissions, names and statements stay wrong however often they are tried; a
# statement that was stopped for its time would be stopped again.
_RETRYABLE = {"network", "service"}
_SESSION_GONE = {390104, 390112, 390114}  # a session that ended while it was used
_UNREACHED = re.compile(
    r"(?i)getaddrinfo|name or service not known|name resolution|failed to resolve|nodename"
)
_TRACE = re.compile(r"\s*(?:LINE \d+:.*|\n\s*\^.*)", re.S)
_ADVICE = {
    "name": "no account {account!r} answers at {host}; write it as ORGANISATION-ACCOUNT",
    "network": "{host} was not reached; is there a network, a proxy, or a network policy that "
    "does not know this machine?",
    "login": "Snowflake refused the {method} of user {user!r}; correct it, or ask who keeps the "
    "account",
    "role": "user {user!r} has no role {role!r}; GRANT ROLE {role} TO USER {user}",
    "warehouse": "warehouse {warehouse!r} does not run or may not be used; is it suspended, "
    "without auto-resume or over its quota? GRANT USAGE ON WAREHOUSE {warehouse} TO ROLE {role}",
    "database": "no database {database!r} and schema {schema!r}; write the table as "
    "DATABASE.SCHEMA.TABLE",
    "table": "the table does not exist, or role {role!r} may not read it; "
    "GRANT SELECT ON TABLE … TO ROLE {role}",
    "column": "there is no such column; names in double quotes count with their case",
    "permission": "role {role!r} may not do this; it needs USAGE on database, schema and "
    "warehouse, and SELECT on the table",
    "timeout": "the statement was stopped after {seconds} s; select less, use a larger warehouse, "
    "or set MMM_SNOWFLAKE_STATEMENT_SECONDS",
    "cancelled": "the statement was cancelled",
    "sql": "Snowflake does not understand the statement",
    "service": "Snowflake could not answer; try again in some minutes, and look at its status page",
}


def diagnosed(
    error: BaseException, profile: Profile, seconds: int = 0, connecting: bool = False
) -> SnowflakeError:
    """The connector's error as one of ours; what Snowflake said follows in brackets.

    Parameters
    ----------
    error : BaseException
        What the connector raised.
    seconds : int
        How long the statement might have run.
    connecting : bool
        Whether this was the login, which the connector itself has tried again and again.
    """
    kind = kind_of(error)
    values: dict[str, Any] = dict.fromkeys(("user", "role", "warehouse", "database", "schema"), "")
    values |= {key: value for key, value in profile.values.items() if key in (*values, "account")}
    host = profile.values.get("host") or f"{values.get('account')}.snowflakecomputing.com"
    if kind == "network" and connecting and _has_no_address(host):
        kind = "name"
    again = kind in _RETRYABLE or getattr(error, "errno", None) in _SESSION_GONE
    advice = _ADVICE[kind].format(
        **{key: value or "its default" for key, value in values.items()},
        host=host,
        method=profile.method.title,
        seconds=seconds,
    )
    # whatever answers at an address that somebody typed is not read out to them
    hidden = connecting and profile.name == TYPED and settings().mmm_only_root
    said = "" if hidden else _said(error)
    text = f"snowflake: {kind}: {advice}" + (f" ({said})" if said else "")
    return SnowflakeError(kind, scrub(text), again=again and not connecting)


def kind_of(error: BaseException) -> str:
    """What failed, by the number of the error, or by its class where it has none."""
    number = getattr(error, "errno", None)
    text = str(error)
    if number == 2043 and re.search(r"(?i)column", text):
        return "column"  # fakesnow's number for it; Snowflake's own is 904
    if number == 604 and "timeout" in text.lower():
        return "timeout"
    if number in _KIND_OF and not (number == 250001 and "Failed to connect to DB" in text):
        if _KIND_OF[number] == "network" and _UNREACHED.search(text):
            return "name"
        return _KIND_OF[number]
    if re.search(r"(?i)\brole\b.*not (?:exist|authorized)|not assigned to", text):
        return "role"
    if re.search(r"(?i)warehouse.*(?:suspend|resum|quota)", text):
        return "warehouse"
    if re.search(r"(?i)404 not found|404 client", text):
        return "name"
    if _UNREACHED.search(text):
        return "name"
    if re.search(r"(?i)incorrect username|token is invalid|invalid_client|authentication", text):
        return "login"
    if type(error).__module__.startswith(("requests", "urllib3", "snowflake.connector.vendored")):
        return "network"
    if type(error).__name__ in ("OperationalError", "InterfaceError") or number in range(
        290000, 290600
    ):
        return "network"
    if number in range(300000, 390000):
        return "service"  # Snowflake's own incidents
    return "sql" if type(error).__name__ == "ProgrammingError" else "service"


def _has_no_address(host: str) -> bool:
    """Whether a name is not known to the network; behind a proxy only the proxy knows."""
    if getproxies():
        return False
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror:
        return True
    return False


def _said(error: BaseException) -> str:
    """Snowflake's own sentence, on one line and without parser's art."""
    text = _TRACE.sub("", str(getattr(error, "msg", "") or error))
    return " ".join(text.split())[:300]
