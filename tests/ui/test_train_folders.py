"""The form reads files of the folders it was given, whatever is typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmmlib.data.examples import example_path
from mmmlib.ground.environment import Settings, settings
from mmmlib.ground.errors import JobError, SourceError
from mmmlib.ui.server import app as server
from mmmlib.ui.train import folders, form, refreshing
from mmmlib.ui.train.raw import guess, read_raw, try_source

DATA = example_path("example:weekly")
SAYS = "upload the file, or have its folder added to MMM_DATA_FOLDERS"


@pytest.fixture
def outside(own_folder) -> Path:
    """A file beside the folder, and ways from the folder that lead to it."""
    file = own_folder.parent / "salaries.csv"
    shutil.copy(DATA, file)
    (own_folder / "link.csv").symlink_to(file)
    (own_folder / "up").symlink_to(own_folder.parent)
    return file


def naming(key: str, name: str) -> dict:
    return {**form.of_example("demo"), key: name}


WAYS_OUT = [
    "{outside}",
    "../salaries.csv",
    "{inside}/../salaries.csv",
    "link.csv",
    "up/salaries.csv",
    "sub/../../salaries.csv",
    "/etc/passwd",
    "/dev/stdin",
    "/proc/self/environ",
    "~/salaries.csv",
    "~root/salaries.csv",
    "~nobody-of-that-name/../salaries.csv",
    "a\0b.csv",
    "{inside}2/salaries.csv",
    "s3://bucket/../../../../../salaries.csv",
]


@pytest.mark.parametrize("key", ["file", "annotations", "holidays"])
@pytest.mark.parametrize("way", WAYS_OUT)
def test_what_leads_out_of_the_folder_is_refused(own_folder, outside, key, way):
    name = way.format(outside=outside, inside=own_folder)
    checked = form.check(naming(key, name))
    assert checked.job is None  # so it is not launched either
    said = {each["where"]: each["message"] for each in checked.problems}
    assert SAYS in said[key]
    assert str(own_folder) in said[key]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_what_leads_out_of_the_folder_is_not_opened(own_folder, outside, way):
    values = naming("file", way.format(outside=outside, inside=own_folder))
    for read in (read_raw, guess):
        with pytest.raises(SourceError, match="MMM_DATA_FOLDERS"):
            read(values)
    (step,) = try_source(values)
    assert not step["ok"]
    assert SAYS in step["message"]
    with pytest.raises(JobError, match="MMM_DATA_FOLDERS"):
        refreshing.moved("unused", values)


def test_another_source_is_no_way_around(own_folder, outside):
    values = {**naming("file", str(outside)), "source": "duckdb "}
    with pytest.raises(SourceError, match="MMM_DATA_FOLDERS"):
        read_raw(values)
    sql = f"SELECT * FROM read_csv('{outside}')"
    with pytest.raises(SourceError, match="sql"):
        read_raw({**naming("file", "example:weekly"), "sql": sql})


@pytest.mark.parametrize("way", ["{inside}/a.csv", "a.csv", "./sub/../a.csv", "within.csv"])
def test_files_of_the_folder_are_read(own_folder, monkeypatch, way):
    shutil.copy(DATA, own_folder / "a.csv")
    (own_folder / "sub").mkdir()
    (own_folder / "within.csv").symlink_to(own_folder / "a.csv")
    name = way.format(inside=own_folder)
    assert form.check(naming("file", name)).problems == []
    monkeypatch.chdir(folders.working_folder())  # as the child process is started
    assert read_raw(naming("file", name)).rows == 208


def test_examples_uploads_and_countries_are_always_allowed(own_folder):
    assert form.check(naming("holidays", "GB")).problems == []
    assert form.check(form.of_example("daily")).problems == []
    settings().uploads.mkdir()
    upload = settings().uploads / "mine-1a2b.csv"
    shutil.copy(DATA, upload)
    assert read_raw(naming("file", str(upload))).rows == 208


def test_several_folders_or_none(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    known = Settings(
        mmm_data_folders=f"{tmp_path}/missing:{tmp_path}/a/../b:", mmm_uploads=tmp_path
    )
    monkeypatch.setattr(folders, "settings", lambda: known)
    assert known.data_folders == (tmp_path / "missing", tmp_path / "b")
    assert folders.working_folder() == tmp_path / "b"
    known = Settings(mmm_data_folders="", mmm_uploads=tmp_path / "a")
    assert known.data_folders == ()
    (problem,) = form.check(naming("file", "x.csv")).problems
    assert "reads uploads only" in problem["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "10.0.0.5", "mmm.example"])
@pytest.mark.parametrize("iap", [False, True])
def test_served_to_others_no_folder_is_read_unless_it_is_named(monkeypatch, tmp_path, host, iap):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMM_DATA_FOLDERS", raising=False)
    monkeypatch.setattr(server, "settings", lambda: Settings(mmm_behind_iap=iap))
    alone = host in ("127.0.0.1", "::1") and not iap
    assert server._data_folders(host) == ((tmp_path,) if alone else ())
    named = Settings(mmm_behind_iap=iap, mmm_data_folders="/srv/data")
    monkeypatch.setattr(server, "settings", lambda: named)
    assert server._data_folders(host) == (Path("/srv/data"),)
    none = Settings(mmm_behind_iap=iap, mmm_data_folders="")
    monkeypatch.setattr(server, "settings", lambda: none)
    assert server._data_folders(host) == ()
