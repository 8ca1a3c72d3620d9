"""Who asks, where Google's Identity-Aware Proxy stands before the server.

IAP names the person twice: in a plain header, which anybody could send who finds a way around it,
and in a token that it signs. Where the audience of the service is known (``MMM_IAP_AUDIENCE``)
only the token counts.

Source: Google Cloud, *Securing your app with signed headers*.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from jupyter_server.auth.identity import User
from tornado.httpclient import AsyncHTTPClient
from tornado.web import HTTPError, RequestHandler
from voila.voila_identity_provider import VoilaIdentityProvider

from mmmlib.ground import Severity, log, settings

IAP_HEADER = "X-Goog-Authenticated-User-Email"  # accounts.google.com:ada@example.com
TOKEN_HEADER = "X-Goog-IAP-JWT-Assertion"
ISSUER = "https://cloud.google.com/iap"
SKEW_SECONDS = 30  # of the clocks, as Google allows
KEYS_SECONDS = 3600.0  # Google changes its keys every day or so, and names the next one before
ASK_AGAIN_SECONDS = 30.0  # an unknown key must not make us ask at each request
_TIMEOUT_SECONDS = 10.0
_PERSON = re.compile(r"[^\s<>\"'\\]{1,254}")
_NOT_FROM_IAP = "this service is reached through Identity-Aware Proxy only, which names you"


class IapIdentity(VoilaIdentityProvider):  # type: ignore[misc]
    """The person that Identity-Aware Proxy names; a request without one is refused."""

    login_available = False
    logout_available = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._keys = Keys(settings().mmm_iap_keys)

    async def get_user(self, handler: RequestHandler) -> User:
        """Return who asks."""
        headers, audience = handler.request.headers, settings().mmm_iap_audience
        if audience:
            person = await self._signed(headers.get(TOKEN_HEADER, ""), audience)
        else:
            person = named_by_iap(headers.get(IAP_HEADER, ""))
        if person:
            return User(username=person)
        raise HTTPError(403, reason="Forbidden", log_message=_NOT_FROM_IAP)

    async def _signed(self, token: str, audience: str) -> str:
        """The person a token names; empty where it is not one of IAP's for this service."""
        try:
            return signed_by_iap(token, await self._keys.holding(token), audience) if token else ""
        except (
            ValueError,
            TypeError,
            AttributeError,
        ) as error:  # a stranger's token may be anything
            said = f"a request's token of Identity-Aware Proxy is refused: {error}"
            log(said[:300], Severity.WARNING)  # which audience it has, or whose clock is wrong
            return ""


class Keys:
    """IAP's public keys, read when they are first needed and kept for a while."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._keys: dict[str, str] = {}
        self._asked = -KEYS_SECONDS

    async def holding(self, token: str) -> dict[str, str]:
        """Return the keys, read anew where they are old or the token names one we do not know.

        Raises
        ------
        ValueError
            What was sent is no token.
        HTTPError
            The keys cannot be read, and none are known.
        """
        from google.auth import jwt

        age = time.monotonic() - self._asked
        known = jwt.decode_header(token).get("kid") in self._keys
        if age >= (KEYS_SECONDS if known else ASK_AGAIN_SECONDS):
            self._asked = time.monotonic()
            await self._read()
        return self._keys

    async def _read(self) -> None:
        try:
            answer = await AsyncHTTPClient().fetch(self._address, request_timeout=_TIMEOUT_SECONDS)
            self._keys = json.loads(answer.body)
        except Exception as error:  # the network's many errors; old keys are better than none
            said = f"{self._address} does not give the keys of Identity-Aware Proxy: {error}"
            log(said, Severity.ERROR)
            if not self._keys:
                raise HTTPError(503, log_message=said) from error


def signed_by_iap(token: str, keys: dict[str, str], audience: str) -> str:
    """Return the person in a token that IAP signed for this service.

    Parameters
    ----------
    token : str
        As it stands in the header.
    keys : dict
        Public keys (PEM) by their id.
    audience : str
        The service it must be for: ``/projects/NUMBER/locations/REGION/services/NAME``.

    Raises
    ------
    ValueError
        The token is forged, too old, of another issuer or for another audience.
    """
    from google.auth import jwt

    claims = jwt.decode(token, keys, audience=audience, clock_skew_in_seconds=SKEW_SECONDS)
    if claims.get("iss") != ISSUER:
        raise ValueError(f"it was issued by {claims.get('iss')!r:.80}")
    return named_by_iap(str(claims.get("email", "")))


def named_by_iap(value: str) -> str:
    """The address in IAP's header; empty when it holds none."""
    person = value.rpartition(":")[2]
    return person if _PERSON.fullmatch(person) else ""
