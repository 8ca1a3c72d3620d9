"""Every command of README and docs is typed where it can be, in its order, and succeeds.

The folder is the one that the pages speak of: a file, a job, a trained run. Servers stand in for
Snowflake, Cloud Storage and Cloud Run. Searches are small; nothing else is changed but what a
reader has to fill in too: a run, a candidate, a batch.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from mmmlib.archive import Archive
from mmmlib.data.examples import demo_job_path, example_path
from tests.conftest import REPOSITORY
from tests.docs_commands import PAGES, Typed, typed
from tests.launching.cloud import cloud
from tests.servers.running import SnowflakeServer
from tests.servers.storage import make_bucket
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SMALL = ("-p", "iterations", "60", "-p", "trials", "1")
TRAIN = ("run", "launch", "batch", "refresh")
LONG = ("-p", "iterations", "20000", "-p", "trials", "5")
AHEAD = ("2019-11-18", "2020-02-10")  # behind the shipped data
BUCKET = "mmm-app-output"  # as the pages name it


@pytest.fixture(scope="module")
def around(
    tmp_path_factory: pytest.TempPathFactory, gcs_server: str, snowflake_server: SnowflakeServer
) -> Iterator[dict[str, str]]:
    """The environment of a reader who has a warehouse, a bucket, a cluster and Cloud Run."""
    from distributed import LocalCluster

    home = tmp_path_factory.mktemp("home")
    _connections(home, snowflake_server)
    make_bucket(gcs_server, BUCKET)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MMM_", "SNOWFLAKE_"))
    }
    with (
        cloud() as (_, address),
        LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as dask,
    ):
        yield kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "BROWSER": "true",
            "SNOWFLAKE_HOME": str(home),
            "MMM_CACHE": str(home / "cache"),
            "STORAGE_EMULATOR_HOST": gcs_server,
            "GOOGLE_CLOUD_PROJECT": "shop",
            "MMM_CLOUDRUN_ENDPOINT": address,
            "MMM_DASK": dask.scheduler_address,
        }


def _connections(home: Path, server: SnowflakeServer) -> None:
    lines = [
        f"{key} = {value!r}" if isinstance(value, int) else f'{key} = "{value}"'
        for key, value in server.profile().items()
    ]
    file = home / "connections.toml"
    file.write_text("\n".join(["[prod]", *lines, ""]))
    file.chmod(0o600)


class Desk:
    """A reader's folder, with what the pages take for granted."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self.place = place
        self.environment = environment | {"MMM_ROOT": str(place / "archive")}
        self.archive = Archive(str(place / "archive"))

    def type(self, words: list[str]) -> None:
        """Run a command as it is typed; it has to succeed."""
        done = subprocess.run(
            words, cwd=self.place, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"

    def prepare(self, words: list[str]) -> None:
        """Bring about what a command speaks of: no job yet, a run that goes on, one that waits."""
        match words[:2]:
            case ["job", "init"]:
                (self.place / "job.yaml").unlink(missing_ok=True)
            case ["cancel", _] | ["execute", _]:
                self.type(["mmm", "launch", "demo", *LONG])
        if words[0] == "execute":
            self.type(["mmm", "launch", "demo", *SMALL])

    def filled(self, words: list[str]) -> list[str]:
        """The words with what a reader puts in (a run, a candidate, dates), and a small search."""
        batches = sorted(path.name for path in (self.place / "archive" / "batches").glob("*"))
        put = {
            "RUN": str(self.archive.runs()[0]),
            "NAME": "prod",
            "FOLDER": "desk",
            "FILE.PNG": "file.png",
        }
        line = "\0".join(words).replace(
            "--start\0…\0--end\0…", "--start\0{}\0--end\0{}".format(*AHEAD)
        )
        line = re.sub(r"\b\d_\d+_\d\b", lambda _: self._candidate(), line)
        line = re.sub(r"\b\d{8}_\d{6}\b", batches[-1] if batches else "none", line)
        filled = [put.get(word, word) for word in line.split("\0")]
        return [*filled, *(SMALL if _trains(words) else ())]

    def _candidate(self) -> str:
        """The best model of the run that `latest` is where a model is needed."""
        manifest = self.archive.trained().manifest
        assert manifest
        return manifest.best

    def ask_snowflake(self) -> None:
        """Let the job read its table as the page says; the shipped data are of one country."""
        said = yaml.safe_load(_block("snowflake.md", "yaml"))
        taken = {key: said[key] for key in ("source", "connection", "table")}
        job = self.place / "job.yaml"
        job.write_text(yaml.safe_dump(yaml.safe_load(job.read_text()) | {"file": ""} | taken))

    def settle(self) -> None:
        """End what still goes on, and wait for it."""
        for run in self.archive.runs():
            if run.manifest is None:  # it may end before it is told to
                subprocess.run(["mmm", "cancel", str(run)], cwd=self.place, env=self.environment)
        assert wait_until(lambda: all(run.manifest for run in self.archive.runs()))


def _trains(words: list[str]) -> bool:
    return words[0] == "papermill" or (words[1] in TRAIN and "--resume" not in words)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, around: dict[str, str]) -> Desk:
    """A folder with files, jobs and the first trained run, to be copied for each page."""
    desk = Desk(tmp_path_factory.mktemp("desk"), around)
    weekly = example_path("example:weekly")
    for name in ("sales.csv", "data.csv", "fr.csv"):
        shutil.copy(weekly, desk.place / name)
    table = pd.read_csv(weekly)
    costs = table[["DATE"]].assign(radio_cost=table["tv_S"].sample(frac=1, random_state=1).values)
    costs.to_csv(desk.place / "costs.csv", index=False)
    later = table.tail(8).assign(DATE=pd.date_range(AHEAD[0], periods=8, freq="7D").astype(str))
    pd.concat([table, later]).to_csv(desk.place / "newer.csv", index=False)
    job = yaml.safe_load(demo_job_path().read_text()) | {"file": "sales.csv", "revision": "r100"}
    (desk.place / "job.yaml").write_text(yaml.safe_dump(job))
    (desk.place / "jobs").mkdir()
    for revision in ("a", "b"):
        text = yaml.safe_dump(job | {"revision": revision, "file": "../sales.csv"})
        (desk.place / "jobs" / f"{revision}.yaml").write_text(text)
    (desk.place / "matrix.yaml").write_text(_block("launch.md", "yaml"))
    for name in ("mmmlib", "notebooks"):
        (desk.place / name).symlink_to(REPOSITORY / name)
    desk.type(["mmm", "run", "demo", *SMALL])
    return desk


