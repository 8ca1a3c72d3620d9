"""One flipped bit in an ended run: every file is refused with its name, none is used."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.archive import Archive, Run, run_card
from mmmlib.archive.run import MANIFEST, STATUS
from mmmlib.ground import RunError, StoreError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.supervisor import Supervisor


@pytest.fixture
def ended(archive: Archive, job: TrainingJob) -> Run:
    """A run that ended, with tables, texts and its manifest."""
    run = archive.claim(job)
    with Supervisor(run):
        table = pd.DataFrame(
            {"name": [f"v{i}" for i in range(40)], "x": [i / 7 for i in range(40)]}
        )
        run.save_tables({"coefficients": table, "dataset": table})
        run.save("log.csv", table.to_csv().encode())
        run.save_json("checks.json", {"fine": True, "x": 0.1})
    return run


def files(run: Run) -> list[str]:
    return sorted(name for name in run.artifacts() if name != STATUS)


def use(run: Run, name: str) -> None:
    """Read a file as the product does, with a process that has not seen it."""
    fresh = Archive(run.store.root).run(str(run))
    fresh.load(name)
    assert fresh.manifest
    run_card(fresh)


@pytest.mark.parametrize("flips", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_bit_flips_in_silence(ended: Run, flips: int) -> None:
    dice, names, silent = random.Random(3), files(ended), []
    assert MANIFEST in names
    whole = {name: ended.store.get(f"{ended.id.folder}/{name}") for name in names}
    for number in range(flips):
        name = names[number % len(names)]
        damaged = bytearray(whole[name])
        bit = dice.randrange(8 * len(damaged))
        damaged[bit // 8] ^= 1 << bit % 8
        path = Path(ended.store.root, ended.id.folder, name)
        path.write_bytes(damaged)
        try:
            use(ended, name)
        except RunError as error:
            said = str(error)
            assert name in said or "archived by" in said, said
        else:
            if name != MANIFEST or not same(ended, whole[name]):
                silent.append((name, bit))
        path.write_bytes(whole[name])
    assert silent == []
    use(ended, "coefficients.parquet")


def same(run: Run, whole: bytes) -> bool:
    """Whether the manifest says the same: a bit of a blank, or of the seal's own name."""
    now = Archive(run.store.root).run(str(run)).manifest
    path = Path(run.store.root, run.id.folder, MANIFEST)
    path.write_bytes(whole)
    before = Archive(run.store.root).run(str(run)).manifest
    assert now
    assert before
    return now.model_dump(exclude={"seal"}) == before.model_dump(exclude={"seal"})


def test_an_edited_table_is_not_planned_with(ended: Run) -> None:
    table = ended.load_table("coefficients").assign(x=1.0)
    table.to_parquet(Path(ended.store.root, ended.id.folder, "coefficients.parquet"))
    with pytest.raises(RunError, match=r"coefficients\.parquet is not what the manifest says"):
        Archive(ended.store.root).run(str(ended)).load_table("coefficients")


def test_a_link_in_a_runs_folder_shows_no_other_file(ended: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("1")
    Path(ended.store.root, ended.id.folder, "secret.csv").symlink_to(secret)
    assert "secret.csv" not in ended.artifacts()
    with pytest.raises(StoreError, match="symbolic link"):
        ended.load("secret.csv")


@pytest.mark.parametrize("link", ["sub", "promoted/of"])
def test_no_link_leads_out_of_the_archive(
    ended: Run, tmp_path_factory: pytest.TempPathFactory, link: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "20260101_000000").mkdir()
    (outside / "secret.csv").write_text("1")
    place = Path(ended.store.root, ended.id.folder, link)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    own = Path(ended.store.root, "robyn", ended.id.revision)
    (own / "linked").symlink_to(outside)
    assert not any("secret" in name for name in ended.artifacts())
    assert not ended.has(f"{link}/secret.csv")
    for use in (
        ended.load,
        ended.url,
        lambda name: ended.store.delete(f"{ended.id.folder}/{name}"),
        lambda name: ended.add(name, b"2"),
    ):
        with pytest.raises((StoreError, RunError), match=r"symbolic link|has no"):
            use(f"{link}/secret.csv")
    assert (outside / "secret.csv").read_text() == "1"
    assert [str(run) for run in Archive(ended.store.root).runs()] == [str(ended)]
    assert ended.store.folders(f"robyn/{ended.id.revision}/linked") == []
    with pytest.raises(StoreError, match="symbolic link"):
        ended.store.delete_folder(f"robyn/{ended.id.revision}/linked")
    assert (outside / "20260101_000000").is_dir()


def test_what_grows_cold_in_a_bucket_is_what_a_run_writes() -> None:
    from mmmlib.archive.stores.encoding import COLD, TYPES
    from tests.conftest import REPOSITORY

    text = (REPOSITORY / "infra/terraform/foundation/environments.tf").read_text()
    listed = ", ".join(f'"{suffix}"' for suffix in COLD)
    assert f"matches_suffix = [{listed}]" in text
    assert {suffix.lower() for suffix in COLD} <= set(TYPES)


def test_the_bucket_of_the_older_guide_is_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmmlib.ground.environment import Settings

    monkeypatch.delenv("MMM_ROOT", raising=False)
    monkeypatch.setenv("GCS_BUCKET", "shop-output")
    assert Settings().root == "gs://shop-output"
    monkeypatch.setenv("MMM_ROOT", "/archive")
    assert Settings().root == "/archive"
