"""Models in Robyn's JSON: Robyn's own file read, ours written like it, damaged ones refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.ground import columns as c
from mmmlib.ground.errors import DataError
from mmmlib.model.json import read_model, write_model
from tests.engines.native import golden

ROBYNS = golden.FOLDER / "RobynModel-3_1998_1.json"
Document = dict[str, Any]


@pytest.fixture(scope="module")
def robyns() -> Document:
    document: Document = json.loads(ROBYNS.read_text())
    return document


def test_robyns_file_is_read() -> None:
    model = read_model(ROBYNS.read_bytes())
    assert model.candidate == "3_1998_1"
    assert [v.name for v in model.of_role("paid")] == list(golden.PAID)
    assert [v.spend for v in model.of_role("paid")] == list(golden.PAID.values())
    assert [v.factor for v in model.of_role("context")] == [False, True]
    assert (model.first, model.rows, model.total_rows) == (6, 157, 208)
    assert model.values["lambda"] == 45142.8259913395
    assert model.errors[c.DECOMP_RSSD] == 0.34139358369
    assert pd.isna(model.errors[c.NRMSE_VAL])
    assert model.ranges["tv_S_thetas"] == (0.3, 0.8)
    assert model.raw_data is not None
    assert len(model.raw_data) == 208


def test_ours_has_the_keys_of_robyns(robyns: Document) -> None:
    """Key by key; what is the same must have the same value, type and order."""
    ours = json.loads(write_model(read_model(ROBYNS.read_bytes())))
    for part in ("InputCollect", "ModelsCollect"):
        assert list(ours[part]) == list(robyns[part])
    assert list(ours["ExportedModel"]) == list(robyns["ExportedModel"])
    for part, others in {
        "InputCollect": set(),
        "ExportedModel": {"performance", "summary"},
        "ModelsCollect": {"export_timestamp"},
    }.items():
        for key, value in robyns[part].items():
            if key not in others:
                assert ours[part][key] == value, key
    numbers = ("variable", "coef", "decompPer", "decompAgg")
    for mine, robyn in zip(
        ours["ExportedModel"]["summary"], robyns["ExportedModel"]["summary"], strict=True
    ):
        assert [mine[key] for key in numbers] == [robyn[key] for key in numbers]
    assert "raw_data" not in ours["Extras"]


def test_what_is_written_is_read_back_to_the_last_bit() -> None:
    model = read_model(ROBYNS.read_bytes())
    again = read_model(write_model(model, model.raw_data))
    assert again.values == model.values
    assert again.asked == model.asked
    assert again.ranges == model.ranges
    assert again.variables == model.variables
    pd.testing.assert_frame_equal(
        again.summary.iloc[:, :4], model.summary.iloc[:, :4], check_exact=True
    )
    pd.testing.assert_frame_equal(again.raw_data, model.raw_data)


def test_names_of_a_job_and_of_columns() -> None:
    job = golden.job(
        channels=[
            {"name": f"channel_{i}", "spend": spend, "exposure": name if name != spend else None}
            for i, (name, spend) in enumerate(golden.PAID.items())
        ]
    )
    named = read_model(ROBYNS.read_bytes()).in_words_of(job)
    assert named.values["channel_3_alphas"] == 2.8385241338
    assert "channel_4" in set(named.summary[c.VARIABLE])
    assert named.by_column().values == read_model(ROBYNS.read_bytes()).values


def _nan_token(document: Document) -> None:
    document["ExportedModel"]["hyper_values"]["lambda"] = [float("nan")]


def _nan_text(document: Document) -> None:
    document["ExportedModel"]["hyper_values"]["lambda"] = ["NaN"]


def _infinite(document: Document) -> None:
    document["ExportedModel"]["summary"][3]["coef"] = "Inf"


def _no_hyperparameter(document: Document) -> None:
    del document["ExportedModel"]["hyper_values"]["tv_S_thetas"]


def _no_model(document: Document) -> None:
    del document["ExportedModel"]


def _no_row(document: Document) -> None:
    del document["ExportedModel"]["summary"][6]


def _other_adstock(document: Document) -> None:
    document["InputCollect"]["adstock"] = ["weibull"]


def _no_date(document: Document) -> None:
    document["InputCollect"]["window_end"] = ["31.12.2018"]


def _fewer_spends(document: Document) -> None:
    document["InputCollect"]["paid_media_spends"].pop()


def _study(document: Document) -> None:
    document["InputCollect"]["calibration_input"] = [{"channel": "tv_S", "liftAbs": 3}]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_nan_token, "it holds NaN, which no fit can start from"),
        (_nan_text, "hyper_values.lambda: is 'NaN', not a finite number"),
        (_infinite, "summary.holiday.coef: is 'Inf', not a finite number"),
        (_no_hyperparameter, "hyper_values.tv_S_thetas: is None, not a finite number"),
        (_no_model, "ExportedModel: is missing; export one model"),
        (_no_row, "summary: has no row of tv_S"),
        (_other_adstock, "adstock: is 'weibull'; it must be one of geometric"),
        (_no_date, "window_end: is '31.12.2018', not a date"),
        (_fewer_spends, "paid_media_vars: must be as many names as paid_media_spends"),
        (_study, r"calibration_input\[0\]: is no lift study"),
    ],
)
def test_damaged_files_are_refused(damage: Callable[[Document], None], message: str) -> None:
    document: Document = json.loads(ROBYNS.read_text())
    damage(document)
    with pytest.raises(DataError, match=message):
        read_model(json.dumps(document).encode(), "model.json")


def test_all_problems_are_said_at_once() -> None:
    document: Document = json.loads(ROBYNS.read_text())
    _nan_text(document)
    _no_date(document)
    with pytest.raises(DataError, match=r"2 problems"):
        read_model(json.dumps(document).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b'"a"', b"[" * 100_000])
def test_what_is_no_json_of_a_model_is_refused(text: bytes) -> None:
    with pytest.raises(DataError, match="is not JSON of a model"):
        read_model(text, "model.json")


def test_lift_studies_go_by_columns_of_spend() -> None:
    """Robyn names studies by spend; the design may hold an exposure in its place."""
    document: Document = json.loads(ROBYNS.read_text())
    study = {
        "channel": "facebook_S+tv_S",
        "liftStartDate": "2017-01-02",
        "liftEndDate": "2017-02-02",
        "liftAbs": 1000,
        "calibration_scope": "total",
    }
    document["InputCollect"]["calibration_input"] = [study]
    model = read_model(json.dumps(document).encode())
    assert model.calibration[0].channels == ("facebook_I", "tv_S")
    written = json.loads(write_model(model))["InputCollect"]["calibration_input"][0]
    assert written | study == written


@pytest.mark.r
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_r_reads_ours_as_it_reads_robyns(tmp_path: Path) -> None:
    """The classes that jsonlite gives each element, as ``robyn_read`` calls it."""
    ours = tmp_path / "ours.json"
    model = read_model(ROBYNS.read_bytes())
    ours.write_bytes(write_model(model, model.raw_data))
    code = """
    if (!requireNamespace("jsonlite", quietly = TRUE)) quit(status = 77)
    files <- commandArgs(TRUE)
    both <- lapply(files, jsonlite::read_json, simplifyVector = TRUE)
    for (part in c("InputCollect", "ModelsCollect", "ExportedModel")) {
      for (key in union(names(both[[1]][[part]]), names(both[[2]][[part]]))) {
        kinds <- lapply(both, function(one) class(one[[part]][[key]]))
        if (!identical(kinds[[1]], kinds[[2]])) cat(part, key, "\\n")
      }
    }
    stopifnot(identical(dim(both[[1]]$Extras$raw_data), c(208L, 12L)))
    """
    done = subprocess.run(
        ["Rscript", "-e", code, str(ours), str(ROBYNS)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("the R package jsonlite is not installed")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
