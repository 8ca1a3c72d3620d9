"""Our plan against that of Robyn's allocator, where Robyn made one: never a silent difference.

The plan shown is always ours, whose optimality is checked. Robyn's optimizer can stop early or at
a local optimum and says so only in a status nobody sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmmlib.archive import Run
from mmmlib.ground import columns as c, from_sheet
from mmmlib.model import ROBYNS_ALLOCATION
from mmmlib.plan.allocation import Allocation
from mmmlib.plan.basis import Basis

TOLERANCE = 1e-3  # of the budget, and of the planned response


@dataclass(frozen=True)
class Comparison:
    """Robyn's plan beside ours.

    Attributes
    ----------
    said : str
        What a person should know, in one sentence.
    rows : DataFrame
        Rows for ``allocator_metrics.csv``: Robyn's response, nlopt's status, and the largest
        difference of a channel's planned spend as a share of the budget.
    agrees : bool
        Robyn's plan succeeded and is ours within the tolerance.
    """

    said: str
    rows: pd.DataFrame
    agrees: bool


def compared_metrics(run: Run, ours: Allocation, basis: Basis) -> tuple[pd.DataFrame, str]:
    """Metrics of our plan, with Robyn's beside them where the run has its plan.

    Robyn's plan is compared with what we plan by Robyn's definition of a response.

    Returns
    -------
    DataFrame
        ``allocator_metrics.csv``.
    str
        What a person should know of the difference; empty where there is nothing to compare.
    """
    metrics, name = ours.metrics(), ROBYNS_ALLOCATION.format(ours.scenario)
    if not run.has(name):
        return metrics, ""
    asked = basis.job.allocator.model_copy(update={"response": "mean_spend"})
    compared = compare(basis.plan(asked), from_sheet(run.load(name)))
    return pd.concat([metrics, compared.rows], ignore_index=True), compared.said


def compare(ours: Allocation, robyns: pd.DataFrame) -> Comparison:
    """Compare the plans channel by channel.

    Parameters
    ----------
    ours : Allocation
    robyns : DataFrame
        ``robyn_allocation_{scenario}.csv``: see ``mmmlib.engines.robyn.tables``. A channel
        that Robyn leaves out gets no money from it.
    """
    status, message = float(robyns["status"].iloc[0]), str(robyns["message"].iloc[0])
    spend = robyns.set_index(c.CHANNEL)[c.PLANNED_SPEND]
    mine = ours.table.set_index(c.CHANNEL)[c.PLANNED_SPEND]
    apart = (spend.reindex(mine.index, fill_value=0.0) - mine).abs() / ours.budget
    response = float(robyns[c.PLANNED_RESPONSE].sum(skipna=False))
    best = float(ours.table[c.PLANNED_RESPONSE].sum())
    current = float(robyns[c.CURRENT_RESPONSE].sum(skipna=False))
    largest = float(apart.max(skipna=False))
    lost = abs(response - best) / abs(best) if best else float("nan")
    agrees = bool(status >= 0 and largest <= TOLERANCE and lost <= TOLERANCE)
    rows = [
        ("robyn_response_per_period", current, response, 100 * (response - current) / current),
        ("robyn_nlopt_status", np.nan, status, np.nan),
        ("robyn_largest_difference", np.nan, largest, np.nan),
    ]
    table = pd.DataFrame(rows, columns=[c.METRIC, c.CURRENT, c.PLANNED, c.LIFT_PERCENT])
    where = str(apart.idxmax()) if largest >= 0 else ""
    said = _said(status, message, largest, response, best, where)
    return Comparison(said, table, agrees)


def _said(
    status: float, message: str, largest: float, response: float, best: float, where: str
) -> str:
    if np.isnan(status):
        return f"Robyn's allocator made no plan ({message}); the plan shown is ours"
    plan = f"it plans a response of {response:,.0f} per period, ours {best:,.0f}"
    if status < 0:
        return (
            f"Robyn's allocator failed (nlopt status {status:.0f}): {plan}; the plan shown is ours"
        )
    if largest <= TOLERANCE and abs(response - best) <= TOLERANCE * abs(best):
        return f"Robyn's allocator agrees (nlopt status {status:.0f}, within {TOLERANCE:g})"
    return (
        f"Robyn's allocator differs: {plan}, and {where} by {largest:.1%} of the budget (nlopt "
        f"status {status:.0f}); the plan shown is ours"
    )
