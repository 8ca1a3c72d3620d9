"""The form's traits and events, its uploads and what it launches, without a browser."""

from __future__ import annotations

import base64
import io
import os
import resource
import threading
import time
from types import SimpleNamespace

import pytest
from openpyxl import Workbook

from mmmlib.data.examples import demo_job_path, example_path
from mmmlib.ground.environment import Settings
from mmmlib.ground.errors import SourceError
from mmmlib.job.parse import TrainingJob
from mmmlib.ui.routes import PAGES, Session
from mmmlib.ui.train import form, tasks, uploads
from mmmlib.ui.train.view import open_page
from tests.waiting import wait_until

DEMO = TrainingJob.load(demo_job_path())


def send(view, event, data=None):
    """What arrives when the page calls an event."""
    view._handle_event(view, {"event": event, "data": data}, [])


def wait_for(condition) -> None:
    assert wait_until(condition), "it did not happen in time"


@pytest.fixture
def tab(ended):
    """A session, what it was told and where it went."""
    said, went = [], []
    session = Session(ended["archive"], said.append, went.append, "ada")
    return SimpleNamespace(session=session, said=said, went=went)


@pytest.fixture
def view(tab):
    return open_page(tab.session, {})


def test_the_form_is_the_first_page_of_the_navigation():
    assert next(iter(PAGES)) == "train"


def test_the_example_is_two_clicks_from_a_job(view, tab):
    send(view, "example", "demo")
    assert view.problems == []
    assert TrainingJob.from_yaml(view.yaml) == DEMO
    wait_for(lambda: view.series.get("rows"))
    assert view.raw["rows"] == 208
    assert len(view.series["checks"]) >= 20
    assert {row["role"] for row in view.table} >= {"date", "target", "spend", "exposure"}
    assert tab.said == []


def test_an_edit_is_validated_and_gives_a_job(view):
    send(view, "example", "demo")
    values = {**view.loaded["values"], "iterations": "many"}
    number = view.loaded["number"]
    send(view, "edited", values)
    assert [each["where"] for each in view.problems] == ["iterations"]
    assert view.yaml == ""
    send(view, "edited", {**values, "iterations": 300})
    assert TrainingJob.from_yaml(view.yaml).iterations == 300
    assert view.loaded["number"] == number  # what is typed is never overwritten


def test_data_without_roles_get_them(view):
    send(view, "look", {**form.starting(), "file": "example:weekly"})
    wait_for(lambda: view.series.get("rows"))
    assert [each["where"] for each in view.problems] == ["country"]
    assert view.loaded["values"]["target"] == "revenue"
    reasons = {row["name"]: row["reason"] for row in view.table}
    assert reasons["tv_S"]


def test_data_that_cannot_be_read_are_said(view, tab):
    send(view, "look", {**form.starting(), "file": "nowhere.csv"})
    wait_for(lambda: view.unread)
    assert "nowhere.csv" in view.unread
    wait_for(lambda: "look" not in view.busy)
    send(view, "look", {**form.starting(), "file": "example:weekly"})
    assert view.unread == ""
    assert tab.said == []


def test_what_is_shown_is_of_the_source_that_is_chosen(view):
    send(view, "example", "demo")
    wait_for(lambda: view.series.get("rows"))
    send(view, "edited", {**view.loaded["values"], "iterations": 100})
    assert view.raw
    send(view, "edited", {**view.loaded["values"], "file": "other.csv"})
    assert (view.raw, view.series, view.table) == ({}, {}, [])


def test_a_role_is_given_by_hand(view):
    send(view, "example", "demo")
    values = view.loaded["values"]
    send(view, "assign", {"values": values, "column": "tv_S", "role": "context"})
    assert "tv_S" in str(view.loaded["values"]["context"])
    assert "tv_S" not in str(view.loaded["values"]["channels"])


def test_curves_follow_the_ranges(view):
    asked = {"adstock": "geometric", "kind": "tv", "ranges": {"thetas": [0.0, 0.0]}}
    send(view, "shape", asked)
    assert view.curves["adstock"]["high"][1] == 0.0
    send(view, "shape", {**asked, "adstock": "weibull_pdf", "ranges": {}})
    assert set(view.defaults["tv"]) == {"alphas", "gammas", "scales", "shapes"}


def test_a_link_opens_the_job_of_a_run(tab, ended):
    view = open_page(tab.session, {"from": str(ended["succeeded"])})
    assert view.loaded["values"]["channels"][0]["name"] == "tv"
    assert str(ended["succeeded"]) in view.loaded["notice"]
    send(view, "example", "demo")
    send(view, "again", str(ended["succeeded"]))
    assert TrainingJob.from_yaml(view.yaml) == ended["succeeded"].job


