"""The pages put together, without a browser."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import pytest
from ipyvue import Template
from ipywidgets.widgets.widget import _instances

import mmmlib.ui
from mmmlib.archive.archive import Archive
from mmmlib.archive.run import MANIFEST
from mmmlib.ground.errors import StoreError
from mmmlib.ui import dashboard as module
from mmmlib.ui.dashboard import Dashboard
from mmmlib.ui.routes import PAGES
from mmmlib.ui.trained import trained_runs
from mmmlib.ui.view import View
from tests.waiting import wait_until


@pytest.fixture
def dashboard(ended, monkeypatch):
    monkeypatch.setattr(module, "REFRESH_SECONDS", 3600.0)  # these tests refresh by hand
    return Dashboard(ended["archive"])


def send(view, **content):
    """What arrives when the page calls an event."""
    view._handle_event(view, content, [])


def test_nothing_is_read_before_a_browser_is_there(dashboard):
    assert dashboard.shell.page is None
    assert dashboard.page is None
    send(dashboard.shell, event="opened", data="")
    assert len(dashboard.shell.page.rows) == 3


def test_a_click_opens_the_run_and_back_the_list(dashboard, ended, sample):
    send(dashboard.shell, event="opened", data="")
    send(dashboard.shell.page, event="choose", data=str(ended["succeeded"]))
    page = dashboard.shell.page
    assert page.facts["id"] == str(ended["succeeded"])
    assert dashboard.shell.here == "results"
    assert dashboard.shell.address == f"page=results&run={ended['succeeded']}"
    assert page.findings["best"] == sample.BEST
    assert page.picture.startswith("data:image/png")
    assert [change["what"] for change in page.changes] == ["column left out"]

    send(page, event="back")
    assert len(dashboard.shell.page.rows) == 3
    assert (dashboard.shell.here, dashboard.shell.address) == ("runs", "")


@pytest.mark.parametrize("run", ["r100/de/20000101_000000", "../../etc/passwd", "<script>"])
def test_a_link_to_no_run_leads_to_the_list_with_a_message(dashboard, run):
    send(dashboard.shell, event="opened", data=urlencode({"run": run}))
    assert len(dashboard.shell.page.rows) == 3
    assert run in dashboard.shell.message["text"]


def test_nothing_is_sent_when_nothing_has_changed(dashboard, ended):
    send(dashboard.shell, event="opened", data=f"run={ended['failed']}")
    for where in ("", f"run={ended['failed']}"):
        send(dashboard.shell, event="opened", data=where)
        sent = []
        for view in (dashboard.shell, dashboard.shell.page):
            view.observe(sent.append)
        dashboard.refresh()
        assert sent == []


def test_an_archive_that_is_away_is_said_and_comes_back(dashboard, ended, monkeypatch):
    send(dashboard.shell, event="opened", data="")

    def away(self, prefix):
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(type(ended["archive"].store), "folders", away)
        dashboard.refresh()
        assert dashboard.shell.page.trouble == "the disk is gone"
        assert len(dashboard.shell.page.rows) == 3  # what was known stays
    dashboard.refresh()
    assert dashboard.shell.page.trouble == ""


def opened(dashboard, run, tab):
    """A tab of a run's page, read to the end."""
    send(dashboard.shell, event="opened", data=f"run={run}&tab={tab}")
    panel = dashboard.shell.page.panel
    panel.reading.join()
    assert panel.loaded
    return panel


def test_every_tab_of_a_run_can_be_opened(dashboard, ended, sample):
    run = ended["succeeded"]
    assert opened(dashboard, run, "models").card["id"] == sample.BEST
    assert opened(dashboard, run, "curves").candidate == sample.BEST
    assert opened(dashboard, run, "time").course["residual"] == [0.5, 0.5, 0.5]
    assert opened(dashboard, run, "notebooks").names == []
    files = opened(dashboard, run, "files")
    assert {item["name"] for item in files.artifacts} == set(run.artifacts())
    assert opened(dashboard, run, "notes").lines == []
    assert dashboard.shell.message == {}

    page = dashboard.shell.page
    send(page, event="show", data="../../x")
    assert page.tab == "summary"


