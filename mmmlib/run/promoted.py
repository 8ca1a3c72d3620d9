"""A promoted candidate gets all that a best model has: tables in full, page, export and plan.

Nothing is fitted anew: what is archived of every candidate (hyperparameters, coefficients) is
decomposed again, and has to give the decomposition that the training archived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.archive import (
    ANNOTATIONS,
    IN_FULL,
    REPORT,
    Archive,
    Run,
    load_in_full,
    load_model,
    load_result,
    promoted_name,
    save_in_full,
)
from mmmlib.data import read_annotations
from mmmlib.engines import native
from mmmlib.ground import AllocationError, RunError, children, columns as c, to_sheet
from mmmlib.model import file_name, write_model
from mmmlib.plan import Allocation, basis_of
from mmmlib.run.fitted import fitted_model, values_of

SAME = 1e-4  # relative to the largest contribution


def complete(run: Run, candidate: str, rule: str = "promoted") -> None:
    """Make of a candidate what the best model has, as far as it is not there.

    Parameters
    ----------
    run : Run
        One that has trained.
    candidate : str
        On a kept front.
    rule : str
        Why the run stands for it, in words; stands on the page.

    Raises
    ------
    RunError
        The run does not hold what the candidate is made from, or that gives another
        decomposition than the training did.
    """
    if candidate not in set(load_in_full(run, "channels")[c.CANDIDATE]):
        save_in_full(run, candidate, _tables(run, candidate))
    if not run.has(file_name(candidate)):
        run.add(file_name(candidate), write_model(load_model(run, candidate)))
    if not run.has(f"{candidate}.pdf"):
        _save_page(run, candidate, rule, _save_plan(run, candidate))


def complete_apart(run: Run, candidate: str, rule: str) -> None:
    """The same in a process of its own: it takes some seconds and 250 MB.

    Raises
    ------
    RunError
        It failed; with what it said.
    """
    done = children.run(f"{__name__}:main", run.store.root, str(run), candidate, rule)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["it was ended from outside"]
        why = said[0].rpartition("Error: ")[2]
        raise RunError(f"{candidate} is promoted, but its page, curves and plan are missing: {why}")


def main(root: str, name: str, candidate: str, rule: str) -> None:
    """What :func:`complete_apart` starts."""
    complete(Archive(root).run(name), candidate, rule)


def _tables(run: Run, candidate: str) -> dict[str, pd.DataFrame]:
    """The candidate's rows of the tables that hold candidates in full."""
    model = fitted_model(run)
    values = values_of(run, model, run.load_table("candidates"), candidate)
    table = run.load_table("coefficients")
    own = table[table[c.CANDIDATE] == candidate].set_index(c.VARIABLE)[c.COEFFICIENT]
    wanted = [c.INTERCEPT, *model.data.variables]
    if lacking := [name for name in wanted if name not in own]:
        raise RunError(f"run {run} has no coefficients of {', '.join(lacking)} in {candidate}")
    one = (model, candidate, values, own[wanted].to_numpy(dtype=np.float64))
    over_time, channels = native.over_time(*one), native.channel_table(*one)
    _refuse_other(run, candidate, over_time)
    curves = native.response_curves(model, channels)
    return dict(zip(IN_FULL, (over_time, curves, channels), strict=True))


def _refuse_other(run: Run, candidate: str, over_time: pd.DataFrame) -> None:
    """Refuse where the sums over time are not those that the training archived."""
    table = run.load_table("decomposition")
    there = table[table[c.CANDIDATE] == candidate].set_index(c.VARIABLE)[c.CONTRIBUTION]
    here = over_time.groupby(c.VARIABLE)[c.CONTRIBUTION].sum().reindex(there.index)
    off = (here - there).abs() / max(float(there.abs().max()), 1e-12)
    if not (off <= SAME).all():
        worst = str(off.fillna(np.inf).idxmax())
        raise RunError(
            f"run {run}: what is archived of {candidate} gives another contribution of {worst} "
            f"({here[worst]:.6g}) than the training did ({there[worst]:.6g})"
        )


def _save_plan(run: Run, candidate: str) -> Allocation | None:
    """The plan by the job's settings; ``None`` where these cannot be met by this model."""
    basis = basis_of(run, candidate)
    try:
        allocation = basis.plan()
    except AllocationError:
        return None
    files = {
        "allocator_metrics.csv": allocation.metrics(),
        f"allocation_{allocation.scenario}.csv": allocation.table,
        "allocation_warnings.csv": pd.DataFrame({"warning": allocation.warnings}, dtype=object),
    }
    for name, table in files.items():
        run.save(promoted_name(candidate, name), to_sheet(table))
    return allocation


def _save_page(run: Run, candidate: str, rule: str, allocation: Allocation | None) -> None:
    from mmmlib.report import html_report, page, style

    result = load_result(run)
    full: dict[str, Any] = {name: load_in_full(run, name) for name in IN_FULL}
    result = replace(result, **full).with_best(candidate, rule)
    annotations = read_annotations(run.load(ANNOTATIONS) if run.has(ANNOTATIONS) else b"")
    figure = page(result, run.job, allocation, annotations)
    if not run.has(f"{candidate}.png"):  # a winner's, without a plan, is the training's own
        run.add(f"{candidate}.png", style.png(figure))
    run.add(f"{candidate}.pdf", style.pdf(figure))
    run.save(promoted_name(candidate, REPORT), html_report(run, result, allocation))
