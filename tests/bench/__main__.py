"""``make bench``: measure on this machine and write ``docs/benchmarks.md``."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from mmmlib.archive import Archive
from mmmlib.cores import usable_cores
from mmmlib.data import demo_job_path, example_path
from mmmlib.dataset import prepare
from mmmlib.engines.native import inputs
from mmmlib.engines.native.candidates import Model
from mmmlib.engines.native.engine import NativeEngine
from mmmlib.job import TrainingJob

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"


def evaluation() -> pd.DataFrame:
    """Candidates a second of the compiled evaluation alone, on one core."""
    rows = []
    for adstock in ("geometric", "weibull_cdf", "weibull_pdf"):
        job = _job(adstock=adstock)
        model = Model(inputs.prepare(_dataset(job), job), job)
        model.compile()
        cube = np.random.default_rng(0).random((2000, len(model.space.searched)))
        values = model.space.values(cube)
        seconds = min(
            _timed(lambda values=values, model=model: model.evaluate(values)) for _ in range(3)
        )
        rows.append(
            {
                "adstock": adstock,
                "candidates a second": f"{len(values) / seconds:,.0f}",
                "µs a candidate": f"{seconds / len(values) * 1e6:,.0f}",
            }
        )
    return pd.DataFrame(rows)


def training() -> pd.DataFrame:
    """The training step of the demo job: 2,000 × 5 candidates, all processes together."""
    job = _job()
    with _Memory() as memory:
        result = NativeEngine().train(_dataset(job), job, lambda event: None)
    seconds = result.seconds
    return pd.DataFrame(
        [
            {
                "candidates": f"{len(result.candidates):,}",
                **{f"{step} s": f"{value:.1f}" for step, value in seconds.items()},
                "candidates a second": f"{len(result.candidates) / seconds['search']:,.0f}",
                "peak memory MB": f"{memory.peak / 1e6:,.0f}",
                "best model": result.best,
            }
        ]
    )


def whole_run() -> pd.DataFrame:
    """``mmm run demo`` as typed: two notebooks, one-pager, allocation, archive."""
    with tempfile.TemporaryDirectory() as root:
        command = [Path(sys.executable).parent / "mmm", "run", "demo", "-p", "root", root]
        with _Memory() as memory:
            seconds = _timed(
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
        "import mmmlib.job": [sys.executable, "-c", "import mmmlib.job"],
        "mmm --help": [str(Path(sys.executable).parent / "mmm"), "--help"],
    }.items():
        times = [
            _timed(lambda command=command: subprocess.run(command, check=True, capture_output=True))
            for _ in range(5)
        ]
        rows.append({"what": name, "seconds": f"{np.median(times):.2f}"})
    return pd.DataFrame(rows)


class _Memory:
    """Largest memory of this process and all below it, sampled.

    Pages that processes share count once (PSS): the sum of resident sizes would count every
    library once a process.
    """

    peak = 0

    def __enter__(self) -> _Memory:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        this = psutil.Process()
        while not self._done.wait(0.1):
            total = 0
            for process in (this, *this.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak = max(self.peak, total)


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _job(**values: Any) -> TrainingJob:
    job = TrainingJob.load(demo_job_path())
    if values:
        plain = job.to_values() | values
        plain["channels"] = [channel | {"ranges": {}} for channel in plain["channels"]]
        job = TrainingJob.parse(plain)
    return job


def _dataset(job: TrainingJob) -> Any:
    return prepare(pd.read_csv(example_path(job.file), float_precision="round_trip"), job)


def _markdown(table: pd.DataFrame) -> str:
    lines = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).values.tolist()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    """Measure everything and write the page."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`; all numbers of one page are of one run on one machine.",
        f"{platform.platform()}, Python {platform.python_version()}, {usable_cores()} cores. "
        "Data: the shipped weekly set, 208 rows (157 in the window), 5 paid channels, 1 organic.",
    ]
    for title, measure in (
        ("Evaluation of candidates, one core, no search", evaluation),
        ("Training step of the demo job", training),
        ("`mmm run demo`", whole_run),
        ("Start-up", start_up),
    ):
        print(f"measuring: {title} …", flush=True)
        parts += [f"## {title}", _markdown(measure())]
    parts += [
        "## Robyn beside it",
        "Robyn itself is not part of this page yet: it is measured where it is installed.",
    ]
    PAGE.write_text("\n\n".join(parts) + "\n")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