def test_a_run_that_failed_has_the_tabs_that_have_something_to_show(dashboard, ended):
    send(dashboard.shell, event="opened", data=f"run={ended['failed']}&tab=models")
    page = dashboard.shell.page
    assert [tab["name"] for tab in page.tabs] == ["notebooks", "files", "notes"]
    assert page.tab == "summary"


def test_a_promotion_changes_what_the_run_shows(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REFRESH_SECONDS", 3600.0)
    archive = Archive(str(tmp_path))
    run = sample.succeeded(archive)
    dashboard = Dashboard(archive)
    models = opened(dashboard, run, "models")
    send(models, event="pick", data="1_1_1")
    send(models, event="promote", data=" ")
    assert "why it is promoted" in dashboard.shell.message["text"]
    assert models.cloud["best"] == sample.BEST

    send(models, event="promote", data="plausible")
    page = dashboard.shell.page
    assert models.cloud["best"] == page.findings["best"] == "1_1_1"
    assert page.findings["original"] == sample.BEST
    assert page.findings["promotion"]["who"] == dashboard.session.user
    assert page.picture == ""  # no one-pager of it is archived
    (line,) = opened(dashboard, run, "notes").lines
    assert (line["kind"], line["candidate"], line["text"]) == ("promoted", "1_1_1", "plausible")


def test_a_kept_run_is_not_deleted_and_a_deleted_one_is_gone(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REFRESH_SECONDS", 3600.0)
    archive = Archive(str(tmp_path))
    run = sample.succeeded(archive)
    dashboard = Dashboard(archive)
    notes = opened(dashboard, run, "notes")
    send(notes, event="keep", data="")
    assert notes.kept
    assert dashboard.shell.page.facts["kept"]
    send(notes, event="remove", data="")
    assert "is kept; release it" in dashboard.shell.message["text"]

    send(notes, event="release", data="")
    send(notes, event="remove", data="no longer needed")
    assert (dashboard.shell.here, dashboard.shell.page.rows) == ("runs", [])


def test_all_files_as_one_zip(dashboard, ended, monkeypatch):
    files, sent = opened(dashboard, ended["succeeded"], "files"), []
    monkeypatch.setattr(
        dashboard.shell, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    send(files, event="pack")
    assert wait_until(lambda: sent and not files.packing)
    ((content, (data,)),) = sent
    assert content["args"] == [f"{str(ended['succeeded']).replace('/', '_')}.zip"]
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert len(names) == len(ended["succeeded"].artifacts())
    assert not files.packing


def test_runs_are_compared(dashboard, ended, sample):
    pair = f"{ended['succeeded']},{ended['cancelled']}"
    send(dashboard.shell, event="opened", data=f"page=compare&runs={pair}")
    page = dashboard.shell.page
    page.reading.join()
    assert page.found["heads"][0]["best"] == sample.BEST
    assert len(page.listed) == 3
    send(page, event="choose", data=[str(ended["succeeded"]), "r100/de/20000101_000000"])
    page = dashboard.shell.page
    page.reading.join()
    assert "there is no run r100/de/20000101_000000" in page.trouble


def test_the_list_is_asked_by_page_order_and_filter(dashboard):
    send(dashboard.shell, event="opened", data="country=de")
    page = dashboard.shell.page
    assert [row["country"] for row in page.rows] == ["de"]
    send(page, event="ask", data={"search": "grace", "size": 1_000_000, "page": -3})
    assert [row["who"] for row in page.rows] == ["grace"]
    assert (page.question["size"], page.question["page"]) == (25, 1)


def test_downloads_are_the_artifact_bytes(dashboard, ended, monkeypatch):
    page, sent = opened(dashboard, ended["succeeded"], "files"), []
    monkeypatch.setattr(
        dashboard.shell, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    send(page, event="download", data=MANIFEST)
    assert sent == [({"method": "save", "args": [MANIFEST]}, [ended["succeeded"].load(MANIFEST)])]

    send(page, event="download", data="../../../../etc/passwd")
    assert len(sent) == 1
    assert "has no ../../" in dashboard.shell.message["text"]


class _Broken(View):
    def vue_break(self, _):
        raise ZeroDivisionError("secret detail")


def test_an_exception_is_a_message_with_an_id_and_a_traceback_in_the_log(
    capsys, tmp_path, monkeypatch
):
    (tmp_path / "broken.vue").write_text("<template><div></div></template>")
    monkeypatch.setattr(_Broken, "drawn_by", (str(tmp_path / "a.py"), "broken.vue"), raising=False)
    said = []
    view = _Broken(said.append)
    send(view, event="break")
    (message,) = said
    error_id = message.split("(error ")[1][:8]
    assert "secret detail" not in message
    logged = capsys.readouterr().err
    assert error_id in logged
    assert "ZeroDivisionError: secret detail" in logged


def test_a_browser_cannot_construct_classes_or_call_other_methods(dashboard, tmp_path):
    trace = tmp_path / "trace"
    command = {"args": ["touch", str(trace)]}
    before = dict(dashboard.shell.message)
    send(dashboard.shell, create_widget=["subprocess", "run"], props=command, id="1")
    send(dashboard.shell, event="close", data=None)
    assert not trace.exists()
    assert dashboard.shell.message == before


def visited(dashboard, run):
    """Open every page and every tab of a run; returns how many widgets the kernel has then.

    Templates do not count: they are kept, one a file, where there is a browser to draw them.
    """
    for page in PAGES:
        send(dashboard.shell, event="opened", data=f"page={page}")
        loading = getattr(dashboard.shell.page, "loading", None)
        if isinstance(loading, threading.Thread):
            loading.join()
    send(dashboard.shell, event="opened", data=f"run={run}")
    for tab in dashboard.shell.page.tabs:
        send(dashboard.shell.page, event="show", data=tab["name"])
        dashboard.shell.page.panel.reading.join()
    send(dashboard.shell, event="opened", data="")
    return sum(not isinstance(widget, Template) for widget in _instances.values())


def test_a_page_that_is_left_leaves_no_widget(live, monkeypatch):
    monkeypatch.setattr(module, "REFRESH_SECONDS", 3600.0)
    dashboard = Dashboard(Archive(live.store.root))
    first = visited(dashboard, live)
    assert [visited(dashboard, live) for _ in range(2)] == [first, first]
    assert dashboard.shell.message == {}


def test_the_address_says_which_run_a_page_took(live, monkeypatch):
    monkeypatch.setattr(module, "REFRESH_SECONDS", 3600.0)
    dashboard = Dashboard(Archive(live.store.root))
    for page in ("results", "plan", "live"):
        send(dashboard.shell, event="opened", data=f"page={page}")
        assert dashboard.shell.address == f"page={page}&run={live.id}"
    view = dashboard.shell.page
    view.loading.join()
    assert view.head["model"] == view.facts["model"]
    assert view.head["models"][0]["title"].startswith(f"{view.facts['model']} (best model")
    other = view.head["models"][-1]["value"]
    send(view, event="choose", data=other)
    assert dashboard.shell.address == f"page=live&run={live.id}&model={other}"


def test_only_runs_that_have_trained_can_be_chosen(ended):
    (run,) = trained_runs(ended["archive"])
    assert run["value"] == str(ended["succeeded"])
    assert run["title"].startswith("r100 · de · ")


def test_no_template_writes_html():
    templates = list(Path(mmmlib.ui.__path__[0]).rglob("*.vue"))
    assert len(templates) >= 12
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert "v-html" not in text, template
        assert "innerHTML" not in text, template
