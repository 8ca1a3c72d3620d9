"""Rules for Terraform files that no checker has: who is not let in, and how little is given."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.infra import ROOTS
from tests.infra.hcl import Block, parse, read, resources, variables

PARSED = {name: read(root) for name, root in ROOTS.items()}
RESOURCES = [each for parsed in PARSED.values() for each in resources(parsed)]
VARIABLES = [each for parsed in PARSED.values() for each in variables(parsed)]

EVERYBODY = re.compile(r"\ball(?:Authenticated)?Users\b")
BASIC = re.compile(r"\broles/(?:owner|editor|viewer)\b")
# Roles that give more than any identity here needs: others' rights, identities, keys, all objects.
BROAD = re.compile(
    r"\broles/(?:iam\.securityAdmin|iam\.serviceAccountAdmin|iam\.serviceAccountKeyAdmin|"
    r"resourcemanager\.projectIamAdmin|storage\.admin|storage\.objectAdmin|secretmanager\.admin|"
    r"iam\.workloadIdentityPoolAdmin|artifactregistry\.admin|logging\.admin|monitoring\.admin)\b"
)
ON_PROJECT = {"roles/monitoring.editor"}
# Roles on a whole project that let one identity be or sign as any other.
OF_ONE_IDENTITY = ("roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator")


def complaints(found: list[Block]) -> list[str]:
    """Say what breaks a rule, one sentence a resource and rule."""
    said = []
    for each in found:
        text = "\n".join(each.strings)
        if each.kind == "google_service_account_key":
            said.append(f"{each} makes a key")
        if EVERYBODY.search(text) and "var.allow_unauthenticated ?" not in each.body.get(
            "count", ""
        ):
            said.append(f"{each} lets everybody in though nobody said so")
        if BASIC.search(text):
            said.append(f"{each} gives a basic role")
        if BROAD.search(text):
            said.append(f"{each} gives a broad role")
        if "_iam_policy" in each.kind or "_iam_binding" in each.kind:
            said.append(f"{each} takes away what others were given")
        if re.search(r"principalSet?://\S*/\*|:\*@|\"\*\"", text):
            said.append(f"{each} names a wildcard principal")
        if each.kind == "google_project_iam_member" and any(
            role in text for role in OF_ONE_IDENTITY
        ):
            said.append(f"{each} may be every identity of the project")
        if each.body.get("invoker_iam_disabled") not in (None, False):
            said.append(f"{each} does not ask who calls")
        if each.kind == "google_storage_bucket" and (
            each.body.get("public_access_prevention") != "enforced"
            or each.body.get("uniform_bucket_level_access") is not True
        ):
            said.append(f"{each} could become public")
        if "credentials" in each.body or "private_key" in text.lower():
            said.append(f"{each} holds a key")
    return said


def test_our_files_break_no_rule() -> None:
    assert len(RESOURCES) > 35
    assert complaints(RESOURCES) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('resource "google_service_account_key" "k" {}', "makes a key"),
        (
            'resource "google_cloud_run_v2_service_iam_member" "m" {\n  member = "allUsers"\n}',
            "lets everybody in",
        ),
        (
            'resource "google_iap_web_iam_member" "m" {\n  member = "allAuthenticatedUsers"\n}',
            "lets everybody in",
        ),
        (
            'resource "google_cloud_run_v2_service_iam_member" "m" {\n'
            '  count  = var.iap ? 1 : 0\n  member = "allUsers"\n}',
            "lets everybody in",
        ),
        ('resource "google_project_iam_member" "m" {\n  role = "roles/editor"\n}', "basic role"),
        (
            'resource "google_project_iam_member" "m" {\n'
            '  for_each = toset(["roles/viewer"])\n  role = each.value\n}',
            "basic role",
        ),
        ('resource "x" "m" {\n  role = "roles/storage.objectAdmin"\n}', "broad role"),
        ('resource "google_project_iam_binding" "m" {\n  role = "roles/x"\n}', "takes away"),
        (
            'resource "google_service_account_iam_member" "m" {\n'
            '  member = "principalSet://iam.googleapis.com/${local.pool}/*"\n}',
            "wildcard principal",
        ),
        (
            'resource "google_project_iam_member" "m" {\n'
            '  role = "roles/iam.serviceAccountTokenCreator"\n}',
            "every identity",
        ),
        (
            'resource "google_cloud_run_v2_service" "m" {\n  invoker_iam_disabled = true\n}',
            "does not ask who calls",
        ),
        ('resource "google_storage_bucket" "m" {\n  name = "b"\n}', "could become public"),
    ],
)
def test_the_rules_find_what_they_are_for(text: str, complaint: str) -> None:
    (said,) = complaints(resources(parse(text)))
    assert complaint in said


def test_nobody_is_let_in_by_default() -> None:
    defaults = {each.name: each.body.get("default") for each in variables(PARSED["environment"])}
    assert defaults["allow_unauthenticated"] is False
    assert defaults["iap"] is True
    assert defaults["people"] == []


def test_the_deployer_has_these_roles_on_the_project_and_no_others() -> None:
    given = {
        role
        for each in RESOURCES
        if each.kind == "google_project_iam_member"
        for role in re.findall(r"roles/[\w.]+", "\n".join(each.strings))
    }
    assert given == ON_PROJECT


def crossings(found: list[Block]) -> list[str]:
    """Say where one environment's deployer, or its workflows, reach what is another's."""
    said = []
    for each in found:
        text = "\n".join(each.strings)
        named = {*re.findall(r"google_service_account\.deployer\b(\[[^]]*\])?", text)}
        if named - {"[each.key]", "[each.value.environment]"}:
            said.append(f"{each} does not say whose deployer")
        if each.kind == "google_iam_workload_identity_pool_provider" and each.name != "batch":
            if "assertion.environment == '${each.key}'" not in text:
                said.append(f"{each} lets in a workflow outside the environment")
            if "attribute.workflow_ref" in str(each.body["attribute_mapping"]):
                said.append(f"{each} could become the runtime")
        becomes = "workloadIdentityUser" in text and "google_service_account.deployer" in text
        if becomes and "attribute.environment/${each.key}" not in text:
            said.append(f"{each} lets another environment's workflow be the deployer")
    return said


def test_each_environment_has_a_deployer_of_its_own() -> None:
    assert crossings(RESOURCES) == []
    deployers = [each for each in RESOURCES if each.name == "deployer"]
    assert len(deployers) == 6
    assert all("for_each" in each.body for each in deployers)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            'resource "google_project_iam_member" "m" {\n'
            "  member = google_service_account.deployer.member\n}",
            "whose deployer",
        ),
        (
            'resource "x_iam_member" "m" {\n'
            '  member = google_service_account.deployer["staging"].member\n}',
            "whose deployer",
        ),
        (
            'resource "google_iam_workload_identity_pool_provider" "p" {\n'
            "  attribute_mapping = {}\n  attribute_condition = \"assertion.ref == 'main'\"\n}",
            "outside the environment",
        ),
        (
            'resource "google_service_account_iam_member" "m" {\n'
            "  service_account_id = google_service_account.deployer[each.key].name\n"
            '  role = "roles/iam.workloadIdentityUser"\n'
            '  member = "principalSet://pool/attribute.repository_id/1"\n}',
            "another environment's workflow",
        ),
    ],
)
def test_a_crossing_is_found(text: str, complaint: str) -> None:
    (said,) = crossings(resources(parse(text)))
    assert complaint in said


def test_what_holds_data_or_rights_is_not_in_the_deployers_hands() -> None:
    """The workflows apply the environment; buckets, identities and secrets are the foundation's."""
    kinds = {each.kind for each in resources(PARSED["environment"])}
    assert not kinds & {
        "google_storage_bucket",
        "google_service_account",
        "google_service_account_iam_member",
        "google_secret_manager_secret",
        "google_project_iam_member",
        "google_project_iam_custom_role",
        "google_iam_workload_identity_pool_provider",
    }
    kept = {str(each) for each in RESOURCES if _prevents_destroy(each.body)}
    assert {
        "google_storage_bucket.archive",
        "google_service_account.runtime",
        "google_service_account.deployer",
        "google_artifact_registry_repository.images",
        "google_secret_manager_secret.this",
    } <= kept


