"""Who did what, written once and found again."""

from __future__ import annotations

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.interactions import FOLDER, Did, recent, record
from mmmlib.ground.errors import StoreError
from mmmlib.launching import queue
from mmmlib.launching.local import LocalExecutor


def test_newest_first_with_everything_said(archive: Archive):
    evil = "<img src=x onerror=alert(1)>"
    record(archive.store, Did.PROMOTED, "ada@example.com", "r1/de/20261123_053424", why=evil)
    record(archive.store, Did.DELETED, "bob", "r1/de/20261123_053424")
    deleted, promoted = recent(archive.store)
    assert (deleted.who, deleted.did) == ("bob", "deleted")
    assert promoted.details == {"why": evil}
    assert promoted.run == "r1/de/20261123_053424"
    assert promoted.at < deleted.at
    assert recent(archive.store, limit=1) == [deleted]


def test_what_is_not_ours_is_passed_over(archive: Archive):
    record(archive.store, Did.KEPT, "ada", "r1/de/20261123_053424")
    archive.store.put(f"{FOLDER}/20991231/half.json", b'{"at": ')
    archive.store.put(f"{FOLDER}/20991231/other.json", b'{"name": 1}')
    assert [done.did for done in recent(archive.store)] == ["kept"]


def test_a_store_that_refuses_is_said_with_what_was_done(archive: Archive, monkeypatch):
    def full(key, data):
        raise StoreError("the disk is full")

    monkeypatch.setattr(archive.store, "put", full)
    with pytest.raises(StoreError, match=r"ada cancelled r1.*: done, but not written down.*full"):
        record(archive.store, Did.CANCELLED, "ada", "r1/de/20261123_053424")


def test_launch_and_cancel_write_themselves_down(job, monkeypatch):
    monkeypatch.setattr(LocalExecutor, "slots", lambda self: 0)  # it waits for ever
    run = queue.submit(job, who="ada")
    queue.cancel(run, "bob")
    done = recent(run.store)
    assert [(one.who, one.did, one.run) for one in done] == [
        ("bob", "cancelled", str(run)),
        ("ada", "launched", str(run)),
    ]
