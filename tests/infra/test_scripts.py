"""The scripts of a deployment, against a real server and a stand-in for gcloud."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPTS = REPOSITORY / "infra" / "scripts"
DEPLOYER = "github-deployer@acme.iam.gserviceaccount.com"

GCLOUD = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(" ".join(words) + "\\n")
if words[:3] == ["iam", "service-accounts", "sign-jwt"]:
    claims = json.load(open(words[3]))
    assert claims["iss"] == claims["sub"] == words[words.index("--iam-account") + 1]
    open(words[4], "w").write("signed for " + claims["aud"])
elif words[:2] == ["auth", "print-identity-token"]:
    print("identity for " + words[words.index("--audiences") + 1])
elif words[:3] == ["run", "services", "describe"]:
    if "MISSING" in os.environ:
        sys.exit("ERROR: (gcloud.run.services.describe) " + os.environ["MISSING"])
    print(os.environ["SERVICE"])
elif words[:3] == ["run", "revisions", "describe"]:
    print(json.dumps({"spec": {"containers": [{"image": "image@new"}]}}))
elif words[:3] == ["run", "jobs", "describe"]:
    spec = {"containers": [{"image": "image@old"}]}
    print(json.dumps({"spec": {"template": {"spec": {"template": {"spec": spec}}}}}))
elif " ".join(words[:3]) == os.environ.get("FAILS"):
    sys.exit("ERROR: it does not")
"""


