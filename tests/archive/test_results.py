"""Training results in the archive, those of earlier versions too."""

from __future__ import annotations

from dataclasses import replace

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import load_result, save_result
from mmmlib.model.result import ADDED_TABLES
from mmmlib.report import figures
from tests.ui import sample_archive


def test_a_run_from_before_clusters_and_convergence_is_still_shown(archive: Archive) -> None:
    run = sample_archive.succeeded(archive)
    assert load_result(run).winners() == {1: sample_archive.BEST}
    for name in ADDED_TABLES:
        run.store.delete(f"{run.id.folder}/{name}.parquet")
    result = load_result(run)
    assert result.winners() == {}
    assert list(result.of_winners_apart()) == []
    assert len(result.channel_table()) == 4
    texts = [text.get_text() for text in figures.convergence(result).texts]
    assert any("archived without its convergence" in text for text in texts)


def test_an_engines_own_files_are_archived_and_not_loaded_again(archive: Archive) -> None:
    run = sample_archive.succeeded(archive)
    files = {"InputCollect.RDS": b"\x1f\x8b", "RobynModel-1_2_1.json": b"{}"}
    save_result(run, replace(load_result(run), files=files))
    assert {name: run.load(name) for name in files} == files
    assert load_result(run).files == {}
