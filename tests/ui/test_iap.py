"""Whom a signed header of Identity-Aware Proxy names, and which ones are refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tornado.web import HTTPError

from mmmlib.ui.server.iap import Keys, named_by_iap, signed_by_iap
from tests.servers.iap import AUDIENCE, Iap, serving_iap


@pytest.fixture(scope="module")
def iap():
    return Iap()


def run(coroutine: Coroutine[Any, Any, dict[str, str]]) -> dict[str, str]:
    """Run it in a thread of its own: a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_the_person_of_a_signed_token_is_named(iap):
    token = iap.token("ada@example.com")
    assert signed_by_iap(token, iap.public(), AUDIENCE) == "ada@example.com"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"aud": AUDIENCE + "-other"}, "wrong audience"),
        ({"iss": "https://accounts.google.com"}, "issued by"),
    ],
)
def test_a_token_for_another_place_is_refused(iap, changed, said):
    with pytest.raises(ValueError, match=said):
        signed_by_iap(iap.token("ada@example.com", **changed), iap.public(), AUDIENCE)


@pytest.mark.parametrize(
    ("claim", "seconds", "said"), [("exp", -60, "expired"), ("iat", 600, "too early")]
)
def test_a_token_for_another_time_is_refused(iap, claim, seconds, said):
    token = iap.token("ada@example.com", **{claim: int(time.time()) + seconds})
    with pytest.raises(ValueError, match=said):
        signed_by_iap(token, iap.public(), AUDIENCE)


def test_a_forged_token_is_refused(iap):
    forged = Iap().token("ada@example.com")  # the same key id, another key
    with pytest.raises(ValueError, match="signature"):
        signed_by_iap(forged, iap.public(), AUDIENCE)
    header, claims, _ = iap.token("ada@example.com").split(".")
    with pytest.raises(ValueError, match="signature"):
        signed_by_iap(f"{header}.{claims}.", iap.public(), AUDIENCE)


@pytest.mark.parametrize("email", ["", "<img src=x>", "ada example", "x" * 300])
def test_what_is_no_address_names_nobody(iap, email):
    assert signed_by_iap(iap.token(email), iap.public(), AUDIENCE) == ""
    assert named_by_iap(f"accounts.google.com:{email}") == ""


def test_keys_are_kept_and_a_new_one_is_fetched(monkeypatch):
    with serving_iap() as iap:
        keys = Keys(iap.address)

        async def held(token: str) -> dict[str, str]:
            return dict(await keys.holding(token))

        first = iap.token("ada@example.com")
        for _ in range(3):
            assert set(run(held(first))) == {"first"}
        assert iap.asked == 1
        iap.turn_key("second")
        second = iap.token("ada@example.com")
        assert set(run(held(second))) == {"first"}  # we have just asked
        assert iap.asked == 1
        monkeypatch.setattr("mmmlib.ui.server.iap.ASK_AGAIN_SECONDS", 0.0)
        assert set(run(held(second))) == {"first", "second"}
    monkeypatch.setattr("mmmlib.ui.server.iap.KEYS_SECONDS", 0.0)
    assert set(run(held(second))) == {"first", "second"}  # old keys are better than none
    with pytest.raises(HTTPError, match="does not give the keys"):
        run(Keys(iap.address).holding(second))
