"""The pages about deployment say what Terraform, the workflows and the scripts do."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from infra.cost import sheet
from tests.conftest import REPOSITORY
from tests.infra import ROOTS, TERRAFORM
from tests.infra.hcl import read, resources, variables

DOCS = REPOSITORY / "docs"
PAGES = [DOCS / f"{name}.md" for name in ("deploy", "operations", "security", "cost")]
ENVIRONMENT, FOUNDATION = (read(ROOTS[name]) for name in ("environment", "foundation"))

# Commands of gcloud that a person has checked against its reference.
GCLOUD = {
    "artifacts docker tags add",
    "auth application-default login",
    "auth configure-docker",
    "auth login",
    "auth print-identity-token",
    "beta services identity create",
    "config get-value",
    "config set",
    "iam service-accounts sign-jwt",
    "logging buckets update",
    "logging read",
    "projects describe",
    "run jobs execute",
    "run jobs executions list",
    "run revisions list",
    "run services describe",
    "run services update-traffic",
    "secrets versions add",
    "services enable",
    "storage buckets create",
    "storage buckets get-iam-policy",
    "storage buckets update",
    "storage ls",
    "storage restore",
}
TERRAFORM_COMMANDS = {
    "providers",
    "init",
    "plan",
    "apply",
    "output",
    "force-unlock",
    "fmt",
    "validate",
    "test",
    "show",
}


def commands(page: Path) -> list[str]:
    """Each line of the page's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def gcloud_command(words: list[str]) -> str | None:
    """The known command that a line begins with."""
    return next((" ".join(words[:n]) for n in (5, 4, 3, 2) if " ".join(words[:n]) in GCLOUD), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_known_and_name_what_exists(page: Path) -> None:
    folder = REPOSITORY
    for line in commands(page):
        tool, *words = shlex.split(line)
        match tool:
            case "gcloud":
                assert gcloud_command(words), line
            case "terraform":
                assert words[0] in TERRAFORM_COMMANDS, line
                for file in re.findall(r"-var-file=(\S+)", line):
                    assert (TERRAFORM / file).is_file(), line
            case "cd":
                folder = REPOSITORY if words[0] == "mmm-app" else REPOSITORY / words[0]
                assert folder.is_dir(), line
            case "cp":
                assert (folder / words[0]).is_file(), line
            case "gh":
                assert words[:2] in (["variable", "set"], ["workflow", "run"]) or words[0] == "api"
            case "git":
                assert words[0] in ("clone", "checkout", "push"), line
            case "docker":
                assert words[0] in ("build", "push", "run"), line
            case _:
                raise AssertionError(f"{page.name}: nothing checks {line!r}")


def test_commands_use_the_deployments_names() -> None:
    names = {each.name: each.body.get("default") for each in variables(ENVIRONMENT)}
    repository = next(
        each.body["default"] for each in variables(FOUNDATION) if each.name == "repository_id"
    )
    for page in PAGES:
        for line in commands(page):
            for flag, wanted in [
                ("--region", names["region"]),
                ("--service", names["service_name"]),
                ("--job", f"{names['service_name']}-train"),
            ]:
                for given in re.findall(rf"{flag} (\S+)", line):
                    assert given == wanted, line
            if "docker.pkg.dev/YOUR_PROJECT" in line:
                assert f"/{repository}/mmm-app:latest" in line
            assert "gsutil" not in line
            assert "gcloud logs" not in line


def test_workflows_are_run_with_inputs_they_have() -> None:
    for line in [line for page in PAGES for line in commands(page) if "gh workflow run" in line]:
        words = shlex.split(line)
        workflow = yaml.safe_load((REPOSITORY / ".github/workflows" / words[3]).read_text())
        inputs = workflow[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads `on` as true
        given = dict(word.split("=", 1) for word in words if "=" in word)
        assert set(given) <= set(inputs), line
        assert {name for name, one in inputs.items() if one.get("required")} <= set(given), line


def test_each_repository_variable_is_explained() -> None:
    text = "".join(file.read_text() for file in (REPOSITORY / ".github/workflows").glob("*.yml"))
    page = (DOCS / "deploy.md").read_text()
    used = set(re.findall(r"\bvars\.(\w+)", text))
    assert used >= {"GCP_PROJECT_ID", "GCP_PROJECT_NUMBER"}
    assert {name for name in used if f"`{name}`" not in page} == set()


def test_each_service_is_explained() -> None:
    (services,) = (each["services"] for each in FOUNDATION["locals"] if "services" in each)
    named = re.findall(r"([a-z]+)\.googleapis\.com", str(services))
    assert len(named) > 10
    page = (DOCS / "deploy.md").read_text().split("## Services of Google")[1]
    table = page.split("##")[0]
    assert [name for name in named if not re.search(rf"[`(]{name}`", table)] == []


def test_the_access_matrix_is_terraforms() -> None:
    """Every role that is given is in the table, and the table names no other."""
    page = (DOCS / "security.md").read_text()
    table = page.split("## Who may do what")[1].split("`mmm-trainer-staging-sa`")[0]
    given = {
        role
        for parsed in (ENVIRONMENT, FOUNDATION)
        for each in resources(parsed)
        if "_iam_member" in each.kind
        for role in re.findall(r"roles/[\w.]+", "\n".join(each.strings))
    }
    assert set(re.findall(r"roles/[\w.]+", table)) == given
    made = {
        each.body["role_id"]
        for each in resources(FOUNDATION)
        if each.kind == "google_project_iam_custom_role"
    }
    assert all(f"`{name}`" in table for name in made)
    assert made


def test_each_alert_and_filter_has_its_row() -> None:
    page = (DOCS / "operations.md").read_text()
    alerts = re.findall(r'title\s+= "(.*)"', (TERRAFORM / "alerts.tf").read_text())
    assert len(alerts) >= 8
    assert [title for title in alerts if f"| {title} |" not in page] == []
    files = {file.name for file in (TERRAFORM / "logs").iterdir()}
    assert {name for name in files if f"`{name}`" not in page} == set()


def test_filters_that_metrics_use_are_the_files() -> None:
    used = re.search(r"for name in (\[.*?\])", (TERRAFORM / "logs.tf").read_text())
    assert used
    assert set(json.loads(used[1])) >= {"fatal", "ended-badly", "memory"}
    assert all((TERRAFORM / "logs" / f"{name}.filter").is_file() for name in json.loads(used[1]))


def test_the_cost_sheet_is_computed() -> None:
    page = (DOCS / "cost.md").read_text()
    assert sheet.filled(page, sheet.read()) == page, "run: python infra/cost/sheet.py"


def test_the_cost_sheets_sizes_are_the_deployments() -> None:
    given = sheet.read()
    for prefix, name in (("service", "dashboard"), ("job", "training")):
        (variable,) = (each for each in variables(ENVIRONMENT) if each.name == name)
        for size, field in (("cpu", "cpu"), ("gib", "memory_gib")):
            wanted = re.search(
                rf"{field}'?:? .*?optional\(number, (\d+)\)", str(variable.body["type"])
            )
            assert wanted, variable.body["type"]
            assert given["sizes"][f"{prefix}_{size}"] == int(wanted[1])
    filters = re.findall(r"filters\s+= \[(for kind)?", (TERRAFORM / "alerts.tf").read_text())
    conditions = sum(2 if of_two_kinds else 1 for of_two_kinds in filters)
    assert given["idle"]["alert_conditions"] == 2 * conditions  # staging and production


def test_an_idle_month_costs_close_to_nothing() -> None:
    assert sum(sheet.idle(sheet.read()).values()) < 5


def test_costs_by_hand() -> None:
    """One run of 100 s on 2 processors and 4 GiB, and a month, worked out on paper."""
    given = sheet.read()
    given["sizes"] |= {"job_cpu": 2, "job_gib": 4}
    given["month"] |= {"container_start_seconds": 0, "native_seconds": 100, "runs": 10_000}
    given["prices"] |= {"job_cpu_second": 0.00002, "job_gib_second": 0.000002}
    run = sheet.run(given, "native")
    assert run["processors"] == pytest.approx(0.004)
    assert run["memory"] == pytest.approx(0.0008)
    free = given["free"]
    expected = (2e6 - free["job_cpu_seconds"]) * 0.00002 + (4e6 - free["job_gib_seconds"]) * 2e-6
    assert sheet.month(given, "native")["training"] == pytest.approx(expected)
