"""One run's folder: what it asks the store, and the format it was archived in."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmmlib import __version__
from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import FORMAT
from mmmlib.archive.run import MANIFEST, Run
from mmmlib.archive.stores import StoredObject
from mmmlib.archive.stores.local import LocalStore
from mmmlib.cli import main
from mmmlib.cli.show import show_run
from mmmlib.ground.errors import RunError
from tests.conftest import REPOSITORY
from tests.ui import sample_archive

EARLIER = "r041/de/20261130_231704"  # a run of the archive of version 0.1.0


class _Counting(LocalStore):
    """A folder that counts what it is asked."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.asked: Counter[tuple[str, str]] = Counter()

    def get(self, key: str) -> bytes:
        self.asked["get", key] += 1
        return super().get(key)

    def exists(self, key: str) -> bool:
        self.asked["exists", key] += 1
        return super().exists(key)

    def list(self, prefix: str) -> list[StoredObject]:
        self.asked["list", prefix] += 1
        return super().list(prefix)


@pytest.fixture
def earlier(tmp_path: Path) -> Archive:
    with tarfile.open(REPOSITORY / "tests" / "archives" / "0.1.0.tar.xz") as packed:
        packed.extractall(tmp_path / "earlier", filter="data")
    return Archive(str(tmp_path / "earlier"))


def test_to_show_a_run_asks_once_what_it_has_and_reads_each_file_once(earlier: Archive) -> None:
    store = _Counting(earlier.store.root)
    earlier.store = store
    show_run(earlier.run(EARLIER))
    assert store.asked["list", f"robyn/{EARLIER}"] == 1
    assert {what for what, _ in store.asked} == {"list", "get"}
    assert max(store.asked.values()) == 1
    assert store.asked.total() <= 16  # the manifest, the listing, training.json, eleven tables …


def test_a_run_that_was_seen_stays_as_it_was(archive: Archive) -> None:
    run = sample_archive.succeeded(archive)
    seen = run.seen()
    assert not seen.has("later.csv")
    run.save("later.csv", b"1")
    assert run.has("later.csv")
    assert not seen.has("later.csv")
    with pytest.raises(RunError, match=r"has no later\.csv"):
        seen.load("later.csv")
    assert seen.artifacts().keys() == run.artifacts().keys() - {"later.csv"}


def test_a_manifest_says_its_format(archive: Archive, earlier: Archive) -> None:
    manifest = sample_archive.succeeded(archive).manifest
    assert manifest is not None
    assert (manifest.format, manifest.version) == (FORMAT, __version__)
    before = earlier.run(EARLIER).manifest
    assert before is not None
    assert (before.format, before.version) == (1, "")  # of the time without a number


def _written_later(run: Run, **changes: Any) -> Run:
    values = run.load_json(MANIFEST) | {"format": FORMAT + 1, "version": "9.8.7"} | changes
    run.save(MANIFEST, json.dumps(values).encode())
    return Run(run.store, run.id)


def test_what_is_newer_than_the_code_is_refused_with_the_version_that_reads_it(
    archive: Archive,
) -> None:
    run = _written_later(sample_archive.succeeded(archive), status="a status of tomorrow")
    said = rf"archived by 9\.8\.7 in format {FORMAT + 1}; .* read it with 9\.8\.7 or later"
    for name in (str(run), "latest"):
        with pytest.raises(RunError, match=said):
            archive.run(name)
    with pytest.raises(RunError, match=said):
        run.state()


def test_a_newer_run_does_not_hide_the_others(archive: Archive) -> None:
    shown = sample_archive.succeeded(archive)
    newer = _written_later(sample_archive.succeeded(archive))
    done = CliRunner().invoke(main, ["runs", "--root", archive.store.root])
    assert done.exit_code == 0, done.output
    assert str(shown) in done.output
    row = next(line for line in done.output.splitlines() if str(newer) in line)
    assert "unreadable" in row
