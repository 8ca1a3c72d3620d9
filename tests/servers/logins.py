"""Google's login in miniature: tokens for a key, a metadata server, signing through IAM.

It issues tokens, knows which it issued, and can stop to accept them, so that a login may expire
in the middle of something.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "mmm-trainer-sa@project.iam.gserviceaccount.com"


@dataclass
class Logins:
    """What the server knows, and may do."""

    address: str = ""
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    tokens: set[str] = field(default_factory=set)
    issues: bool = True  # gives out tokens
    may_sign: bool = True  # the account holds iam.serviceAccounts.signBlob on itself

    def key_file(self, path: Path) -> str:
        """Write the account's key as Google's console does."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        facts = {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": f"{self.address}/token",
        }
        path.write_text(json.dumps(facts))
        return str(path)

    def expire(self) -> None:
        """No token is accepted any more, and none is given out."""
        self.tokens.clear()
        self.issues = False

    def token(self) -> dict[str, Any]:
        """Issue a token."""
        text = f"token-{len(self.tokens)}-{time.monotonic_ns()}"
        self.tokens.add(text)
        return {"access_token": text, "expires_in": 3600, "token_type": "Bearer"}

    def answer(self, path: str, body: bytes, authorization: str) -> tuple[int, Any]:
        """Answer a request: status and JSON, or text."""
        if path.endswith("/token"):  # of a key, or of the metadata server
            return (200, self.token()) if self.issues else (400, {"error": "invalid_grant"})
        if "/service-accounts/" in path:
            return 200, {"aliases": ["default"], "email": EMAIL, "scopes": ["cloud-platform"]}
        if path.endswith("/universe-domain"):
            return 200, "googleapis.com"
        if path.endswith("/allowedLocations"):
            return 200, {"locations": [], "encodedLocations": "0x0"}
        if path.endswith(":signBlob"):
            return self._signed(body, authorization.removeprefix("Bearer "))
        return 200, "computeMetadata/"

    def _signed(self, body: bytes, token: str) -> tuple[int, Any]:
        if token not in self.tokens:
            return 401, {"error": {"code": 401, "message": "invalid credentials"}}
        if not self.may_sign:
            said = "Permission 'iam.serviceAccounts.signBlob' denied on resource"
            return 403, {"error": {"code": 403, "message": f"{said} (or it may not exist)."}}
        payload = base64.b64decode(json.loads(body)["payload"])
        signature = self.key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
        return 200, {"keyId": "1", "signedBlob": base64.b64encode(signature).decode()}


@contextlib.contextmanager
def login_server() -> Iterator[Logins]:
    """Start the server."""
    logins = Logins()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0]
            status, answer = logins.answer(path, body, self.headers.get("Authorization", ""))
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response_only(status)
            kind = "text/plain" if isinstance(answer, str) else "application/json"
            for name, value in (("Content-Type", kind), ("Metadata-Flavor", "Google")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Tests ask, they read no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    logins.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield logins
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
