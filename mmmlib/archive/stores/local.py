"""A folder as a store: atomic through rename and hard link, durable through fsync."""

from __future__ import annotations

import builtins
import datetime as dt
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmmlib.archive.stores import StoredObject
from mmmlib.archive.stores.encoding import key_parts
from mmmlib.ground import StoreError

_PART = ".part-"  # unfinished writes; never listed


class LocalStore:
    """Objects are files below a folder; the folder is made by the first write."""

    pace = 1.0
    parallel = 4

    def __init__(self, root: str) -> None:
        try:
            self.folder = Path(root.removeprefix("file://")).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(f"root {root[:80]!r} cannot be a folder: {error}") from error
        self.root = str(self.folder)

    def put(self, key: str, data: bytes) -> None:
        path = self._own(key)
        with self._unfinished(path, data) as part:
            os.replace(part, path)
            _sync(path.parent)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        path = self._own(key)
        with self._unfinished(path, data) as part:
            try:
                os.link(part, path)  # fails when there is one, and shows whole bytes at once
            except FileExistsError:
                return False
            _sync(path.parent)
        return True

    def get(self, key: str) -> bytes:
        try:
            return self._own(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise KeyError(key) from None
        except OSError as error:
            raise StoreError(f"cannot read {self._path(key)}: {error.strerror}") from error

    def exists(self, key: str) -> bool:
        try:
            return self._is_inside(key) and self._path(key).is_file()
        except OSError as error:
            raise StoreError(f"cannot read {self._path(key)}: {error.strerror}") from error

    def list(self, prefix: str) -> builtins.list[StoredObject]:
        found: list[StoredObject] = []
        if not self._is_inside(prefix):
            return found
        for folder, below, files in os.walk(self._path(prefix)):
            below[:] = [name for name in below if not name.startswith(_PART)]
            for name in files:
                if name.startswith(_PART):
                    continue
                path = Path(folder, name)
                if path.is_symlink():  # leads somewhere else: it is no artifact
                    continue
                try:
                    info = path.stat()
                except FileNotFoundError:
                    continue  # deleted while we looked
                key = path.relative_to(self.folder).as_posix()
                modified = dt.datetime.fromtimestamp(info.st_mtime, dt.UTC)
                found.append(StoredObject(key, info.st_size, modified))
        return sorted(found, key=lambda stored: stored.key)

    def folders(self, prefix: str) -> builtins.list[str]:
        if not self._is_inside(prefix):
            return []
        try:
            with os.scandir(self._path(prefix)) as entries:
                names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            return sorted(name for name in names if not name.startswith(_PART))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreError(f"cannot list {self._path(prefix)}: {error.strerror}") from error

    def delete(self, key: str) -> None:
        try:
            self._own(key).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {self._path(key)}: {error.strerror}") from error

    def delete_folder(self, prefix: str) -> None:
        path = self._own(prefix)
        if path == self.folder:
            raise StoreError("the whole archive is not deleted; name a folder in it")
        hidden = path.with_name(f"{_PART}{secrets.token_hex(8)}")
        try:
            path.rename(hidden)  # gone for readers at once, however many files there are
            shutil.rmtree(hidden)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot delete {path}: {error.strerror}") from error

    def url(self, key: str) -> str:
        return self._own(key).as_uri()

    def _path(self, key: str) -> Path:
        return self.folder.joinpath(*key_parts(key))

    def _folders(self, folder: Path) -> None:
        """Make folders that are there after a power cut, each written into its parent."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            _sync(each.parent)

    def _own(self, key: str) -> Path:
        """The file of a key; a link in its place, or above it, could lead anywhere."""
        path = self._path(key)
        if path.is_symlink():
            raise StoreError(f"{path} is a symbolic link, not an artifact; remove it")
        if not self._is_inside(key):
            raise StoreError(f"{path} lies behind a symbolic link out of the archive; remove that")
        return path

    def _is_inside(self, key: str) -> bool:
        """Whether no link leads out of the archive on the way to a key."""
        return Path(os.path.realpath(self._path(key))).is_relative_to(self.folder)

    @contextmanager
    def _unfinished(self, path: Path, data: bytes) -> Iterator[str]:
        """Whole, synced bytes under another name in the same folder, gone afterwards."""
        part = ""
        try:
            self._folders(path.parent)
            handle, part = tempfile.mkstemp(prefix=_PART, dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            yield part
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            remedy = "free space" if full else "make the folder writable"
            raise StoreError(
                f"cannot write {path}: {error.strerror}; {remedy} or choose another root"
            ) from error
        finally:
            if part:
                Path(part).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have a folder's names written: else a manifest may survive the artifacts before it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one may write into a folder that one may not list
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that keeps names safe in its own way
            raise
    finally:
        os.close(handle)
