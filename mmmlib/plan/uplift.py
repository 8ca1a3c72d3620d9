"""How sure a plan is: its gain over today's split in every model drawn from the posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmmlib.model import FloatArray
from mmmlib.plan.series import OwnSeries

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
        Share of the drawn models in which the plan brings more than today's spend does.
    """

    mean: float
    low: float
    high: float
    share: float
    chance: float

    def words(self) -> str:
        """The uplift in a sentence."""
        if self.low == self.high == 0:
            return "the plan keeps today's split, so there is no uplift"
        interval = f"90 % interval {self.low:+,.0f} to {self.high:+,.0f}"
        return (
            f"by the posterior, on the channels' own series, the plan brings {self.mean:+,.0f} "
            f"over the window ({self.share:+.1%} of what media bring; {interval}) and more than "
            f"today's spend with a chance of {chance_said(self.chance)}"
        )


def chance_said(chance: float) -> str:
    """A chance in words; what some hundred models cannot know is not claimed.

    Examples
    --------
    >>> chance_said(0.72), chance_said(1.0)
    ('72%', 'more than 99%')
    """
    if 0.01 <= chance <= 0.99:
        return f"{chance:.0%}"
    return "more than 99%" if chance > 0.5 else "less than 1%"


def uplift_of(series: OwnSeries, current: FloatArray, planned: FloatArray, periods: int) -> Uplift:
    """Evaluate a plan in each of many models.

    Parameters
    ----------
    series : OwnSeries
        Of draws from a posterior.
    current, planned : array, shape (n,)
        Spend per period of the series' channels.
    periods : int
        Periods the plan covers.
    """
    before = periods * series.by_model(current).sum(axis=1)
    gains = periods * series.by_model(planned).sum(axis=1) - before
    low, high = np.quantile(gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    today = float(before.mean())
    return Uplift(
        float(gains.mean()), float(low), float(high),
        float(gains.mean() / today) if today else float("nan"), float((gains > 0).mean()),
    )  # fmt: skip
