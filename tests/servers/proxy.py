"""An HTTP proxy before a real server that can be told to misbehave."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as a rule sees it: method, path with query, its number from 1, login, time."""

    method: str
    path: str
    number: int
    token: str
    seconds: float  # since the rule was set


@dataclass(frozen=True)
class Fault:
    """What to do instead: answer, or break the connection, or wait, or damage the bytes.

    ``after`` lets the real server do its work first, so that only the answer is lost.
    """

    status: int = 0
    body: str = ""
    reset: bool = False
    stall: float = 0.0
    damage: bool = False
    after: bool = False


Rule = Callable[[Asked], Fault | None]


@dataclass
class Proxy:
    """Forwards everything to ``upstream`` unless its rule names a fault."""

    upstream: str
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    _rule: Rule = lambda asked: None
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def obey(self, rule: Rule) -> None:
        """Set a rule; numbers and seconds start anew."""
        with self._lock:
            self.asked.clear()
            self._rule, self._since = rule, time.monotonic()

    def work(self) -> None:
        """Forward everything again."""
        self.obey(lambda asked: None)

    def fault(self, method: str, path: str, token: str) -> Fault | None:
        """Count a request and ask the rule."""
        with self._lock:
            seconds = time.monotonic() - self._since
            asked = Asked(method, path, len(self.asked) + 1, token, seconds)
            self.asked.append(asked)
            return self._rule(asked)


@contextlib.contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """Start a proxy before a server; it works until it is told otherwise."""
    proxy = Proxy(upstream)

    class Handler(_Handler):
        told = proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    told: Proxy

    def handle_any(self) -> None:
        body = self._body()
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        fault = self.told.fault(self.command, self.path, token)
        if fault is None or fault.after or fault.damage:
            status, headers, answer = self._forwarded(body)
        if fault is None:
            self._answer(status, headers, answer)
        elif fault.reset:
            self._reset()
        elif fault.stall:
            time.sleep(fault.stall)
            self._reset()
        elif fault.damage:
            self._answer(status, headers, bytes([answer[0] ^ 1]) + answer[1:])
        else:
            self._answer(fault.status, {"Content-Type": "text/plain"}, fault.body.encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            raise NotImplementedError("the client sends no chunks")
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _forwarded(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = urlsplit(self.told.upstream)
        connection = http.client.HTTPConnection(upstream.netloc, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body or None, headers)
        came = connection.getresponse()
        answer = came.read()
        kept = {
            name: value.replace(self.told.upstream, self.told.address)  # where to upload the rest
            for name, value in came.getheaders()
            if not re.fullmatch("(?i)content-length|transfer-encoding|connection", name)
        }
        connection.close()
        return came.status, kept, answer

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection with RST, as a crashed machine on the way does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Tests read what was asked, not a log."""
