"""docker/compose.yaml as a person starts it: three services, the dashboard in a browser, a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.conftest import CHROMIUM, browser, page
from tests.infra.containers import LIMITS, SERVERS, image, out, podman
from tests.infra.test_image import COMPOSE, FOLDER, answers, free_port, wait_until

__all__ = ["browser", "image", "page"]

TABLE = "MARKETING.PUBLIC.WEEKLY"
# what tells containers each other's names: with CNI, and with netavark
RESOLVERS = [
    Path("/usr/lib/cni/dnsname"),
    Path("/usr/libexec/cni/dnsname"),
    Path("/usr/lib/podman/aardvark-dns"),
    Path("/usr/libexec/podman/aardvark-dns"),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


class Laptop:
    """podman-compose with our file, and a second one that names the images of this test."""

    def __init__(self, program: Path, images: Path) -> None:
        self.port = free_port()
        self.project = f"mmm-test-{os.getpid()}"
        self._command: list[str | Path] = [
            program, "--in-pod=false", "--podman-args=--runtime=runc",
            f"--podman-run-args={' '.join(LIMITS)}", "--project-name", self.project,
            "--file", FOLDER / "compose.yaml", "--file", images,
        ]  # fmt: skip

    def __call__(self, *words: str, seconds: float = 120) -> str:
        return out(*self._command, *words, seconds=seconds)

    def inside(self, service: str, *words: str, seconds: float = 120) -> str:
        """What a command prints in the container of a service."""
        return self("exec", "-T", service, *words, seconds=seconds)

    def healthy(self, service: str) -> bool:
        """Whether the service's own health check passes; podman's timer for it wants systemd."""
        _, *probe = COMPOSE["services"][service]["healthcheck"]["test"]
        done = subprocess.run(
            ["podman", "exec", f"{self.project}_{service}_1", *probe],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    def volumes(self) -> list[str]:
        """Those without a name too, which `down --volumes` leaves."""
        mounts = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}'
        found = podman("ps", "--all", "--quiet", "--filter", f"name=^{self.project}_").split()
        return podman("inspect", "--format", mounts, *found).split() if found else []


@pytest.fixture
def laptop(
    image: str, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Laptop]:
    """The three services, all answering."""
    if not any(resolver.exists() for resolver in RESOLVERS):
        pytest.skip("podman tells no container another's name: Debian's aardvark-dns, or dnsname")
    images = tmp_path / "images.yaml"
    own = {
        name: {"image": image if name == "dashboard" else SERVERS} for name in COMPOSE["services"]
    }
    images.write_text(yaml.safe_dump({"services": own}))
    laptop = Laptop(tools / "podman-compose", images)
    monkeypatch.setenv("DASHBOARD_PORT", str(laptop.port))
    volumes: list[str] = []
    try:
        laptop("up", "--detach", "--no-build")
        volumes = laptop.volumes()
        wait_until(lambda: laptop.healthy("storage") and laptop.healthy("snowflake"))
        wait_until(lambda: answers(f"http://127.0.0.1:{laptop.port}/health"))
        yield laptop
    finally:
        laptop("down", "--volumes")
        if volumes:
            podman("volume", "rm", "--force", *volumes)


def test_the_dashboard_trains_into_the_bucket_and_a_command_from_the_warehouse(
    laptop: Laptop, page: Any
) -> None:
    page.goto(f"http://127.0.0.1:{laptop.port}/?page=train")
    page.locator(".mmm-example").first.wait_for()
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    page.get_by_label("Iterations").fill("200")
    page.get_by_label("Trials").fill("1")
    page.locator(".mmm-launch", has_text="200 candidates").wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".mmm-onepager").wait_for()
    run = page.url.rpartition("run=")[2]
    wait_until(lambda: "succeeded" in laptop.inside("dashboard", "mmm", "show", run))
    manifests = laptop.inside(
        "storage", "find", "/buckets/mmm-app-output", "-name", "manifest.json"
    )
    assert run in manifests

    table = ["-p", "source", "snowflake", "-p", "file", "''", "-p", "table", TABLE]
    short = ["-p", "trials", "1", "-p", "iterations", "200"]
    laptop.inside("dashboard", "mmm", "run", "demo", *table, *short, seconds=300)
    assert "succeeded" in laptop.inside("dashboard", "mmm", "show", "latest")
    # neither compiled anything: the machine code is the image's
    assert compiled(laptop, "/scratch/numba") == compiled(laptop, "/opt/numba")


def compiled(laptop: Laptop, folder: str) -> list[str]:
    found = laptop.inside("dashboard", "find", folder, "-name", "*.nb?").split()
    assert found
    return sorted(Path(line).name for line in found)
