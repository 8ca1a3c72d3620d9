"""Google's failures in words for the person who must act, and which of them pass by themselves."""

from __future__ import annotations

import re

import requests
import urllib3
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import _should_retry

from mmmlib.ground import StoreError

FAILURES = (
    api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException,
    urllib3.exceptions.HTTPError, InvalidResponse, DataCorruption, OSError,
)  # fmt: skip
_PERMISSION = re.compile(r"\bstorage\.[a-z]+\.[A-Za-z]+\b|\biam\.serviceAccounts\.[A-Za-z]+\b")
_DAMAGED = "doesn't match calculated"  # the server's word for a checksum that differs
LOG_IN = (
    "log in again with `gcloud auth application-default login`, or point "
    "GOOGLE_APPLICATION_CREDENTIALS to a valid key file"
)


def passes(error: BaseException) -> bool:
    """Say whether trying again may help: 408, 429, 5xx, connections, damage on the way."""
    if isinstance(error, DataCorruption):
        return True
    if isinstance(error, api.BadRequest):
        return _DAMAGED in str(error)
    if isinstance(error, auth.RefreshError):
        return bool(error.retryable)
    return bool(_should_retry(error))


def explained(
    error: BaseException, action: str, place: str, permission: str, who: str, seconds: float
) -> StoreError:
    """Return the error to raise instead.

    Parameters
    ----------
    error : Exception
        What the client raised.
    action, place : str
        What was tried, on what: ``write``, ``gs://bucket/key``.
    permission : str
        What the action needs, for an answer that does not say it.
    who : str
        Account of the credentials; empty when it is not known.
    seconds : float
        How long it was tried.
    """
    if isinstance(error, api.RetryError):
        error = error.cause or error
    start = f"cannot {action} {place}"
    if isinstance(error, auth.DefaultCredentialsError):
        return StoreError(f"{start}: no usable Google credentials were found; {LOG_IN}")
    if isinstance(error, auth.RefreshError | auth.InvalidOperation | api.Unauthorized):
        return StoreError(
            f"{start}: the Google credentials{_of(who)} are not accepted (any more): they have "
            f"expired, or were revoked; {LOG_IN}"
        )
    if isinstance(error, api.Forbidden):
        return StoreError(f"{start}: {_forbidden(str(error), permission, who)}")
    if isinstance(error, DataCorruption) or _DAMAGED in str(error):
        return StoreError(
            f"{start}: the bytes were damaged on the way, each time for {seconds:.0f} s (crc32c "
            "differs); nothing was taken over. Look for a proxy that changes them"
        )
    if isinstance(error, auth.TransportError) and (found := _PERMISSION.search(str(error))):
        return StoreError(f"{start}: {_forbidden(found[0], permission, who)}")  # of signBlob
    if passes(error):
        return StoreError(
            f"{start}: Google Cloud Storage could not be used for {seconds:.0f} s "
            f"({_kind(error)}); check the network and https://status.cloud.google.com, then try "
            "again"
        )
    return StoreError(f"{start}: {_first_line(error)}")


def no_bucket(bucket: str, action: str, place: str) -> StoreError:
    """The bucket of a root is not there."""
    return StoreError(
        f"cannot {action} {place}: there is no bucket {bucket!r}; correct the root, or create it: "
        f"`gcloud storage buckets create gs://{bucket} --uniform-bucket-level-access`"
    )


def _forbidden(said: str, permission: str, who: str) -> str:
    found = _PERMISSION.search(said)
    if not found and "billing" in said.lower():
        return f"the project's billing is off: {said.splitlines()[0]}"
    name = found[0] if found else permission
    role = (
        "roles/iam.serviceAccountTokenCreator on itself"
        if name.startswith("iam.")
        else "the role roles/storage.objectUser on the bucket"
    )
    return f"the permission {name} is missing; give {who or 'these credentials'} {role}"


def _kind(error: BaseException) -> str:
    """One word or two: ``503 Service Unavailable``, ``no connection``, ``no answer in time``."""
    if isinstance(error, auth.TransportError) and error.args:
        error = error.args[0] if isinstance(error.args[0], Exception) else error
    if isinstance(error, api.GoogleAPICallError) and error.code:
        return f"answer {int(error.code)}"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError | ConnectionError | urllib3.exceptions.HTTPError):
        return "no connection"
    return _first_line(error)


def _of(who: str) -> str:
    return f" of {who}" if who else ""


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
