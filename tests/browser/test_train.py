"""The form in a real browser: from data to a run."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.manifest import Status
from mmmlib.data.examples import demo_job_path, example_path
from mmmlib.job.parse import TrainingJob
from mmmlib.ui.train.fields import fields, paths
from tests.browser.conftest import leave
from tests.conftest import REPOSITORY
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)>"
DEMO = TrainingJob.load(demo_job_path())


@pytest.fixture(scope="module")
def empty(serve, tmp_path_factory):
    """A dashboard without runs, with a folder of its own for uploads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMM_UPLOADS", str(tmp_path_factory.mktemp("uploads")))
        with serve(str(tmp_path_factory.mktemp("archive"))) as server:
            yield server


def open_form(page, served, query: str = "page=train"):
    page.goto(f"{served.url}?{query}")
    page.locator(".mmm-example").first.wait_for()


def train_button(page):
    return page.get_by_role("button", name="Train", exact=True)


def train_example(page, served):
    """Launch a small run of the weekly example."""
    open_form(page, served)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    page.get_by_label("Iterations").fill("200")
    page.get_by_label("Trials").fill("1")
    page.locator(".mmm-launch", has_text="200 candidates").wait_for()
    train_button(page).click()


def downloaded(page, tmp_path) -> TrainingJob:
    """The job as the page gives it."""
    page.locator(".mmm-launch").get_by_text("problem").wait_for(state="detached")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download job").click()
    download.value.save_as(tmp_path / "job.yaml")
    return TrainingJob.load(tmp_path / "job.yaml")


def test_from_no_runs_to_a_run(page, empty, tmp_path):
    page.goto(empty.url)
    page.get_by_role("button", name="Train a model").click()
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    assert "61.9\u00a0%" in page.locator(".mmm-bars").inner_text()
    assert downloaded(page, tmp_path) == DEMO

    page.get_by_label("Iterations").fill("150")
    page.get_by_label("Trials").fill("1")
    page.locator(".mmm-launch", has_text="150 candidates").wait_for()
    page.locator(".mmm-launch", has_text="Not known yet").wait_for()
    train_button(page).click()
    page.locator(".mmm-run").wait_for()
    (run,) = Archive(empty.root).runs()
    assert page.url.endswith(f"?page=results&run={run}")
    assert (run.job.iterations, run.job.trials) == (150, 1)
    assert run.launch.executor == "local"
    assert run.launch.who
    assert run.load_json("quote.json")["candidates"] == 150
    run.cancel()

    open_form(page, empty, f"page=train&from={run}")
    page.get_by_text(f"The job of {run} is loaded").wait_for()
    assert downloaded(page, tmp_path) == run.job


def weekly(weeks: int, seed: int = 4) -> pd.DataFrame:
    """A week a row, two channels that sell."""
    rng = np.random.default_rng(seed)
    tv, search = rng.gamma(2, 5000, weeks).round(2), rng.gamma(3, 2000, weeks).round(2)
    sold = (1e5 + 2 * tv + 3 * search + rng.normal(0, 3000, weeks)).round(2)
    dates = pd.date_range("2021-01-04", periods=weeks, freq="W-MON")
    return pd.DataFrame({"Week": dates, "Revenue": sold, "TV Spend": tv, "Search Spend": search})


def write_workbook(folder: Path) -> Path:
    file = folder / "Media 2023.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"Made by": ["planning"]}).to_excel(book, sheet_name="Notes", index=False)
        weekly(130).to_excel(book, sheet_name="Weekly", index=False)
        weekly(110).to_excel(book, sheet_name="Last year", index=False)
    return file


def write_long(folder: Path) -> Path:
    file = folder / "long.csv"
    spends = {"TV Spend": "TV", "Search Spend": "Search"}
    table = weekly(130).rename(columns=spends)
    kept = ["Week", "Revenue"]
    table.melt(kept, [*spends.values()], "Channel", "Spend").to_csv(file, index=False)
    return file


