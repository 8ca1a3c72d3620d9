"""Builds archives for the tests of the dashboard, through the same doors as real runs.

As a program: ``sample_archive.py ROOT ended`` fills an archive and prints the ids by name;
``sample_archive.py ROOT going`` is a run that searches until somebody cancels it.
"""

from __future__ import annotations

import json
import struct
import sys
import time
import zlib

import numpy as np
import pandas as pd

from mmmlib.archive.archive import Archive
from mmmlib.archive.results import save_result
from mmmlib.archive.run import CHANGES, Run
from mmmlib.engines.engine import CandidatesDone, StepStarted
from mmmlib.ground.errors import DataError, Problem
from mmmlib.job.parse import TrainingJob
from mmmlib.job.parts import Channel
from mmmlib.model.result import TrainingResult
from mmmlib.run.progress import Progress
from mmmlib.run.supervisor import Supervisor

EVIL = "<img src=x onerror=alert(1)>"
SPENDS = {"tv": 4_000_000.0, "search": 2_500_000.0, "print": 500_000.0, EVIL: 90_000.0}
BEST = "2_3_1"


def job(country: str = "de", revision: str = "r100") -> TrainingJob:
    """A job with a channel whose name is an attack."""
    channels = tuple(Channel(name=name, spend=f"{name}_S") for name in SPENDS)
    return TrainingJob(
        country=country,
        revision=revision,
        file="example:weekly",
        date="DATE",
        target="revenue",
        channels=channels,
    )


def result() -> TrainingResult:
    """A small result in the shape of an engine's: two candidates, four channels, three weeks."""
    names, spends = list(SPENDS), np.array(list(SPENDS.values()))
    effect = np.array([0.3, 0.4, 0.28, 0.02])
    ids = ["1_1_1", BEST]
    candidates = pd.DataFrame(
        {
            "candidate": ids,
            "trial": [1, 2],
            "iteration": [1, 3],
            "tv_thetas": [0.4, 0.5],
            "nrmse": [0.09, 0.0612],
            "nrmse_train": [0.09, 0.0612],
            "nrmse_val": np.nan,
            "nrmse_test": np.nan,
            "rsq_train": [0.8, 0.9131],
            "decomp_rssd": [0.4, 0.2077],
            "error_score": [0.5, 0.1],
            "pareto_front": [2, 1],
            "cluster": [1, 1],
        }
    )
    decomposition = pd.concat(
        pd.DataFrame(
            {
                "candidate": candidate,
                "variable": names,
                "role": "paid",
                "coefficient": 2.0,
                "contribution_share": effect / 2,
                "spend": spends,
                "spend_share": spends / spends.sum(),
                "effect_share": effect,
                "roas": np.array([2.25, 4.8, 16.8, np.inf]) * times,
                "cpa": np.nan,
            }
        )
        for candidate, times in ((BEST, 1.0), ("1_1_1", 0.5))
    )
    channels = pd.DataFrame(
        {
            "candidate": BEST,
            "channel": names,
            "current_spend": spends / 150,
            "current_response": effect * 1e6,
            "current_marginal": [1.1, 2.2, 3.3, 4.4],
        }
    )
    small = pd.DataFrame({"candidate": ids})
    grid = np.linspace(0.0, 100.0, 300)
    curves = pd.concat(
        pd.DataFrame({"candidate": BEST, "channel": name, "spend": grid, "response": grid**0.5})
        for name in names
    )
    parts = {"(Intercept)": 5.0, "season": -1.0, "tv": 2.0, EVIL: 0.5}
    course = pd.DataFrame(
        [
            {"candidate": BEST, "date": date, "variable": name, "contribution": value,
             "immediate": value * 0.75 if name == "tv" else np.nan,
             "carryover": value * 0.25 if name == "tv" else np.nan,
             "split": "test" if week == 2 else "train"}
            for week, date in enumerate(pd.date_range("2024-01-01", periods=3, freq="7D"))
            for name, value in {**parts, "actual": 7.0, "fitted": sum(parts.values())}.items()
        ]
    )  # fmt: skip
    intervals = pd.DataFrame(
        {"cluster": 1, "channel": names, "efficiency": "roas", "mean": 2.0, "standard_error": 0.1,
         "low": [1.5, 4.0, 15.0, np.nan], "high": [3.0, 5.0, 18.0, np.nan], "n": 2}
    )  # fmt: skip
    return TrainingResult(
        candidates=candidates,
        coefficients=small,
        decomposition=decomposition,
        decomposition_over_time=course,
        response_curves=curves,
        channels=channels,
        clusters=pd.DataFrame({"cluster": [1], "candidate": [BEST], "size": [2], "note": [""]}),
        cluster_intervals=intervals,
        convergence=small,
        model_input=small,
        best=BEST,
        rule="smallest error score",
        engine="native test",
        seconds={"search": 1.0},
    )


def png(width: int = 1000, height: int = 620) -> bytes:
    """A picture: a gradient, so that a test can see its size and a person that it is there."""
    rows = b"".join(
        b"\0" + bytes(int(255 * (1 - 0.5 * (x + y) / (width + height))) for x in range(width))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def succeeded(archive: Archive, country: str = "de") -> Run:
    """A run that trained, reported and ended."""
    run = archive.claim(job(country))
    with Supervisor(run, who="ada"):
        with Progress(run).stage("train"):
            save_result(run, result())
        changed = {"what": "column left out", "where": "notes", "count": 1, "why": "not used"}
        run.save_json(CHANGES, [changed])
        run.save(f"{BEST}.png", png())
    return run


def failed(archive: Archive) -> Run:
    """A run that stopped with an attack in its message."""
    run = archive.claim(job("uk"))
    try:
        with Supervisor(run, who="grace"), Progress(run).stage("extract"):
            raise DataError([Problem("tv_S", f"{EVIL} is no number; correct it")])
    except DataError:
        return run


def cancelled(archive: Archive) -> Run:
    """A run that somebody interrupted."""
    run = archive.claim(job("fr", "r099"))
    try:
        with Supervisor(run, who="alan"):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return run


def keep_searching(archive: Archive) -> None:
    """Search until cancelled, as an engine would look from outside."""
    run = archive.claim(job("it"))
    print(run, flush=True)
    try:
        with Supervisor(run, who="emmy") as supervisor:
            progress = Progress(run, supervisor.stage)
            with progress.stage("train"):
                progress(StepStarted("search"))
                for done in range(100, 10_000):
                    progress(CandidatesDone((done, 0), 20_000, 50.0, 0.0823, 0.1534))
                    time.sleep(0.1)
    except KeyboardInterrupt:
        return


def build(root: str) -> dict[str, str]:
    """Fill an archive with one run of each end; ids by the end's name."""
    archive = Archive(root)
    makers = {"succeeded": succeeded, "failed": failed, "cancelled": cancelled}
    return {name: str(make(archive).id) for name, make in makers.items()}


if __name__ == "__main__":
    if sys.argv[2] == "going":
        keep_searching(Archive(sys.argv[1]))
    else:
        print(json.dumps(build(sys.argv[1])))
