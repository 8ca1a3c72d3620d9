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
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from mmmlib.archive.stores import StoredObject, gcs_connection, together
from mmmlib.archive.stores.encoding import Content, stored
from mmmlib.archive.stores.gcs_connection import Connection, Timeout, patience
from mmmlib.ground import StoreError

CHUNK = 8 * 1024 * 1024  # bytes of a resumable upload that are sent again after a break
_SIZE, _SHA256, _CLAIM = "mmm-size", "mmm-sha256", "mmm-claim"  # metadata of an object

T = TypeVar("T")


class GcsStore:
    """Objects of a bucket below a prefix: ``gs://bucket/prefix``."""

    pace = 5.0  # the service takes about one write of an object a second
    parallel = 16

    def __init__(self, root: str) -> None:
        self._bucket = Connection(root, connections=2 * self.parallel)
        self.root = self._bucket.root

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
        def read(timeout: Timeout) -> bytes:
            blob = self._bucket.blob(key)
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
            key = blob.name[len(self._bucket.prefix) :]
            found.append(StoredObject(key, size, blob.updated, sha256))
        return sorted(found, key=lambda each: each.key)

    def folders(self, prefix: str) -> builtins.list[str]:
        pages = self._listed(prefix, delimiter="/", fields="prefixes,nextPageToken", whole=True)
        return sorted(name.rstrip("/").rpartition("/")[2] for name in pages.prefixes)

    def delete(self, key: str) -> None:
        def remove(timeout: Timeout) -> None:
            self._bucket.blob(key).delete(retry=None, timeout=timeout)

        try:
            self._present("delete", key, "storage.objects.delete", remove)
        except KeyError:
            return

    def delete_folder(self, prefix: str) -> None:
        """Delete every object below a folder; one that is there still can be deleted again."""
        if not prefix.strip("/"):
            raise StoreError("the whole archive is not deleted; name a folder in it")
        together(self, self.delete, [stored.key for stored in self.list(prefix)])

    def url(self, key: str) -> str:
        """Return a V4 URL valid for 60 minutes; where nothing can sign, the bytes as a link."""
        from mmmlib.archive.stores.gcs_signing import DATA_URI_LIMIT, data_uri

        try:
            return self.signed_url(key)
        except StoreError as refused:
            data = self.get(key)
            if len(data) > DATA_URI_LIMIT:
                raise StoreError(
                    f"{self._bucket.place(key)} has {len(data):,} bytes, too many for a link "
                    f"without a signature. {refused}"
                ) from refused
            return data_uri(key, data)

    def signed_url(self, key: str) -> str:
        """Return a V4 URL; ``StoreError`` says why these credentials cannot sign one."""
        from mmmlib.archive.stores.gcs_signing import signed_url, signer_of

        def sign(timeout: Timeout) -> str:
            signer = signer_of(self._bucket.client._credentials)
            if signer is None:
                raise StoreError(
                    f"cannot sign a link to {self._bucket.place(key)}: this login has no key and "
                    "no service account; set RUN_SERVICE_ACCOUNT_EMAIL, or use a service account"
                )
            return signed_url(self._bucket.blob(key), signer, self._bucket.client.api_endpoint)

        return self._bucket.call("sign a link to", key, "iam.serviceAccounts.signBlob", sign)

    def _write(
        self, key: str, data: bytes, metadata: dict[str, str], generation: int | None
    ) -> None:
        """Upload with checksum; ``PreconditionFailed`` when another generation is there."""
        from google.api_core.exceptions import NotFound

        from mmmlib.archive.stores.gcs_errors import no_bucket

        content = stored(key, data)
        facts = {_SIZE: str(len(data)), _SHA256: hashlib.sha256(data).hexdigest(), **metadata}

        def write(timeout: Timeout) -> None:
            self._upload(key, content, facts, generation, timeout)

        try:
            self._bucket.call(
                "write", key, "storage.objects.create", write, gcs_connection.WRITE_SECONDS
            )
        except NotFound as error:
            raise no_bucket(self._bucket.name, "write", self._bucket.place(key)) from error

    def _upload(
        self,
        key: str,
        content: Content,
        facts: dict[str, str],
        generation: int | None,
        timeout: Timeout,
    ) -> None:
        """One attempt; a large body goes on after a break by itself."""
        from google.cloud.storage.exceptions import DataCorruption

        blob = self._bucket.blob(key)
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
            retry=patience(gcs_connection.WRITE_SECONDS) if large else None,
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

        def read(timeout: Timeout) -> Any:
            blob = self._bucket.blob(key)
            blob.reload(retry=None, timeout=timeout)
            return blob

        return self._present("read", key, "storage.objects.get", read)

    def _present(
        self, action: str, key: str, permission: str, attempt: Callable[[Timeout], T]
    ) -> T:
        """Do something with an object; ``KeyError`` when there is none."""
        from google.api_core.exceptions import NotFound

        try:
            return self._bucket.call(action, key, permission, attempt)
        except NotFound:
            if not self._bucket.answered:
                self._listed("", max_results=1)  # says it when the bucket is not there
            raise KeyError(key) from None

    def _listed(self, prefix: str, whole: bool = False, **options: Any) -> Any:
        """Objects below a folder, page by page; with ``whole`` the iterator, read to its end."""
        from google.api_core.exceptions import NotFound

        from mmmlib.archive.stores.gcs_errors import no_bucket

        folder = self._bucket.folder(prefix)

        def read(timeout: Timeout) -> Any:
            pages = self._bucket.client.list_blobs(
                self._bucket.name,
                prefix=folder or None,
                retry=patience(gcs_connection.READ_SECONDS),  # of each page
                timeout=timeout,
                **options,
            )
            blobs = list(pages)
            return pages if whole else blobs

        try:
            return self._bucket.call("list", prefix, "storage.objects.list", read)
        except NotFound as error:
            raise no_bucket(self._bucket.name, "list", self._bucket.place(prefix)) from error


def _crc32c(body: bytes) -> str:
    import google_crc32c

    checksum: int = google_crc32c.value(body)
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()
