"""A server that speaks the REST API of Cloud Run jobs; its containers are processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JOB = "projects/shop/locations/europe-west1/jobs/mmm-app-train"
EXECUTION = "type.googleapis.com/google.cloud.run.v2.Execution"
NOW = "2026-11-23T05:34:24Z"


class Cloud:
    """The job's executions. ``deny`` refuses to run; ``stuck`` containers never get to work."""

    def __init__(self) -> None:
        self.deny = self.stuck = False
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.containers: dict[str, subprocess.Popen[bytes]] = {}
        self.words: dict[str, str] = {}
        self.cancelled: set[str] = set()

    def run(self, body: dict[str, Any]) -> dict[str, Any]:
        (override,) = body["overrides"]["containerOverrides"]
        given = {one["name"]: one["value"] for one in override["env"]}
        code = (
            "import time; time.sleep(600)" if self.stuck else "from mmmlib.cli import main; main()"
        )
        name = f"{JOB}/executions/mmm-app-train-{len(self.containers)}"
        self.containers[name] = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *override["args"]],
            env={**os.environ, **given},
            stdin=subprocess.DEVNULL,
        )
        return {"name": "operations/1", "metadata": {"@type": EXECUTION, **self.execution(name)}}

    def execution(self, name: str) -> dict[str, Any]:
        code = self.containers[name].poll()
        shown: dict[str, Any] = {"name": name, "job": JOB, "createTime": NOW, "taskCount": 1}
        if code is None:
            return shown | {"runningCount": 1, "conditions": [{"type": "Completed"}]}
        ended = "succeeded" if code == 0 else "failed"
        if name in self.cancelled:
            ended = "cancelled"
        state = "CONDITION_SUCCEEDED" if code == 0 else "CONDITION_FAILED"
        condition = {"type": "Completed", "state": state, "message": self.words.get(name, "")}
        return shown | {"completionTime": NOW, f"{ended}Count": 1, "conditions": [condition]}

    def cancel(self, name: str) -> dict[str, Any]:
        self.cancelled.add(name)
        self.kill(name, "The execution was cancelled")
        return {"name": "operations/2"}

    def kill(self, name: str, words: str) -> None:
        self.words[name] = words
        self.containers[name].kill()
        self.containers[name].wait()


@contextmanager
def cloud() -> Iterator[tuple[Cloud, str]]:
    """The cloud and its address."""
    state = Cloud()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            state.requests.append((self.path, body))
            if state.deny:
                message = "Permission 'run.jobs.runWithOverrides' denied"
                self.say(403, {"error": {"code": 403, "message": message, "status": "DENIED"}})
            elif self.route() == f"{JOB}:run":
                self.say(200, state.run(body))
            elif self.route().removesuffix(":cancel") in state.containers:
                self.say(200, state.cancel(self.route().removesuffix(":cancel")))
            else:
                self.say(404, {"error": {"code": 404, "message": self.path}})

        def do_GET(self) -> None:
            if self.route() in state.containers:
                self.say(200, state.execution(self.route()))
            else:
                self.say(404, {"error": {"code": 404, "message": self.path}})

        def route(self) -> str:
            return re.sub(r"^/v2/|\?.*$", "", self.path)

        def say(self, code: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for container in state.containers.values():
            container.kill()
            container.wait()
