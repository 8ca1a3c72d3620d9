"""The recipe of the image, and its two commands run for real outside a container."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.archive.run import Run
from mmmlib.ground.environment import Settings
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docker"
RECIPES = [FOLDER / "Dockerfile", FOLDER / "servers.Dockerfile"]
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
TOOLS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def instructions(recipe: Path) -> list[tuple[str, str]]:
    """Instruction and arguments of each line, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", recipe.read_text(), flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2]) for line in text.splitlines() if line]


def checked(tool: str, *arguments: str) -> None:
    program = shutil.which(tool, path=TOOLS)
    assert program, f"{tool} is not installed: make test"
    done = subprocess.run(
        [program, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_recipes_follow_good_practice() -> None:
    checked("hadolint", *map(str, RECIPES))


def test_scripts_follow_good_practice() -> None:
    checked("shellcheck", "--external-sources", *map(str, FOLDER.glob("*.sh")))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_what_is_copied_is_there_and_not_left_out(recipe: Path) -> None:
    kept = re.findall(r"^!(\S+)", (REPOSITORY / ".dockerignore").read_text(), re.M)
    for name, words in instructions(recipe):
        if name == "COPY" and "--from" not in words:
            for source in shlex.split(words)[:-1]:
                assert (REPOSITORY / source).exists(), source
                assert source.split("/")[0] in kept, f".dockerignore leaves out {source}"


def test_nothing_else_gets_near_an_image() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"  # secrets (.env), archives and git's history among it
    kept = {line[1:] for line in lines if line.startswith("!")}
    tracked = subprocess.run(
        ["git", "ls-files", "--", *kept],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert {path.split("/")[0] for path in tracked} == kept


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_python_packages_are_those_of_a_lock(recipe: Path) -> None:
    installs = [
        command
        for name, words in instructions(recipe)
        if name == "RUN"
        for command in words.split("&&")
        if "pip " in command
    ]
    assert installs
    for command in installs:
        own = "--no-deps" in command and command.split()[-1] == "/src"
        assert own or "--require-hashes" in command, command


def test_nobody_is_root() -> None:
    for recipe in RECIPES:
        (user,) = [words for name, words in instructions(recipe) if name == "USER"]
        assert int(user) >= 1000


def test_the_image_says_what_it_is_made_of_and_where_it_writes() -> None:
    given = instructions(RECIPES[0])
    arguments = {words.split("=")[0] for name, words in given if name == "ARG"}
    assert arguments == {"BASE", "ROBYN", "COMMIT", "VERSION", "MMM_CRAN_SNAPSHOT"}
    assert ("VOLUME", '["/scratch", "/tmp"]') in given
    assert ("CMD", '["dashboard"]') in given
    environment = dict(
        word.split("=", 1)
        for name, words in given
        if name == "ENV"
        for word in shlex.split(words)
        if "=" in word
    )
    for name in ("MMM_ROOT", "MMM_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "HOME", "TMPDIR"):
        assert environment[name].startswith("/scratch/"), name
    # it must be a setting, or nobody hears of it
    ours = {name.lower() for name in environment if name.startswith("MMM_")}
    assert ours - {"mmm_numba", "mmm_commit"} <= set(Settings.model_fields)


def test_compose_leads_to_its_own_servers() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    given = services["dashboard"]["environment"]
    _, folder, address = services["storage"]["command"]
    assert address == given["STORAGE_EMULATOR_HOST"]
    bucket = given["MMM_ROOT"].removeprefix("gs://").split("/")[0]
    assert f"{folder}/{bucket}" in RECIPES[1].read_text()
    _, data, port = services["snowflake"]["command"]
    assert (given["SNOWFLAKE_HOST"], given["SNOWFLAKE_PORT"]) == ("snowflake", port)
    assert (REPOSITORY / "mmmlib" / "data" / "examples" / data).is_file()
    for name, service in services.items():
        assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name


def test_the_health_check_leaves_containers_that_train_alone() -> None:
    # process 1 of this machine is not the dashboard's
    done = subprocess.run([sys.executable, FOLDER / "health.py"], env={"PORT": "1"}, check=False)
    assert done.returncode == 0


# what the dashboard does when its button is pressed twice
LAUNCH_TWO = """
from mmmlib.job import TrainingJob
from mmmlib.launching.queue import submit
for _ in range(2):
    submit(TrainingJob.load("demo"))
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until(true: Callable[[], object], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def container(tmp_path: Path) -> dict[str, str]:
    """Environment of the image, with folders of this test's own."""
    made = tmp_path / "image-numba"
    made.mkdir()
    (made / "made-of").write_text("these sources")
    return os.environ | {
        "PATH": TOOLS,
        "PYTHONPATH": str(REPOSITORY),
        "APP_ROOT": str(REPOSITORY),
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        "MMM_NUMBA": str(made),
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
        "MMM_ROOT": str(tmp_path / "archive"),
        "MMM_CLOSING": str(tmp_path / "closing"),
        "PORT": str(free_port()),
    }


def test_a_command_is_that_of_mmm_and_the_cache_is_the_images(
    container: dict[str, str], tmp_path: Path
) -> None:
    stale = tmp_path / "numba"
    stale.mkdir()
    (stale / "made-of").write_text("other sources")
    (stale / "old.nbc").touch()
    done = subprocess.run(
        [FOLDER / "entrypoint.sh", "runs"], env=container, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "no runs" in done.stdout.lower()
    assert [path.name for path in stale.iterdir()] == ["made-of"]
    assert (stale / "made-of").read_text() == "these sources"
    assert [path.name for path in tmp_path.glob("numba*")] == ["numba"]


@pytest.mark.parametrize(
    ("given", "heard"),
    [
        (
            {"MMM_ROOT": "/scratch/archive", "GCS_BUCKET": "ours"},
            "none",
        ),  # settings take the bucket
        ({"MMM_ROOT": "/scratch/archive"}, "/scratch/archive"),
        ({"MMM_ROOT": "gs://other", "GCS_BUCKET": "ours"}, "gs://other"),
    ],
)
def test_a_bucket_that_is_named_takes_the_place_of_the_images_own_root(
    container: dict[str, str], tmp_path: Path, given: dict[str, str], heard: str
) -> None:
    tool = tmp_path / "bin" / "mmm"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho ${MMM_ROOT:-none}\n")
    tool.chmod(0o755)
    path = {"PATH": f"{tool.parent}{os.pathsep}{container['PATH']}"}
    done = subprocess.run(
        [FOLDER / "entrypoint.sh", "runs"], env=container | given | path, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == heard


def test_a_dashboard_that_is_stopped_ends_its_run_and_keeps_the_queue(
    container: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "closing").touch()  # as left by the last stop
    stopped = tmp_path / "said"
    with stopped.open("wb") as said:
        process = subprocess.Popen(
            [FOLDER / "entrypoint.sh", "dashboard"], env=container, stdout=said, stderr=said
        )
    try:
        wait_until(lambda: not (tmp_path / "closing").exists())
        subprocess.run([sys.executable, "-c", LAUNCH_TWO], env=container, cwd=tmp_path, check=True)
        wait_until(lambda: answers(f"http://127.0.0.1:{container['PORT']}/health"))
        archive = Archive(container["MMM_ROOT"])
        first, second = sorted(archive.runs(), key=lambda run: str(run.id))
        wait_until(lambda: first.state().status is Status.RUNNING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0, stopped.read_text()
    finally:
        process.kill()
        process.wait()
    assert ended(first) == "failed"
    assert second.manifest is None
    assert second.state().status is Status.QUEUED


def ended(run: Run) -> str:
    assert run.manifest, "it has no end"
    return str(run.manifest.status)
