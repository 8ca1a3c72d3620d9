"""One suite for every store: what a reader and a writer may rely on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmmlib import names
from mmmlib.errors import StoreError
from mmmlib.stores import Store, open_store

ROOTS: dict[str, Callable[[Path], str]] = {"file": lambda folder: str(folder / "root")}


@pytest.fixture(params=sorted(names.STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(ROOTS[request.param](tmp_path))


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


@pytest.mark.parametrize("key", ["../out", "a/../../out", "/etc/passwd", "a\0b"])
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
