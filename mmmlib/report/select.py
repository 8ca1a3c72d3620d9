"""What the panels read from a result: the best model's rows, in the order they are shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c, period_name
from mmmlib.model import TrainingResult
from mmmlib.report.text import percent, short


def decomposition(result: TrainingResult) -> pd.DataFrame:
    """The best model's decomposition."""
    table = result.decomposition
    return table[table[c.CANDIDATE] == result.best].reset_index(drop=True)


def over_time(result: TrainingResult) -> pd.DataFrame:
    """Actual, fitted and split by date, sorted: columns ``date, actual, fitted, split``."""
    table = result.decomposition_over_time
    table = table[table[c.CANDIDATE] == result.best]
    values = table[table[c.VARIABLE].isin([c.ACTUAL, c.FITTED])].pivot(
        index=c.DATE, columns=c.VARIABLE, values=c.CONTRIBUTION
    )
    split = table.drop_duplicates(c.DATE).set_index(c.DATE)[c.SPLIT]
    wide = values.join(split).sort_index()
    wide.columns.name = None
    return wide.reset_index()


def dates(result: TrainingResult) -> pd.Series:
    """Dates of the window, sorted."""
    table = result.decomposition_over_time
    rows = (table[c.VARIABLE] == c.FITTED) & (table[c.CANDIDATE] == result.best)
    found: pd.Series = table[c.DATE][rows]
    return found.sort_values(ignore_index=True)


def period(result: TrainingResult) -> str:
    """Name of one period: day, week, ..."""
    return period_name(dates(result))


def carryover(result: TrainingResult) -> pd.DataFrame:
    """Immediate and carryover response of each media variable over the window.

    Columns ``variable, role, immediate, carryover, share`` (of the carryover, 0 to 1; NaN
    without effect), paid channels by spend, then organic ones.
    """
    totals = decomposition(result)
    media = totals[totals[c.ROLE].isin(["paid", "organic"])].sort_values(
        [c.ROLE, c.SPEND], ascending=False, kind="stable"
    )
    table = result.decomposition_over_time
    sums = (
        table[table[c.CANDIDATE] == result.best]
        .groupby(c.VARIABLE)[[c.IMMEDIATE, c.CARRYOVER]]
        .sum()
        .reindex(media[c.VARIABLE])
    )
    whole = sums[c.IMMEDIATE] + sums[c.CARRYOVER]
    # Both parts have the coefficient's sign, so the share is one also where that is negative.
    sums["share"] = (sums[c.CARRYOVER] / whole.where(whole != 0)).clip(0, 1)
    return media[[c.VARIABLE, c.ROLE]].merge(sums.reset_index(), on=c.VARIABLE)


def message(result: TrainingResult, target_type: str) -> str:
    """The page in one sentence: what returns the most, and what the largest spend returns."""
    if (untold := _untold(result)) is not None:
        return untold
    table = result.channel_table()
    table = table[(table[c.SPEND] > 0) & (table[c.EFFECT_SHARE] > 0)]
    if table.empty:
        return "No paid channel has a positive effect in this model"
    name = c.ROAS if target_type == "revenue" else c.CPA
    best = table.sort_values(name, ascending=name == c.CPA, kind="stable").iloc[0]
    large = table.iloc[0]
    efficiency = f"{name.upper()} {short(float(best[name]))}"
    if best[c.CHANNEL] == large[c.CHANNEL]:
        return (
            f"{best[c.CHANNEL]} is the largest and most efficient channel: {efficiency},"
            f" {percent(best[c.SPEND_SHARE])} of spend, {percent(best[c.EFFECT_SHARE])} of effect"
        )
    return (
        f"{best[c.CHANNEL]} is the most efficient channel ({efficiency}); the largest,"
        f" {large[c.CHANNEL]}, takes {percent(large[c.SPEND_SHARE])} of spend"
        f" for {percent(large[c.EFFECT_SHARE])} of effect"
    )


def _untold(result: TrainingResult) -> str | None:
    """What stands in place of a winner that the posterior does not bear out."""
    table = result.posterior[result.posterior[c.ROLE] == "paid"]
    if table.empty:
        return None
    if not table[c.CONVERGED].all():
        if result.engine.startswith("bayes"):
            return "The chains have not converged: no channel can be compared with another"
        return None  # the model stands for itself, without a second opinion
    if len(table) < 2:
        return None
    highest = table[c.EFFICIENCY].iloc[0] == c.ROAS
    ordered = table.sort_values(c.MEAN, ascending=not highest, kind="stable")
    best, others = ordered.iloc[0], ordered.iloc[1:]
    parted = (best[c.LOW] > others[c.HIGH]) if highest else (best[c.HIGH] < others[c.LOW])
    if parted.all():
        return None
    alike = int((~parted).sum())
    return (
        f"The channels cannot be told apart: the {table[c.LEVEL].iloc[0]:.0%} interval of "
        f"{best[c.CHANNEL]}, the most efficient, overlaps {alike} other"
        f"{'' if alike == 1 else 's'}"
    ).replace("%", "\u00a0%")


def media_sentence(result: TrainingResult) -> str:
    """How much of the modelled target media explain, in a sentence."""
    table = decomposition(result)
    media = table[table[c.ROLE].isin(["paid", "organic"])]
    share = percent(float(media[c.CONTRIBUTION_SHARE].sum()))
    return f"By the model, media account for {share} of the target; the rest is baseline."


def grid_response(result: TrainingResult, channel: str) -> tuple[np.ndarray, np.ndarray]:
    """Spend and response of one channel's curve, sorted by spend."""
    table = result.response_curves
    rows = table[(table[c.CANDIDATE] == result.best) & (table[c.CHANNEL] == channel)]
    rows = rows.sort_values(c.SPEND)
    return rows[c.SPEND].to_numpy(), rows[c.RESPONSE].to_numpy()


def posterior(result: TrainingResult) -> pd.DataFrame:
    """Rows of the paid channels in the posterior; empty where there is none or it failed."""
    table = result.posterior
    good = (table[c.ROLE] == "paid") & table[c.CONVERGED].astype(bool)
    return table[good].reset_index(drop=True)


def intervals(result: TrainingResult, target_type: str) -> pd.DataFrame:
    """Spread of ROAS (or CPA) of each channel among near-best models, those of the best's cluster.

    Columns ``channel, low, high, n``; empty where the model is in no cluster, or its cluster has
    too few models to know. It is no interval of the truth: that is the posterior's.
    """
    table = result.cluster_intervals
    candidates = result.candidates
    wanted = c.ROAS if target_type == "revenue" else c.CPA
    columns = [c.CHANNEL, c.LOW, c.HIGH, c.COUNT]
    if table.empty or c.CLUSTER not in candidates:
        return pd.DataFrame(columns=columns)
    cluster = int(result.errors()[c.CLUSTER])
    rows = table[(table[c.CLUSTER] == cluster) & (table[c.EFFICIENCY] == wanted)]
    return rows[columns] if cluster > 0 else rows.iloc[:0][columns]
