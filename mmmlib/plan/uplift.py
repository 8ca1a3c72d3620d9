"""How sure a plan is: its gain over today's split in every model drawn from the posterior.

The channels' own series are scaled, so that flights stay flights: what happens is judged, not a
spend that is the same in every period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmmlib.archive import Run, load_input, trained_job
from mmmlib.ground import columns as c
from mmmlib.job import Adstock
from mmmlib.model import FloatArray, adstock
from mmmlib.plan.allocation import Allocation

if TYPE_CHECKING:
    import pandas as pd

POSTERIOR, DRAWS = "posterior.parquet", "posterior_draws.parquet"
LEVEL = 0.9


@dataclass(frozen=True)
class Uplift:
    """What a plan brings above today's split, over the window.

    Attributes
    ----------
    mean, low, high : float
        In units of the target; 90 % interval.
    share : float
        The mean as a share of what media bring today.
    chance : float
        Share of the drawn models in which the plan beats today's split.
    """

    mean: float
    low: float
    high: float
    share: float
    chance: float

    def words(self) -> str:
        """The uplift in a sentence."""
        interval = f"90 % interval {self.low:+,.0f} to {self.high:+,.0f}"
        return (
            f"by the posterior, on the channels' own series, the plan brings {self.mean:+,.0f} "
            f"over the window ({self.share:+.1%} of what media bring; {interval}) and beats "
            f"today's split with a chance of {self.chance:.0%}"
        )


def uplift_of(run: Run, allocation: Allocation) -> Uplift | None:
    """Evaluate a plan on the run's posterior.

    Returns
    -------
    Uplift or None
        ``None`` where the run has no posterior, or one that has not converged.
    """
    if not (run.has(POSTERIOR) and run.has(DRAWS)):
        return None
    posterior = run.load_table("posterior")
    if posterior.empty or not posterior[c.CONVERGED].all():
        return None
    data, job = load_input(run), trained_job(run)
    spend = data.spends[data.window].mean(axis=0)
    media = dict(zip((item.name for item in job.media), data.media, strict=True))
    mean = dict(zip((item.name for item in job.channels), spend, strict=True))
    plan = allocation.table.set_index(c.CHANNEL)
    draws = run.load_table("posterior_draws")
    gains, today = np.zeros((2, draws[c.DRAW].nunique()))
    for key, rows in draws.groupby(c.CHANNEL, sort=False):
        name = str(key)
        if name not in plan.index:
            continue
        ratios = [float(plan[at][name]) / mean[name] for at in (c.CURRENT_SPEND, c.PLANNED_SPEND)]
        before, after = _responses(media[name], rows, job.adstock, data.window, ratios)
        gains += after - before
        today += before
    low, high = np.quantile(gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Uplift(
        float(gains.mean()), float(low), float(high), float(gains.mean() / today.mean()),
        float((gains > 0).mean()),
    )  # fmt: skip


def _responses(
    series: FloatArray, rows: pd.DataFrame, family: Adstock, window: slice, ratios: list[float]
) -> FloatArray:
    """Response over the window to the scaled series; shape (len(ratios), draws)."""
    made = np.empty((len(ratios), len(rows)))
    geometric = family == "geometric"
    decays = rows["thetas" if geometric else "scales"].to_numpy()
    shapes = np.zeros(len(rows)) if geometric else rows["shapes"].to_numpy()
    figures = rows[["alphas", c.INFLEXION, c.COEFFICIENT]].to_numpy()
    for i, (alpha, inflexion, coefficient) in enumerate(figures):
        adstocked = adstock.adstocked(series, family, float(decays[i]), float(shapes[i]))[window]
        for j, ratio in enumerate(ratios):
            with np.errstate(divide="ignore", over="ignore"):
                saturated = 1.0 / (1.0 + (inflexion / (ratio * adstocked)) ** alpha)
            made[j, i] = coefficient * saturated.sum()
    return made
