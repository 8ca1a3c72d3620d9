"""What the tabs of a run's page show, without widgets."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.ground.errors import RunError
from mmmlib.job.parse import TrainingJob
from mmmlib.ui.compare.model import compare, flat
from mmmlib.ui.run.curves.model import CurvesModel
from mmmlib.ui.run.models.model import ModelsModel
from mmmlib.ui.run.notebooks.model import notebooks_of, read_notebook
from mmmlib.ui.run.notebooks.tables import MOST_ROWS, read_html
from mmmlib.ui.run.notebooks.text import blocks_of
from mmmlib.ui.run.over_time.model import OverTimeModel
from mmmlib.ui.run.spread import read_spread
from tests.tampering import rewrite, rewrite_table


@pytest.fixture(scope="module")
def run(sample, tmp_path_factory):
    """A run that trained; nobody changes it."""
    return sample.succeeded(Archive(str(tmp_path_factory.mktemp("tabs"))))


def strict(value):
    """What a browser gets; NaN and infinity would fail."""
    return json.loads(json.dumps(value, allow_nan=False))


def test_spread_of_roas(run, sample):
    spread = strict(read_spread(run, sample.BEST, "roas"))
    assert (spread["near"], spread["cluster"]) == (2, 1)
    assert spread["channels"]["tv"] == {
        "low": 1.125,
        "high": 2.25,
        "interval": {"low": 1.5, "high": 3.0, "n": 2},
        "winners": [[1, 2.25]],
    }
    assert spread["channels"][sample.EVIL] == {
        "low": None,
        "high": None,
        "interval": None,
        "winners": [],
    }


def test_only_near_best_candidates_make_the_spread(sample, tmp_path):
    """Of 40 on a front, the ten with the smallest scores: not the 30 others, however far off."""
    run = sample.succeeded(Archive(str(tmp_path)))
    ids = [f"1_{number}_1" for number in range(40)]
    scores = np.arange(40) / 100
    rewrite_table(
        run,
        "candidates",
        pd.DataFrame(
            {"candidate": ids, "error_score": scores, "pareto_front": 1, "cluster": 0}
        ).sample(frac=1, random_state=1),
    )
    rewrite_table(
        run,
        "decomposition",
        pd.DataFrame({"candidate": ids, "variable": "tv", "role": "paid", "roas": scores + 1}),
    )
    spread = read_spread(run, ids[0], "roas")["channels"]["tv"]
    assert (spread["low"], spread["high"]) == (1.0, pytest.approx(1.09))
    assert spread["interval"] is None


def test_cloud(run, sample):
    cloud = strict(ModelsModel(run).cloud())
    assert cloud["names"] == ["1_1_1", sample.BEST]
    assert (cloud["x"], cloud["y"]) == ([0.09, 0.0612], [0.4, 0.2077])
    assert (cloud["front"], cloud["group"]) == ([1, 1], [1, 1])
    assert cloud["clusters"] == [{"cluster": 1, "candidate": sample.BEST, "size": 2}]
    assert [row["id"] for row in cloud["rows"]] == [sample.BEST, "1_1_1"]  # by error score
    assert cloud["x_label"] == "NRMSE, train"


def test_card(run, sample):
    card = strict(ModelsModel(run).card(sample.BEST))
    assert (card["trial"], card["iteration"], card["winner_of"]) == (2, 3, 1)
    assert card["hyperparameters"] == [["tv_thetas", 0.5]]
    assert dict(card["errors"])["NRMSE train"] == 0.0612
    assert card["picture"] == f"{sample.BEST}.png"
    assert card["variables"][0]["roas"] == 2.25
    assert card["variables"][3] | {"roas": None} == card["variables"][3]  # infinite
    with pytest.raises(RunError, match="no candidate <script>"):
        ModelsModel(run).card("<script>")


def test_the_card_of_a_candidate_off_the_fronts(run, sample, tmp_path):
    other = sample.succeeded(Archive(str(tmp_path)))
    table = other.load_table("decomposition")
    rewrite_table(other, "decomposition", table[table["candidate"] == sample.BEST])
    card = ModelsModel(other).card("1_1_1")
    assert (card["kept"], card["variables"], card["picture"]) == (False, [], "")


def test_a_promotion_moves_the_star(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    promote(run, "1_1_1", "ada", "plausible")
    cloud = ModelsModel(run).cloud()
    assert (cloud["best"], cloud["original"]) == ("1_1_1", sample.BEST)


def test_curves_keep_their_ends(run, sample):
    model = CurvesModel(run)
    assert model.stored() == [sample.BEST]
    curves = strict(model.of(sample.BEST))
    assert [curve["channel"] for curve in curves] == ["tv", "search", "print", sample.EVIL]
    assert len(curves[0]["x"]) <= 121
    assert (curves[0]["x"][0], curves[0]["x"][-1], curves[0]["y"][-1]) == (0.0, 100.0, 10.0)
    assert curves[0]["spend"] == pytest.approx(4_000_000 / 150)
    assert model.plans() == []


def test_an_archived_allocation(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    rewrite(
        run, "allocation_max_response.csv", b"channel,planned_spend,binding\ntv,3.5,\nradio,,high\n"
    )
    (plan,) = strict(CurvesModel(run).plans())
    assert plan["name"] == "the most response for the budget"
    assert plan["rows"] == [
        {"channel": "tv", "planned_spend": 3.5, "binding": ""},
        {"channel": "radio", "planned_spend": None, "binding": "high"},
    ]


def test_figures_and_warnings_of_the_allocation_are_for_people(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    rewrite(run, "allocation_max_response.csv", b"channel,planned_spend,binding\ntv,3.5,high\n")
    rewrite(run, "allocation_warnings.csv", b"warning\n1 of 1 channels stands on a bound\n")
    rewrite(
        run,
        "allocator_metrics.csv",
        b"metric,current,planned,lift_percent\nspend_per_period,2,3.5,75\nroas,4,3,-25\n"
        b"kkt_residual,,0,\noptimality_gap,,0,\nrobyn_nlopt_status,,4,\n",
    )
    weeks = pd.date_range("2024-01-01", periods=3, freq="7D")
    rewrite_table(run, "model_input", pd.DataFrame({"date": weeks}))
    model = CurvesModel(run)
    assert [plan["name"] for plan in model.plans()] == ["the most response for the budget"]
    assert model.warnings() == ["1 of 1 channels stands on a bound"]
    figures = strict(model.figures())
    assert [row["title"] for row in figures] == ["Spend a week", "ROAS", "Robyn: nlopt status"]
    assert figures[1] == {"title": "ROAS", "current": 4.0, "planned": 3.0, "lift": -25.0}


def test_over_time(run, sample):
    model = OverTimeModel(run)
    course = strict(model.of(sample.BEST))
    assert (len(course["x"]), course["x"][0]) == (3, 1704067200000)  # 2024-01-01
    assert course["residual"] == [0.5, 0.5, 0.5]
    names = [part["name"] for part in course["parts"]]
    assert names == ["(Intercept)", "tv", "season", sample.EVIL]
    total = sum(part["y"][0] for part in course["parts"])
    assert total == course["fitted"][0]
    assert course["bands"] == [{"from": 1705276800000, "to": 1705276800000, "title": "test"}]
    assert model.carryover(sample.BEST) == [{"name": "tv", "share": 25.0}]


def notebook(*outputs):
    """An executed notebook with one cell."""
    cell = {"cell_type": "code", "source": ["x"], "execution_count": 1, "metadata": {}}
    text = {"cell_type": "markdown", "source": "# Title\n\nSome `code`.", "metadata": {}}
    return json.dumps({"cells": [text, {**cell, "outputs": list(outputs)}]}).encode()


def shown(run, *outputs):
    rewrite(run, "train.ipynb", notebook(*outputs))
    return read_notebook(run, "train.ipynb")[1]["outputs"]


def data(**bundle):
    """An output that displays a bundle."""
    return {
        "output_type": "display_data",
        "data": {key.replace("_", "/"): value for key, value in bundle.items()},
    }


def test_a_notebook_is_text_tables_and_pictures(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    table = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    outputs = shown(
        run,
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        data(text_html=table, text_plain="a 1"),
        data(image_png="iVBO\nRw0K", text_plain="<Figure>"),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mred\x1b[0m"]},
    )
    assert [output["kind"] for output in outputs] == ["text", "table", "picture", "error"]
    assert outputs[0]["text"] == "one\ntwo\n"
    assert [[cell["text"] for cell in row] for row in outputs[1]["rows"]] == [["a"], ["1"]]
    assert outputs[2]["uri"] == "data:image/png;base64,iVBORw0K"
    assert outputs[3]["text"] == "red\nE: v"
    assert notebooks_of(run) == ["train.ipynb"]


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<table><td><script>alert(1)</script><img src=x onerror=alert(1)>safe</td></table>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<a href='javascript:alert(1)'>safe</a>",
    ],
)
def test_nothing_of_the_html_but_its_text_is_left(sample, run, html):
    tables, around = read_html(html)
    left = json.dumps([tables, around])
    assert "alert" not in left
    assert "<" not in left


def test_a_picture_that_is_none_is_not_shown(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    (output,) = shown(run, data(image_png='x" onerror="alert(1)', text_plain="figure"))
    assert output == {"kind": "text", "text": "figure"}


def test_what_is_no_notebook_is_said(sample, tmp_path):
    run = sample.succeeded(Archive(str(tmp_path)))
    for text in (b"{", b"[]", b"{}", b'{"cells": [1]}'):
        rewrite(run, "train.ipynb", text)
        with pytest.raises(RunError, match=r"train\.ipynb is no notebook"):
            read_notebook(run, "train.ipynb")


def test_long_tables_say_what_is_left_out():
    html = "<table>" + "<tr><td>x</td></tr>" * (MOST_ROWS + 7) + "</table>"
    ((*_, last),), _ = read_html(html)
    assert last[0]["text"] == "7 more rows"


def test_markdown_as_blocks():
    blocks = blocks_of(
        "## Head\n\nA **bold** `x` [link](http://evil).\nMore.\n\n- item\n```\ncode\n```"
    )
    assert [block["kind"] for block in blocks] == ["h2", "p", "li", "pre"]
    assert [span["style"] for span in blocks[1]["spans"]] == ["", "bold", "", "code", "", "", ""]
    assert "evil" not in json.dumps(blocks)
    assert blocks[3]["spans"][0]["text"] == "code"


def test_settings_go_by_the_name_of_what_they_are_of():
    nested = {"channels": [{"name": "tv", "ranges": {"thetas": [0.1, 0.2]}}], "seed": 1, "sql": ""}
    assert flat(nested) == {"channels.tv.ranges.thetas": "0.1, 0.2", "seed": "1", "sql": "–"}


def test_comparison(sample, tmp_path):
    archive = Archive(str(tmp_path))
    one, two = sample.succeeded(archive), sample.succeeded(archive, "uk")
    promote(two, "1_1_1", "ada", "plausible")
    found = strict(compare(archive, [str(one), str(two)]))
    assert [head["best"] for head in found["heads"]] == [sample.BEST, "1_1_1"]
    assert found["settings"] == [{"key": "country", "values": ["de", "uk"]}]
    errors = {row["key"]: row for row in found["errors"]}
    assert errors["NRMSE train"] == {
        "key": "NRMSE train",
        "values": [0.0612, 0.09],
        "best": 0.0612,
        "note": "",
    }
    assert errors["R² train"]["best"] == 0.9131
    tv = found["channels"][0]
    assert tv["name"] == "tv"
    assert [(value["value"], value["low"], value["high"]) for value in tv["values"]] == [
        (2.25, 1.125, 2.25),
        (1.125, 1.125, 2.25),
    ]
    assert "One setting differs." in found["changed"]


def test_a_run_without_a_model_is_compared_by_what_it_has(ended):
    pair = [str(ended["succeeded"]), str(ended["failed"])]
    found = strict(compare(ended["archive"], pair))
    assert "A run has no trained model." in found["changed"]
    assert found["channels"][0]["values"][1]["value"] is None


def test_what_does_not_compare_has_no_better_one(sample, tmp_path):
    """Errors on other data, and the distance that a refresh measures."""
    archive = Archive(str(tmp_path))
    one, two = sample.succeeded(archive), sample.succeeded(archive)
    job = two.job.to_values() | {"refresh_of": f"{one}/{sample.BEST}"}
    rewrite(two, "job.yaml", TrainingJob.parse(job).to_yaml().encode())
    errors = {row["key"]: row for row in compare(archive, [str(one), str(two)])["errors"]}
    assert errors["NRMSE train"]["best"] == 0.0612
    assert errors["DECOMP.RSSD"]["best"] is None
    assert "refreshed model" in errors["DECOMP.RSSD"]["note"]

    manifest = json.loads(two.load("manifest.json"))
    manifest["receipt"]["dataset_sha256"] = "f" * 64
    rewrite(two, "manifest.json", json.dumps(manifest).encode())
    again = compare(archive, [str(one), str(archive.run(str(two)))])
    assert {row["best"] for row in again["errors"]} == {None}
    assert any("Different data sets" in text for text in again["changed"])


def test_a_channel_of_one_run_alone_is_one_line(sample, tmp_path):
    archive = Archive(str(tmp_path))
    one, two = sample.succeeded(archive), sample.succeeded(archive)
    job = two.job.to_values()
    job["channels"] = [item for item in job["channels"] if item["name"] != "print"]
    rewrite(two, "job.yaml", TrainingJob.parse(job).to_yaml().encode())
    found = compare(archive, [str(one), str(two)])
    assert found["settings"] == [{"key": "channels.print", "values": ["in the model", "–"]}]


@pytest.mark.parametrize("count", [1, 9])
def test_two_to_eight_runs_are_compared(ended, count):
    with pytest.raises(RunError, match="compare two to 8"):
        compare(ended["archive"], [f"r100/de/2026112{n}_000000" for n in range(count)])
