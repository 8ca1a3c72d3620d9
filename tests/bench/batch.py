"""What a batch costs beside its models: the wall and the CPU time of a job that no model needs."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import pandas as pd
import psutil

from mmmlib.archive.run import Run
from mmmlib.data.examples import demo_job_path
from mmmlib.job.parse import TrainingJob
from tests.bench.native import ROOT

JOBS, WORKERS = 10, 2
# Cells that search, write outputs or draw; whatever else a job's wall holds is overhead.
WORK = ("work.train(", "work.allocate(", "work.one_pager(", "figures.")
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux: what outlives its parent becomes our child


def table() -> pd.DataFrame:
    """A batch of demo jobs, standard budget, one after the other and two at once."""
    work = json.loads(_fresh("work"))["cpu"]
    rows = []
    for executor, places in (("local", 1), ("dask", WORKERS)):
        measured = json.loads(_fresh(executor, str(places)))
        wall, cells, cpu = (measured[key] for key in ("wall", "cells", "cpu"))
        rows.append(
            {
                "executor": executor,
                "jobs": JOBS,
                "at once": places,
                "wall s a job": f"{wall:.1f}",
                "search, outputs and plots s": f"{cells:.1f}",
                "overhead s": f"{wall - cells:.1f}",
                "CPU s a job": f"{cpu:.1f}",
                "of them the work": f"{work:.1f}",
                "CPU overhead s": f"{cpu - work:.1f}",
            }
        )
    return pd.DataFrame(rows)


def a_batch(executor: str, places: int) -> dict[str, float]:
    """Train a batch on an executor; seconds a job.

    Returns
    -------
    dict
        ``wall``: how long a job holds its place, from the hand-over of the first to the end of
        the last; ``cells``: of that, what the cells of :data:`WORK` took; ``cpu``: of every
        process of the batch, the one that follows it too, without the start of a cluster.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    paid: list[float] = []
    for _ in range(2):  # what this process pays once, then what a cluster costs
        with _place(executor, places):
            pass
        paid.append(_cpu())
    before = paid[1] + (paid[1] - paid[0])
    with tempfile.TemporaryDirectory() as folder:
        with _place(executor, places):
            runs = _train(executor, folder)
        cpu = _cpu() - before
        begun = min(run.launch.handed_over for run in runs if run.launch and run.launch.handed_over)
        ended = max(run.manifest.ended for run in runs if run.manifest)
        return {
            "wall": (ended - begun).total_seconds() * places / JOBS,
            "cells": sum(_work_of(run) for run in runs) / JOBS,
            "cpu": cpu / JOBS,
        }


def _train(executor: str, folder: str) -> list[Run]:
    from mmmlib.launching.batch import start_batch

    jobs = Path(folder, "jobs")
    jobs.mkdir()
    demo = TrainingJob.load(demo_job_path())
    for number in range(JOBS):
        job = demo.model_copy(update={"root": f"{folder}/archive", "revision": f"r{number}"})
        (jobs / f"{number:02}.yaml").write_text(job.to_yaml())
    batch = start_batch(str(jobs), "", executor, retries=0)
    while not batch.ended:
        batch.step()
        time.sleep(1)
    if not batch.succeeded:
        raise RuntimeError(batch.rows)
    return [batch.archive.run(row.runs[0]) for row in batch.rows]


def the_work() -> dict[str, float]:
    """CPU seconds of what the cells of :data:`WORK` do, in a process that has imported it all."""
    import matplotlib as mpl

    mpl.use("agg")
    from mmmlib.ground import names
    from mmmlib.report import figures, onepager, style
    from mmmlib.run.work import open_run

    for module in names.PRELOADS["native"]:
        importlib.import_module(module)
    assert onepager
    os.environ["MMM_CORES"] = "1"  # no process beside it draws
    with tempfile.TemporaryDirectory() as folder:
        job = TrainingJob.load(demo_job_path()).to_values() | {"root": folder}
        work = open_run({**job, "run": ""})
        work.extract()
        work.checks()
        before = _cpu()
        drawn = [figures.checks(work.prepare(), work.job)]
        drawn.append(figures.dataset(work.prepare(), work.job, work.annotations()))
        result = work.train()
        drawn += [figures.candidates(result), figures.convergence(result)]
        drawn += [figures.fit(result, work.annotations()), figures.decomposition(result)]
        drawn.append(figures.response_curves(result))
        allocation = work.allocate()
        drawn.append(figures.allocation(allocation))
        for figure in drawn:
            style.png(figure)
        work.one_pager(result, allocation)
        spent = _cpu() - before
        work.finish()
    return {"cpu": spent}


def _work_of(run: Run) -> float:
    """Seconds that the cells of a run's notebooks worked."""
    seconds = 0.0
    for name in ("extract", "train"):
        for cell in json.loads(run.load(f"{name}.ipynb"))["cells"]:
            if cell["cell_type"] == "code" and any(
                call in "".join(cell["source"]) for call in WORK
            ):
                seconds += cell["metadata"]["papermill"]["duration"]
    return seconds


def _place(executor: str, places: int) -> AbstractContextManager[None]:
    return _cluster(places) if executor == "dask" else nullcontext()


@contextmanager
def _cluster(workers: int) -> Iterator[None]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as running:
        os.environ["MMM_DASK"] = running.scheduler_address
        yield


def _cpu() -> float:
    """CPU seconds of this process and of all below it, once they have ended."""
    while any("'execute'" in " ".join(child.cmdline()) for child in _reaped().children()):
        time.sleep(0.1)
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _reaped() -> psutil.Process:
    """This process, once it has taken note of every child that has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    return psutil.Process()


def _fresh(*arguments: str) -> str:
    """What this module prints in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.batch", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    print(json.dumps(the_work() if what == "work" else a_batch(what, int(numbers[0]))))
