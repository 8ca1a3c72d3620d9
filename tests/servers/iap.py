"""Signs as Google's Identity-Aware Proxy does, and serves the public half of its keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

AUDIENCE = "/projects/123456789012/locations/europe-west1/services/mmm-app"


class Iap:
    """Keys by their id; the last one signs."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0  # how often the public keys were read
        self.address = ""
        self.turn_key("first")

    def turn_key(self, key_id: str) -> None:
        """Sign with a new key from now on."""
        from cryptography.hazmat.primitives.asymmetric import ec

        self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())

    def token(self, email: str, **changed: Any) -> str:
        """What IAP puts into its signed header."""
        from google.auth import jwt
        from google.auth.crypt import EsSigner

        key_id, key = list(self.keys.items())[-1]
        claims = {
            "iss": "https://cloud.google.com/iap",
            "aud": AUDIENCE,
            "email": email,
            "iat": int(time.time()) - 5,
            "exp": int(time.time()) + 600,
        }
        return jwt.encode(EsSigner(key, key_id), {**claims, **changed}).decode()

    def public(self) -> dict[str, str]:
        """Public keys as Google serves them: PEM by id."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return {
            name: key.public_key().public_bytes(*form).decode() for name, key in self.keys.items()
        }


@contextmanager
def serving_iap() -> Iterator[Iap]:
    """An IAP whose public keys can be read at its address."""
    iap = Iap()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            iap.asked += 1
            body = json.dumps(iap.public()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        iap.address = f"http://127.0.0.1:{server.server_port}/keys"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield iap
        server.shutdown()
