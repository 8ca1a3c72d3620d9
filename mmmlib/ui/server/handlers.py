"""What the server answers, and to whom: the page, its kernel, the health probe; nothing else.

Behind Google's Identity-Aware Proxy (``MMM_BEHIND_IAP``) each request names a person
(:mod:`mmmlib.ui.server.iap`). A kernel belongs to the person whose page was served with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import HTTPError, OutputTransform, RequestHandler, authenticated
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.voila_identity_provider import VoilaLoginHandler

from mmmlib.ground import failure
from mmmlib.ui.server.error_pages import error_page, full_page, login_page
from mmmlib.ui.server.folder import ServerFolder
from mmmlib.ui.server.iap import IapIdentity
from mmmlib.ui.server.line import AGAIN_SECONDS
from mmmlib.ui.server.token import WAIT

# Voilà's page has scripts in it ('unsafe-inline'); Vue compiles its templates ('unsafe-eval') and
# loads the scripts of our .vue files from memory (blob:).
# The page talks to nobody but us.
# Pictures may come from a bucket by a signed link.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob: https://storage.googleapis.com",
        "font-src 'self' data:",
        "connect-src 'self' blob: data:",
        "frame-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


_LINE = "mmm_line"  # cookie of who waits


class SecurityHeaders(OutputTransform):
    """Puts the security headers on every answer, pictures and errors included."""

    def __init__(self, request: HTTPServerRequest) -> None:
        pass

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Called by Tornado before an answer's first bytes."""
        for name, value in SECURITY_HEADERS.items():
            headers[name] = value
        headers.pop("Server", None)  # its version helps nobody but an attacker
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """The rest of an answer stays as it is."""
        return chunk


class Owners:
    """Whose kernel is whose, where people are known by name."""

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}
        self.opening = 0  # pages that are let in and have no kernel yet

    def give(self, handler: RequestHandler, kernel: str) -> None:
        """Give a kernel to the person whose page is being served with it."""
        self._names[kernel] = who = self._person(handler)
        if who:
            self._folder.introduce(kernel, who)

    def check(self, handler: RequestHandler, kernel: str) -> None:
        """Refuse a kernel to everybody but its owner.

        Raises
        ------
        HTTPError
            There is no such kernel, no page was served with it, or it is another person's.
        """
        if kernel not in handler.settings["kernel_manager"] or kernel not in self._names:
            raise HTTPError(404)
        if self._names[kernel] != self._person(handler):
            raise HTTPError(403, log_message="this page belongs to another person")

    def open_pages(self, manager: Container[str]) -> int:
        """How many kernels that were given to somebody are still there, and pages on their way."""
        self._names = {kernel: who for kernel, who in self._names.items() if kernel in manager}
        return len(self._names) + self.opening

    def _person(self, handler: RequestHandler) -> str:
        """Who asks; empty where people have no names."""
        named = isinstance(handler.settings["identity_provider"], IapIdentity)
        return str(handler.current_user.username) if named else ""


class _Given:
    """The kernel manager as one page sees it: the kernel it takes is noted."""

    def __init__(self, manager: Any, note: Callable[[str], None]) -> None:
        self._manager, self._note = manager, note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def get_rendered_notebook(self, **options: Any) -> Any:
        """Take a kernel that waits."""
        found = await self._manager.get_rendered_notebook(**options)
        self._note(found[2])
        return found

    async def start_kernel(self, **options: Any) -> str:
        """Start one, where none waits."""
        kernel: str = await self._manager.start_kernel(**options)
        self._note(kernel)
        return kernel


class _Failing:
    """An unexpected error is logged under an id, and the answer names only that."""

    error_id = ""

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, HTTPError) and error.status_code < 500:
            return
        self.error_id = secrets.token_hex(4)
        failure(f"server error {self.error_id}", error_id=self.error_id)


