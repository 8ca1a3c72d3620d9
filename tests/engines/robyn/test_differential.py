"""Random jobs trained by Robyn itself in plain R and by the native engine.

``MMM_DIFFERENTIAL_SEEDS=1-200`` chooses the jobs: a seed is always the same job. About half a
minute each on a quiet core, of which the native engine needs less than a second.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.dataset import Dataset, prepare_dataset
from mmmlib.data.holidays import for_robyn
from mmmlib.engines.native import results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.inputs import prepare
from mmmlib.engines.native.search import Trial, search_trial
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.inputs import ModelInput

pytestmark = [pytest.mark.robyn, pytest.mark.slow, pytest.mark.usefixtures("robyn")]

PLAIN = Path(__file__).with_name("plain.R")
NAMES = ("tv", "tv_b", "tv2", "Print", "display", "ooh", "Search", "radio.fm", "z9")
# Two builds of prophet stop at different places of a flat optimum: usually below 2e-3 standard
# deviations, with few components or rare levels up to this. A wrong dummy or holiday is beyond.
PROPHET = 0.3
SAME = 1e-6
ENVIRONMENT = {"LC_COLLATE": "C", "LC_CTYPE": "C.UTF-8", "TZ": "UTC", "OMP_NUM_THREADS": "1"}


def seeds() -> list[int]:
    """The chosen seeds: ``7``, ``1-20`` or ``3,5,9-12``."""
    found: list[int] = []
    for part in os.environ.get("MMM_DIFFERENTIAL_SEEDS", "1-4").split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def random_job(seed: int) -> tuple[TrainingJob, pd.DataFrame]:
    """A job with data of its own, valid for Robyn."""
    rng = np.random.default_rng(seed)

    def one(*options: Any) -> Any:
        return options[rng.integers(len(options))]

    daily = bool(rng.random() < 0.3)
    rows, step = (int(rng.integers(240, 380)), 1) if daily else (int(rng.integers(110, 180)), 7)
    last = (
        dt.date(2019, 12, 29) if rng.random() < 0.3 else dt.date(2019, 9, int(rng.integers(1, 28)))
    )
    dates = [last - dt.timedelta(days=step * (rows - 1 - i)) for i in range(rows)]
    time = np.arange(rows)
    target = 8 + 3 * np.sin(2 * np.pi * time * step / 365.25) + rng.uniform(-3, 5) * time / rows
    data = pd.DataFrame({"date": [day.isoformat() for day in dates]})
    adstock = one("geometric", "geometric", "weibull_cdf", "weibull_pdf")
    channels: list[dict[str, Any]] = []
    for name in rng.permutation(NAMES)[: int(rng.integers(2, 7))]:
        spend = np.round(rng.lognormal(0, 0.6, rows) * 10 ** rng.uniform(1, 4), 2)
        spend[rng.random(rows) < rng.uniform(0, 0.5)] = 0.0
        channel: dict[str, Any] = {"name": str(name), "spend": str(name)}
        if rng.random() < 0.4:
            channel |= {"spend": f"{name}_cost", "exposure": str(name)}
            data[f"{name}_cost"] = spend
            spend = np.round(spend * rng.uniform(5, 50) * rng.lognormal(0, 0.2, rows))
        data[str(name)] = spend
        target = target + rng.uniform(0, 3) * spend / spend.max()
        channels.append(channel)
    context: list[dict[str, Any]] = []
    if rng.random() < 0.7:
        data["weather"] = np.round(100 + rng.normal(0, 1, rows).cumsum(), 3)
        context.append({"name": "weather"})
    prophet = list(one(["trend", "season", "holiday"], ["trend", "season"], ["season", "holiday"]))
    if rng.random() < 0.6:
        levels = one(["na", "Promo"], ["na", "event1", "event2"], ["x", *"abcdefghijkl"])
        weights = np.array([8.0, *[2.0] * (len(levels) - 1)])
        data["events"] = rng.choice(levels, rows, p=weights / weights.sum())
        context.append({"name": "events", "factor": True})
        target = target + (data["events"] == levels[-1]) * 0.8
    data["target"] = np.round(1e4 * (target + rng.normal(0, 0.5, rows)), 2)
    job = TrainingJob.parse(
        {
            "country": "de", "engine": "native", "file": "data.csv", "date": "date",
            "target": "target", "target_type": one("revenue", "conversion"), "prophet": prophet,
            "channels": channels, "context": context, "adstock": adstock, "iterations": 12,
            "trials": 1, "seed": int(rng.integers(1, 1000)), "optimizer": "TwoPointsDE",
            "ts_validation": bool(rng.random() < 0.25), "pareto_fronts": 1,
        }
    )  # fmt: skip
    return job, data


def robyns(folder: Path, job: TrainingJob, dataset: Dataset) -> dict[str, pd.DataFrame]:
    """What Robyn makes of it."""
    dataset.frame.to_csv(folder / "data.csv", index=False)
    for_robyn(dataset.holidays, "DE").to_csv(folder / "holidays.csv", index=False)
    hyperparameters = dict(job.ranges())
    if job.ts_validation:
        hyperparameters["train_size"] = job.train_size
    inputs = {
        "dep_var_type": job.target_type, "prophet_vars": list(job.prophet),
        "prophet_country": "DE" if "holiday" in job.prophet else None,
        "context_vars": [item.name for item in job.context],
        "context_signs": [item.sign for item in job.context],
        "factor_vars": [item.name for item in job.context if item.factor],
        "paid_media_spends": [item.spend for item in job.channels],
        "paid_media_vars": [item.exposure or item.spend for item in job.channels],
        "paid_media_signs": [item.sign for item in job.channels],
        "adstock": job.adstock, "hyperparameters": hyperparameters,
    }  # fmt: skip
    asked = {"inputs": inputs, "iterations": job.iterations, "seed": job.seed}
    asked["ts_validation"] = job.ts_validation
    (folder / "asked.json").write_text(
        json.dumps({k: v for k, v in asked.items() if v is not None})
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LC_")}
    done = subprocess.run(
        ["Rscript", "--no-init-file", str(PLAIN), str(folder)],
        env=environment | ENVIRONMENT | {"RETICULATE_PYTHON": sys.executable},
        cwd=folder, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {
        name: pd.read_csv(folder / f"{name}.csv", float_precision="round_trip")
        for name in ("dt_mod", "coefficients", "candidates")
    }


def assert_close(ours: Any, theirs: Any, what: str, tolerance: float = SAME) -> None:
    """Relative to each value; near zero to the largest of the column."""
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=what)
    floor = 1e-6 * np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * floor, err_msg=what)


@pytest.mark.parametrize("seed", seeds())
def test_native_is_robyn(seed: int, tmp_path: Path) -> None:
    job, raw = random_job(seed)
    dataset = prepare_dataset(raw, job)
    plain = robyns(tmp_path, job, dataset)
    table = plain["dt_mod"].rename(columns={"ds": c.DATE, "dep_var": c.TARGET})
    table[c.DATE] = pd.to_datetime(table[c.DATE])
    own = prepare(dataset, job)
    assert list(own.variables) == list(table)[2:]
    estimated = {*job.prophet, *(item.name for item in job.context if item.factor)}
    for name, values in zip(own.variables, own.values.T, strict=True):
        robyn = table[name].to_numpy(dtype=np.float64)
        if name in estimated:
            apart = np.sqrt(((values - robyn) ** 2).mean()) / robyn.std()
            assert apart <= PROPHET, f"{name}: {apart:.3f} standard deviations"
        else:
            assert_close(values, robyn, name)

    spends = pd.DataFrame({item.name: dataset.frame[item.spend] for item in job.channels})
    model = Model(ModelInput.of_table(table, spends, job), job)
    theirs = plain["candidates"]
    values = theirs[list(model.space.names)].to_numpy(dtype=np.float64)
    trial = search_trial(model, 1, lambda done, best: None)
    np.testing.assert_allclose(trial.values, values, rtol=1e-9, atol=1e-12)
    made = results.candidate_table(model, [Trial(1, values, model.evaluate(values))])
    for name in (c.NRMSE, c.NRMSE_TRAIN, c.NRMSE_TEST, c.RSQ_TRAIN, c.ERROR_SCORE):
        assert_close(made[name], theirs[name], name)
    assert_close(made[c.DECOMP_RSSD], theirs["decomp.rssd"], c.DECOMP_RSSD)
    fits = model.evaluate(values)
    wide = plain["coefficients"].pivot(index="solID", columns="rn", values="coef")
    wanted = wide.loc[theirs["solID"], [c.INTERCEPT, *model.data.variables]].to_numpy()
    for name, ours, robyn in zip(wide, fits.coefficients.T, wanted.T, strict=True):
        assert_close(ours, robyn, f"coefficient {name}")
    fronts = set(made.loc[made[c.PARETO_FRONT] > 0, c.CANDIDATE])
    idle = set(made.loc[np.isinf(made[c.DECOMP_RSSD]), c.CANDIDATE])  # on no front of ours
    assert fronts == set((tmp_path / "solutions.txt").read_text().split()) - idle
