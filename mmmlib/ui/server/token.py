"""Who knows the token of the page; who guesses has to wait."""

from __future__ import annotations

import hmac
from typing import Any

from jupyter_server.auth.identity import User
from tornado.web import HTTPError, RequestHandler
from voila.voila_identity_provider import VoilaIdentityProvider

from mmmlib.ui.server.line import Tries

WAIT = "Too many wrong tokens came from your address; wait a minute"


class TokenIdentity(VoilaIdentityProvider):  # type: ignore[misc]
    """The token in the login's form, in an address or in a header: ten wrong ones a minute."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tries = Tries()

    async def get_user_token(self, handler: RequestHandler) -> User | None:
        """Return who sent the token with a request."""
        sent = self.get_token(handler) if self.token else None
        if not sent:
            return None
        self._judge(handler, sent)
        user: User | None = await super().get_user_token(handler)
        return user

    def process_login_form(self, handler: RequestHandler) -> User | None:
        """Return who filled in the form; nobody without a token, which nothing there can change."""
        if self.token and self._judge(handler, handler.get_argument("password", default="")):
            user: User = self.generate_anonymous_user(handler)
            return user
        return None

    def _judge(self, handler: RequestHandler, sent: str) -> bool:
        address = str(handler.request.remote_ip)
        if self._tries.too_many(address):
            raise HTTPError(429, log_message=WAIT)
        if hmac.compare_digest(sent.encode(), self.token.encode()):
            return True
        self._tries.wrong(address)
        return False
