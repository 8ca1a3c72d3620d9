"""A connection to one bucket: login, patience, and failures told in words."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from mmmlib.archive.stores.encoding import key_parts
from mmmlib.ground import StoreError

READ_SECONDS = 30.0  # how long an answer is waited for, all attempts together
WRITE_SECONDS = 120.0  # a result is worth more patience than a page
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 5.0, 20.0  # seconds, of one attempt
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 8.0  # seconds between attempts, doubling
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_OWN_CREDENTIALS = ("GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST")

Timeout = tuple[float, float]
T = TypeVar("T")


class Connection:
    """Objects of a bucket below a prefix. Nothing is asked of the storage before the first call.

    ``STORAGE_EMULATOR_HOST`` leads to another server of the same API, without a login unless one
    is named in the environment.

    Attributes
    ----------
    name, prefix, root : str
        The bucket, the start of every object's name (empty or ending in ``/``), and both as a URL.
    answered : bool
        Something succeeded, so the bucket is there.
    """

    def __init__(self, root: str, connections: int) -> None:
        bucket, _, prefix = root.removeprefix("gs://").partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise StoreError(
                f"root {root[:120]!r}: {bucket[:80]!r} is no name of a bucket; write "
                "gs://bucket or gs://bucket/folder"
            )
        self.name = bucket
        self.prefix = self.folder(prefix.strip("/"), below="")
        self.root = f"gs://{bucket}/{self.prefix}".rstrip("/")
        self.answered = False
        self._connections = connections
        self._lock = threading.Lock()
        self._made: Any = None

    def folder(self, key: str, below: str | None = None) -> str:
        """Start of the names of all objects in a folder."""
        start = self.prefix if below is None else below
        return start + "".join(f"{part}/" for part in key_parts(key))

    def blob(self, key: str) -> Any:
        """The client's object of a key; nothing is read."""
        return self.client.bucket(self.name).blob(self.prefix + "/".join(key_parts(key)))

    def place(self, key: str) -> str:
        """A key as a person would look for it."""
        return f"{self.root}/{key}".rstrip("/")

    def call(
        self,
        action: str,
        key: str,
        permission: str,
        attempt: Callable[[Timeout], T],
        seconds: float | None = None,
    ) -> T:
        """Try until it succeeds, fails for good, or the deadline has come.

        Parameters
        ----------
        action, key, permission : str
            What is done, to what, and what it needs: for the message.
        attempt : callable
            One attempt, given its timeouts for connecting and for an answer, in seconds.
        seconds : float, optional
            Deadline of all attempts; ``READ_SECONDS`` when it is left out.

        Raises
        ------
        StoreError
            It failed. The client's ``NotFound`` and ``PreconditionFailed`` are answers: they go on.
        """
        from google.api_core.exceptions import NotFound, PreconditionFailed

        from mmmlib.archive.stores.gcs_errors import FAILURES, explained

        started, limit = time.monotonic(), READ_SECONDS if seconds is None else seconds

        def within() -> T:
            left = started + limit - time.monotonic()
            return attempt((CONNECT_TIMEOUT, min(max(left, 1.0), ANSWER_TIMEOUT)))

        try:
            answer: T = patience(limit)(within)()
        except (NotFound, PreconditionFailed):
            raise
        except FAILURES as error:
            spent = time.monotonic() - started
            raise explained(
                error, action, self.place(key), permission, self._who(), spent
            ) from error
        self.answered = True
        return answer

    @property
    def client(self) -> Any:
        """The client, logged in; made once."""
        with self._lock:
            if self._made is None:
                self._made = _client(self._connections)
            return self._made

    def _who(self) -> str:
        """Account that acts, where the credentials tell it."""
        credentials = getattr(self._made, "_credentials", None)
        name = str(getattr(credentials, "service_account_email", "") or "")
        return name if "@" in name else ""


def patience(seconds: float) -> Any:
    """How what may pass by itself is tried again."""
    from google.api_core.retry import Retry

    from mmmlib.archive.stores.gcs_errors import passes

    return Retry(predicate=passes, initial=FIRST_PAUSE, maximum=LONGEST_PAUSE, timeout=seconds)


def _client(connections: int) -> Any:
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage
    from requests.adapters import HTTPAdapter

    emulated = "STORAGE_EMULATOR_HOST" in os.environ
    if emulated and not any(os.environ.get(name) for name in _OWN_CREDENTIALS):
        credentials: Any = AnonymousCredentials()
    else:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    client = storage.Client(project=None, credentials=credentials)
    client._bucket_metadata_cache = None  # it would ask for the bucket behind our back, for traces
    for scheme in ("https://", "http://"):  # ten connections are kept by default
        client._http.mount(scheme, HTTPAdapter(pool_maxsize=connections))
    return client
