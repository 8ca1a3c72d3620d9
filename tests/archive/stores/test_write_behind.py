"""Writes in the background: nobody waits, nothing is forgotten."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from mmmlib.archive.stores import write_behind as module
from mmmlib.archive.stores.local import LocalStore
from mmmlib.archive.stores.write_behind import WriteBehind
from mmmlib.ground.errors import StoreError
from tests.servers.proxy import Fault, Proxy


class SlowStore(LocalStore):
    """A folder that takes its time, or refuses; it counts what it was asked to write."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.open = threading.Event()
        self.puts: list[tuple[str, bytes]] = []
        self.refused: set[str] = set()

    def put(self, key: str, data: bytes) -> None:
        self.open.wait(10)
        self.puts.append((key, data))
        if key in self.refused:
            raise StoreError(f"cannot write {key}")
        super().put(key, data)


@pytest.fixture
def slow(tmp_path: Path) -> SlowStore:
    return SlowStore(str(tmp_path))


def test_a_writer_does_not_wait_and_a_reader_sees_what_was_put(slow: SlowStore) -> None:
    store = WriteBehind(slow)
    store.put("a/b", b"1")
    assert not slow.exists("a/b")
    slow.open.set()
    assert store.get("a/b") == b"1"
    assert [stored.key for stored in store.list("a")] == ["a/b"]
    assert store.folders("") == ["a"]
    assert store.exists("a/b")
    assert not store.put_if_absent("a/b", b"2")
    store.delete("a/b")
    assert not slow.exists("a/b")


def test_of_several_writes_that_wait_the_last_counts(slow: SlowStore) -> None:
    store = WriteBehind(slow)
    for i in range(50):
        store.put("progress.json", b"%d" % i)
    slow.open.set()
    store.flush()
    assert slow.get("progress.json") == b"49"
    assert len(slow.puts) <= 2


def test_a_failure_is_told_once_and_only_if_it_still_counts(slow: SlowStore) -> None:
    store = WriteBehind(slow)
    slow.open.set()
    slow.refused = {"a", "b"}
    store.put("a", b"1")
    store.put("b", b"1")
    with pytest.raises(StoreError, match=r"cannot write [ab] \(and 1 more could not be written\)"):
        store.flush()
    store.flush()
    store.put("a", b"2")
    while len(slow.puts) < 3:
        time.sleep(0.01)
    slow.refused = set()
    store.put("a", b"3")  # newer bytes are stored: nothing is missing
    store.flush()
    assert slow.get("a") == b"3"


def test_a_writer_far_ahead_waits(slow: SlowStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 1000)
    store = WriteBehind(slow)
    store.put("a", bytes(600))
    ahead = threading.Thread(target=store.put, args=("b", bytes(600)))
    ahead.start()
    ahead.join(0.2)
    assert ahead.is_alive()
    slow.open.set()
    ahead.join()
    store.put("large", bytes(5000))  # more than the limit goes alone
    store.flush()
    assert slow.get("b") == bytes(600)
    assert len(slow.get("large")) == 5000


def test_a_bug_in_a_store_is_not_lost_in_a_thread(slow: SlowStore) -> None:
    slow.open.set()
    store = WriteBehind(slow)
    store.put("a", "no bytes")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="cannot write a: TypeError"):
        store.flush()


def test_training_does_not_wait_for_a_bucket(gcs_proxy: Proxy, gcs_root: str) -> None:
    from mmmlib.archive.stores import open_store

    store = WriteBehind(open_store(gcs_root))
    back = threading.Event()  # until then no bucket answers: whoever waited for it would fail
    gcs_proxy.obey(lambda asked: None if back.is_set() else Fault(503))
    for i in range(100):
        store.put("progress.json", b"%d" % i)
        store.put(f"{i}.csv", b"1")
    back.set()
    store.flush()
    assert store.get("progress.json") == b"99"
    assert len(store.list("")) == 101