class Service:
    """Answers /health, to those whose token it accepts; each attribute may be changed."""

    def __init__(self) -> None:
        self.accepts: Callable[[str], bool] = lambda token: False
        self.stranger = 403
        self.body = '{"status": "ok"}'
        self.unready = 0  # answers of 503 before the first good one
        self.tokens: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
                service.tokens.append(token)
                code = 200 if self.path == "/health" else 404
                if not service.accepts(token):
                    code = service.stranger
                elif service.unready:
                    service.unready -= 1
                    code = 503
                self.send_response(code)
                self.end_headers()
                self.wfile.write(service.body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
    (tmp_path / "calls").touch()

    def call(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CALLS": str(tmp_path / "calls"),
            "MMM_ACCOUNT": DEPLOYER,
            "MMM_TRIES": "3",
            "MMM_PAUSE": "0",
            "no_proxy": "127.0.0.1",
            **environment,
        }
        return subprocess.run(
            [SCRIPTS / script, *words], env=given, capture_output=True, text=True, timeout=900
        )

    return call


def calls(tmp_path: Path) -> str:
    return (tmp_path / "calls").read_text()


@pytest.mark.parametrize("login", ["signed for {}/*", "identity for {}"])
def test_a_healthy_private_service_passes(run: Callable, service: Service, login: str) -> None:
    service.accepts = lambda token: token == login.format(service.url)
    done = run("smoke.sh", service.url)
    assert done.returncode == 0, done.stderr
    assert "refused (403)" in done.stdout


def test_a_slow_start_is_waited_for(run: Callable, service: Service) -> None:
    service.accepts = lambda token: token.startswith("signed")
    service.unready = 2
    assert run("smoke.sh", service.url).returncode == 0


def test_a_service_open_to_everybody_fails(run: Callable, service: Service) -> None:
    service.accepts = lambda token: True
    done = run("smoke.sh", service.url)
    assert done.returncode == 1
    assert "allow_unauthenticated" in done.stderr
    assert run("smoke.sh", service.url, MMM_PUBLIC="1").returncode == 0


def test_an_unhealthy_service_fails(run: Callable, service: Service) -> None:
    service.accepts = lambda token: token.startswith("signed")
    service.body = "<html>a page of somebody else</html>"
    done = run("smoke.sh", service.url)
    assert done.returncode == 1
    assert "traffic stays where it was" in done.stderr


def test_no_service_fails(run: Callable, service: Service) -> None:
    service.server.server_close()
    done = run("smoke.sh", service.url)
    assert done.returncode == 1
    assert "no answer" in done.stderr


def test_a_refused_login_fails(run: Callable, service: Service) -> None:
    done = run("smoke.sh", service.url)
    assert done.returncode == 1
    assert {token.split()[0] for token in service.tokens if token} == {"signed", "identity"}


def test_the_serving_revision_is_pinned(run: Callable, tmp_path: Path) -> None:
    traffic = [
        {"revisionName": "mmm-app-1", "percent": 90},
        {"revisionName": "mmm-app-2", "percent": 10},
        {"revisionName": "mmm-app-3", "tag": "candidate", "url": "https://candidate"},
    ]
    status = {"traffic": traffic, "latestReadyRevisionName": "mmm-app-3"}
    done = run("pin.sh", "mmm-app", "europe-west1", SERVICE=json.dumps({"status": status}))
    assert done.stdout == "TF_VAR_existing_service=true\n"
    assert "--to-revisions mmm-app-1=100" in calls(tmp_path)


def test_traffic_that_follows_the_latest_is_pinned_to_it(run: Callable, tmp_path: Path) -> None:
    status = {
        "traffic": [{"latestRevision": True, "percent": 100}],
        "latestReadyRevisionName": "mmm-app-7",
    }
    run("pin.sh", "mmm-app", "europe-west1", SERVICE=json.dumps({"status": status}))
    assert "--to-revisions mmm-app-7=100" in calls(tmp_path)


def test_the_first_deployment_pins_nothing(run: Callable, tmp_path: Path) -> None:
    done = run("pin.sh", "mmm-app", "europe-west1", MISSING="Cannot find service [mmm-app]")
    assert (done.returncode, done.stdout) == (0, "TF_VAR_existing_service=false\n")
    assert "update-traffic" not in calls(tmp_path)


def test_an_unknown_state_stops_the_deployment(run: Callable) -> None:
    """A missing right must not look like a missing service: the new revision would get traffic."""
    done = run("pin.sh", "mmm-app", "europe-west1", MISSING="PERMISSION_DENIED: run.services.get")
    assert done.returncode == 1
    assert "PERMISSION_DENIED" in done.stderr
    assert done.stdout == ""


def test_the_candidate_gets_an_address(run: Callable, tmp_path: Path) -> None:
    status = {"traffic": [{"percent": 100}, {"tag": "candidate", "url": "https://candidate---a"}]}
    done = run(
        "candidate.sh",
        "mmm-app",
        "europe-west1",
        "mmm-app-9",
        SERVICE=json.dumps({"status": status}),
    )
    assert done.stdout == "https://candidate---a\n"
    assert "--set-tags candidate=mmm-app-9" in calls(tmp_path)


def changed(tmp_path: Path) -> list[str]:
    """What was changed, in order."""
    return [line for line in calls(tmp_path).splitlines() if "update" in line]


TRAFFIC = (
    "run services update-traffic mmm-app --region europe-west1 --to-revisions mmm-app-9=100 --quiet"
)
IMAGE = "run jobs update mmm-app-train --region europe-west1 --image image@{} --quiet"


def test_traffic_and_training_move_to_one_revision(run: Callable, tmp_path: Path) -> None:
    assert run("traffic.sh", "mmm-app", "europe-west1", "mmm-app-9").returncode == 0
    assert changed(tmp_path) == [IMAGE.format("new"), TRAFFIC]


def test_both_move_or_neither(run: Callable, tmp_path: Path) -> None:
    words = ("traffic.sh", "mmm-app", "europe-west1", "mmm-app-9")
    done = run(*words, FAILS="run services update-traffic")
    assert done.returncode == 1
    assert "trains with image@old as before" in done.stderr
    assert changed(tmp_path) == [IMAGE.format("new"), TRAFFIC, IMAGE.format("old")]
    (tmp_path / "calls").write_text("")
    assert run(*words, FAILS="run jobs update").returncode == 1
    assert changed(tmp_path) == [IMAGE.format("new")]


def test_doctor_is_executed_on_the_new_image(run: Callable, tmp_path: Path) -> None:
    assert run("check.sh", "mmm-app", "europe-west1").returncode == 0
    assert "run jobs execute mmm-app-check --region europe-west1 --wait" in calls(tmp_path)
    done = run("check.sh", "mmm-app", "europe-west1", FAILS="run jobs execute")
    assert done.returncode == 1
    assert "traffic and training stay where they were" in done.stderr
