"""A Snowflake server for tests: fakesnow's, made strict where the real one is.

It checks credentials (password and MFA, key pair, access token, OAuth client, workload identity),
roles and warehouses, serves results in chunks over HTTP, aborts queries, and fails on demand:
``python -m tests.servers.snowflake PORT ACCOUNTS.JSON``. Under ``/test/`` are the controls.
"""

from __future__ import annotations

import asyncio
import contextvars
import gzip
import hashlib
import itertools
import json
import sys
from base64 import b64decode, b64encode
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pyarrow as pa
import uvicorn
from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

server = import_module("fakesnow.server")  # the package has a function of that name
ACCOUNTS: dict[str, Any] = {}  # the file that the program is given
SESSIONS: dict[str, dict[str, Any]] = {}
RUNNING: dict[str, Any] = {}  # request id → fakesnow's connection
CHUNKS: dict[str, bytes] = {}
FAULTS: list[dict[str, Any]] = []
LOG: list[dict[str, Any]] = []
LATER: contextvars.ContextVar[list[bytes]] = contextvars.ContextVar("later")
numbers = itertools.count()
whole = server.to_ipc
SELECTING = ("SELECT", "WITH", "DESCRIBE", "SHOW", "ALTER SESSION")


def first_chunk(table: pa.Table) -> pa.Buffer:
    """Keep only the first rows in the answer; the others are fetched one chunk at a time."""
    rows = ACCOUNTS["chunk_rows"]
    starts = range(rows, table.num_rows, rows)
    LATER.set([(min(rows, table.num_rows - i), whole(table.slice(i, rows))) for i in starts])
    return whole(table.slice(0, rows))


server.to_ipc = first_chunk


async def body_of(request: Request) -> dict[str, Any]:
    body = await request.body()
    packed = request.headers.get("Content-Encoding") == "gzip"
    return json.loads(gzip.decompress(body) if packed else body)


def refused(code: int, message: str, state: str = "08001", **data: Any) -> JSONResponse:
    answer = {"code": f"{code:06d}", "message": message, "success": False}
    return JSONResponse({**answer, "data": {"errorCode": f"{code:06d}", "sqlState": state, **data}})


def wrong_credentials(said: dict[str, Any], user: dict[str, Any]) -> tuple[int, str] | None:
    """What Snowflake answers to credentials that are not those of the user."""
    token = said.get("TOKEN", "")
    match said.get("AUTHENTICATOR", "SNOWFLAKE"):
        case "SNOWFLAKE_JWT":
            return None if signed(token, said, user) else (390144, "JWT token is invalid.")
        case "PROGRAMMATIC_ACCESS_TOKEN":
            good = token and token == user.get("token")
            return None if good else (394400, "Programmatic access token is invalid.")
        case "OAUTH":
            good = token == f"access-{user.get('oauth_client_id')}"
            return None if good else (390303, "Invalid OAuth access token.")
        case "WORKLOAD_IDENTITY":
            good = token == user.get("attestation") and said.get("PROVIDER") == "GCP"
            return None if good else (390144, "Workload identity attestation is invalid.")
        case "EXTERNALBROWSER":
            good = token == "from-the-browser" and said.get("PROOF_KEY") == "proof"
            return None if good else (390100, "SAML response is invalid.")
    if not user.get("password") or said.get("PASSWORD") != user["password"]:
        return 390100, "Incorrect username or password was specified."
    if user.get("passcode") and said.get("PASSCODE") != user["passcode"]:
        return 394507, "MFA authentication is required, but the passcode is missing or wrong."
    return None


def signed(token: str, said: dict[str, Any], user: dict[str, Any]) -> bool:
    if not user.get("public_key"):
        return False
    key = serialization.load_pem_public_key(user["public_key"].encode())
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    name = f"{said['ACCOUNT_NAME'].upper()}.{said['LOGIN_NAME'].upper()}"
    print_ = b64encode(hashlib.sha256(der).digest()).decode()
    try:
        claims = jwt.decode(token, key=key, algorithms=["RS256"], issuer=f"{name}.SHA256:{print_}")
    except jwt.InvalidTokenError:
        return False
    return bool(claims["sub"] == name)


