"""Exports of both engines, with their raw data in them, fitted again by Robyn itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mmmlib.data.dataset import Dataset
from mmmlib.data.examples import job_path
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import ignore
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.robyn.engine import RobynEngine
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.json import model_of, write_model
from tests.engines.robyn.test_differential import in_r, read

pytestmark = [pytest.mark.robyn, pytest.mark.slow, pytest.mark.usefixtures("robyn")]

SEARCH: dict[str, Any] = {"iterations": 12, "trials": 1, "optimizer": "TwoPointsDE"}
RIVAL = [{"name": "rival", "column": "competitor_sales_B"}]
KINDS: dict[str, dict[str, Any]] = {
    "native, geometric": {"prophet": [], "context": RIVAL},
    "native, Weibull, conversions, validation": {
        "prophet": [], "context": [], "adstock": "weibull_pdf", "target_type": "conversion",
        "ts_validation": True, "intercept_sign": "unconstrained",
    },
    "native, days": {"prophet": [], "context": []},
    "robyn": {"engine": "robyn"},
}  # fmt: skip


def _job(kind: str) -> TrainingJob:
    shipped = "daily" if kind == "native, days" else "demo"
    values = yaml.safe_load(job_path(shipped).read_text())
    if KINDS[kind].get("adstock"):
        for item in values["channels"]:
            item.pop("ranges", None)
    return TrainingJob.parse(values | SEARCH | KINDS[kind])


def _recreated(folder: Path, exported: bytes, **variables: str) -> tuple[pd.DataFrame, pd.Series]:
    file = folder / "exported.json"
    file.write_bytes(exported)
    in_r(folder, str(file), **variables)
    found = read(folder / "recreated.csv").set_index("rn")
    return found, read(folder / "recreated_errors.csv").iloc[0]


@pytest.mark.parametrize("kind", KINDS)
def test_robyn_recreates_an_export(kind: str, tmp_path: Path) -> None:
    """To 1e-6. With prophet's components only from Robyn's own run, in Robyn's usual locale and
    with its own holidays: no other prophet stops where Robyn's does.
    """
    job = _job(kind)
    dataset: Dataset = dataset_of(job)
    engine = RobynEngine() if job.engine == "robyn" else NativeEngine()
    result = engine.train(dataset, job, ignore)
    model = model_of(result, job)
    usual = {"LC_ALL": "C.UTF-8"} if job.engine == "robyn" else {}
    holidays = None if job.engine == "robyn" else dataset.holidays
    found, errors = _recreated(tmp_path, write_model(model, dataset.frame, holidays), **usual)
    names = {item.name: item.column for item in model.variables if item.column}
    summary = model.summary
    wanted = found.loc[summary[c.VARIABLE].map(lambda name: names.get(name, name))]
    for ours, robyns in ((c.COEFFICIENT, "coef"), (c.CONTRIBUTION, "xDecompAgg")):
        scale = summary[ours].abs().max()
        np.testing.assert_allclose(
            wanted[robyns], summary[ours], rtol=1e-6, atol=1e-9 * scale, err_msg=ours
        )
    assert errors["nrmse"] == pytest.approx(model.errors[c.NRMSE], rel=1e-6)
    assert errors["decomp.rssd"] == pytest.approx(model.errors[c.DECOMP_RSSD], rel=1e-6)