@pytest.mark.slow
@pytest.mark.parametrize(("write", "sheet"), [(write_workbook, "Last year"), (write_long, "")])
def test_an_upload_of_another_shape_is_trained(page, empty, tmp_path, write, sheet):
    open_form(page, empty)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator(".mmm-drop input[type=file]").set_input_files(str(write(tmp_path)))
    page.locator(".mmm-bars").wait_for()
    assert page.get_by_label("Table").count() == bool(sheet)
    if sheet:
        page.get_by_text("sheet 'Weekly'; others are Notes, Last year").wait_for()
        page.get_by_label("Table").fill("No such")
        page.get_by_role("button", name="Preview").click()
        page.locator(".mmm-unread", has_text="has no sheet 'No such'").wait_for()
        page.get_by_label("Table").fill(sheet)
        page.get_by_role("button", name="Preview").click()
        page.locator(".mmm-datatiles", has_text="110").wait_for()
    page.locator('[data-path="country"] input').fill("de")
    page.get_by_label("Iterations").fill("150")
    page.get_by_label("Trials").fill("1")
    page.locator(".mmm-launch", has_text="150 candidates").wait_for()
    train_button(page).click()
    page.locator(".mmm-onepager").wait_for()
    run = Archive(empty.root).run(page.url.rpartition("run=")[2])
    assert wait_until(lambda: run.state().status == Status.SUCCEEDED)
    assert {each.name for each in run.job.channels} == {"tv", "search"}
    assert len(run.load_table("dataset")) == (110 if sheet else 130)


@pytest.mark.slow
def test_an_upload_and_what_is_wrong_with_it(page, empty, tmp_path):
    file = tmp_path / f"{EVIL.replace('/', '')} sales.csv"
    rows = list(csv.reader(example_path("example:weekly").read_text().splitlines()))
    rows[0][rows[0].index("ooh_S")] = f"{EVIL}_spend"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)

    open_form(page, empty)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator(".mmm-drop input[type=file]").set_input_files(str(file))
    page.locator(".mmm-bars").wait_for()
    assert page.locator(f'[data-column="{EVIL}_spend"]').inner_text().startswith(EVIL)
    assert page.locator("img[src=x]").count() == 0
    assert train_button(page).is_disabled()

    page.locator(".mmm-problems a", has_text="country").click()  # leads to the field
    country = page.locator('[data-path="country"] input')
    page.wait_for_function("document.activeElement.closest('[data-path=\"country\"]')")
    country.fill("d e")
    page.locator(".mmm-problems", has_text="only hold letters").wait_for()
    country.fill("de")
    page.locator(".mmm-problems").wait_for(state="detached")
    page.wait_for_function("!document.querySelector('.mmm-launch .v-btn--disabled')")

    page.locator('[data-column="newsletter"] .v-field').click()
    page.get_by_role("option", name="Not used").click()
    page.locator(".mmm-media", has_text="newsletter").wait_for(state="detached")
    job = downloaded(page, tmp_path)
    assert job.organic == ()
    assert f"{EVIL}_spend" in [channel.spend for channel in job.channels]
    assert re.search(r"/[A-Za-z0-9_-]+\.csv$", job.file)


@pytest.mark.slow
def test_a_job_file_and_the_keyboard(page, empty, tmp_path):
    open_form(page, empty)
    (tmp_path / "mine.yaml").write_text(DEMO.to_yaml().replace("trials: 5", "trials: 0"))
    page.get_by_label("Job file").set_input_files(str(tmp_path / "mine.yaml"))
    link = page.locator(".mmm-problems a", has_text="trials")
    link.press("Enter")
    page.wait_for_function("document.activeElement.closest('[data-path=\"trials\"]')")
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.locator(".mmm-problems").wait_for(state="detached")

    title = page.locator(".mmm-media .v-expansion-panel-title").first
    title.focus()
    page.keyboard.press("Enter")
    lowest = page.get_by_label("Carryover, from")
    before = page.locator(".mmm-band").first.get_attribute("d")
    lowest.fill("0.7")
    lowest.press("Enter")
    page.wait_for_function(
        "before => document.querySelector('.mmm-band').getAttribute('d') !== before", arg=before
    )
    job = downloaded(page, tmp_path)
    assert job.trials == 7
    assert job.channels[0].ranges["thetas"] == (0.7, 0.8)


