"""The workflows: pinned, without keys, with no more rights than each job needs."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

FILES = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


def load(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text())
    read["on"] = read.pop(True, read.get("on"))  # YAML 1.1 reads the key `on` as true
    return read


def complaints(text: str) -> list[str]:
    """Say what breaks a rule in one workflow."""
    read = yaml.safe_load(text)
    said = []
    if read.get("permissions") != {}:
        said.append("starts with rights")
    triggers = read.get("on", read.get(True)) or {}
    if {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers):
        said.append("runs what strangers send")
    if re.search(r"secrets\.|credentials_json|secrets: inherit", text):
        said.append("holds a key")
    for name, job in read["jobs"].items():
        if "permissions" not in job:
            said.append(f"{name} does not say its rights")
        elif job["permissions"] not in (
            {},
            {"contents": "read"},
            {"contents": "read", "id-token": "write"},
            {"contents": "read", "pages": "write", "id-token": "write"},  # publishes the docs
        ):
            said.append(f"{name} has more rights than any needs")
        if "uses" not in job and "timeout-minutes" not in job:
            said.append(f"{name} may hang for six hours")
        for step in job.get("steps", []):
            if "uses" in step and not PINNED.match(step["uses"]):
                said.append(f"{name} uses {step['uses']}, which may change")
            if "${{" in step.get("run", ""):
                said.append(f"{name} pastes a value into a script")
            checkout = step.get("uses", "").startswith("actions/checkout@")
            if checkout and step.get("with", {}).get("persist-credentials") is not False:
                said.append(f"{name} leaves a token in the folder")
    for line in text.splitlines():
        if "uses:" in line and "@" in line and not re.search(r"# v\d+\.\d+\.\d+$", line):
            said.append(f"{line.strip()} does not say which version the commit is")
    return said


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_our_workflows_break_no_rule(file: Path) -> None:
    assert complaints(file.read_text()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("permissions: {}\n", ""), "starts with rights"),
        (("  push:\n", "  pull_request_target:\n"), "strangers"),
        (("      contents: read\n", "      contents: write\n"), "more rights"),
        (("    timeout-minutes: 60\n", ""), "hang"),
        (("@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4"), "may change"),
        ((" # v4.2.2", ""), "which version"),
        (("run: .ci/run", "run: .ci/run ${{ github.ref }}"), "pastes"),
        (
            ("          persist-credentials: false\n", "          fetch-depth: 1\n"),
            "leaves a token",
        ),
        (("run: .ci/run", "run: .ci/run\n        env: {KEY: '${{ secrets.KEY }}'}"), "holds a key"),
    ],
)
def test_the_rules_find_what_they_are_for(change: tuple[str, str], complaint: str) -> None:
    text = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text()
    assert change[0] in text
    assert any(complaint in each for each in complaints(text.replace(*change)))


def test_which_push_deploys_where() -> None:
    ci, deploy, train = (
        load(file) for name in ("ci", "deploy", "train") for file in FILES if file.stem == name
    )
    assert ci["on"]["push"]["branches"] == ["ci-cd"]
    assert ci["jobs"]["staging"]["with"] == {
        "environment": "staging",
        "service": "mmm-app-staging",
    }
    assert ci["jobs"]["staging"]["needs"] == ["test", "policy"]
    assert deploy["on"]["push"]["branches"] == ["main"]
    assert deploy["jobs"]["production"]["with"] == {
        "environment": "production",
        "service": "mmm-app",
    }
    assert set(train["on"]) == {"workflow_dispatch", "schedule"}


def test_traffic_moves_after_the_smoke_test() -> None:
    (release,) = (load(file) for file in FILES if file.stem == "release")
    names = [step.get("name", "") for step in release["jobs"]["deploy"]["steps"]]
    order = ["Pin what serves now", "Plan", "Apply", "Smoke test", "Doctor", "Move traffic"]
    places = [next(i for i, name in enumerate(names) if name.startswith(each)) for each in order]
    assert places == sorted(places)
    steps = release["jobs"]["deploy"]["steps"]
    assert not any("continue-on-error" in step or "if" in step for step in steps)
    assert release["jobs"]["deploy"]["needs"] == "image"


def test_who_becomes_a_deployer_is_a_job_of_its_environment() -> None:
    """Google's fence asks for it, and what GitHub asks of the environment holds for the rights."""
    wanted = {"release": "${{ inputs.environment }}", "deploy": "production"}
    found = 0
    for file in FILES:
        for job in load(file)["jobs"].values():
            for step in job.get("steps", []):
                given = step.get("with", {})
                if "github-deployer" in given.get("service_account", ""):
                    environment = job["environment"]
                    name = environment["name"] if isinstance(environment, dict) else environment
                    assert name == wanted[file.stem]
                    assert given["workload_identity_provider"].endswith(f"/github-{name}")
                    found += 1
    assert found == 3


def test_training_gets_an_image_with_the_traffic_only() -> None:
    text = (REPOSITORY / "infra" / "terraform" / "training.tf").read_text()
    assert (
        "ignore_changes = [client, client_version, template[0].template[0].containers[0].image]"
        in (text.partition('"check"')[0])
    )


def test_a_failed_country_never_stops_the_others() -> None:
    (train,) = (load(file) for file in FILES if file.stem == "train")
    strategy = train["jobs"]["train"]["strategy"]
    assert strategy["fail-fast"] is False
    after = train["jobs"]["train"]["steps"][-2:]
    assert all(step["if"] == "always()" for step in after)


def test_workflows_name_files_that_exist() -> None:
    for file in FILES:
        text = file.read_text()
        named = re.findall(
            r"(?<![\w/.])((?:infra|docker|requirements|notebooks|mmmlib)/[\w./-]+)(?![\w./-]*@)",
            text,
        )
        missing = {name for name in named if not (REPOSITORY / name.rstrip(".")).exists()}
        # made by `terraform init`, and by the branch that builds the image
        assert missing <= {"infra/terraform/.terraform.lock.hcl"}, file.name


def unargued(accepted: list[dict[str, Any]]) -> list[str]:
    """Vulnerabilities that are accepted without a reason, or for ever."""
    return [
        each.get("id", "?")
        for each in accepted
        if len(str(each.get("statement", "")).split()) <= 5
        or not isinstance(each.get("expired_at"), dt.date)
    ]


def test_what_the_scans_let_pass_has_a_reason_and_an_end() -> None:
    file = REPOSITORY / "infra" / "accepted.yaml"
    assert unargued(yaml.safe_load(file.read_text())["vulnerabilities"]) == []
    shown = file.read_text().replace("#   - ", "  - ").replace("#     ", "    ")
    example = yaml.safe_load(shown.replace("vulnerabilities: []", "")[shown.index("  - id") :])
    assert unargued(example) == []
    for name in ("statement", "expired_at"):
        assert unargued([{**example[0], name: ""}]) == ["CVE-2026-12345"]
    scans = [
        line for each in FILES for line in each.read_text().splitlines() if "--ignore-unf" in line
    ]
    assert len(scans) == 2
    assert all("--ignorefile infra/accepted.yaml" in line for line in scans)
