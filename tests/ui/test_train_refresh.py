"""The form that continues a model on newer data."""

from __future__ import annotations

import datetime as dt

import pytest

from mmmlib.ground.errors import DataError, RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.run.supervisor import Supervisor
from mmmlib.ui.routes import Session
from mmmlib.ui.train import form, refreshing
from mmmlib.ui.train.view import open_page
from tests.engines.native import golden
from tests.ui.test_train_view import wait_for


@pytest.fixture
def parent(archive):
    """A run as Robyn's engine leaves it."""
    run = archive.claim(golden.job(root=archive.store.root, revision="r1", engine="robyn"))
    with Supervisor(run):
        run.save_table("dataset", golden.dataset().frame)
        run.save_table("model_input", golden.modelling_table())
        run.save("best_model_id.txt", b"3_1998_1\n")
        json = golden.FOLDER / "RobynModel-3_1998_1.json"
        run.save(json.name, json.read_bytes())
    return run


def test_the_form_continues_the_best_model(archive, parent):
    values, notice = refreshing.of_refresh(archive.store.root, str(parent))
    assert values["refresh_of"] == f"{parent}/3_1998_1"
    assert (values["iterations"], values["trials"]) == (1000, 3)  # Robyn's, of a refresh
    assert values["engine"] == "native"
    assert "native continues the model of engine robyn" in notice
    assert form.check(values).problems == []


def test_the_window_moves_to_the_end_of_the_data(archive, parent):
    values, _ = refreshing.of_refresh(archive.store.root, str(parent))
    moved, notice = refreshing.moved(archive.store.root, values)
    job = form.check(moved).job
    assert isinstance(job, TrainingJob)
    assert job.window == (dt.date(2016, 11, 14), dt.date(2019, 11, 11))
    assert job.refresh_of == f"{parent}/3_1998_1"
    assert "2019-11-11" in notice


def test_data_that_lost_dates_say_so(archive, parent):
    values, _ = refreshing.of_refresh(archive.store.root, str(parent))
    old = values | {"sql": "SELECT * FROM data WHERE DATE <= DATE '2018-12-31'"}
    with pytest.raises(DataError, match="lacks 45 dates of before"):
        refreshing.moved(archive.store.root, old)


def test_a_run_that_is_not_there(archive):
    with pytest.raises(RunError):
        refreshing.of_refresh(archive.store.root, "r1/de/20000101_000000")


def test_a_link_opens_the_form_of_a_refresh(archive, parent):
    said = []
    session = Session(archive, said.append, said.append, "ada")
    view = open_page(session, {"refresh": f"{parent}/3_1998_1"})
    wait_for(lambda: view.loaded["values"]["window"])  # the data are there, the window has moved
    assert view.loaded["values"]["refresh_of"] == f"{parent}/3_1998_1"
    assert "2019-11-11" in view.loaded["notice"]
    assert said == []
    with pytest.raises(RunError):
        open_page(session, {"refresh": "r1/de/20000101_000000/3_1998_1"})