def _prevents_destroy(body: dict[str, Any]) -> bool:
    return any(each.get("prevent_destroy") is True for each in body.get("lifecycle", []))


@pytest.mark.parametrize("variable", VARIABLES, ids=str)
def test_each_variable_is_described_and_typed(variable: Block) -> None:
    assert variable.body.get("description"), variable.name
    assert variable.body.get("type"), variable.name
    for check in variable.body.get("validation", []):
        assert str(check["error_message"]).rstrip('"').endswith("."), variable.name


# A flag needs no check, and neither does what Google or a resource itself checks by name.
UNCHECKED = {
    "iap",
    "existing_service",
    "deletion_protection",
    "state_bucket",
    "repository_id",
    "secret_variables",
}


def test_each_variable_is_validated() -> None:
    unchecked = {each.name for each in VARIABLES if "validation" not in each.body}
    assert unchecked == UNCHECKED


def test_defaults_are_the_deployments_names() -> None:
    environment = {each.name: each.body.get("default") for each in variables(PARSED["environment"])}
    foundation = {each.name: each.body.get("default") for each in variables(PARSED["foundation"])}
    assert environment["service_name"] == "mmm-app"
    assert environment["region"] == foundation["region"] == "europe-west1"
    assert environment["runtime_account"] == "mmm-trainer-sa"
    assert foundation["repository_id"] == "mmm-repo"
    assert foundation["environments"]["production"]["bucket"] == "mmm-app-output"


def test_service_and_job_say_what_the_launcher_expects() -> None:
    from mmmlib.ground.environment import Settings

    fields = Settings.model_fields
    (variables_of,) = (
        each["variables"] for each in PARSED["environment"]["locals"] if "variables" in each
    )
    named = set(re.findall(r"\bMMM_[A-Z_]+", str(variables_of)))
    assert {name.lower() for name in named} <= set(fields)
    assert fields["mmm_cloudrun_job"].default == "mmm-app-train"
    assert fields["mmm_cloudrun_region"].default == "europe-west1"