async def login(request: Request) -> Response:
    said = (await body_of(request))["data"]
    if said["ACCOUNT_NAME"].casefold() != ACCOUNTS["account"]:
        return Response("no such account", status_code=404)
    known = ACCOUNTS["users"]
    owners = [
        name for name, each in known.items() if said.get("TOKEN") and each.get("oauth_client_id")
    ]
    name = (said.get("LOGIN_NAME") or next(iter(owners), "")).casefold()
    if wrong := wrong_credentials(said, known.get(name, {})):
        return refused(*wrong)
    role = request.query_params.get("roleName") or known[name]["roles"][0]
    if role.strip('"').upper() not in known[name]["roles"]:
        why = f"Role '{role}' specified in the connect string does not exist or not authorized."
        return refused(390189, f"{why} Contact your local system administrator.")
    answer = json.loads((await server.login_request(request)).body)
    token = answer["data"]["token"]
    if not server.sessions[token].database_set:
        answer["data"]["sessionInfo"]["databaseName"] = None  # as Snowflake does, without a word
    warehouse = request.query_params.get("warehouse", "").strip('"').upper()
    warehouse = warehouse if warehouse in ACCOUNTS["warehouses"] else None
    answer["data"] |= {"masterToken": f"master-{token}", "sessionId": next(numbers)}
    answer["data"] |= {"masterValidityInSeconds": 14400, "validityInSeconds": 3600}
    answer["data"]["sessionInfo"] |= {"roleName": role.upper(), "warehouseName": warehouse}
    SESSIONS[token] = {
        "user": name.upper(), "role": role.upper(), "warehouse": warehouse,
        "parameters": said["SESSION_PARAMETERS"], "login": request.url.query,
    }  # fmt: skip
    LOG.append({"login": name, "how": said.get("AUTHENTICATOR", "SNOWFLAKE"), **SESSIONS[token]})
    return JSONResponse(answer)


async def query(request: Request) -> Response:
    token = request.headers.get("Authorization", "")[17:-1]
    if token not in SESSIONS:
        return refused(390104, "User must login again to access the service.")
    session, body = SESSIONS[token], await body_of(request)
    sql, request_id = body["sqlText"], request.query_params["requestId"]
    LOG.append({"sql": sql, "binds": body.get("bindings"), "request": request_id, **session,
                "describe": bool(body.get("describeOnly"))})  # fmt: skip
    asked = " ".join(sql.split()).upper()
    if not asked.startswith(SELECTING):
        return refused(3001, "SQL access control error: Insufficient privileges", "42501")
    if not session["warehouse"] and " FROM " in asked and not body.get("describeOnly"):
        why = "No active warehouse selected in the current session."
        return refused(606, f"{why} Select an active warehouse with the 'use warehouse' command.",
                       "57P03")  # fmt: skip
    LATER.set([])
    RUNNING[request_id] = server.sessions[token]
    try:
        answer = json.loads((await server.query_request(request)).body)
    finally:
        RUNNING.pop(request_id, None)
    if any(each.get("abort") == request_id for each in LOG):
        return refused(604, "SQL execution canceled", "57014")
    if later := LATER.get():
        chunks = [served(request, rows, bytes_) for rows, bytes_ in later]
        answer["data"]["chunks"] = chunks[: len(chunks) - ACCOUNTS.get("lost_chunks", 0)]
    return JSONResponse(answer)


def served(request: Request, rows: int, content: pa.Buffer) -> dict[str, Any]:
    name, packed = str(next(numbers)), gzip.compress(content, 1)
    CHUNKS[name] = packed
    url = f"http://{request.url.netloc}/chunk/{name}"
    sizes = {"uncompressedSize": len(content), "compressedSize": len(packed)}
    return {"url": url, "rowCount": rows, **sizes}


def chunk(request: Request) -> Response:
    """One chunk; the real store keeps them for hours, this one until they were fetched."""
    content = CHUNKS.get(request.path_params["name"], b"")
    headers = {"Content-Encoding": "gzip"}
    return Response(content, headers=headers) if content else Response(status_code=404)


async def abort(request: Request) -> Response:
    request_id = (await body_of(request))["requestId"]
    LOG.append({"abort": request_id})
    if running := RUNNING.get(request_id):
        running._duck_conn.interrupt()
    return JSONResponse({"success": True, "data": None})


