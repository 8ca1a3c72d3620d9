"""Files of lift studies, annotations and holidays, as the form takes them."""

from __future__ import annotations

import base64

import pytest

from mmmlib.archive.archive import Archive
from mmmlib.ground.errors import DataError
from mmmlib.job.parse import TrainingJob
from mmmlib.ui.routes import Session
from mmmlib.ui.train import form
from mmmlib.ui.train.lists import EXAMPLES, MOST_PROBLEMS, STUDIES, read_list, read_studies
from mmmlib.ui.train.view import open_page
from tests.ui.test_train_view import send, wait_for

ROBYNS = """channel,liftStartDate,liftEndDate,liftAbs,spend,confidence,metric,calibration_scope
facebook_S,2018-05-01,2018-06-10,400000,421000,0.85,revenue,immediate
tv_S+search_S,2018-04-03,2018-06-03,700000,,0.8,revenue,total
"""


def kept(tmp_path, text: str, encoding: str = "utf-8"):
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("key", EXAMPLES)
def test_the_example_is_taken_as_it_is(own_folder, key):
    file = kept(own_folder, EXAMPLES[key]["text"])
    values = form.of_example("demo")
    value, wrong = read_list(key, str(file), values)
    assert wrong == []
    assert file.exists() == (key != STUDIES)
    job = form.check({**values, key: value}).job
    assert isinstance(job, TrainingJob)
    if key == STUDIES:
        assert [study.channels for study in job.calibration] == [("facebook",), ("tv", "print")]
        assert [study.scope for study in job.calibration] == ["immediate", "total"]
        assert job.calibration[0].lift == 400_000


def test_robyns_table_is_read_with_its_columns_of_spend(tmp_path):
    value, wrong = read_list(STUDIES, str(kept(tmp_path, ROBYNS)), form.of_example("demo"))
    assert wrong == []
    assert [study["channels"] for study in value] == [["facebook"], ["tv", "search"]]
    assert [study["spend"] for study in value] == [421_000, 0]
    assert [study["scope"] for study in value] == ["immediate", "total"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_write_in_their_own_ways(tmp_path, encoding, delimiter):
    text = "Channels,Start,End,Lift\r\ncafé,2018-05-01,2018-06-10,-5\r\n,,,\r\n"
    file = kept(tmp_path, text.replace(",", delimiter), encoding)
    value, wrong = read_list(STUDIES, str(file), form.starting())
    assert wrong == []
    assert [(study["channels"], study["lift"]) for study in value] == [(["café"], -5.0)]


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    text = (
        "channels,start,end,lift,spend,confidence,scope\n"
        "tv,1.5.2018,2018-06-10,400.000,0,0.9,immediate\n"
        "tv,2018-05-01,2018-06-10,nan,-1,1.5,later\n"
        "+,1525132800,,1,,,\n"
    )
    file = kept(tmp_path, text)
    value, wrong = read_list(STUDIES, str(file), form.starting())
    assert value is None
    assert not file.exists()
    assert [each.partition(":")[0] for each in wrong] == [
        "line 2, start",
        "line 2, lift",
        "line 3, lift",
        "line 3, spend",
        "line 3, confidence",
        "line 3, scope",
        "line 4, channels",
        "line 4, start",
        "line 4, end",
    ]
    assert "such as 2018-05-01; it is '1.5.2018'" in wrong[0]
    assert wrong[-1].endswith("it is empty")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no channels"),
        ("channels,start,end\ntv,2018-05-01,2018-06-10\n", "there is no lift"),
        ("channels,start,end,lift\n", "no study below"),
        ("a\0b,start,end,lift\n", "no text"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path, text, why):
    _, (wrong,) = read_list(STUDIES, str(kept(tmp_path, text)), form.starting())
    assert why in wrong


def test_thousands_with_separators_are_not_guessed():
    for lift in ('"400,000"', "400.000,5", "4 000", "400.000"):
        with pytest.raises(DataError, match=r"lift|more cells"):
            read_studies(f"channels,start,end,lift\ntv,2018-05-01,2018-06-10,{lift}\n")


def test_many_problems_are_counted(tmp_path):
    rows = "tv,x,y,z\n" * 40
    _, wrong = read_list(
        STUDIES, str(kept(tmp_path, f"channels,start,end,lift\n{rows}")), form.starting()
    )
    assert len(wrong) == MOST_PROBLEMS + 1
    assert wrong[-1] == "… and 70 more"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("annotations", "date,label\n5.3.2018,shop\n2018-03-05,\n", ["line 2", "line 3"]),
        ("holidays", "ds,holiday\n5.3.2018,day\n2018-03-05,\n", ["line 2", "line 3"]),
        ("holidays", "day,name\n2018-03-05,x\n", ["list.csv needs the columns ds"]),
    ],
)
def test_the_other_lists_are_looked_at_when_they_arrive(tmp_path, key, text, said):
    file = kept(tmp_path, text)
    _, wrong = read_list(key, str(file), form.starting())
    assert len(wrong) == len(said)
    assert all(each in message for each, message in zip(said, wrong, strict=True))
    assert str(tmp_path) not in str(wrong)
    assert not file.exists()


def test_a_list_goes_into_the_form(own_folder, tmp_path, monkeypatch):
    said, messages = [], []
    view = open_page(Session(Archive(str(tmp_path)), said.append, said.append, "ada"), {})
    send(view, "example", "demo")
    monkeypatch.setattr(view, "send", messages.append)
    for text in ("channels,start\n", ROBYNS):
        send(view, "begin", {"key": STUDIES, "name": "a.csv", "size": len(text)})
        assert view.refused == {}
        send(view, "piece", base64.b64encode(text.encode()).decode())
        wait_for(lambda: "list" not in view.busy)
        if text != ROBYNS:
            assert view.refused["key"] == STUDIES
            assert "end" in view.refused["problems"][0]
    (sent,) = [each for each in messages if each["method"] == "uploaded"]
    assert sent["args"][0] == STUDIES
    assert [study["channels"] for study in sent["args"][1]] == [["facebook"], ["tv", "search"]]
    assert said == []
