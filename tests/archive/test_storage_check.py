"""The storage self-test, on storages that work and that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.archive.storage_check import check_storage
from mmmlib.archive.stores import open_store
from tests.servers.logins import Logins
from tests.servers.proxy import Asked, Fault, Proxy

ALL = ["write", "claim", "read", "list", "sign", "fetch", "delete"]


def test_a_folder_passes(tmp_path: Path) -> None:
    steps = check_storage(str(tmp_path / "archive"))
    assert [step.name for step in steps] == ALL
    assert all(step.ok for step in steps), steps


@pytest.mark.parametrize("login", ["with_key", "keyless"])
def test_a_bucket_passes(request: pytest.FixtureRequest, gcs_root: str, login: str) -> None:
    request.getfixturevalue(login)
    steps = check_storage(gcs_root)
    assert [step.name for step in steps] == ALL
    assert all(step.ok for step in steps), steps
    assert all(0 < step.seconds < 10 for step in steps)
    assert open_store(gcs_root).list("") == []


@pytest.mark.parametrize(
    ("denied", "method", "path", "step"),
    [
        ("storage.objects.create", "POST", "/upload/", "write"),
        ("storage.objects.get", "GET", "/download/", "read"),
        ("storage.objects.list", "GET", "prefix=", "list"),
        ("storage.objects.delete", "DELETE", "/storage/", "delete"),
    ],
)
def test_a_missing_permission_is_named(
    with_key: Logins, gcs_proxy: Proxy, gcs_root: str, denied: str, method: str, path: str,
    step: str,
) -> None:  # fmt: skip
    def rule(asked: Asked) -> Fault | None:
        if asked.method == method and path in asked.path:
            return Fault(403, f"x does not have {denied} access")
        return None

    gcs_proxy.obey(rule)
    failed = {each.name: each.message for each in check_storage(gcs_root) if not each.ok}
    assert list(failed) == [step]
    assert f"permission {denied} is missing" in failed[step]
    assert "roles/storage.objectUser" in failed[step]


def test_an_account_that_may_not_sign(keyless: Logins, gcs_root: str) -> None:
    keyless.may_sign = False
    steps = check_storage(gcs_root)
    (failed,) = [step for step in steps if not step.ok]
    assert failed.name == "sign"
    assert "iam.serviceAccounts.signBlob" in failed.message
    assert "fetch" not in {step.name for step in steps}
    assert steps[-1].name == "delete"


def test_a_link_that_is_refused(with_key: Logins, gcs_proxy: Proxy, gcs_root: str) -> None:
    gcs_proxy.obey(lambda asked: Fault(403, "no") if "X-Goog-Signature" in asked.path else None)
    (failed,) = [step for step in check_storage(gcs_root) if not step.ok]
    assert failed.name == "fetch"
    assert "the link is refused (403)" in failed.message


@pytest.mark.parametrize("root", ["s3://bucket", "gs://not-there-at-all/x"])
def test_a_wrong_root_is_said_not_raised(gcs_root: str, root: str) -> None:
    steps = check_storage(root)
    assert not steps[0].ok
    assert "no store for s3://" in steps[0].message or "there is no bucket" in steps[0].message
