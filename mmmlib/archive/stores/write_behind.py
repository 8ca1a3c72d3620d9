"""A store whose writes go on in the background, so that training does not wait for a network."""

from __future__ import annotations

import builtins
import threading
from concurrent.futures import ThreadPoolExecutor

from mmmlib.archive.stores import Store, StoredObject
from mmmlib.ground import StoreError

LIMIT = 64_000_000  # bytes that may wait; more of them make the writer wait


class WriteBehind:
    """Wraps a store: :meth:`put` returns at once, :meth:`flush` when everything is stored.

    Of several writes of one object that wait, the last counts. A write that failed is told by the
    next :meth:`flush`, unless newer bytes of the object were stored since. Reads see what was put.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.root, self.pace, self.parallel = store.root, store.pace, store.parallel
        self._changed = threading.Condition()
        self._waiting: dict[str, bytes] = {}
        self._writing: set[str] = set()
        self._bytes = 0  # waiting and being written
        self._failed: dict[str, StoreError] = {}
        self._threads = ThreadPoolExecutor(store.parallel, thread_name_prefix="write-behind")

    def put(self, key: str, data: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes or self._bytes + len(data) <= LIMIT)
            self._bytes += len(data) - len(self._waiting.get(key, b""))
            self._waiting[key] = data
            if key in self._writing:
                return  # its thread takes the newest bytes next
            self._writing.add(key)
        self._threads.submit(self._write, key)

    def flush(self) -> None:
        """Wait until everything is stored.

        Raises
        ------
        StoreError
            Something could not be stored; the message of the first, and how many others.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._writing)
            failed, self._failed = self._failed, {}
        if failed:
            first, *others = failed.values()
            more = f" (and {len(others)} more could not be written)" if others else ""
            raise StoreError(f"{first}{more}") from first

    def put_if_absent(self, key: str, data: bytes) -> bool:
        self.flush()
        return self.store.put_if_absent(key, data)

    def get(self, key: str) -> bytes:
        self.flush()
        return self.store.get(key)

    def exists(self, key: str) -> bool:
        self.flush()
        return self.store.exists(key)

    def list(self, prefix: str) -> builtins.list[StoredObject]:
        self.flush()
        return self.store.list(prefix)

    def folders(self, prefix: str) -> builtins.list[str]:
        self.flush()
        return self.store.folders(prefix)

    def delete(self, key: str) -> None:
        self.flush()
        self.store.delete(key)

    def delete_folder(self, prefix: str) -> None:
        self.flush()
        self.store.delete_folder(prefix)

    def url(self, key: str) -> str:
        self.flush()
        return self.store.url(key)

    def _write(self, key: str) -> None:
        """Write an object until no newer bytes of it wait."""
        while True:
            with self._changed:
                data = self._waiting.pop(key, None)
                if data is None:
                    self._writing.remove(key)
                    self._changed.notify_all()
                    return
            failure = self._try(key, data)
            with self._changed:
                self._bytes -= len(data)
                self._failed.pop(key, None)
                if failure:
                    self._failed[key] = failure
                self._changed.notify_all()

    def _try(self, key: str, data: bytes) -> StoreError | None:
        try:
            self.store.put(key, data)
        except StoreError as error:
            return error
        except Exception as error:  # a thread's own errors would be seen by nobody
            told = StoreError(f"cannot write {key}: {type(error).__name__}: {error}")
            told.__cause__ = error
            return told
        return None
