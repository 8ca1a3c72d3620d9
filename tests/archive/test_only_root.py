"""Where others are served, one archive is opened and no other, by whatever way it is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.ground.environment import settings
from mmmlib.ground.errors import StoreError
from mmmlib.job.parse import TrainingJob
from mmmlib.launching.queue import submit
from mmmlib.ui.server import app as server
from mmmlib.ui.train import form

WAYS_OUT = [
    "/etc/mmm",
    "../../outside",
    "{root}/team",
    "{root}/../outside",
    "{root}2",
    "{root}/link",
    "file:///etc/mmm",
    "~/outside",
    "gs://someone-elses-bucket/x",
    "GS://x",
    "s3://bucket",
    "a\0b",
]


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "archive"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    monkeypatch.setenv("MMM_ROOT", str(root))
    monkeypatch.setenv("MMM_ONLY_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield root
    settings.cache_clear()


def demo(root: str) -> TrainingJob:
    return TrainingJob.load("demo").model_copy(update={"root": root})


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_out(only: Path, tmp_path: Path, way: str) -> None:
    root = way.format(root=only)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError):
        Archive(root)
    with pytest.raises(StoreError):
        submit(demo(root), "local")
    checked = form.check({**form.of_example("demo"), "root": root})
    assert checked.job is None
    assert [each["where"] for each in checked.problems] == ["root"]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("same", ["", "{root}", "{root}/", "{root}/../archive", "file://{root}"])
def test_its_own_is_opened_whatever_its_spelling(only: Path, same: str) -> None:
    assert Archive(same.format(root=only)).store.root == str(only)


def test_a_bucket_is_its_own_and_no_folder_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmmlib.archive.stores import refused_root

    monkeypatch.setenv("MMM_ONLY_ROOT", "gs://ours/archive")
    settings.cache_clear()
    try:
        assert not refused_root("gs://ours/archive/")
        for other in ("gs://ours", "gs://ours/archive/team", "gs://ours/archive/../x", "/ours"):
            assert "leave root empty" in refused_root(other)
    finally:
        settings.cache_clear()


def test_every_child_is_fenced(only: Path, tmp_path: Path) -> None:
    """A run that was queued elsewhere is not executed, nor does papermill's notebook open it."""
    other = tmp_path / "other"
    run = "r/x/20261201_000000"
    for words in (
        [
            "-c",
            f"from mmmlib.launching import execute_launched as e; e({str(other)!r}, {run!r})",
        ],
        ["-c", f"from mmmlib.archive import Archive; Archive({str(other)!r})"],
    ):
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        assert done.returncode
        assert "is not opened" in done.stderr
    assert not other.exists()


@pytest.mark.parametrize(
    ("host", "behind_iap", "fenced"),
    [("127.0.0.1", False, False), ("0.0.0.0", False, True), ("127.0.0.1", True, True)],
)
def test_who_serves_others_is_fenced(
    monkeypatch: pytest.MonkeyPatch, host: str, behind_iap: bool, fenced: bool
) -> None:
    monkeypatch.setenv("MMM_BEHIND_IAP", str(behind_iap))
    settings.cache_clear()
    try:
        told = server._places(host, "/srv/archive")
        assert told.get("MMM_ONLY_ROOT") == ("/srv/archive" if fenced else None)
    finally:
        settings.cache_clear()
