"""``make bench``: measure on this machine and write ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import time

from mmmlib.ground.cores import usable_cores
from tests.bench import batch, growth, hypervolume, native, others, truth as known
from tests.bench.measure import markdown

PAGE = native.ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Measure everything and write the page."""
    started = time.monotonic()
    cores = usable_cores()
    before = os.getloadavg()[0]
    parts = [
        "# Benchmarks",
        "Written by `make bench`; all numbers of one page are of one run on one machine.",
        f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, of which "
        f"{before:.1f} were busy with other things when it began.",
    ]

    def section(title: str, *texts: str) -> None:
        print(f"measured: {title} ({time.monotonic() - started:.0f} s)", flush=True)
        parts.extend([f"## {title}", *texts])

    section(
        "A candidate, one core, no search",
        "The shipped weekly set: 208 rows (157 in the window), 5 paid channels, 1 organic.",
        markdown(native.evaluation()),
    )
    speed, truth, rate = native.searches()
    section(
        "The standard budget, 2,000 × 5",
        "The search (NSGA2: best of three) and the tables made of it, compiled code loaded. "
        "*Arithmetic* is the share of the cores' time in the search that the arithmetic of the "
        "same candidates takes by itself.",
        markdown(speed),
    )
    section("`mmm run demo`, as typed", markdown(native.whole_run()))
    section(
        "Overhead of a batch",
        f"{batch.JOBS} demo jobs, standard budget, one after the other on this machine, and at "
        f"once on a Dask cluster of {batch.WORKERS} workers of one thread. "
        "*Overhead* is the wall time that a job holds its place, less the cells of its notebooks "
        "that search, plan, draw and write: processes, imports, kernels, extraction, archive. "
        "*CPU overhead* is the CPU time of all processes, less that of the same work in one that "
        "has imported everything.",
        markdown(batch.table()),
    )
    for what, given in (("rows", "5 channels"), ("channels", "208 rows")):
        table, _ = growth.table(what)
        section(
            f"Growth with {what}",
            f"Microseconds a candidate on one core, {given}, random data. The exponent is the "
            "slope of the logarithms: 1 is linear, 2 quadratic.",
            markdown(table),
        )
    section(
        "Fronts at equal budget",
        f"Hypervolume of NRMSE and DECOMP.RSSD of each of {hypervolume.SEEDS} seeds' trials (seeds "
        f"1 to {hypervolume.SEEDS}); reference point {hypervolume.REFERENCE}; larger is better. "
        "NSGA2's settings were chosen on other seeds.",
        markdown(hypervolume.table(2000, cores)),
    )
    section(
        "Against known truth",
        "|modelled ROAS / true ROAS - 1| of the best model's channels on the simulated sets, "
        "standard budget, no lift studies. TwoPointsDE is Robyn's own search, which the golden "
        "tests replay candidate by candidate: its rows are what Robyn finds.",
        markdown(truth),
    )
    section(
        "Sets of four makers",
        "The product's simulator (rough baselines, steps, sharp Decembers, spend that follows "
        "demand, flighted plans) and generators in the manner of others; standard budgets. "
        "*Error*: median over channels of |ROAS / true - 1|; *coverage*: of the 90 % interval; "
        "*uplift*: true gain of the plan by scaled series over the largest possible, empty where "
        "less than 1 % of media could be gained. A study is of eight weeks, its error 5 %.",
        markdown(known.table()),
    )
    section(
        "Others beside it",
        f"One trial of {others.CANDIDATES} candidates on the weekly demo; their searches only.",
        markdown(others.table(rate)),
    )
    section("Start-up", markdown(native.start_up()))
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    took = time.monotonic() - started
    print(f"wrote {PAGE.relative_to(native.ROOT)} in {took:.0f} s")


if __name__ == "__main__":
    main()
