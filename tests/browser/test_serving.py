"""The server itself: who may do what, what is lost with a connection, and what is not."""

from __future__ import annotations

import http.client
import json
import runpy
import signal
import statistics
import subprocess
import sys
import urllib.parse

import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.interactions import recent
from mmmlib.archive.manifest import Status
from mmmlib.archive.results import TRAINING
from mmmlib.ui.routes import PAGES
from mmmlib.ui.server.iap import IAP_HEADER, TOKEN_HEADER
from tests.browser.conftest import leave
from tests.browser.test_dashboard import kernels, run_of
from tests.servers.iap import AUDIENCE, serving_iap
from tests.tampering import rewrite
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

ROWS = ".mmm-runs tbody tr[data-run]"


@pytest.fixture(scope="module")
def iap():
    """Google's Identity-Aware Proxy: who signs, and whose keys the server reads."""
    with serving_iap() as running:
        yield running


def person(browser, iap, name: str):
    """A browser in which Identity-Aware Proxy would have named a person."""
    return browser.new_context(
        viewport={"width": 1440, "height": 1000},
        extra_http_headers={TOKEN_HEADER: iap.token(f"{name}@example.com")},
    )


def kernel_of(page) -> str:
    """Id of a page's kernel."""
    config = page.evaluate("document.querySelector('#jupyter-config-data').innerText")
    return json.loads(config)["kernelId"]