class PageHandler(_Failing, TornadoVoilaHandler):  # type: ignore[misc]
    """The dashboard's page, while there is room for one more."""

    _let_in = False

    @property
    def kernel_manager(self) -> Any:
        """Where the page takes its kernel from."""
        return _Given(self.settings["kernel_manager"], self._given)

    def _given(self, kernel: str) -> None:
        self.settings["owners"].give(self, kernel)
        self._done()

    def _done(self) -> None:
        self.settings["owners"].opening -= self._let_in
        self._let_in = False

    def _room(self) -> bool:
        """Let the page in, or say why not and where in line it is."""
        owners, line = self.settings["owners"], self.settings["line"]
        who = self.get_cookie(_LINE) or secrets.token_urlsafe(9)
        place = line.ask(who, owners.open_pages(self.settings["kernel_manager"]))
        if not place:
            self._let_in = True
            owners.opening += 1
            return True
        self.set_cookie(_LINE, who, httponly=True, samesite="Lax", path=self.settings["base_url"])
        self.set_status(503)
        self.set_header("Retry-After", str(AGAIN_SECONDS))
        self.set_header("Cache-Control", "no-store")
        self.finish(full_page(line.most, place, AGAIN_SECONDS))
        return False

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Send the page, with the cookie its closing beacon needs.

        Voilà never sets ``_xsrf``, so that the beacon gets a 403 and the kernel stays
        (voila issue 1458).
        """
        if path:
            raise HTTPError(404)
        if not self._room():
            return
        _ = self.xsrf_token  # reading it sets the cookie
        try:
            await super().get(path)
        finally:
            self._done()
        RequestInfoSocketHandler._cache.clear()  # who asked for what; nobody reads it here

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a page for people."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        title, message = "There is no such page", "The address may be mistyped."
        if status_code == 403:
            said = error.log_message if isinstance(error, HTTPError) else ""
            title, message = "You cannot open this", said or "The server refused the request."
        elif status_code == 429:
            title, message = "Too many tries", f"{WAIT}."
        elif status_code >= 500:
            title = "Something went wrong here"
            message = f"Error {self.error_id}; the server's log says what. Runs are not affected."
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(error_page(title, message, self.settings["base_url"]))


class Login(VoilaLoginHandler):  # type: ignore[misc]
    """Asks for the token; Jupyter's own page explains Jupyter."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        self.write(login_page(self.xsrf_form_html(), wrong=message is not None))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say that who guesses has to wait."""
        if status_code != 429:
            super().write_error(status_code, **kwargs)
            return
        self.set_header("Retry-After", "60")
        self.finish(error_page("Too many tries", f"{WAIT}.", self.settings["base_url"]))


class TabKernelHandler(_Failing, KernelHandler):
    """Whether a page's kernel is there. It cannot be removed this way."""

    async def get(self, kernel_id: str) -> None:
        """Answer the page, which asks now and then."""
        self.settings["owners"].check(self, kernel_id)
        await super().get(kernel_id)  # type: ignore[misc]

    async def delete(self, kernel_id: str) -> None:
        """Refuse."""
        raise HTTPError(405)


class KernelSocket(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The page's connection to its kernel."""

    async def pre_get(self) -> None:
        """Refuse everybody but the kernel's owner."""
        self.settings["owners"].check(self, self.kernel_id)
        await super().pre_get()


class Closing(_Failing, VoilaShutdownKernelHandler):  # type: ignore[misc]
    """The word of a page that is being closed: its kernel ends."""

    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        self.settings["owners"].check(self, kernel_id)
        await super().post(kernel_id)


class Scripts(FileFindHandler):
    """Scripts of the widgets; one whose address carries its hash never changes."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep them."""
        super().set_extra_headers(path)
        if self.get_query_argument("v", "") and self.get_query_argument("v") in path:
            self.set_header("Cache-Control", "public, max-age=31536000, immutable")


class TemplateFiles(TemplateStaticFileHandler):  # type: ignore[misc]
    """Files of the page's template; an address that leads elsewhere is not there, and no error."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send a file below ``TEMPLATE/static``."""
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "static" or {"", ".", ".."} & set(parts) or "\0" in path:
            raise HTTPError(404)
        await super().get(path, include_body)


class HealthHandler(RequestHandler):
    """Says that the server answers. Any other address would start a kernel to do so."""

    def get(self) -> None:
        """Answer a probe."""
        self.write({"status": "ok"})

    head = get
