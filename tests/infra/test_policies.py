"""What checkers and Terraform itself say; slow, and skipped by name where a tool cannot be had."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.infra import ROOTS, TERRAFORM
from tests.infra.conftest import Done, Terraform

pytestmark = pytest.mark.slow

WORKFLOWS = REPOSITORY / ".github" / "workflows"


@pytest.mark.parametrize("root", ROOTS)
def test_terraform_finds_nothing_wrong(terraform: Callable[[str], Terraform], root: str) -> None:
    one = terraform(root)
    assert one("validate").returncode == 0
    done = one("fmt", "-check", "-recursive", "-list=true", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("root", ROOTS)
def test_plans_with_a_mocked_provider(terraform: Callable[[str], Terraform], root: str) -> None:
    done = terraform(root)("test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
    assert int(done.stdout.split("Success! ")[1].split(" ")[0]) >= 10


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("session_affinity ", "sesion_affinity ", "Unsupported argument"),
        ("  location            = var.region\n", "", "Missing required argument"),
        ("cpu_idle          = true", 'cpu_idle = "never"', "Incorrect attribute value type"),
        (
            'google_cloud_run_v2_service" "dashboard" {\n',
            'google_cloud_run_v2_servce" "dashboard" {\n',
            "Invalid resource type",
        ),
        (
            "    scaling {\n      max_instance_count",
            "    scaling {}\n    scaling {\n      max_instance_count",
            "Too many scaling blocks",
        ),
    ],
)
def test_the_stand_in_knows_googles_schema(
    terraform: Callable[[str], Terraform], old: str, new: str, said: str
) -> None:
    one = terraform("environment")
    file = one.folder / "service.tf"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    done = one("validate")
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_each_environments_values_are_accepted(
    terraform: Callable[[str], Terraform], environment: str
) -> None:
    """The committed tfvars, with what a person or a workflow adds, pass every validation."""
    one = terraform("environment")
    shutil.rmtree(one.folder / "tests")
    (one.folder / "values.tftest.hcl").write_text(
        'mock_provider "google" {}\n'
        f"variables {{\n{(one.folder / f'{environment}.tfvars').read_text()}\n"
        '  project_id = "acme-analytics"\n  image = "a.pkg.dev/acme/mmm-repo/mmm-app:latest"\n}\n'
        'run "values" {\n  command = plan\n}\n'
    )
    done = one("test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov(check: Callable[..., Done]) -> None:
    done = check(
        "checkov",
        "--directory",
        TERRAFORM,
        "--framework",
        "terraform",
        "--skip-download",
        "--compact",
        "--quiet",
    )
    assert done.returncode == 0, done.stdout
    assert "Failed checks: 0" in done.stdout
    assert "Passed checks: 0" not in done.stdout


def test_trivy(check: Callable[..., Done]) -> None:
    done = check(
        "trivy",
        "config",
        "--skip-check-update",
        "--quiet",
        "--exit-code",
        "1",
        REPOSITORY / "infra",
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tool", ["checkov", "trivy"])
def test_the_policies_are_really_checked(
    check: Callable[..., Done], tool: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.tf").write_text(
        'resource "google_storage_bucket" "b" {\n  name = "b"\n  location = "EU"\n}\n'
    )
    words = {
        "checkov": ["--directory", tmp_path, "--framework", "terraform", "--skip-download"],
        "trivy": ["config", "--skip-check-update", "--quiet", "--exit-code", "1", tmp_path],
    }[tool]
    assert check(tool, *words).returncode == 1


def test_every_exception_of_a_policy_is_argued() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        for line in file.read_text().splitlines():
            if "checkov:skip" in line:
                assert len(line.split(":", 2)[2].split()) > 5, line


def test_zizmor(check: Callable[..., Done]) -> None:
    done = check("zizmor", "--offline", "--no-progress", WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_actionlint_with_shellcheck(check: Callable[..., Done]) -> None:
    files = sorted(WORKFLOWS.glob("*.yml"))
    done = check("actionlint", "-no-color", *files)
    assert done.returncode == 0, done.stdout


def test_githubs_schema(check: Callable[..., Done]) -> None:
    files = sorted(WORKFLOWS.glob("*.yml"))
    done = check("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout


def test_composes_schema(check: Callable[..., Done]) -> None:
    file = REPOSITORY / "docker" / "compose.yaml"
    done = check("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)
    assert done.returncode == 0, done.stdout


def test_shellcheck(check: Callable[..., Done]) -> None:
    done = check("shellcheck", *sorted((REPOSITORY / "infra" / "scripts").glob("*.sh")))
    assert done.returncode == 0, done.stdout
