"""A whole run as one zip file, streamed: never more than a few artifacts in memory."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

from mmmlib.archive.run import Run
from mmmlib.ground import RunError

_AHEAD = 4  # artifacts fetched while one is packed
_PACKED = (".png", ".parquet", ".rds", ".zip")  # compressed already


def zip_run(run: Run) -> Iterator[bytes]:
    """Yield the bytes of a zip file with every artifact of a run, as they come.

    Names in it start with the run's folder (``r100_de_20261123_053424/``). Where the run has
    ended, each artifact is compared with the manifest's hash.

    Raises
    ------
    RunError
        The run has no artifacts, or one is not what the manifest says. What came before is no
        valid zip file then: its directory is written last.
    """
    names = sorted(run.artifacts())
    if not names:
        raise RunError(f"run {run} has no artifacts; see `mmm runs`")
    ended = run.manifest
    hashes = {name: each.sha256 for name, each in ended.artifacts.items()} if ended else {}
    if gone := sorted(set(hashes) - set(names)):
        raise RunError(f"run {run} lacks {', '.join(gone)}, which its manifest lists")
    folder = str(run.id).replace("/", "_")
    stream = _Stream()
    with zipfile.ZipFile(cast(IO[bytes], stream), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in _fetched(run, names):
            if name in hashes and hashlib.sha256(data).hexdigest() != hashes[name]:
                raise RunError(
                    f"{run.place}/{name} is not what the manifest says: it was changed after the "
                    "run ended"
                )
            kind = zipfile.ZIP_STORED if name.lower().endswith(_PACKED) else zipfile.ZIP_DEFLATED
            entry = zipfile.ZipInfo(f"{folder}/{name}", _moment(run))
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data, compress_type=kind)
            yield stream.taken()
    yield stream.taken()


def save_zip(run: Run, path: Path) -> str:
    """Write the zip file of a run; returns a line that says what it holds.

    The file appears when it is whole.

    Raises
    ------
    RunError
        As :func:`zip_run`, or the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            for chunk in zip_run(run):
                file.write(chunk)
        part.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}; choose another file") from error
    finally:
        part.unlink(missing_ok=True)
    return f"{path} ({path.stat().st_size:,} bytes)"


def _fetched(run: Run, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Artifacts in order, the next few on their way."""
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="zip") as threads:
        coming: deque[tuple[str, Future[bytes]]] = deque()
        waiting = deque(names)
        while waiting or coming:
            while waiting and len(coming) < _AHEAD:
                coming.append((waiting[0], threads.submit(run.load, waiting.popleft())))
            name, data = coming.popleft()
            yield name, data.result()


def _moment(run: Run) -> tuple[int, int, int, int, int, int]:
    """The submission, so that the same run gives the same bytes."""
    at = run.submitted
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


class _Stream(io.RawIOBase):
    """What zipfile writes to; it cannot be sought in, so sizes follow each artifact."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Everything written since it was last asked for."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data
