"""The image built for real (without Robyn), then run as a cloud would: read-only, little memory."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from tests.conftest import REPOSITORY
from tests.infra.containers import COMMIT, SERVERS, VERSION, image, look, podman, run
from tests.infra.test_image import COMPOSE, answers, free_port, wait_until

__all__ = ["image"]

TABLE = "MARKETING.PUBLIC.WEEKLY"
MEMORY = "3g"
SIZE = 2.5e9  # bytes; 2.25 GB when this was written

pytestmark = pytest.mark.slow


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The one folder that is written to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.fixture
def hardened(scratch: Path) -> list[str]:
    """Options of a container that may do next to nothing."""
    return [
        "--read-only", "--tmpfs", "/tmp", "--volume", f"{scratch}:/scratch", "--memory", MEMORY,
        "--cap-drop", "all", "--security-opt", "no-new-privileges", "--network", "host",
    ]  # fmt: skip


def test_a_run_is_trained_in_a_container_that_may_do_nothing_else(
    image: str, hardened: list[str], scratch: Path
) -> None:
    said = run("--rm", *hardened, image, "run", "demo", seconds=600)
    (trained,) = Archive(str(scratch / "archive")).runs()
    assert trained.manifest is not None, said
    assert trained.manifest.status is Status.SUCCEEDED
    assert trained.manifest.receipt.code_commit == COMMIT
    assert trained.manifest.version == VERSION
    assert {path.stat().st_uid for path in scratch.rglob("*")} == {10001}
    # nothing was compiled: the machine code is the image's
    kept = sorted(path.name for path in (scratch / "numba").rglob("*.nb?"))
    shipped = look(image, "find", "/opt/numba", "-name", "*.nb?")
    assert kept == sorted(Path(line).name for line in shipped.splitlines())


@pytest.fixture
def dashboard(image: str, hardened: list[str]) -> Iterator[tuple[str, str]]:
    """A container that serves: its id and its address."""
    port = free_port()
    began = time.monotonic()
    name = run("--detach", *hardened, "--hostname", "mmm", "--env", f"PORT={port}", image).strip()
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{address}/health"))
        print(f"healthy after {time.monotonic() - began:.1f} s")
        yield name, address
    finally:
        podman("rm", "--force", name)


def test_a_dashboard_serves_and_is_stopped_with_its_run(
    dashboard: tuple[str, str], scratch: Path
) -> None:
    name, address = dashboard
    podman("exec", name, "python", "/opt/mmm/health.py")
    with urllib.request.urlopen(address, timeout=120) as answer:
        assert "<title>MMM" in answer.read().decode()
    archive = Archive(str(scratch / "archive"))
    for _ in range(2):
        podman("exec", name, "mmm", "launch", "demo", "-p", "trials", "50")
    first, second = sorted(archive.runs(), key=lambda run: str(run.id))
    wait_until(lambda: first.state().stage == "train")
    began = time.monotonic()
    podman("stop", "--time", "15", name)
    print(f"stopped after {time.monotonic() - began:.1f} s")
    facts = json.loads(podman("inspect", name))[0]["State"]
    assert (facts["ExitCode"], facts["OOMKilled"]) == (0, False)
    assert first.manifest is not None
    assert first.manifest.status is Status.CANCELLED
    assert second.state().status is Status.QUEUED


def test_a_command_that_is_stopped_ends_its_run(
    image: str, hardened: list[str], scratch: Path
) -> None:
    name = run("--detach", *hardened, image, "run", "demo", "-p", "trials", "50").strip()
    try:
        archive = Archive(str(scratch / "archive"))
        wait_until(lambda: [r for r in archive.runs() if r.state().status is Status.RUNNING])
        podman("stop", "--time", "15", name)
    finally:
        podman("rm", "--force", name)
    (stopped,) = archive.runs()
    assert stopped.manifest is not None
    assert stopped.manifest.status is Status.CANCELLED


def test_the_image_is_what_it_says_and_holds_no_secret(image: str) -> None:
    facts: dict[str, Any] = json.loads(podman("inspect", image))[0]
    assert facts["User"] == "10001"
    assert facts["Labels"]["org.opencontainers.image.revision"] == COMMIT
    assert facts["Labels"]["org.opencontainers.image.version"] == VERSION
    assert facts["Healthcheck"]["Test"] == ["CMD", "python", "/opt/mmm/health.py"]
    assert facts["Size"] < SIZE
    said = podman("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    assert not re.search(r"(?i)password|token|secret|api_?key|BEGIN [A-Z ]*PRIVATE", said)
    found = look(
        image, "find", "/", "-xdev",
        "(", "-name", ".env", "-o", "-name", ".git", "-o", "-name", "pip.conf", "-o",
        "-path", "/root/*", "-type", "f", "-o", "-path", "/hostcerts/*", "-o",
        "-name", "*.p8", "-o", "-name", "id_rsa*", "-o", "-name", "*credentials*.json", ")",
    ).splitlines()  # fmt: skip
    assert set(found) <= {"/root/.bashrc", "/root/.profile", "/etc/pip.conf"}
    assert not look(image, "sh", "-c", "cat /etc/pip.conf || true")


def test_the_bill_of_materials_names_debians_pythons_and_rs_packages(image: str) -> None:
    bill = json.loads(look(image, "cat", "/opt/sbom/mmm-app.cdx.json"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    named = {re.split("[@?]", item["purl"])[0] for item in bill["components"]}
    assert {"pkg:deb/debian/tini", "pkg:pypi/pandas", "pkg:pypi/rpy2", "pkg:cran/glmnet"} <= named
    assert "pkg:pypi/mmmlib" in named
    lock = (REPOSITORY / "requirements" / "product.txt").read_text()
    locked = re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.M)
    listed = {item["purl"] for item in bill["components"]}
    assert {f"pkg:pypi/{name}@{version}" for name, version in locked} <= listed


# in R: all that Debian brings for Robyn
LOAD_EACH = """
    sys.source("/app/r/R/requirements.R", mmmr <- new.env())
    needed <- subset(mmmr$mmmr_requirements(), nzchar(debian) & package != "R")
    for (package in needed$package) loadNamespace(package)
    cat(nrow(needed), "loaded")
