"""The pages put together, without a browser."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlencode

import pytest

import mmmlib.ui
from mmmlib.archive import MANIFEST
from mmmlib.errors import StoreError
from mmmlib.ui import dashboard as module
from mmmlib.ui.dashboard import Dashboard
from mmmlib.ui.view import View


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


def test_downloads_are_the_artifact_bytes(dashboard, ended, monkeypatch):
    send(dashboard.shell, event="opened", data=f"run={ended['succeeded']}")
    page, sent = dashboard.shell.page, []
    monkeypatch.setattr(page, "send", lambda content, buffers=None: sent.append((content, buffers)))
    send(page, event="download", data=MANIFEST)
    assert sent == [({"method": "save", "args": [MANIFEST]}, [ended["succeeded"].load(MANIFEST)])]

    send(page, event="download", data="../../../../etc/passwd")
    assert len(sent) == 1
    assert "has no ../../" in dashboard.shell.message["text"]


class _Broken(View):
    template_file = None

    def vue_break(self, _):
        raise ZeroDivisionError("secret detail")


def test_an_exception_is_a_message_with_an_id_and_a_traceback_in_the_log(caplog):
    said = []
    view = _Broken(said.append, template="<template><div></div></template>")
    # a test session's traitlets logger is not connected to pytest's
    logger = logging.getLogger("traitlets")
    logger.addHandler(caplog.handler)
    try:
        send(view, event="break")
    finally:
        logger.removeHandler(caplog.handler)
    (message,) = said
    error_id = message.split("(error ")[1][:8]
    assert "secret detail" not in message
    assert error_id in caplog.text
    assert "ZeroDivisionError: secret detail" in caplog.text


def test_a_browser_cannot_construct_classes_or_call_other_methods(dashboard, tmp_path):
    trace = tmp_path / "trace"
    command = {"args": ["touch", str(trace)]}
    before = dict(dashboard.shell.message)
    send(dashboard.shell, create_widget=["subprocess", "run"], props=command, id="1")
    send(dashboard.shell, event="close", data=None)
    assert not trace.exists()
    assert dashboard.shell.message == before


def test_no_template_writes_html():
    templates = list(Path(mmmlib.ui.__path__[0]).rglob("*.vue"))
    assert len(templates) >= 3
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert "v-html" not in text, template
        assert "innerHTML" not in text, template
