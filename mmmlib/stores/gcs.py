"""A bucket of Google Cloud Storage as a store.

Every write is one request whose crc32c the server checks and we compare; above 8 MiB it is a
resumable upload in chunks. What may pass by itself (408, 429, 5xx, connections) is tried again
until a deadline, so that nothing hangs when the storage is away.
"""

from __future__ import annotations

import base64
import builtins
import gzip
import hashlib
import os
import re
import threading
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from mmmlib.errors import StoreError
from mmmlib.stores import StoredObject
from mmmlib.stores.content import Content, key_parts, stored

READ_SECONDS = 30.0  # how long an answer is waited for, all attempts together
WRITE_SECONDS = 120.0  # a result is worth more patience than a page
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 5.0, 20.0  # seconds, of one attempt
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 8.0  # seconds between attempts, doubling
CHUNK = 8 * 1024 * 1024  # bytes of a resumable upload that are sent again after a break
_SIZE, _SHA256, _CLAIM = "mmm-size", "mmm-sha256", "mmm-claim"  # metadata of an object
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_OWN_CREDENTIALS = ("GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST")

T = TypeVar("T")


class GcsStore:
    """Objects of a bucket below a prefix: ``gs://bucket/prefix``.

    ``STORAGE_EMULATOR_HOST`` leads to another server of the same API, without a login unless one
    is named in the environment. Nothing is asked of the storage before the first call.

    Attributes
    ----------
    pace : float
        Seconds between two writes of one object while a run goes on; the service takes about one
        a second.
    parallel : int
        Requests at once that pay.
    """

    pace = 5.0
    parallel = 16

    def __init__(self, root: str) -> None:
        bucket, _, prefix = root.removeprefix("gs://").partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise StoreError(
                f"root {root[:120]!r}: {bucket[:80]!r} is no name of a bucket; write "
                "gs://bucket or gs://bucket/folder"
            )
        self._name = bucket
        self._prefix = "".join(f"{part}/" for part in key_parts(prefix.strip("/")))
        self.root = f"gs://{bucket}/{self._prefix}".rstrip("/")
        self._lock = threading.Lock()
        self._answered = False  # the bucket is there: a 404 means the object

    def put(self, key: str, data: bytes) -> None:
        self._write(key, data, {}, None)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        from google.api_core.exceptions import PreconditionFailed

        claim = uuid.uuid4().hex
        try:
            self._write(key, data, {_CLAIM: claim}, 0)
        except PreconditionFailed:
            # ours all the same when the answer to an earlier attempt was lost on its way back
            return self._claim_of(key) == claim
        return True

    def get(self, key: str) -> bytes:
        def read(timeout: tuple[float, float]) -> bytes:
            blob = self._blob(key)
            body: bytes = blob.download_as_bytes(
                raw_download=True, checksum="crc32c", retry=None, timeout=timeout
            )
            return gzip.decompress(body) if blob.content_encoding == "gzip" else body

        return self._present("read", key, "storage.objects.get", read)

    def exists(self, key: str) -> bool:
        try:
            self._properties(key)
        except KeyError:
            return False
        return True

    def list(self, prefix: str) -> builtins.list[StoredObject]:
        blobs = self._listed(prefix, fields="items(name,size,updated,metadata),nextPageToken")
        found = []
        for blob in blobs:
            facts = blob.metadata or {}
            size, sha256 = int(facts.get(_SIZE, blob.size)), facts.get(_SHA256, "")
            key = blob.name[len(self._prefix) :]
            found.append(StoredObject(key, size, blob.updated, sha256))
        return sorted(found, key=lambda each: each.key)

    def folders(self, prefix: str) -> builtins.list[str]:
        pages = self._listed(prefix, delimiter="/", fields="prefixes,nextPageToken", whole=True)
        return sorted(name.rstrip("/").rpartition("/")[2] for name in pages.prefixes)

    def delete(self, key: str) -> None:
        def remove(timeout: tuple[float, float]) -> None:
            self._blob(key).delete(retry=None, timeout=timeout)

        try:
            self._present("delete", key, "storage.objects.delete", remove)
        except KeyError:
            return

    def url(self, key: str) -> str:
        """Return a V4 URL valid for 60 minutes; where nothing can sign, the bytes as a link."""
        from mmmlib.stores.gcs_signing import DATA_URI_LIMIT, data_uri

        try:
            return self.signed_url(key)
        except StoreError as refused:
            data = self.get(key)
            if len(data) > DATA_URI_LIMIT:
                raise StoreError(
                    f"{self._place(key)} has {len(data):,} bytes, too many for a link without a "
                    f"signature. {refused}"
                ) from refused
            return data_uri(key, data)

    def signed_url(self, key: str) -> str:
        """Return a V4 URL; ``StoreError`` says why these credentials cannot sign one."""
        from mmmlib.stores.gcs_signing import signed_url, signer_of

        def sign(timeout: tuple[float, float]) -> str:
            signer = signer_of(self._client._credentials)
            if signer is None:
                raise StoreError(
                    f"cannot sign a link to {self._place(key)}: this login has no key and no "
                    "service account; set RUN_SERVICE_ACCOUNT_EMAIL, or use a service account"
                )
            return signed_url(self._blob(key), signer, self._client.api_endpoint)

        return self._call("sign a link to", key, "iam.serviceAccounts.signBlob", sign)

    def _write(
        self, key: str, data: bytes, metadata: dict[str, str], generation: int | None
    ) -> None:
        """Upload with checksum; ``PreconditionFailed`` when another generation is there."""
        from google.api_core.exceptions import NotFound

        from mmmlib.stores.gcs_errors import no_bucket

        content = stored(key, data)
        facts = {_SIZE: str(len(data)), _SHA256: hashlib.sha256(data).hexdigest(), **metadata}

        def write(timeout: tuple[float, float]) -> None:
            self._upload(key, content, facts, generation, timeout)

        try:
            self._call("write", key, "storage.objects.create", write, WRITE_SECONDS)
        except NotFound as error:
            raise no_bucket(self._name, "write", self._place(key)) from error

    def _upload(
        self,
        key: str,
        content: Content,
        facts: dict[str, str],
        generation: int | None,
        timeout: tuple[float, float],
    ) -> None:
        """One attempt; a large body goes on after a break by itself."""
        from google.cloud.storage.exceptions import DataCorruption

        blob = self._blob(key)
        blob.metadata = facts
        blob.content_encoding = content.encoding
        large = len(content.body) > CHUNK
        if large:
            blob.chunk_size = CHUNK
        blob.upload_from_string(
            content.body,
            content_type=content.type,
            checksum="crc32c",
            if_generation_match=generation,
            retry=self._patience(WRITE_SECONDS) if large else None,
            timeout=timeout,
        )
        if blob.crc32c != _crc32c(content.body):
            raise DataCorruption(None, f"crc32c of {key} differs")

    def _claim_of(self, key: str) -> str:
        try:
            facts = self._properties(key).metadata or {}
        except KeyError:
            return ""
        return str(facts.get(_CLAIM, ""))

    def _properties(self, key: str) -> Any:
        """The object without its bytes; ``KeyError`` when there is none."""

        def read(timeout: tuple[float, float]) -> Any:
            blob = self._blob(key)
            blob.reload(retry=None, timeout=timeout)
            return blob

        return self._present("read", key, "storage.objects.get", read)

    def _present(
        self, action: str, key: str, permission: str, attempt: Callable[[tuple[float, float]], T]
    ) -> T:
        """Do something with an object; ``KeyError`` when there is none."""
        from google.api_core.exceptions import NotFound

        try:
            return self._call(action, key, permission, attempt)
        except NotFound:
            if not self._answered:
                self._listed("", max_results=1)  # says it when the bucket is not there
            raise KeyError(key) from None

    def _listed(self, prefix: str, whole: bool = False, **options: Any) -> Any:
        """Objects below a folder, page by page; with ``whole`` the iterator, read to its end."""
        from google.api_core.exceptions import NotFound

        from mmmlib.stores.gcs_errors import no_bucket

        folder = self._prefix + "".join(f"{part}/" for part in key_parts(prefix))

        def read(timeout: tuple[float, float]) -> Any:
            pages = self._client.list_blobs(
                self._bucket,
                prefix=folder or None,
                retry=self._patience(READ_SECONDS),  # of each page
                timeout=timeout,
                **options,
            )
            blobs = list(pages)
            return pages if whole else blobs

        try:
            return self._call("list", prefix, "storage.objects.list", read)
        except NotFound as error:
            raise no_bucket(self._name, "list", self._place(prefix)) from error

    def _call(
        self,
        action: str,
        key: str,
        permission: str,
        attempt: Callable[[tuple[float, float]], T],
        seconds: float = READ_SECONDS,
    ) -> T:
        """Try until it succeeds, fails for good, or the deadline has come."""
        from google.api_core.exceptions import NotFound, PreconditionFailed

        from mmmlib.stores.gcs_errors import FAILURES, explained

        started = time.monotonic()

        def within() -> T:
            left = started + seconds - time.monotonic()
            return attempt((CONNECT_TIMEOUT, min(max(left, 1.0), ANSWER_TIMEOUT)))

        try:
            answer = self._patience(seconds)(within)()
        except PreconditionFailed:
            raise
        except NotFound:
            raise
        except FAILURES as error:
            place, spent = self._place(key), time.monotonic() - started
            raise explained(error, action, place, permission, self._who(), spent) from error
        self._answered = True
        return answer

    def _patience(self, seconds: float) -> Any:
        from google.api_core.retry import Retry

        from mmmlib.stores.gcs_errors import passes

        return Retry(
            predicate=passes, initial=FIRST_PAUSE, maximum=LONGEST_PAUSE, timeout=seconds
        )

    def _blob(self, key: str) -> Any:
        return self._bucket.blob(self._prefix + "/".join(key_parts(key)))

    def _place(self, key: str) -> str:
        return f"{self.root}/{key}".rstrip("/")

    def _who(self) -> str:
        """Account that acts, where the credentials tell it."""
        credentials = getattr(self.__dict__.get("_client"), "_credentials", None)
        name = str(getattr(credentials, "service_account_email", "") or "")
        return name if "@" in name else ""

    @property
    def _bucket(self) -> Any:
        return self._client.bucket(self._name)

    @cached_property
    def _client(self) -> Any:
        from requests.adapters import HTTPAdapter

        import google.auth
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        emulated = "STORAGE_EMULATOR_HOST" in os.environ
        if emulated and not any(os.environ.get(name) for name in _OWN_CREDENTIALS):
            credentials: Any = AnonymousCredentials()
        else:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
        client = storage.Client(project=None, credentials=credentials)
        for scheme in ("https://", "http://"):  # ten connections are kept by default
            client._http.mount(scheme, HTTPAdapter(pool_maxsize=2 * self.parallel))
        return client


def _crc32c(body: bytes) -> str:
    import google_crc32c

    return base64.b64encode(google_crc32c.Checksum(body).digest()).decode()