async def oauth(request: Request) -> Response:
    """The identity provider's token endpoint for clients."""
    client, _, secret = (
        b64decode(request.headers.get("Authorization", "Basic ")[6:]).decode().partition(":")
    )
    form = parse_qs((await request.body()).decode())
    good = [u for u in ACCOUNTS["users"].values() if u.get("oauth_client_id") == client]
    if (
        form["grant_type"] != ["client_credentials"]
        or not good
        or good[0]["oauth_secret"] != secret
    ):
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    return JSONResponse({"access_token": f"access-{client}", "token_type": "Bearer"})


def metadata(request: Request) -> Response:
    """Google's metadata server: the identity of this machine."""
    attested = [user["attestation"] for user in ACCOUNTS["users"].values() if "attestation" in user]
    known = request.headers.get("Metadata-Flavor") == "Google"
    return Response(attested[0]) if known else Response(status_code=403)


async def browser(request: Request) -> Response:
    port = (await body_of(request))["data"]["BROWSER_MODE_REDIRECT_PORT"]
    url = f"http://127.0.0.1:{port}/?token=from-the-browser"
    return JSONResponse({"success": True, "data": {"ssoUrl": url, "proofKey": "proof"}})


async def control(request: Request) -> Response:
    """``fault`` adds one, ``sql`` runs as the owner, ``reset`` forgets all, ``log`` tells."""
    match request.path_params["what"]:
        case "fault":
            FAULTS.append(json.loads(await request.body()))
        case "sql":
            owner = server.shared_fs.connect("MARKETING", "PUBLIC")
            for statement in json.loads(await request.body()):
                owner._duck_conn.execute(statement)
        case "reset":
            FAULTS.clear()
            LOG.clear()
            CHUNKS.clear()
            ACCOUNTS.clear()
            ACCOUNTS.update(json.loads(Path(sys.argv[2]).read_text()))
            ACCOUNTS.update(json.loads(await request.body() or b"{}"))
    return JSONResponse(LOG)


class Faulty:
    """Fails requests as told: ``{"path": "query-request", "kind": "503", "times": 2}``."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        fault = next((f for f in FAULTS if f["path"] in path and f["times"] > 0), None)
        if scope["type"] != "http" or not fault or path.startswith("/test/"):
            return await self.app(scope, receive, send)
        if fault.get("after", 0) > 0:
            fault["after"] -= 1
            return await self.app(scope, receive, send)
        fault["times"] -= 1
        LOG.append({"fault": fault["kind"], "path": path})
        if fault["kind"] == "stall":
            await asyncio.sleep(fault["seconds"])
            return await self.app(scope, receive, send)
        if fault["kind"] == "reset":  # the connection is closed in the middle of an answer
            start = {"type": "http.response.start", "status": 200}
            await send({**start, "headers": [(b"content-length", b"100000")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return None
        if fault["kind"] == "refuse":
            answer: Response = refused(fault["code"], fault["message"], fault["state"])
        else:
            answer = Response("for a while", status_code=int(fault["kind"]))
        return await answer(scope, receive, send)


OURS = {
    "/session/v1/login-request": login,
    "/queries/v1/query-request": query,
    "/queries/v1/abort-request": abort,
    "/session/authenticator-request": browser,
    "/oauth/token": oauth,
}
routes = [
    *(Route(path, handler, methods=["POST"]) for path, handler in OURS.items()),
    Route("/chunk/{name}", chunk),
    Route("/metadata/identity", metadata),
    Route("/telemetry/send", lambda request: JSONResponse({"success": True}), methods=["POST"]),
    Route("/test/{what}", control, methods=["POST", "GET"]),
    *(route for route in server.routes if route.path not in OURS),
]

if __name__ == "__main__":
    ACCOUNTS.update(json.loads(Path(sys.argv[2]).read_text()))
    server.shared_fs.connect("MARKETING", "PUBLIC")
    server.shared_fs.create_database_on_connect = False
    server.shared_fs.create_schema_on_connect = False
    app = Faulty(Starlette(routes=routes))
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", timeout_keep_alive=1
    )
