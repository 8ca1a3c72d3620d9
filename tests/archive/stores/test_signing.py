"""Signed links, with a key and without, checked with the account's public key."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mmmlib.archive.stores import gcs_signing
from mmmlib.archive.stores.gcs import GcsStore
from mmmlib.ground.errors import StoreError
from tests.servers.logins import EMAIL, Logins

DATA = b"picture" * 100


def verify(url: str, logins: Logins) -> dict[str, str]:
    """Check a V4 signature by Google's description of it; returns the query."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    canonical = "&".join(sorted(f"{quote(k, '~')}={quote(v, '~')}" for k, v in query.items()))
    request = "\n".join(
        ["GET", parts.path, canonical, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    )
    scope = query["X-Goog-Credential"].partition("/")[2]
    text = "\n".join(
        [
            "GOOG4-RSA-SHA256", query["X-Goog-Date"], scope,
            hashlib.sha256(request.encode()).hexdigest(),
        ]
    )  # fmt: skip
    logins.key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return query


@pytest.mark.parametrize("login", ["with_key", "keyless"])
def test_a_link_is_signed_for_an_hour(
    request: pytest.FixtureRequest, gcs_root: str, login: str
) -> None:
    logins: Logins = request.getfixturevalue(login)
    store = GcsStore(gcs_root)
    store.put("a b/ü.png", DATA)
    url = store.url("a b/ü.png")
    query = verify(url, logins)
    assert query["X-Goog-Expires"] == "3600"
    assert query["X-Goog-Credential"].startswith(f"{EMAIL}/")
    assert requests.get(url, timeout=10).content == DATA
    with pytest.raises(InvalidSignature):
        verify(url.replace("%C3%BC.png", "another.png"), logins)


def test_an_account_that_may_not_sign_embeds_the_bytes(
    keyless: Logins, gcs_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyless.may_sign = False
    store = GcsStore(gcs_root)
    store.put("a.png", DATA)
    url = store.url("a.png")
    assert url == "data:image/png;base64," + base64.b64encode(DATA).decode()
    said = r"permission iam\.serviceAccounts\.signBlob is missing; give mmm-trainer-sa@.*Token"
    with pytest.raises(StoreError, match=said):
        store.signed_url("a.png")
    monkeypatch.setattr(gcs_signing, "DATA_URI_LIMIT", 100)
    with pytest.raises(StoreError, match=r"has 700 bytes, too many for a link.*signBlob"):
        store.url("a.png")


def test_a_login_without_an_account_says_what_to_set(gcs_root: str) -> None:
    store = GcsStore(gcs_root)
    store.put("a.png", DATA)
    assert store.url("a.png").startswith("data:image/png")
    with pytest.raises(StoreError, match="set RUN_SERVICE_ACCOUNT_EMAIL"):
        store.signed_url("a.png")


def test_a_key_that_was_revoked_is_said(with_key: Logins, gcs_root: str, tmp_path: Path) -> None:
    with_key.expire()
    said = rf"cannot write gs://.*credentials of {EMAIL} are not accepted \(any more\)"
    with pytest.raises(StoreError, match=said):
        GcsStore(gcs_root).put("a", b"")
