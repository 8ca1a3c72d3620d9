"""Secrets of Google Secret Manager."""

from __future__ import annotations

import re
from typing import Any

from mmmlib.ground import SnowflakeError, settings

SECONDS = 20.0


def read_secret(name: str) -> str | None:
    """Read the newest version of a secret; ``None`` where there is no such secret.

    Parameters
    ----------
    name : str
        A name in the project ``GOOGLE_CLOUD_PROJECT``, or ``projects/P/secrets/S`` with or
        without ``/versions/V``.

    Raises
    ------
    SnowflakeError
        It may not be read, or Secret Manager was not reached.
    """
    from google.api_core import exceptions as google
    from google.auth.exceptions import GoogleAuthError

    path = name
    if not name.startswith("projects/"):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            return None  # no secret can be called so
        if not settings().google_cloud_project:
            raise SnowflakeError(
                "profile", f"secret:{name}: set GOOGLE_CLOUD_PROJECT, or write projects/…/secrets/…"
            )
        path = f"projects/{settings().google_cloud_project}/secrets/{name}"
    if "/versions/" not in path:
        path += "/versions/latest"
    try:
        answer = _client().access_secret_version(name=path, timeout=SECONDS)
        return str(answer.payload.data.decode())
    except google.NotFound:
        return None
    except google.PermissionDenied:
        raise SnowflakeError(
            "profile",
            f"{path} may not be read; grant roles/secretmanager.secretAccessor to this account",
        ) from None
    except (google.GoogleAPIError, GoogleAuthError) as error:
        said = getattr(error, "message", "") or type(error).__name__
        raise SnowflakeError("network", f"Secret Manager cannot be asked: {said}") from None


def _client() -> Any:
    from google.cloud import secretmanager

    if not (address := settings().mmm_secret_manager):
        return secretmanager.SecretManagerServiceClient()
    import grpc
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceGrpcTransport,
    )

    transport = SecretManagerServiceGrpcTransport(channel=grpc.insecure_channel(address))
    return secretmanager.SecretManagerServiceClient(transport=transport)