"""


def test_rs_packages_can_be_loaded(image: str, hardened: list[str]) -> None:
    said = run("--rm", *hardened, "--entrypoint", "Rscript", image, "-e", LOAD_EACH)
    assert int(said.split(" loaded")[0].split()[-1]) > 15


def test_the_doctor_finds_nothing_wrong(image: str, hardened: list[str]) -> None:
    findings = json.loads(run("--rm", *hardened, image, "doctor", "--json"))
    verdicts = {finding["name"]: finding["verdict"] for finding in findings}
    assert "fail" not in verdicts.values()
    for name in ("packages", "numba cache", "notebooks", "archive", "R", "rpy2"):
        assert verdicts[name] == "pass", findings


@pytest.fixture
def servers(image: str) -> Iterator[list[str]]:
    """The servers of compose.yaml, and the options of a container that finds them."""
    hosts = [f"--add-host={name}:127.0.0.1" for name in ("storage", "snowflake")]
    started = []
    try:
        for name in ("storage", "snowflake"):
            service = COMPOSE["services"][name]
            options = ["--read-only", "--tmpfs", "/tmp", "--network", "host", "--cap-drop", "all"]
            started.append(run("--detach", *options, *hosts, SERVERS, *service["command"]).strip())
            _, *probe = service["healthcheck"]["test"]
            probed = ["podman", "exec", started[-1], *probe]
            wait_until(
                lambda probed=probed: (
                    subprocess.run(probed, capture_output=True, check=False).returncode == 0
                )
            )
        yield hosts
    finally:
        for container in started:
            podman("rm", "--force", "--volumes", container)


def test_the_laptop_of_compose_trains_from_its_snowflake_into_its_bucket(
    image: str, servers: list[str], hardened: list[str]
) -> None:
    given = COMPOSE["services"]["dashboard"]["environment"]
    environment = [f"--env={name}={value}" for name, value in given.items()]
    options = ["--rm", *hardened, *servers, *environment, image]
    table = ["-p", "source", "snowflake", "-p", "file", "''", "-p", "table", TABLE]
    run(
        *options, "run", "demo", *table, "-p", "trials", "2", "-p", "iterations", "200", seconds=300
    )
    assert "succeeded" in run(*options, "show", "latest")
