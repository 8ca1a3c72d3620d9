"""Files that a browser sends: taken in pieces, checked, kept under names of our own."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import re
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mmmlib.data import FILES, WORKBOOKS, is_what_it_says
from mmmlib.ground import SourceError, settings

ENDINGS = {
    "file": FILES,
    "annotations": (".csv",),
    "holidays": (".csv",),
    "calibration": (".csv",),
}
_INCOMING = "incoming-"  # how the name of a file begins that has not arrived whole
_UNPACKED = 2  # times the size that a file may have: what a workbook may unpack to


@dataclass
class _Incoming:
    key: str
    name: str
    size: int
    taken: int
    stream: IO[bytes]
    path: Path
    digest: hashlib._Hash


class Uploads:
    """One upload at a time of one browser tab.

    A file goes to the folder of the settings (``MMM_UPLOADS``), readable by this user only, under
    a name of letters, digits, ``-`` and ``_`` and a part of its hash: the same file sent twice is
    one file, and no name leads anywhere else.
    """

    def __init__(self) -> None:
        self._incoming: _Incoming | None = None

    def begin(self, key: str, name: str, size: int) -> None:
        """Get ready for a file for a key of the job.

        Raises
        ------
        SourceError
            It is too large, or of a kind the key does not take.
        """
        self.drop()
        limit = settings().mmm_upload_mb
        if key not in ENDINGS:
            raise SourceError(f"no file can be sent for {key[:40]!r}")
        ending = Path(name).suffix.lower()
        if ending not in ENDINGS[key]:
            raise SourceError(f"{name[:80]}: {key} takes {', '.join(ENDINGS[key])}")
        if not 0 < size <= limit * 1_000_000:
            what = "is empty" if size <= 0 else f"has {size / 1e6:,.0f} MB"
            raise SourceError(
                f"{name[:80]} {what}; a file may have up to {limit} MB (MMM_UPLOAD_MB)"
            )
        folder = _folder()
        with _kept_in(folder):
            _make_room(folder, size)
            handle, path = tempfile.mkstemp(prefix=_INCOMING, dir=folder)
        stream = os.fdopen(handle, "wb")
        self._incoming = _Incoming(key, name, size, 0, stream, Path(path), hashlib.sha256())

    def take(self, piece: str) -> tuple[str, Path] | None:
        """Take the next piece (base64); return key and path once the file is whole.

        Raises
        ------
        SourceError
            The piece is not one, or there is more than was announced.
        """
        incoming = self._incoming
        if incoming is None:
            raise SourceError("the upload was interrupted; choose the file again")
        try:
            data = base64.b64decode(piece, validate=True)
        except (binascii.Error, ValueError):
            self.drop()
            raise SourceError(f"{incoming.name[:80]} did not arrive whole; send it again") from None
        incoming.taken += len(data)
        if not data or incoming.taken > incoming.size:
            self.drop()
            raise SourceError(f"{incoming.name[:80]} did not arrive whole; send it again")
        incoming.digest.update(data)
        try:
            with _kept_in(incoming.path.parent):
                incoming.stream.write(data)
                return self._keep(incoming) if incoming.taken == incoming.size else None
        except SourceError:
            self.drop()
            raise

    def share(self) -> float:
        """Share of the file that has arrived, in percent."""
        return 100.0 * self._incoming.taken / self._incoming.size if self._incoming else 0.0

    def drop(self) -> None:
        """Forget a file that has not arrived whole."""
        if self._incoming:
            incoming, self._incoming = self._incoming, None
            incoming.path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # what could not be written is not wanted either
                incoming.stream.close()

    def _keep(self, incoming: _Incoming) -> tuple[str, Path]:
        incoming.stream.flush()
        self._incoming = None
        incoming.stream.close()
        ending = Path(incoming.name).suffix.lower()
        with incoming.path.open("rb") as stream:
            head = stream.read(8)
        if wrong := _wrong_with(incoming.path, ending, head):
            incoming.path.unlink()
            raise SourceError(f"{incoming.name[:80]} {wrong}")
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(incoming.name).stem).strip("-")[:60] or "data"
        path = incoming.path.with_name(f"{stem}-{incoming.digest.hexdigest()[:12]}{ending}")
        incoming.path.replace(path)
        return incoming.key, path


def _wrong_with(path: Path, ending: str, head: bytes) -> str:
    """Why a file that has arrived is not kept; empty where nothing is wrong."""
    if not is_what_it_says(ending, head):
        return "is not what its ending says; export it again"
    if ending not in WORKBOOKS or not head.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
    except zipfile.BadZipFile:
        return "is no whole workbook; save it again"
    limit = _UNPACKED * settings().mmm_upload_mb
    if unpacked > limit * 1_000_000:
        return (
            f"unpacks to {unpacked / 1e6:,.0f} MB, and a workbook may to {limit:,} MB; send the "
            "sheet as CSV or Parquet"
        )
    return ""


def _folder() -> Path:
    folder = settings().uploads
    with _kept_in(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Say in a sentence that a file cannot be kept: a full disk, a folder that is read only."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"uploads cannot be kept in {folder}: {error.strerror}; make room there, or set "
            "MMM_UPLOADS to another folder"
        ) from error


def _make_room(folder: Path, size: int) -> None:
    """Remove what nobody used for long, and refuse a file for which there is still no room."""
    known, now, held = settings(), time.time(), 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another tab removes them too
            facts = path.stat()
            days = 1 if path.name.startswith(_INCOMING) else known.mmm_uploads_days
            if now - max(facts.st_atime, facts.st_mtime) > 86400 * days:
                path.unlink()
            else:
                held += facts.st_size
    if held + size > 1_000_000 * known.mmm_uploads_mb:
        raise SourceError(
            f"uploads hold {held / 1e6:,.0f} of {known.mmm_uploads_mb:,} MB (MMM_UPLOADS_MB), and "
            f"this file has {size / 1e6:,.0f} MB; one that nobody used for "
            f"{known.mmm_uploads_days} days goes by itself, or remove some in {folder}"
        )