def unfold(page) -> None:
    """Open every panel, and give every list an item."""
    closed = ".mmm-more .v-expansion-panel-title[aria-expanded=false]"
    page.evaluate("closed => document.querySelectorAll(closed).forEach(e => e.click())", closed)
    for name in ("features", "join", "lift studies"):
        page.get_by_role("button", name=f"Add to {name}").click()
    page.locator(".mmm-addname .v-field").click()
    page.get_by_role("option", name="tv", exact=True).click()
    page.locator(".mmm-media .v-expansion-panel-title").first.click()
    page.locator('[data-path="channels[0].kind"]').wait_for()


def test_every_key_of_a_job_has_its_field(page, empty):
    open_form(page, empty)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    unfold(page)
    shown = set()
    for opened in ("channels[0]", "organic[0]"):
        for adstock in ("geometric", "weibull cdf"):
            page.locator('[data-path="adstock"] .v-field').click()
            page.get_by_role("option", name=adstock).click()
            page.wait_for_timeout(400)
            shown |= set(
                page.evaluate(
                    "[...document.querySelectorAll('[data-path]')].filter(each => "
                    "each.querySelector('input, textarea, button')).map(each => each.dataset.path)"
                )
            )
        if opened == "channels[0]":
            page.locator(".mmm-media .v-expansion-panel-title").last.click()
            page.locator('[data-path="organic[0].kind"]').wait_for()
    wanted = {
        path.replace("[].", "[0].").replace(".{}", ".tv").removesuffix("[]")
        for path in paths(fields())
    }
    assert wanted - shown == set()


def fill(page, path: str, field: dict, value) -> None:
    """Set one value with the widget that stands for it, as a person does."""
    box = page.locator(f'[data-path="{path}"]').last
    text = box.locator("input:not([type=checkbox]), textarea").first
    match field["kind"]:
        case "flag":
            box.locator("input[type=checkbox]").set_checked(value)
        case "choice" if path == "engine":
            box.get_by_role("radio", name=value).click()
        case "choice":
            box.locator(".v-field").first.click()
            page.get_by_role("option", name=value.replace("_", " "), exact=True).click()
        case "pair":
            for i, each in enumerate(value):
                box.locator("input:not([type=range])").nth(i).fill(str(each))
                page.keyboard.press("Tab")
        case "list" if field["item"]["kind"] == "choice":
            box.locator(".v-field").first.click()
            for each in value:
                page.get_by_role("option", name=each, exact=True).click()
            page.keyboard.press("Escape")
        case "list" if field["item"]["kind"] == "text":
            for each in value:
                text.fill(each)
                page.keyboard.press("Enter")
            page.keyboard.press("Escape")
        case _:
            text.fill(", ".join(map(str, value)) if isinstance(value, list) else str(value))
            page.keyboard.press("Tab")


# A value for every path of a job that is not the demo job's; together they are two valid jobs.
COMMON = {
    "country": "uk",
    "revision": "r7",
    "target_type": "conversion",
    "holidays": "GB",
    "trials": 3,
    "iterations": 111,
    "seed": 7,
    "annotations": "notes.csv",
    "root": "/tmp/elsewhere",
    "intercept_sign": "unconstrained",
    "train_size": [0.6, 0.7],
    "lambda_range": [0.1, 0.9],
    "calibration_constraint": 0.05,
    "prophet_options.changepoint_prior_scale": 0.2,
    "prophet_options.n_changepoints": 9,
    "prophet_options.changepoint_range": 0.7,
    "prophet_options.seasonality_prior_scale": 3,
    "prophet_options.holidays_prior_scale": 4,
    "penalty_factors": True,
    "intercept": False,
    "rssd_zero_penalty": False,
    "pareto_fronts": 2,
    "min_candidates": 50,
    "optimizer": "DE",
    "workers": 2,
    "ts_validation": True,
    "date_format": "%Y-%m-%d",
    "interval": "week",
    "country_column": "newsletter",
    "objective_weights": [1, 2],
    "refresh_of": "r1/de/20260101_000000",
    "allocator.total_budget": 1000,
    "allocator.low": 0.6,
    "allocator.high": 1.7,
    "allocator.last": 9,
    "channels[0].sign": "negative",
    "channels[0].kind": "online",
    "channels[0].name": "telly",
    "channels[0].exposure": "facebook_I",
    "channels[0].ranges.alphas": [0.6, 1.2],
    "channels[0].ranges.gammas": [0.4, 0.9],
    "channels[0].ranges.thetas": [0.2, 0.5],
    "context[0].name": "rival",
    "context[0].sign": "positive",
    "acknowledge": ["fill:revenue"],
    "prophet": ["weekday", "monthly"],
    "file": "mine.csv",
}


