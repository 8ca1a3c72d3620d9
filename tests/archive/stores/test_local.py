"""What only a folder can do wrong."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mmmlib.archive.stores.local import LocalStore
from mmmlib.ground.errors import StoreError


def test_an_unfinished_write_is_not_listed(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    store.put("a/b", b"1")
    (tmp_path / "a" / ".part-xyz").write_bytes(b"half")
    assert [stored.key for stored in store.list("a")] == ["a/b"]


def test_a_failed_write_keeps_the_old_bytes_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(str(tmp_path))
    store.put("a", b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StoreError, match=r"No space left on device; free space"):
        store.put("a", b"new")
    assert store.get("a") == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        LocalStore(str(tmp_path / "root")).put("a", b"")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    mount = tmp_path / "tiny"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount a tmpfs here")
    try:
        store = LocalStore(str(mount))
        with pytest.raises(StoreError, match="No space left"):
            store.put("a", b"x" * 200_000)
        assert store.list("") == []
    finally:
        subprocess.run(["umount", str(mount)], check=True)
