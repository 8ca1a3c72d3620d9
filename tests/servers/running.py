"""The test server as a process of its own, and the people who may log in to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ACCOUNT = "acme-marketing"
PASSWORD = "Corr3ct-horse/battery"
TOKEN = "pat-5f1c0d3e9a7b"
PASSPHRASE = "open-sesame-2026"
CLIENT_SECRET = "oauth-5ecret-client"
PASSCODE = "123456"
ATTESTATION = jwt.encode({"iss": "google", "sub": "trainer"}, "k" * 32, algorithm="HS256")
ROOT = Path(__file__).resolve().parents[2]


class SnowflakeServer:
    """A running server, and what a test may do to it."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder

    def profile(self, **values: Any) -> dict[str, Any]:
        """A profile with the key pair of ``trainer``, changed by what is given."""
        keys = {
            "account": ACCOUNT,
            "user": "trainer",
            "private_key_file": str(self.folder / "key.p8"),
            "private_key_file_pwd": PASSPHRASE,
            "role": "READER",
            "warehouse": "TRAINING",
            "database": "MARKETING",
            "schema": "PUBLIC",
            **self.address,
        }
        return {key: value for key, value in {**keys, **values}.items() if value is not None}

    @property
    def address(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "protocol": "http"}

    def call(self, what: str, body: Any = None) -> list[dict[str, Any]]:
        data = b"" if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/test/{what}"
        with urlopen(Request(url, data, method="POST"), timeout=60) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def fault(self, path: str, kind: str, times: int = 1, **more: Any) -> None:
        """Let the next requests to a path fail; ``after`` so many that succeed."""
        self.call("fault", {"path": path, "kind": kind, "times": times, **more})

    def owner(self, *statements: str) -> None:
        """Run DuckDB's SQL as the owner of the data: ``read_parquet`` works."""
        self.call("sql", statements)

    def log(self) -> list[dict[str, Any]]:
        return self.call("log")

    def statements(self) -> list[dict[str, Any]]:
        """What was run, without what was only described."""
        return [each for each in self.log() if "sql" in each and not each["describe"]]


def write_accounts(folder: Path) -> Path:
    """Make a key pair, and write who there is."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    (folder / "key.p8").write_bytes(key.private_bytes(pem, pkcs8, locked))
    (folder / "open.p8").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    trainer = {
        "roles": ["READER", "SYSADMIN"],
        "password": PASSWORD,
        "public_key": public.decode(),
        "token": TOKEN,
        "oauth_client_id": "trainer-app",
        "oauth_secret": CLIENT_SECRET,
        "attestation": ATTESTATION,
    }
    careful = {"roles": ["READER"], "password": PASSWORD, "passcode": PASSCODE}
    accounts = folder / "accounts.json"
    accounts.write_text(
        json.dumps(
            {
                "account": ACCOUNT,
                "chunk_rows": 10_000,
                "warehouses": ["TRAINING"],
                "users": {"trainer": trainer, "careful": careful},
            }
        )
    )
    return accounts


@contextmanager
def running(folder: Path) -> Iterator[SnowflakeServer]:
    """Start the server on a free port, and stop it in the end."""
    accounts = write_accounts(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.servers.snowflake", str(port), str(accounts)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        server = SnowflakeServer(port, folder)
        deadline = time.monotonic() + 300
        while True:
            try:
                server.log()
                break
            except URLError:
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (folder / "server.log").read_text()
                    raise RuntimeError(f"the test server did not start:\n{said}") from None
                time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait(timeout=300)