def test_a_job_file_is_loaded(view, tab):
    send(view, "text", DEMO.to_yaml())
    assert TrainingJob.from_yaml(view.yaml) == DEMO
    send(view, "text", "[")
    assert "not YAML" in tab.said[0]


@pytest.mark.parametrize("junk", [None, [], "x", {"values": 3}, {"channels": {"a": [1]}}])
def test_whatever_the_browser_sends_the_form_stays(view, junk):
    for event in ("edited", "look", "guess", "examine"):
        send(view, event, junk)
    assert view.problems


def test_what_is_wrong_is_not_launched(view, tab, ended):
    before = list(ended["archive"].ids())
    send(view, "train", {"values": form.starting(), "executor": "local"})
    assert "is missing" in tab.said[0]
    assert list(ended["archive"].ids()) == before


def test_what_the_engine_or_the_executor_refuses_is_not_launched(view, tab, ended):
    before = list(ended["archive"].ids())
    send(view, "train", {"values": form.of_example("demo"), "executor": "moon"})
    wait_for(lambda: tab.said)
    assert "no executor 'moon'" in tab.said[0]
    values = {**form.of_example("demo"), "optimizer": "Guesswork"}
    send(view, "train", {"values": values, "executor": "local"})
    wait_for(lambda: view.problems)
    assert view.problems[0]["where"] == "optimizer"
    assert list(ended["archive"].ids()) == before
    assert tab.went == []


