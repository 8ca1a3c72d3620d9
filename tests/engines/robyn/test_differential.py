"""Random jobs trained by Robyn itself in plain R and by the native engine.

``MMM_DIFFERENTIAL_SEEDS=1-200`` chooses the jobs: a seed is always the same job. About half a
minute each on a quiet core, of which the native engine needs less than a second. Every third job
is planned with and exported by both, and each export is fitted again by the other.
``MMM_DIFFERENTIAL_FIGURES`` names a file that gets a line of JSON a job, with every figure.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.dataset import Dataset, prepare_dataset
from mmmlib.data.holidays import for_robyn
from mmmlib.engines.native import curves, results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.engines.native.inputs import prepare
from mmmlib.engines.native.search import Trial, search_trial
from mmmlib.ground import columns as c
from mmmlib.ground.errors import AllocationError
from mmmlib.job.parse import TrainingJob
from mmmlib.job.parts import Allocator
from mmmlib.model.inputs import ModelInput
from mmmlib.model.json import model_of, read_model, write_model
from mmmlib.plan.allocate import allocate
from mmmlib.plan.history import spend_history
from mmmlib.run.recreation import job_of, recreate

Figures = dict[str, Any]

pytestmark = [pytest.mark.robyn, pytest.mark.slow, pytest.mark.usefixtures("robyn")]

PLAIN = Path(__file__).with_name("plain.R")
NAMES = ("tv", "tv_b", "tv2", "Print", "display", "ooh", "Search", "radio.fm", "z9")
# Prophet's optimizer stops before the maximum of a flat posterior, where rounding decides: when the
# target moves by 1e-9, Robyn's own components move too. No two builds agree more closely.
PROPHET, STALLS = 2e-3, 6.0  # standard deviations; times the largest of Robyn's own three moves
SAME = 1e-6
ENVIRONMENT = {"LC_COLLATE": "C", "LC_CTYPE": "C.UTF-8", "TZ": "UTC", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def figures() -> Iterator[Figures]:
    """What was measured; kept where ``MMM_DIFFERENTIAL_FIGURES`` says."""
    found: Figures = {}
    yield found
    if name := os.environ.get("MMM_DIFFERENTIAL_FIGURES"):
        with Path(name).open("a") as file:
            file.write(json.dumps(found, default=float) + "\n")


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
    if seed % 10 == 7:  # months, some of them under the 100 rows from which prophet takes L-BFGS
        rows, step = rows - 60 if not daily else 84, 30
        months = pd.date_range(end="2019-12-01", periods=rows, freq="MS")
        dates = [month.date() for month in months]
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


def in_r(folder: Path, *arguments: str, **variables: str) -> None:
    """Run ``plain.R``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LC_")}
    done = subprocess.run(
        ["Rscript", "--no-init-file", str(PLAIN), str(folder), *arguments],
        env=environment | ENVIRONMENT | {"RETICULATE_PYTHON": sys.executable} | variables,
        cwd=folder, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, float_precision="round_trip")


def robyns(folder: Path, job: TrainingJob, dataset: Dataset, full: bool) -> dict[str, pd.DataFrame]:
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
    asked |= {"ts_validation": job.ts_validation, "full": full}
    (folder / "asked.json").write_text(
        json.dumps({k: v for k, v in asked.items() if v is not None})
    )
    in_r(folder)
    return {name: read(folder / f"{name}.csv") for name in ("dt_mod", "coefficients", "candidates")}


def assert_close(ours: Any, theirs: Any, what: str, tolerance: float = SAME) -> None:
    """Relative to each value; near zero to the largest of the column."""
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=what)
    floor = 1e-6 * np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * floor, err_msg=what)


def apart(ours: Any, theirs: Any) -> float:
    """Root mean square of the difference, in standard deviations of the second."""
    return float(np.sqrt(((ours - theirs) ** 2).mean()) / theirs.std())


