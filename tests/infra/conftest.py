"""Tools of ``requirements/infra.txt`` in an environment of their own; Terraform and a provider."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.infra import ROOTS

LOCK = REPOSITORY / "requirements" / "infra.txt"
PLACE = REPOSITORY / ".venv-infra"
HERE = Path(__file__).parent
VERSION = "8.7.0"  # of hashicorp/google, in the bindings of the lock

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the tools' programs; installed by their hashes when the lock is new."""
    stamp = PLACE / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).with_name("uv")
        for command in (
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, PLACE],
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                PLACE / "bin" / "python",
                "--require-hashes",
                "-r",
                LOCK,
            ],
        ):
            # not in the checkout: its [tool.uv] is about other packages
            done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=900)
            if re.search(r"error sending request|dns error|connect", done.stderr, re.I):
                pytest.skip("no package registry is reachable for requirements/infra.txt")
            assert done.returncode == 0, done.stderr
        stamp.write_text(wanted)
    return PLACE / "bin"


@pytest.fixture(scope="session")
def check(tools: Path) -> Callable[..., Done]:
    """Run one of the tools in the repository; its output is in the answer."""

    def run(tool: str, *words: str | Path, cwd: Path = REPOSITORY) -> Done:
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)  # its packages are not ours
        return subprocess.run(
            [tools / tool, *words],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )

    return run


@dataclass(frozen=True)
class Terraform:
    """A copy of our files, initialised; ``folder`` may be changed by a test."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *words: str) -> Done:
        return subprocess.run(
            ["terraform", *words, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
        )


@pytest.fixture(scope="session")
def provider(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which Terraform finds a provider with Google's schema."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("provider")
    files = "\n".join(file.read_text() for root in ROOTS.values() for file in root.glob("*.tf"))
    names = {
        f"{'data.' if kind == 'data' else ''}{name}"
        for kind, name in re.findall(r'^(resource|data) "(google_\w+)"', files, re.M)
    }
    schema = folder / "schema.json"
    subprocess.run(
        [tools / "python", HERE / "provider_schema.py", schema, *sorted(names)],
        check=True,
        timeout=900,
    )
    place = folder / f"mirror/registry.terraform.io/hashicorp/google/{VERSION}/{_platform()}"
    place.mkdir(parents=True)
    program = place / f"terraform-provider-google_v{VERSION}"
    program.write_text(f"#!/bin/sh\nexec {tools / 'python'} {HERE / 'stand_in_provider.py'}\n")
    program.chmod(0o755)
    settings = folder / "terraform.rc"
    settings.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{folder / "mirror"}"\n  }}\n}}\n'
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return environment | {
        "HOME": str(folder),  # the stand-in keeps a certificate there
        "PROVIDER_SCHEMA": str(schema),
        "TF_CLI_CONFIG_FILE": str(settings),
    }


@pytest.fixture
def terraform(provider: dict[str, str], tmp_path: Path) -> Callable[[str], Terraform]:
    """Give a fresh copy of a root (``environment`` or ``foundation``), initialised."""

    def copy(root: str) -> Terraform:
        folder = tmp_path / root
        shutil.copytree(ROOTS[root], folder, ignore=shutil.ignore_patterns(".terraform*"))
        made = Terraform(folder, provider)
        done = made("init", "-backend=false", "-input=false")
        assert done.returncode == 0, done.stderr
        return made

    return copy


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return f"{os.uname().sysname.lower()}_{machine}"