def _block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (REPOSITORY / "docs" / page).read_text(), re.S)
    assert found
    return found[1]


@pytest.fixture
def desk(first: Desk, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(first.place, tmp_path / "desk", symlinks=True)
    desk = Desk(tmp_path / "desk", first.environment)
    yield desk
    desk.settle()


def _here(page: Path) -> list[Typed]:
    return [each for each in typed(page) if not each.elsewhere and not each.only_named]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if _here(page)], ids=lambda page: page.name
)
def test_what_is_typed_succeeds(page: Path, desk: Desk) -> None:
    if page.name == "snowflake.md":
        desk.ask_snowflake()
    job = (desk.place / "job.yaml").read_text()
    wrong = []
    for each in _here(page):
        if not each.fenced:  # what a sentence names does not follow from the one before
            (desk.place / "job.yaml").write_text(job)
        try:
            desk.prepare(each.words[1:])
            desk.type(desk.filled(each.words))
        except AssertionError as error:
            wrong.append(f"{each.line}: {error}")
    assert not wrong, "\n\n".join(wrong)


PYTHON = [page for page in PAGES if "```python\n" in page.read_text()]


@pytest.mark.parametrize("page", PYTHON, ids=lambda page: page.name)
def test_what_is_written_in_python_runs(page: Path, desk: Desk) -> None:
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        desk.type([sys.executable, "-c", f"import mmmlib\n{block}"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_has_the_targets(page: Path) -> None:
    for each in typed(page):
        if each.words[0] == "make":
            subprocess.run(
                ["make", "--dry-run", *each.words[1:]],
                cwd=REPOSITORY,
                check=True,
                capture_output=True,
            )
