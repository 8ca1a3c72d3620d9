"""Images and containers of the tests: buildah builds, podman with runc runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BASE = "docker.io/library/debian:bookworm-slim"
IMAGE = "localhost/mmm-app:test"
SERVERS = "localhost/mmm-servers:test"
BUILT = "MMM_TEST_IMAGE"  # variable with an image that was built already, of COMMIT, beside SERVERS
COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSION = "7.8.9"
# what a machine inside a sandbox may grant
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def out(*command: str | Path, seconds: float = 120) -> str:
    """Run a command; return what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def podman(*arguments: str | Path, seconds: float = 120) -> str:
    return out("podman", "--runtime", "runc", *arguments, seconds=seconds)


def run(*arguments: str | Path, seconds: float = 120) -> str:
    """Run a container; podman's own health checks want systemd."""
    return podman("run", "--no-healthcheck", *LIMITS, *arguments, seconds=seconds)


def look(image: str, *command: str) -> str:
    """Run a command of the system as root in an image."""
    return run("--rm", "--user", "0", "--entrypoint", command[0], image, *command[1:])


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build it, unless the layers are there; a machine without a registry makes its own base."""
    missing = [tool for tool in ("buildah", "podman", "runc") if not shutil.which(tool)]
    if missing or os.getuid():
        pytest.skip(f"images are built by root with {', '.join(missing) or 'buildah'}")
    if built := os.environ.get(BUILT):
        return built
    folder = tmp_path_factory.mktemp("build")
    if subprocess.run(["buildah", "inspect", BASE], capture_output=True, check=False).returncode:
        make_base(folder / "base.tar")
    options = [*LIMITS, "--isolation", "chroot", "--format", "docker", "--layers"]
    if list(OWN_AUTHORITIES.glob("*.crt")):  # the network's own; pip has a list of its own too
        options += ["--volume", f"{OWN_AUTHORITIES}:{OWN_AUTHORITIES}:ro"]
        settings = folder / "pip.conf"
        settings.write_text("[global]\ncert = /hostcerts/ca-certificates.crt\n")
        options += ["--volume", f"{CERTIFICATES.parent}:/hostcerts:ro"]
        options += ["--volume", f"{settings}:/etc/pip.conf:ro"]
    for name, recipe in ((SERVERS, "servers.Dockerfile"), (IMAGE, "Dockerfile")):
        began = time.monotonic()
        out(
            "buildah", "bud", *options, "--pull-never", "--file", REPOSITORY / "docker" / recipe,
            "--build-arg", "ROBYN=no", "--build-arg", f"COMMIT={COMMIT}",
            "--build-arg", f"VERSION={VERSION}", "--tag", name, REPOSITORY,
            seconds=3600,
        )  # fmt: skip
        print(f"{recipe} built in {time.monotonic() - began:.0f} s")
    return IMAGE


def make_base(file: Path) -> None:
    """Debian from its packages, under the name of its image."""
    if not shutil.which("mmdebstrap"):
        out("buildah", "pull", BASE, seconds=600)
        return
    out("mmdebstrap", "--variant=minbase", "bookworm", file, seconds=1200)
    container = out("buildah", "from", "scratch").strip()
    out("buildah", "add", container, file, "/", seconds=300)
    out("buildah", "commit", "--rm", container, BASE, seconds=300)
