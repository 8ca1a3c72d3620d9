"""The Debug page, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.interactions import recent
from mmmlib.archive.run import MANIFEST
from mmmlib.ground.errors import StoreError
from mmmlib.ui.debug import caches as caches_module, environment
from mmmlib.ui.debug.caches import caches
from mmmlib.ui.debug.listing import browse, try_object
from mmmlib.ui.debug.view import PARTS, open_page
from mmmlib.ui.routes import Session
from tests.waiting import wait_until


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def debug(ended, said):
    session = Session(ended["archive"], said.append, lambda where: None, "ada@example.com")
    return lambda **query: open_page(session, query)


def until(condition) -> None:
    assert wait_until(condition)


def send(view, event, data=None):
    view._handle_event(view, {"event": event, "data": data}, [])
    until(lambda: not view.busy)


def test_the_archive_is_listed_from_the_root_to_a_run(ended):
    store, run = ended["archive"].store, ended["succeeded"]
    assert browse(store, "")["folders"] == ["robyn"]
    assert run.id.country in browse(store, f"robyn/{run.id.revision}")["folders"]
    shown = browse(store, run.id.folder)
    assert [part["name"] for part in shown["parts"]] == ["robyn", *str(run.id).split("/")]
    assert {item["name"]: item["bytes"] for item in shown["objects"]} == run.artifacts()


def test_an_object_is_read_and_compared_with_the_manifest(ended, sample, tmp_path):
    archive, run = ended["archive"], ended["succeeded"]
    assert "as the manifest says" in try_object(archive, f"{run.id.folder}/job.yaml")
    assert "no manifest names it" in try_object(archive, f"{run.id.folder}/{MANIFEST}")
    with pytest.raises(StoreError, match="has no robyn/nothing"):
        try_object(archive, "robyn/nothing")
    other = Archive(str(tmp_path))
    changed = sample.succeeded(other)
    changed.save("job.yaml", changed.load("job.yaml") + b"# later\n")
    with pytest.raises(StoreError, match="is not what the manifest says"):
        try_object(other, f"{changed.id.folder}/job.yaml")


@pytest.mark.parametrize("part", PARTS[1:])
def test_each_part_opens_by_its_address(debug, said, part):
    view = debug(part=part)
    until(lambda: not view.busy)
    assert view.part == part
    assert said == []


def test_the_storage_is_tested_step_by_step(debug, said):
    view = debug(part="caches")
    send(view, "try_storage")
    assert {"write", "claim", "read", "list", "delete"} <= {step["name"] for step in view.steps}
    assert all(step["ok"] for step in view.steps)
    assert said == []


def test_no_secret_is_shown(monkeypatch):
    hidden = "do-not-show-4711"
    for name in ("SNOWFLAKE_PASSWORD", "MMM_TOKEN", "MMM_WEBHOOK", "GOOGLE_NEW_THING", "MMM_NEW"):
        monkeypatch.setenv(name, hidden)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/cache")
    monkeypatch.setenv("MMM_ROOT", f"https://ada:{hidden}@host/archive")
    monkeypatch.setenv("UNRELATED_PASSWORD", hidden)
    rows = dict(environment.variables())
    assert rows["SNOWFLAKE_PASSWORD"] == environment.MASK
    assert rows["NUMBA_CACHE_DIR"] == "/cache"
    assert "UNRELATED_PASSWORD" not in rows
    assert hidden not in str(rows)


def test_a_cache_is_cleared_once_asked_and_written_down(debug, tmp_path, monkeypatch):
    for name in ("a.nbi", "a.1.nbc", "keep.py"):
        (tmp_path / name).write_bytes(b"123")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    before = next(row for row in caches() if row["name"] == "numba")
    assert (before["count"], before["size"]) == (2, "6 B")
    session = Session(Archive(str(tmp_path / "archive")), pytest.fail, lambda where: None, "ada")
    view = open_page(session, {"part": "caches"})
    until(lambda: not view.busy)
    send(view, "clear", "numba")
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["keep.py"]
    (done,) = recent(session.archive.store)
    assert (done.who, done.did, done.details) == ("ada", "cleared", {"cache": "numba", "files": 2})
    assert set(caches_module.CACHES) == {"numba", "snowflake"}


def test_only_what_is_listed_is_sent(debug, said, ended, monkeypatch):
    run = ended["succeeded"]
    view = debug(part="archive", folder=run.id.folder)
    until(lambda: view.listing.get("objects"))
    sent = []
    save = lambda name, data: sent.append((name, data))  # noqa: E731
    monkeypatch.setattr(view, "_session", replace(view._session, save=save))
    send(view, "download", f"{run.id.folder}/{MANIFEST}")
    assert sent == [(MANIFEST, run.load(MANIFEST))]
    send(view, "download", "../../etc/passwd")
    assert len(sent) == 1
    assert "has no ../../etc/passwd" in said[0]
    send(view, "clear", "../..")
    assert "there is no cache" in said[1]


@pytest.mark.slow
def test_the_doctor_answers(debug, said):
    view = debug()
    until(lambda: not view.busy)
    assert {"Python", "archive"} <= {finding["name"] for finding in view.findings}
    assert said == []
