"""Other implementations beside ours: robynpy from PyPI, and Robyn in R where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.data.examples import demo_job_path, example_path
from mmmlib.data.extract import dataset_of
from mmmlib.engines.engine import Engine, ignore
from mmmlib.ground import names
from mmmlib.job.parse import TrainingJob
from tests.bench.measure import timed

FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mmm-bench" / "robynpy"
PINS = ("robynpy==0.3.6", "pandas<2.3")  # robynpy fails with pandas 3
INSTALL_SECONDS, RUN_SECONDS = 600, 120
CANDIDATES = 200
SCRIPT = Path(__file__).parent / "robynpy_trial.py"


def robynpy() -> dict[str, Any]:
    """Candidates a second of robynpy's own search on the weekly demo, one trial."""
    row: dict[str, Any] = {"what": "robynpy 0.3.6", "candidates": CANDIDATES}
    try:
        python = _environment()
        job = TrainingJob.load(demo_job_path())
        done = subprocess.run(
            [python, SCRIPT, example_path(job.file), str(CANDIDATES)],
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=True,
            cwd=FOLDER,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        )
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
        seconds = json.loads(line)["seconds"]
    except subprocess.CalledProcessError as error:
        return row | {"why not": (str(error.stderr).strip() or str(error)).splitlines()[-1][:160]}
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        return row | {"why not": f"{type(error).__name__}: {error}"[:160]}
    return row | {"seconds": seconds}


def robyn() -> dict[str, Any]:
    """The same of Robyn in R, by the engine that drives it."""
    row: dict[str, Any] = {"what": "Robyn in R", "candidates": CANDIDATES}
    if "robyn" not in names.ENGINES:
        return row | {"why not": "this version has no engine for it"}
    values = {"engine": "robyn", "iterations": CANDIDATES, "trials": 1, "pareto_fronts": 1}
    job = TrainingJob.load(demo_job_path()).model_copy(update=values)
    engine: Engine = names.load(names.ENGINES["robyn"])()
    if problems := engine.refusals(job):
        return row | {"why not": "; ".join(str(problem) for problem in problems)[:160]}
    result: list[Any] = []
    seconds = timed(lambda: result.append(engine.train(dataset_of(job), job, ignore)))
    return row | {"seconds": result[0].seconds.get("search", seconds)}


def table(ours: float) -> pd.DataFrame:
    """Candidates a second of each, and how many times as many ours makes.

    Parameters
    ----------
    ours : float
        Candidates a second of the native engine, of the same run of the benchmark.
    """
    rows = [{"what": "native, NSGA2, all cores", "candidates a second": f"{ours:,.0f}"}]
    for found in (robynpy(), robyn()):
        if "why not" in found:
            said = f"not measured: {found['why not']}"
            rows.append({"what": found["what"], "candidates a second": said})
            continue
        rate = found["candidates"] / found["seconds"]
        times = f"{ours / rate:,.0f}"
        rows.append(
            {"what": found["what"], "candidates a second": f"{rate:,.1f}", "native makes": times}
        )
    return (
        pd.DataFrame(rows)
        .reindex(columns=["what", "candidates a second", "native makes"], fill_value="")
        .fillna("")
    )


def _environment() -> Path:
    """The interpreter of robynpy's own environment, made once and kept."""
    python = FOLDER / "bin" / "python"
    done = FOLDER / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER], check=True, timeout=120)
        install = [python, "-m", "pip", "install", "--quiet", *PINS]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        done.touch()
    return python