@pytest.mark.parametrize("seed", seeds())
def test_native_is_robyn(
    seed: int, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, raw = random_job(seed)
    figures |= {"seed": seed, "passed": False}
    dataset = prepare_dataset(raw, job)
    figures["kind"] = f"{dataset.interval}s, {job.adstock}, {' '.join(job.prophet)}"
    full = seed % 3 == 0
    plain = robyns(tmp_path, job, dataset, full)
    table = plain["dt_mod"].rename(columns={"ds": c.DATE, "dep_var": c.TARGET})
    table[c.DATE] = pd.to_datetime(table[c.DATE])
    own = prepare(dataset, job)
    assert list(own.variables) == list(table)[2:]
    estimated = {*job.prophet, *(item.name for item in job.context if item.factor)}
    for name, values in zip(own.variables, own.values.T, strict=True):
        robyn = table[name].to_numpy(dtype=np.float64)
        if name in estimated:
            off = apart(values, robyn)
            own_moves = max(
                apart(read(path)[name].to_numpy(dtype=np.float64), robyn)
                for path in tmp_path.glob("moved*.csv")
            )
            figures[f"prophet {name}"] = off
            figures[f"prophet {name}, Robyn against itself"] = own_moves
            assert off <= max(PROPHET, STALLS * own_moves), f"{name}: {off:.4f}, {own_moves:.4f}"
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
    figures["candidates"] = len(theirs)
    figures["candidates on fronts"] = len(fronts)
    if full:
        plans_agree(tmp_path, job, model, raw, values, fits.coefficients, figures)
        exports_agree(tmp_path, job, dataset, model.data, monkeypatch, figures)
    figures["passed"] = True


def plans_agree(
    folder: Path, job: TrainingJob, model: Model, raw: pd.DataFrame, values: Any,
    coefficients: Any, figures: Figures,
) -> None:  # fmt: skip
    """The plan of both, over the window and over its last weeks, with Robyn's today."""
    dates = pd.Series(model.data.dates[model.data.window])
    paid = spend_history(raw, "date", {item.name: item.spend for item in job.channels}, dates)
    of_model = pd.DataFrame(model.data.values, columns=list(model.data.variables))
    money = paid.assign(**{item.name: of_model[item.name] for item in job.channels})
    for when in ("all", "last_20"):
        theirs = read(folder / f"plan_{when}.csv").set_index("channels")
        i = int(theirs["solID"].iloc[0].split("_")[1]) - 1
        channels = curves.channel_table(model, "best", values[i], coefficients[i])
        settings = Allocator(
            low=0.7, high=1.5, today="exposure", last=20 if when == "last_20" else None
        )
        try:
            made = allocate(channels, settings, len(dates), job.target_type, paid, money)
        except AllocationError as problem:
            figures[f"plan {when}"] = f"refused: {problem}"[:200]
            assert (coefficients[i] <= 0).any() or (theirs["initSpendUnit"] == 0).any()
            continue
        ours = made.table.set_index(c.CHANNEL).loc[theirs.index]
        assert_close(ours[c.CURRENT_SPEND], theirs["initSpendUnit"], "today's spend")
        best = float(ours[c.PLANNED_RESPONSE].sum() / theirs["optmResponseUnit"].sum() - 1)
        # money on channels without an effect may lie on any of them
        active = channels.set_index(c.CHANNEL)[c.COEFFICIENT].reindex(ours.index) != 0
        off = (ours[c.PLANNED_SPEND] - theirs["optmSpendUnit"]).abs()[active]
        largest = float(off.max() / made.budget)
        figures[f"plan {when}, spend apart"] = largest
        figures[f"plan {when}, response above Robyn's"] = best
        missed = abs(float(theirs["optmSpendUnit"].sum()) / made.budget - 1)
        if theirs["status"].iloc[0] < 0 or missed > SAME:
            figures[f"plan {when}, Robyn's failed"] = missed
            continue  # no solution: its status says so, or the budget is not the budget
        assert best >= -1e-9
        # where Robyn is at the optimum, its plan is ours; elsewhere ours brings more
        assert largest <= SAME or best > 1e-12, f"{when}: {largest:.1e} of the budget, {best:.1e}"


def exports_agree(
    folder: Path, job: TrainingJob, dataset: Dataset, table: ModelInput,
    monkeypatch: pytest.MonkeyPatch, figures: Figures,
) -> None:  # fmt: skip
    """Robyn's JSON is recreated natively, ours by Robyn from its own data."""
    (path,) = folder.glob("RobynModel-*.json")
    model = read_model(path.read_bytes())
    again = recreate(model, job_of(model, "data.csv"), table)
    figures["Robyn's JSON recreated here"] = again.largest
    # the file holds ten significant digits
    assert again.same(), again.table.sort_values(c.DIFFERENCE).tail(3).to_string()
    monkeypatch.setattr("mmmlib.engines.native.inputs.prepare", lambda dataset, job: table)
    result = NativeEngine().train(dataset, job, lambda event: None)
    exported = model_of(result, job)
    ours = folder / "ours.json"
    ours.write_bytes(write_model(exported, dataset.frame, dataset.holidays))
    in_r(folder, str(ours))
    found = read(folder / "recreated.csv").set_index("rn")
    mine = exported.summary.set_index(c.VARIABLE)
    wanted = found.loc[mine.index]
    largest = np.abs(wanted["xDecompAgg"] / mine[c.CONTRIBUTION].replace(0.0, np.nan) - 1).max()
    figures["our JSON recreated by Robyn"] = float(largest)
    assert_close(wanted["coef"], mine[c.COEFFICIENT], "coefficients of our JSON in Robyn")
    assert_close(wanted["xDecompAgg"], mine[c.CONTRIBUTION], "contributions of our JSON in Robyn")
    errors = read(folder / "recreated_errors.csv").iloc[0]
    assert_close(errors["nrmse"], exported.errors[c.NRMSE], "NRMSE of our JSON in Robyn")
