"""The native engine on the shipped sets: speed, memory, and what it makes of known truth."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.archive.archive import Archive
from mmmlib.data.examples import demo_job_path, job_path
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import NSGA2, ignore, optimizer_of
from mmmlib.engines.native import inputs, results
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.search import Trial
from mmmlib.engines.native.trials import search_trials
from mmmlib.ground import columns as c
from mmmlib.ground.cores import usable_cores
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import TrainingResult
from mmmlib.report.truth import table as against_truth
from mmmlib.simulate.truth import truth_of
from tests.bench.measure import Memory, timed

ROOT = Path(__file__).parent.parent.parent
OPTIMIZERS = ("NSGA2", "TwoPointsDE")


def shipped() -> dict[str, TrainingJob]:
    """The jobs of every shipped data set and country."""
    daily = TrainingJob.load(job_path("daily"))
    days = {
        f"simulated days, {country}": daily.model_copy(update={"country": country})
        for country in ("fr", "de", "uk")
    }
    return {"weekly demo": TrainingJob.load(demo_job_path()), **days}


def evaluation() -> pd.DataFrame:
    """Candidates a second of the compiled evaluation alone, on one core, no search."""
    rows = []
    for adstock in ("geometric", "weibull_cdf", "weibull_pdf"):
        plain = TrainingJob.load(demo_job_path()).to_values() | {"adstock": adstock}
        plain["channels"] = [channel | {"ranges": {}} for channel in plain["channels"]]
        job = TrainingJob.parse(plain)
        model = Model(inputs.prepare(dataset_of(job), job), job)
        seconds = arithmetic(model, 2000)
        rows.append(
            {
                "adstock": adstock,
                "candidates a second": f"{1 / seconds:,.0f}",
                "µs a candidate": f"{seconds * 1e6:,.0f}",
            }
        )
    return pd.DataFrame(rows)


def arithmetic(model: Model, candidates: int) -> float:
    """Seconds of one core for one random candidate."""
    model.compile()
    cube = np.random.default_rng(0).random((candidates, len(model.space.searched)))
    values = model.space.values(cube)
    return min(timed(lambda: model.evaluate(values)) for _ in range(3)) / candidates


def searches() -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """The standard budget on every shipped set, by optimizer and cores.

    Returns
    -------
    speed : DataFrame
    truth : DataFrame
        Error of the best model's ROAS against the truth of the simulated sets.
    rate : float
        Candidates a second of NSGA2 on the weekly demo with all cores.
    """
    speed, truth, rate = [], [], 0.0
    every = usable_cores()
    for name, shipped_job in shipped().items():
        data = dataset_of(shipped_job)
        for optimizer in OPTIMIZERS:
            job = shipped_job.model_copy(update={"optimizer": optimizer})
            model = Model(inputs.prepare(data, job), job)
            model.compile()
            for cores in sorted({1, every}) if name == "weekly demo" else [every]:
                seconds, peak, found = _search(model, cores)
                values = np.concatenate([trial.values for trial in found])
                own = timed(lambda model=model, values=values: model.evaluate(values))
                made = {}
                after = timed(
                    lambda model=model, found=found, made=made: made.update(
                        results.tables(model, found)
                    )
                )
                count = len(made["candidates"])
                if (name, optimizer) == ("weekly demo", OPTIMIZERS[0]):
                    rate = count / seconds
                speed.append(
                    {
                        "data": name,
                        "optimizer": optimizer,
                        "cores": cores,
                        "search s": f"{seconds:.2f}",
                        "candidates a second": f"{count / seconds:,.0f}",
                        "arithmetic": f"{own / seconds / cores:.0%}",
                        "results s": f"{after:.2f}",
                        "peak memory MB": f"{peak / 1e6:,.0f}",
                        "best model": made["best"],
                    }
                )
            result = TrainingResult(**made, engine="native", seconds={})
            if known := truth_of(job):
                table = against_truth(result, job, known).dropna(subset=[c.ROAS_ERROR])
                errors = table[c.ROAS_ERROR].abs()
                spent = np.average(errors, weights=table[c.SPEND])
                truth.append(
                    {
                        "data": name,
                        "optimizer": optimizer,
                        "channels": len(table),
                        "median error": f"{errors.median():.0%}",
                        "mean error": f"{errors.mean():.0%}",
                        "mean by spend": f"{spent:.0%}",
                        "largest": f"{errors.max():.0%}",
                    }
                )
    return pd.DataFrame(speed), pd.DataFrame(truth), rate


def _search(model: Model, cores: int) -> tuple[float, float, list[Trial]]:
    """Seconds of the search (best of three of a short one), peak memory, trials.

    Looking at the memory holds up Python itself; a search in this process is timed without.
    """
    found: list[Trial] = []
    with Memory() as memory:
        seconds = timed(lambda: found.extend(search_trials(model, ignore, cores)))
    if optimizer_of(model.job) == NSGA2:
        seconds = min(timed(lambda: search_trials(model, ignore, cores)) for _ in range(3))
    return seconds, memory.peak, found


def whole_run() -> pd.DataFrame:
    """``mmm run demo`` as typed: two notebooks, one-pagers, allocation, archive."""
    with tempfile.TemporaryDirectory() as root:
        command = [Path(sys.executable).parent / "mmm", "run", "demo", "-p", "root", root]
        with Memory(itself=False) as memory:
            seconds = timed(
                lambda: subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
            )
        manifest = Archive(root).run("latest").manifest
        assert manifest is not None
        size = sum(artifact.size for artifact in manifest.artifacts.values())
        return pd.DataFrame(
            [
                {
                    "wall s": f"{seconds:.1f}",
                    "peak memory MB": f"{memory.peak / 1e6:,.0f}",
                    "artifacts": len(manifest.artifacts),
                    "archived MB": f"{size / 1e6:.1f}",
                }
            ]
        )


def start_up() -> pd.DataFrame:
    """What one waits for before anything happens; median of five."""
    rows = []
    for name, command in {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import mmmlib": [sys.executable, "-c", "import mmmlib"],
        "import mmmlib.job.model": [sys.executable, "-c", "import mmmlib.job.model"],
        "mmm --help": [str(Path(sys.executable).parent / "mmm"), "--help"],
    }.items():
        times = [
            timed(lambda command=command: subprocess.run(command, check=True, capture_output=True))
            for _ in range(5)
        ]
        rows.append({"what": name, "seconds": f"{np.median(times):.2f}"})
    return pd.DataFrame(rows)