def test_the_machine_is_described(view, ended):
    view.refresh()
    wait_for(lambda: view.engines and view.executors and view.earlier and not view.busy)
    assert {each["name"]: each["verdict"] for each in view.engines}["native"] in ("pass", "warn")
    local = next(each for each in view.executors if each["name"] == "local")
    assert local["ready"]
    assert str(ended["succeeded"]) in view.earlier
    cloudrun = next(each for each in view.executors if each["name"] == "cloudrun")
    assert not cloudrun["ready"]
    assert "GOOGLE_CLOUD_PROJECT" in cloudrun["where"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty folder of uploads, with a limit of 1 MB."""
    known = Settings(mmm_uploads=tmp_path / "up", mmm_upload_mb=1)
    monkeypatch.setattr(uploads, "settings", lambda: known)
    return tmp_path / "up"


def pieces(data: bytes, size: int = 4000) -> list[str]:
    return [base64.b64encode(data[i : i + size]).decode() for i in range(0, len(data), size)]


@pytest.mark.parametrize(
    "name",
    ["../../etc/pass wd.csv", "<img src=x onerror=alert(1)>.CSV", "…/…;rm -rf.csv", ".csv.csv"],
)
def test_an_upload_arrives_whole_under_a_name_of_ours(store, name):
    data = example_path("example:weekly").read_bytes()
    sent = uploads.Uploads()
    sent.begin("file", name, len(data))
    kept = [sent.take(piece) for piece in pieces(data)]
    assert kept[:-1] == [None] * (len(kept) - 1)
    key, path = kept[-1]
    assert key == "file"
    assert path.parent == store
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o077 == 0
    assert set(path.stem) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert list(store.iterdir()) == [path]


def test_an_upload_is_refused_with_the_reason(store):
    sent = uploads.Uploads()
    with pytest.raises(SourceError, match="file takes"):
        sent.begin("file", "evil.exe", 10)
    with pytest.raises(SourceError, match="no file can be sent"):
        sent.begin("root", "x.csv", 10)
    with pytest.raises(SourceError, match="up to 1 MB"):
        sent.begin("file", "x.csv", 2_000_000)
    with pytest.raises(SourceError, match="is empty"):
        sent.begin("file", "x.csv", 0)
    with pytest.raises(SourceError, match="interrupted"):
        sent.take("YQ==")
    for piece in ("not base64!", base64.b64encode(b"more than was said").decode()):
        sent.begin("file", "x.csv", 4)
        with pytest.raises(SourceError, match="did not arrive whole"):
            sent.take(piece)
    sent.begin("file", "x.parquet", 4)
    with pytest.raises(SourceError, match="not what its ending says"):
        sent.take(base64.b64encode(b"a;b\n").decode())
    assert list(store.iterdir()) == []


def workbook(rows: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Weekly")
    for _ in range(rows):
        sheet.append(["the same text in every row"] * 20)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize("name", ["plan.xlsx", "Plan 2026.XLSM"])
def test_a_workbook_is_taken(store, name):
    data, sent = workbook(20), uploads.Uploads()
    sent.begin("file", name, len(data))
    assert [sent.take(piece) for piece in pieces(data)][-1][1].read_bytes() == data


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("plan.xlsx", b"week;revenue\n", "not what its ending says"),
        ("plan.csv", workbook(1), "not what its ending says"),
        ("plan.parquet", workbook(1), "not what its ending says"),
        ("plan.xls", b"PAR1", "not what its ending says"),
        ("plan.ods", workbook(9)[:2000], "no whole workbook"),
        ("bomb.xlsx", workbook(9000), "unpacks to [0-9]+ MB, and a workbook may to 2 MB"),
    ],
)
def test_a_file_of_another_kind_is_refused(store, name, data, said):
    sent = uploads.Uploads()
    sent.begin("file", name, len(data))
    with pytest.raises(SourceError, match=said):
        list(map(sent.take, pieces(data)))
    assert list(store.iterdir()) == []


def test_a_full_disk_is_a_sentence(store):
    sent = uploads.Uploads()
    sent.begin("file", "x.csv", 90_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(SourceError, match=r"cannot be kept in .*: .*; make room there"):
            list(map(sent.take, pieces(bytes(90_000), 10_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(store.iterdir()) == []
    sent.begin("file", "x.csv", 2)  # and the next one arrives
    assert sent.take("YTs=")


def test_uploads_have_a_quota_and_an_age(store, monkeypatch):
    known = Settings(mmm_uploads=store, mmm_upload_mb=1, mmm_uploads_mb=1, mmm_uploads_days=30)
    monkeypatch.setattr(uploads, "settings", lambda: known)
    store.mkdir()
    for name, days in (("old.csv", 31), ("used.csv", 29), ("incoming-lost", 2)):
        (store / name).write_bytes(bytes(400_000))
        os.utime(store / name, (time.time() - 86400 * days,) * 2)
    sent = uploads.Uploads()
    sent.begin("file", "x.csv", 500_000)
    assert (store / "used.csv").exists()
    assert not (store / "old.csv").exists()
    assert not (store / "incoming-lost").exists()
    with pytest.raises(SourceError, match=r"hold 0 of 1 MB \(MMM_UPLOADS_MB\).* 30 days goes"):
        sent.begin("file", "y.csv", 700_000)


def test_an_upload_goes_into_the_form(view, store, monkeypatch):
    data, messages = b"DATE,revenue\n", []
    monkeypatch.setattr(view, "send", lambda content: messages.append(content))
    send(view, "begin", {"key": "file", "name": "a.csv", "size": len(data)})
    assert view.upload["key"] == "file"
    send(view, "piece", pieces(data)[0])
    assert [message["method"] for message in messages] == ["more", "uploaded"]
    assert view.upload == {}


def test_only_the_newest_of_a_kind_counts():
    answers, said = [], []
    going = tasks.Tasks(said.append, lambda names: None)
    for number in range(3):
        going.start("look", lambda n=number: n, answers.append, delay=0.1)
    for thread in [each for each in threading.enumerate() if each.name == "train look"]:
        thread.join()
    assert answers == [2]

    def broken():
        raise SourceError("the file is gone")

    going.start("look", broken, answers.append)
    wait_for(lambda: said)
    assert said == ["the file is gone"]


def test_a_tick_means_that_the_data_were_checked(view, monkeypatch):
    send(view, "example", "demo")
    wait_for(lambda: view.current)
    monkeypatch.setattr(view, "_quick", False)  # as after a read that took long
    send(view, "edited", {**view.loaded["values"], "country": "Deutschland"})
    assert view.problems == []
    assert not view.current
    send(view, "edited", view.loaded["values"])
    assert view.current


def test_train_checks_in_full_what_was_edited_since(view, tab, ended, monkeypatch):
    send(view, "example", "demo")
    wait_for(lambda: view.current)
    monkeypatch.setattr(view, "_quick", False)
    told = []
    monkeypatch.setattr(view, "send", lambda content: told.append(content["method"]))
    before = list(ended["archive"].ids())
    for change, where in (
        ({"country": "Deutschland"}, "holidays"),
        ({"target": "revenues"}, "target"),
        ({"file": "example:nothing"}, ""),
    ):
        send(view, "train", {"values": {**form.of_example("demo"), **change}, "executor": "local"})
        wait_for(lambda: told)
        told.clear()
        assert view.current
        assert where in [each["where"] for each in view.series["problems"]]
    assert list(ended["archive"].ids()) == before
    assert tab.went == []


def test_countries_are_offered_by_name(view):
    view.refresh()
    wait_for(lambda: view.countries)
    titles = {each["value"]: each["title"] for each in view.countries}
    assert titles["de"] == "Germany (de)"
    assert titles["us"] == "United States (us)"
    assert len(titles) > 200


def test_a_draft_comes_back_with_its_data(view):
    draft = {**form.of_example("demo"), "iterations": 321}
    send(view, "resumed", draft)
    assert view.loaded["values"]["iterations"] == 321
    wait_for(lambda: view.current)
    send(view, "resumed", None)
    assert view.loaded["values"]["file"] == ""
