"""What the data do not support in a plan, in plain words.

A response curve is known where money was spent; elsewhere it is the shape of a formula.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c, period_name

FEW_PERIODS = 10  # with spend; a curve has two shape parameters, its adstock one or two more
FEW_SHARE = 0.1  # of the periods of the window
RARE_SHARE = 0.1  # of the periods with spend reached the planned spend
SMALL_GAP = 1e-6


def of_channels(table: pd.DataFrame, history: pd.DataFrame) -> Iterator[str]:
    """Warnings about single channels: ``table`` is an allocation's."""
    period = period_name(history[c.DATE])
    for _, row in table.iterrows():
        name, planned = row[c.CHANNEL], float(row[c.PLANNED_SPEND])
        past = history[name].to_numpy(dtype=np.float64)
        spent = past[past > 0]
        few = max(FEW_PERIODS, FEW_SHARE * len(past))
        if len(spent) < few:
            yield (
                f"{name}: money was spent in only {len(spent)} of {len(past)} {period}s;"
                " its curve rests on those"
            )
        if not spent.size or row[c.PLANNED_SPEND] == row[c.CURRENT_SPEND]:
            continue
        most, reached = float(spent.max()), int((spent >= planned).sum())
        if planned > most * (1 + 1e-9):
            yield (
                f"{name}: the plan spends {_money(planned)} a {period}, {planned / most:.2f} times"
                f" the most ever spent in one ({_money(most)}); nothing was observed there"
            )
        elif reached < RARE_SHARE * len(spent):
            yield (
                f"{name}: only {reached} of {len(past)} {period}s had as much spend as the plan"
                f" gives to every {period} ({_money(planned)})"
            )
        elif planned < past.min() * (1 - 1e-9):
            yield (
                f"{name}: the plan spends {_money(planned)} a {period}, less than in any"
                f" {period} ({_money(float(past.min()))}); nothing was observed there"
            )


def of_plan(
    table: pd.DataFrame, coefficient: np.ndarray, history: pd.DataFrame | None, gap: float
) -> Iterator[str]:
    """Warnings about the plan as a whole, and about channels that the model sees no good in."""
    period = "period" if history is None else period_name(history[c.DATE])
    for name, sign, planned in zip(
        table[c.CHANNEL], np.sign(coefficient), table[c.PLANNED_SPEND], strict=True
    ):
        if sign <= 0:
            found = "no effect" if sign == 0 else "a negative effect"
            yield (
                f"{name}: the model finds {found}, so the plan gives it the least it may"
                f" ({_money(float(planned))} a {period}); that is not proof that it has none"
            )
    held = table[c.BINDING].isin(["low", "high"])
    if len(table) > 2 and held.sum() >= len(table) - 1:
        yield (
            f"{int(held.sum())} of {len(table)} channels stand on a bound: the bounds, more than"
            " the curves, make this plan"
        )
    if history is not None:
        budget, totals = float(table[c.PLANNED_SPEND].sum()), history[list(table[c.CHANNEL])]
        most = float(totals.sum(axis=1).max())
        if budget > most * (1 + 1e-9):
            yield (
                f"all channels: the budget of {_money(budget)} a {period} is {budget / most:.2f}"
                f" times the most ever spent in one ({_money(most)})"
            )
    if gap > SMALL_GAP:
        yield f"a better plan may exist: its response is at most {100 * gap:.2g} % larger"


def _money(value: float) -> str:
    """Enough digits to recognise a figure, none that say nothing."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"