@pytest.mark.slow
def test_every_kind_of_field_sets_its_key(page, empty, tmp_path):
    """The values typed into the widgets are the values of the job."""
    open_form(page, empty)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    closed = ".mmm-more .v-expansion-panel-title[aria-expanded=false]"
    page.evaluate("closed => document.querySelectorAll(closed).forEach(e => e.click())", closed)
    page.locator(".mmm-media .v-expansion-panel-title").first.click()
    page.locator('[data-path="channels[0].kind"]').wait_for()
    known = {field["key"]: field for field in fields()}
    for path, value in COMMON.items():
        fill(page, path, of_path(known, path), value)
    job = downloaded(page, tmp_path).to_values()
    for path, value in COMMON.items():
        got = job
        for part in re.findall(r"[^.\[\]]+", path):
            got = got[int(part)] if part.isdigit() else got[part]
        if path == "prophet":
            value = [*DEMO.prophet, *value]
        assert got == value, path


def test_no_answer_overwrites_an_edit(page, empty, tmp_path):
    """What is typed while the kernel still answers, and what is typed slowly, is in the job."""
    open_form(page, empty)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    page.locator(".mmm-media .v-expansion-panel-title").first.click()
    lowest = page.get_by_label("Inflexion, from")
    page.get_by_role("button", name="Guess again").click()  # answered with another job
    page.get_by_label("Iterations").fill("321")
    page.locator('[data-path="country"] input').fill("uk")
    page.get_by_role("columnheader", name="Why").wait_for()  # it is answered
    for field, text in ((lowest, "0.42"), (page.get_by_label("Trials"), "12")):
        field.press("Control+a")
        field.press_sequentially(text, delay=400)  # each letter is sent, and answered
        assert field.input_value() == text
    job = downloaded(page, tmp_path)
    assert (job.iterations, job.trials, job.country) == (321, 12, "uk")
    assert job.channels[0].ranges["gammas"][0] == 0.42


def of_path(known: dict, path: str) -> dict:
    """The field of a path such as ``channels[0].ranges.alphas``."""
    field: dict = {"fields": list(known.values())}
    for part in re.findall(r"[^.\[\]]+", path):
        if part.isdigit():
            field = field["item"]
        else:
            field = next(each for each in field["fields"] if each["key"] == part)
    return field


def test_a_run_from_the_form_to_its_one_pager(page, empty):
    train_example(page, empty)
    page.locator(".mmm-onepager").wait_for()
    run = Archive(empty.root).run(page.url.rpartition("run=")[2])
    assert run.state().status in (Status.RUNNING, Status.SUCCEEDED)


def megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6


@pytest.mark.slow
def test_the_kernel_of_the_form_is_small_and_leaves_nothing(browser, empty):
    """What reads the data is a process of its own, which is gone with the tab."""
    context = browser.new_context()
    page = context.new_page()
    open_form(page, empty)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    config = json.loads(page.locator("#jupyter-config-data").inner_text())
    kernel = next(
        each
        for each in psutil.Process(empty.process.pid).children()
        if any(config["kernelId"] in part for part in each.cmdline())
    )
    (child,) = kernel.children()
    assert megabytes(kernel) < 110  # 76 where it was written; the bar is 160
    assert megabytes(child) < 350
    leave(page)
    context.close()
    assert wait_until(lambda: not kernel.is_running() and not child.is_running())


