"""Small holes of the server: the login's cookie, and addresses that lead elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from voila.voila_identity_provider import VoilaIdentityProvider

from mmmlib.ui.server.app import _config
from mmmlib.ui.server.handlers import TemplateFiles

PATHS = [
    "lab",
    "lab/",
    "lab/x",
    "lab/x/y",
    "../static/x",
    "lab/static/../../x",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2fstatic%2f..%2fx",
    "lab/static/%00",
    "lab//static/x",
    "lab/static/no-such-file.js",
]


def test_the_logins_cookie_stays_with_the_site() -> None:
    config = _config(Path("dashboard.ipynb"), "0.0.0.0", 8080, "/", "token")
    assert VoilaIdentityProvider(config=config).cookie_options == {"samesite": "Lax"}


@pytest.mark.parametrize("path", PATHS)
def test_an_address_that_leads_elsewhere_is_not_there(path: str) -> None:
    async def code() -> int:
        bound, port = bind_unused_port()
        server = HTTPServer(Application([("/templates/(.*)", TemplateFiles)]))
        server.add_socket(bound)
        try:
            address = f"http://127.0.0.1:{port}/templates/{path}"
            return (await AsyncHTTPClient().fetch(address, raise_error=False)).code
        finally:
            server.stop()

    assert asyncio.run(code()) == 404
