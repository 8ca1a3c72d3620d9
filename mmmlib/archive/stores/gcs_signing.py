"""V4 signed URLs: with the key of a service account, or without one through IAM's ``signBlob``.

On Cloud Run there is no key; the account signs for itself, which needs
``iam.serviceAccounts.signBlob`` (``roles/iam.serviceAccountTokenCreator``) on itself.
"""

from __future__ import annotations

import base64
import datetime as dt
import mimetypes
import os
from typing import Any

from google.auth import credentials as google_credentials
from google.auth.transport.requests import Request

VALID_FOR = dt.timedelta(minutes=60)
TIMEOUT_SECONDS = 10.0
DATA_URI_LIMIT = 32_000_000  # bytes; browsers refuse or freeze on much more


class KeylessSigner(google_credentials.Signing):  # type: ignore[misc]  # google has no types
    """Signs as a service account through IAM, for credentials that hold no key."""

    def __init__(self, credentials: Any, email: str) -> None:
        from google.auth import iam

        self._email = email
        self._signer = iam.Signer(_bounded(Request()), credentials, email)

    def sign_bytes(self, message: bytes) -> bytes:
        signature: bytes = self._signer.sign(message)
        return signature

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> Any:
        return self._signer


def signer_of(credentials: Any) -> Any:
    """Return what signs with these credentials; ``None`` where nothing can.

    A person's own login cannot sign, except in the name of the account in
    ``RUN_SERVICE_ACCOUNT_EMAIL``.
    """
    if isinstance(credentials, google_credentials.AnonymousCredentials):
        return None
    if isinstance(credentials, google_credentials.Signing):
        return credentials
    email = os.environ.get("RUN_SERVICE_ACCOUNT_EMAIL", "")
    if not email:
        if getattr(credentials, "service_account_email", "") == "default":
            credentials.refresh(_bounded(Request()))  # the metadata server tells who we are
        email = getattr(credentials, "service_account_email", "") or ""
    return KeylessSigner(credentials, email) if "@" in email else None


def signed_url(blob: Any, signer: Any, endpoint: str) -> str:
    """Return a V4 URL that reads an object for 60 minutes without any login."""
    url: str = blob.generate_signed_url(
        version="v4",
        expiration=VALID_FOR,
        method="GET",
        credentials=signer,
        api_access_endpoint=endpoint,
    )
    return url


def data_uri(key: str, data: bytes) -> str:
    """Return the bytes themselves as a link."""
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _bounded(request: Any) -> Any:
    """A transport whose every request ends; the default waits two minutes."""

    def bounded(*args: Any, **kwargs: Any) -> Any:
        return request(*args, **{"timeout": TIMEOUT_SECONDS, **kwargs})

    return bounded