@pytest.mark.slow
def test_a_file_is_named_only_where_it_may_be_read(page, serve, tmp_path, monkeypatch):
    """`mmm app` reads its working directory; what leads out of it is refused with the remedy."""
    work = tmp_path / "work"
    work.mkdir()
    for folder in (work, tmp_path):
        (folder / "sales.csv").write_bytes(example_path("example:weekly").read_bytes())
    (work / "link.csv").symlink_to(tmp_path / "sales.csv")
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.chdir(work)
    with serve(str(tmp_path / "archive")) as server:
        open_form(page, server)
        page.get_by_role("button", name="File or database").click()
        page.get_by_text(f"Files below {work}").wait_for()
        for name in ("../sales.csv", "link.csv", str(tmp_path / "sales.csv")):
            page.get_by_label("File", exact=True).fill(name)
            page.get_by_role("button", name="Preview").click()
            page.locator(".mmm-unread", has_text=f"{name} is not read").wait_for()
            assert page.locator(".mmm-bars").count() == 0
        page.get_by_label("File", exact=True).fill("sales.csv")
        page.get_by_role("button", name="Preview").click()
        page.locator(".mmm-bars").wait_for()
        assert page.locator(".mmm-unread").count() == 0
        page.goto("about:blank")
    with serve(str(tmp_path / "archive"), "--host", "0.0.0.0", "--token", "t0ken") as server:
        here = re.sub(r"//[^/:]+", "//127.0.0.1", server.url)
        page.goto(f"{here}?page=train&token=t0ken")
        page.locator(".mmm-example").first.wait_for()
        page.get_by_role("button", name="File or database").click()
        page.get_by_text("Only examples and uploads are read here").wait_for()
        page.get_by_label("File", exact=True).fill(str(work / "sales.csv"))
        page.get_by_role("button", name="Preview").click()
        page.locator(".mmm-unread", has_text="reads uploads only").wait_for()
        page.goto("about:blank")


@pytest.mark.slow
def test_lists_come_from_files(page, empty, tmp_path):
    open_form(page, empty)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-bars").wait_for()
    (tmp_path / "bad.csv").write_text(
        f"channels,start,end,lift\n{EVIL},1.5.2018,2018-06-10,x\nno,2018-05-01,,400.000\n"
    )
    studies = page.locator(".mmm-upload", has_text="Upload lift studies")
    page.get_by_label("File of lift studies").set_input_files(str(tmp_path / "bad.csv"))
    wrong = studies.locator(".mmm-refused li")
    wrong.nth(3).wait_for()
    assert [text.partition(":")[0] for text in wrong.all_inner_texts()] == [
        "line 2, start",
        "line 2, lift",
        "line 3, end",
        "line 3, lift",
    ]
    for what in ("lift studies", "annotations", "holidays"):
        upload = page.locator(".mmm-upload", has_text=f"Upload {what}")
        with page.expect_download() as download:
            upload.get_by_role("button", name="Example file").click()
        download.value.save_as(tmp_path / "example.csv")
        page.get_by_label(f"File of {what}").set_input_files(str(tmp_path / "example.csv"))
        page.wait_for_function("!document.querySelector('.mmm-upload .v-btn--loading')")
    page.locator('[data-path="calibration[1].lift"]').wait_for()
    assert studies.locator(".mmm-refused").count() == 0
    for key in ("annotations", "holidays"):
        page.wait_for_function(
            "key => document.querySelector(`[data-path=${key}] input`).value.endsWith('.csv')",
            arg=key,
        )
    job = downloaded(page, tmp_path)
    assert [study.channels for study in job.calibration] == [("facebook",), ("tv", "print")]
    assert job.calibration[1].scope == "total"
    assert job.annotations != job.holidays


@pytest.mark.slow
def test_a_draft_is_offered_again_and_leaving_asks(page, served):
    open_form(page, served)
    page.get_by_role("button", name="Weekly, one country").click()
    page.locator(".mmm-launch").wait_for()
    page.get_by_label("Iterations").fill("321")
    page.locator(".mmm-launch", has_text="1,605 candidates").wait_for()
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    page.wait_for_function(
        "Object.keys(window.localStorage).some((k) => k.startsWith('mmm-draft'))"
    )
    page.reload()
    for back in (True, False):
        page.locator(".mmm-draft").wait_for()
        page.get_by_role("button", name="Continue with it").click()
        page.locator(".mmm-launch", has_text="1,605 candidates").wait_for()
        page.get_by_role("link", name="Runs", exact=True).click()
        page.locator(".mmm-runs").wait_for()
        if back:
            page.go_back()
        else:
            page.get_by_role("link", name="Train", exact=True).click()
    page.locator(".mmm-draft").wait_for()
    assert asked[0] == "beforeunload"
    page.get_by_role("button", name="Discard it").click()
    page.locator(".mmm-draft").wait_for(state="detached")
    page.reload()
    page.locator(".mmm-example").first.wait_for()
    assert page.locator(".mmm-draft").count() == 0