def answer(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer, whatever it is; no redirect is followed."""
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc)
    try:
        connection.request(method, place.path, headers=headers)
        said = connection.getresponse()
        return said.status, dict(said.headers), said.read().decode(errors="replace")
    finally:
        connection.close()


@pytest.fixture(scope="module")
def guarded(serve, root, iap, tmp_path_factory):
    """Served as on Cloud Run: behind IAP, below a path, JSON on standard output."""
    folder = str(tmp_path_factory.mktemp("guarded"))
    sample = runpy.run_path("tests/ui/sample_archive.py")
    broken = sample["succeeded"](Archive(folder), "es")
    rewrite(broken, TRAINING, b"{")
    known = {"MMM_IAP_AUDIENCE": AUDIENCE, "MMM_IAP_KEYS": iap.address, "MMM_LOG": "json"}
    with serve(folder, "--base-url", "/mmm", MMM_BEHIND_IAP="true", **known) as server:
        yield server


@pytest.mark.parametrize("path", ["health", "voila/static/voila.js", "nothing/here"])
def test_every_answer_carries_the_security_headers(served, path):
    _, headers, text = answer(served.url + path)
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "object-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers
    assert "Traceback" not in text


def test_other_pages_cannot_reach_a_kernel(page, served):
    page.goto(served.url)
    page.locator(ROWS).first.wait_for()
    kernel = kernel_of(page)
    host = served.url.split("/")[2]
    socket = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    socket["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    channels = f"{served.url}api/kernels/{kernel}/channels"
    assert answer(channels, Origin="http://evil.example", **socket)[0] == 403
    assert answer(f"{served.url}voila/api/shutdown/{kernel}", "POST")[0] == 403  # no cookie
    assert answer(f"{served.url}api/kernels/{kernel}", "DELETE")[0] in (403, 405)
    # a name that somebody points at this machine
    assert answer(served.url, Host=f"evil.example:{host.split(':')[1]}")[0] == 403
    assert answer(f"{served.url}api/kernels/{kernel}")[0] == 200
    for gone in ("api/kernels", "voila/query/" + kernel, "voila/files/train.ipynb", "voila/tree"):
        assert answer(served.url + gone)[0] == 404


def test_iap_names_the_person_and_errors_are_found_in_the_log(browser, guarded, iap):
    assert guarded.url.endswith("/mmm/")
    status, _, text = answer(guarded.url)
    assert status == 403
    assert "Identity-Aware Proxy" in text
    unsigned = {IAP_HEADER: "accounts.google.com:ada@example.com"}
    for refused in (unsigned, {TOKEN_HEADER: "a.b.c"}, {TOKEN_HEADER: "W10.e30.e30"}):
        assert answer(guarded.url, **refused)[0] == 403
    assert wait_until(lambda: any("token of Identity-Aware" in line for line in guarded.said))
    assert answer(guarded.url + "health")[0] == 200
    assert answer(guarded.url.replace("/mmm/", "/health"))[0] == 200

    context = person(browser, iap, "ada")
    page = context.new_page()
    page.goto(f"{guarded.url}?run={run_of(guarded, 'es')}")
    page.locator(".mmm-who", has_text="ada@example.com").wait_for()
    address = f"{guarded.url}api/kernels/{kernel_of(page)}"
    eve = {TOKEN_HEADER: iap.token("eve@example.com")}
    assert answer(address, **eve)[0] == 403
    assert context.request.get(address).status == 200

    # what went wrong is shown as an id, under which the log has the traceback
    message = page.locator(".mmm-message")
    message.wait_for()
    assert "JSONDecodeError" not in message.inner_text()
    error_id = message.inner_text().split("(error ")[1][:8]
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Debug").click()
    page.wait_for_url("**/mmm/?page=debug")
    page.get_by_role("tab", name="Logs").click()
    page.get_by_label("Find an error id or a word").first.fill(error_id)
    entry = page.locator('.mmm-entries [data-severity="ERROR"]')
    page.wait_for_function("document.querySelectorAll('.mmm-serverlog li').length === 1")
    assert "JSONDecodeError" in entry.inner_text()
    assert wait_until(lambda: any(error_id in line for line in list(guarded.said)))
    line = json.loads(next(line for line in guarded.said if error_id in line))
    assert line["severity"] == "ERROR"
    assert line["error_id"] == error_id
    assert "JSONDecodeError" in line["stack_trace"]
    assert line["memory_usage_mb"] > 10
    assert all(json.loads(line)["severity"] for line in list(guarded.said))
    page.get_by_role("tab", name="Environment").click()
    page.locator(".mmm-session", has_text="ada@example.com").wait_for()
    leave(page)
    context.close()


@pytest.mark.slow
def test_who_cancels_is_written_down(browser, guarded, iap):
    going = subprocess.Popen(
        [sys.executable, "tests/ui/sample_archive.py", guarded.root, "going"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with going:
        run = Archive(guarded.root).run(going.stdout.readline().strip())
        context = person(browser, iap, "grace")
        page = context.new_page()
        page.goto(f"{guarded.url}?run={run}")
        page.get_by_role("button", name="Cancel run").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
        page.locator(".mmm-status", has_text="cancelled").wait_for()
        leave(page)
        context.close()
        going.wait()
    (done,) = recent(run.store)
    assert (done.who, done.did, done.run) == ("grace@example.com", "cancelled", str(run))
    assert "cancelled by grace@example.com" in run.state().error


@pytest.mark.slow
def test_a_token_is_asked_for(browser, serve, tmp_path):
    secret = "correct horse battery staple"
    with serve(str(tmp_path), "--base-url", "/mmm/", MMM_TOKEN=secret) as server:
        assert secret not in " ".join(psutil.Process(server.process.pid).cmdline())
        page = browser.new_page()
        page.goto(server.url)
        assert "/mmm/login" in page.url
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Open the dashboard").click()
        page.get_by_text("This is not the token").wait_for()
        page.get_by_label("Token").fill(secret)
        page.get_by_role("button", name="Open the dashboard").click()
        page.locator(".mmm-empty").wait_for()
        leave(page)
        nobody = "api/kernels/00000000-0000-0000-0000-000000000000"
        assert answer(server.url + nobody)[0] in (302, 403)
        assert secret not in "".join(server.said)


@pytest.mark.slow
def test_a_dropped_network_is_said_and_mends_itself(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url)
    page.locator(ROWS).first.wait_for()
    context.set_offline(True)
    lost = page.get_by_text("The connection to the server is lost")
    lost.wait_for()
    context.set_offline(False)
    lost.wait_for(state="hidden")
    page.locator(ROWS).first.click()  # and the page answers again
    page.locator(".mmm-run h1").wait_for()
    leave(page)
    context.close()


def test_a_killed_server_loses_no_run(browser, serve, root, going):
    run = Archive(root).run(going.stdout.readline().strip())
    context = browser.new_context()
    page = context.new_page()
    with serve(root) as first:
        port = int(first.url.rpartition(":")[2].strip("/"))
        page.goto(f"{first.url}?run={run}")
        page.get_by_role("button", name="Cancel run").wait_for()
        abandoned = kernels(first)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        page.evaluate("window.dispatchEvent(new Event('offline'))")  # it asks every 5 s anyway
        page.get_by_text("The connection to the server is lost").wait_for()
    assert wait_until(lambda: not any(map(psutil.pid_exists, abandoned)))
    with serve(root, port=port):
        page.get_by_text("session has ended").wait_for()
        page.get_by_role("button", name="Reload").click()
        done = page.locator(".mmm-tiles dd").first
        done.wait_for()
        assert run.state().status is Status.RUNNING
        before = done.inner_text()
        assert wait_until(lambda: done.inner_text() != before)
        leave(page)
    context.close()


@pytest.mark.slow
def test_a_tab_is_small_and_answers_at_once_while_a_run_goes_on(page, served, going):
    going.stdout.readline()
    before = kernels(served)
    page.goto(served.url)
    page.locator(ROWS).first.wait_for()
    assert wait_until(lambda: len(kernels(served)) >= 3)
    sizes = [psutil.Process(pid).memory_info().rss / 2**20 for pid in kernels(served) & before]
    assert max(sizes) < 160

    page.get_by_role("link", name="Debug").click()
    page.locator(".mmm-parts").wait_for()
    took = [
        page.evaluate(
            """name => new Promise(done => {
                const tab = document.getElementById("mmm-tab-" + name), start = performance.now();
                new MutationObserver(() => done(performance.now() - start))
                    .observe(tab, { attributeFilter: ["aria-selected"] });
                tab.click();
            })""",
            name,
        )
        for name in ("environment", "archive", "log", "environment", "archive", "log")
    ]
    assert statistics.median(took) < 600  # milliseconds; 20 to 60 on a quiet machine


def obstacles(page) -> list[tuple[str, ...]]:
    """Serious accessibility violations of what a page shows now."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [
        (one["id"], str(node["target"]), node["failureSummary"][:200])
        for one in axe.run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_has_a_serious_obstacle(browser, served, colours):
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme=colours, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(served.url)
    found = {}
    for name, entry in PAGES.items():
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=entry.title).click()
        page.locator(f'.mmm-nav a[aria-current="page"]:has-text("{entry.title}")').wait_for()
        page.locator(".mmm-content > *").first.wait_for()
        page.wait_for_timeout(1200)  # transitions, and what threads read
        found[name] = obstacles(page)
    for part in ("environment", "archive", "log", "caches"):
        page.locator(f"#mmm-tab-{part}").click()
        page.wait_for_timeout(700)
        found[f"debug {part}"] = obstacles(page)
    leave(page)
    context.close()
    assert {name: some for name, some in found.items() if some} == {}


@pytest.mark.slow
def test_twelve_tabs_at_once(browser, served):
    context = browser.new_context()
    pages = [context.new_page() for _ in range(12)]
    for page in pages:
        page.goto(served.url, wait_until="commit")
    for page in pages:
        page.locator(ROWS).first.wait_for()
    assert len({kernel_of(page) for page in pages}) == 12
    for page in pages:
        leave(page)
    context.close()


@pytest.mark.slow
def test_fifty_tabs_leave_no_kernel(browser, served):
    context = browser.new_context()
    for _ in range(10):
        pages = [context.new_page() for _ in range(5)]
        for page in pages:
            page.goto(served.url, wait_until="commit")
        for page in pages:
            page.locator(ROWS).first.wait_for()
            leave(page)
    context.close()
    assert wait_until(lambda: len(kernels(served)) <= 2), kernels(served)
