"""One suite for every store: what a reader and a writer may rely on."""

from __future__ import annotations

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmmlib.archive.stores import Store, open_store, put_all
from mmmlib.ground import names
from mmmlib.ground.errors import StoreError


@pytest.fixture
def file_root(tmp_path: Path) -> str:
    return str(tmp_path / "root")


ROOTS = {"file": "file_root", "gs": "gcs_root"}  # fixture of each scheme


@pytest.fixture(params=sorted(names.STORES))
def store(request: pytest.FixtureRequest) -> Store:
    return open_store(request.getfixturevalue(ROOTS[request.param]))


def test_what_is_put_is_got(store: Store) -> None:
    store.put("a/b.txt", b"one")
    store.put("a/b.txt", b"two")
    assert store.get("a/b.txt") == b"two"
    assert store.exists("a/b.txt")


def test_absence_is_a_key_error(store: Store) -> None:
    assert not store.exists("a/none")
    with pytest.raises(KeyError):
        store.get("a/none")
    store.put("a/b/c", b"")
    with pytest.raises(KeyError):
        store.get("a/b")  # a folder is no object


def test_of_twenty_racers_one_wins(store: Store) -> None:
    with ThreadPoolExecutor(20) as racers:
        won = list(racers.map(lambda i: store.put_if_absent("claim", b"%d" % i), range(20)))
    assert won.count(True) == 1
    assert store.get("claim") == b"%d" % won.index(True)


def test_list_is_sorted_and_stays_below_its_folder(store: Store) -> None:
    for key in ("x/2", "x/1/deep", "xy/3"):
        store.put(key, b"12345")
    listed = store.list("x")
    assert [stored.key for stored in listed] == ["x/1/deep", "x/2"]
    assert {stored.size for stored in listed} == {5}
    assert store.folders("") == ["x", "xy"]
    assert store.folders("x") == ["1"]
    assert store.folders("nothing") == []
    assert store.list("nothing") == []


def test_delete_is_idempotent(store: Store) -> None:
    store.put("a", b"1")
    store.delete("a")
    store.delete("a")
    assert not store.exists("a")


def test_a_folder_is_deleted_and_nothing_beside_it(store: Store) -> None:
    for key in ("runs/a/one", "runs/a/deep/two", "runs/ab/three"):
        store.put(key, b"x")
    store.delete_folder("runs/a")
    assert [stored.key for stored in store.list("runs")] == ["runs/ab/three"]
    assert store.folders("runs") == ["ab"]
    store.delete_folder("runs/a")  # again: nothing happens
    with pytest.raises(StoreError, match="whole archive"):
        store.delete_folder("")


@pytest.mark.parametrize("key", ["../out", "a/../../out", "/etc/passwd", "a\0b", "a\nb"])
def test_no_key_leaves_the_root(store: Store, key: str) -> None:
    with pytest.raises(StoreError, match="leave the archive"):
        store.put(key, b"")


def test_url_points_at_the_bytes(store: Store) -> None:
    from urllib.request import urlopen

    store.put("a b/ü.txt", b"seen")
    with urlopen(store.url("a b/ü.txt")) as response:
        assert response.read() == b"seen"


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(StoreError, match="no store for s3://"):
        open_store("s3://bucket")


@pytest.mark.parametrize("name", ["t.json", "t.csv", "t.ipynb", "t.log", "t.parquet", "none"])
@pytest.mark.parametrize("length", [0, 10, 100_000])
def test_text_and_bytes_come_back_whatever_the_name(store: Store, name: str, length: int) -> None:
    data = ("ü,1\n" * length).encode()
    store.put(name, data)
    assert store.get(name) == data
    (listed,) = store.list("")
    assert listed.size == len(data)
    assert listed.sha256 in ("", hashlib.sha256(data).hexdigest())
    assert abs(dt.datetime.now(dt.UTC) - listed.modified) < dt.timedelta(minutes=1)


def test_bytes_larger_than_one_request_come_back(store: Store) -> None:
    data = hashlib.shake_128(b"seed").digest(9_000_001)
    store.put("large.RDS", data)
    assert store.get("large.RDS") == data


def test_many_at_once(store: Store) -> None:
    objects = {f"a/{i:02d}": b"%d" % i for i in range(40)}
    put_all(store, objects)
    assert {stored.key: store.get(stored.key) for stored in store.list("a")} == objects


def test_a_claim_is_not_overwritten(store: Store) -> None:
    assert store.put_if_absent("claim", b"first")
    assert not store.put_if_absent("claim", b"second")
    assert store.get("claim") == b"first"
    store.delete("claim")
    assert store.put_if_absent("claim", b"third")


def test_a_prefix_is_a_folder_not_the_start_of_a_name(store: Store) -> None:
    store.put("run/a", b"")
    store.put("run2/a", b"")
    assert [stored.key for stored in store.list("run/")] == ["run/a"]
    assert store.folders("run") == []
