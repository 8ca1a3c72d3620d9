"""A plan for one period, and the figures people ask of it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from mmmlib.ground import Shown, columns as c, figure
from mmmlib.plan.uplift import Uplift

TargetType = Literal["revenue", "conversion"]


@dataclass(frozen=True, repr=False)
class Allocation(Shown):
    """A plan for one period, and how good it is known to be.

    Attributes
    ----------
    table : DataFrame
        One row a paid channel in the order given: ``channel, current_spend, current_response,
        current_marginal, current_efficiency, planned_spend, planned_response,
        planned_marginal, planned_efficiency, spend_low, spend_high, binding, most_ever``, per
        period, in currency and units of the target. Marginals are the response to one more
        unit of money: the marginal ROAS (one over it is the marginal CPA). Efficiency is ROAS,
        or CPA for conversions; NaN where there is none. ``binding`` is ``low``, ``high``,
        ``locked`` or empty: the bound the planned spend stands on. ``most_ever`` is the largest
        spend of a period in the window; NaN where no history was given.
    budget : float
        Planned spend of all channels, per period.
    periods : int
        Periods the plan covers; totals are per period times this.
    scenario : str
        What was optimised.
    target_type : str
        ``revenue`` (efficiency is ROAS) or ``conversion`` (CPA).
    kkt_residual : float
        What moving one more unit of money could still gain, as a share of the largest marginal
        response, or what the money that a target leaves unspent could, as a share of the
        response: 0 at an optimum.
    gap : float
        The largest response possible is at most this share above the planned one.
    target : float or None
        ROAS that is reached at least, or CPA at most, under ``target_efficiency``.
    warnings : tuple of str
        What a person must know before they spend money by this plan, in plain words.
    uplift : Uplift or None
        What the plan brings above today's split with its interval and the chance that it does,
        by the posterior; ``None`` where there is none that has converged.

    Examples
    --------
    >>> import mmmlib
    >>> plan = mmmlib.open("latest").plan(total_budget=9e6, least_chance=0)  # by the model alone
    >>> plan
    Allocation max_response: 9,000,000 over 157 periods, ...
    response ... to ... a period, ROAS ... to ...
    >>> bool(plan.gap < 1e-6)
    True
    """

    table: pd.DataFrame
    budget: float
    periods: int
    scenario: str
    target_type: TargetType
    kkt_residual: float
    gap: float
    target: float | None = None
    warnings: tuple[str, ...] = ()
    uplift: Uplift | None = None

    def _said(self) -> tuple[str, str]:
        figures = self.metrics().set_index(c.METRIC)[[c.CURRENT, c.PLANNED]]
        said = {
            name: " to ".join(map(figure, figures.loc[name]))
            for name in ("response_per_period", self.efficiency)
        }
        count = len(self.warnings)
        return (
            f"Allocation {self.scenario}: {self.budget * self.periods:,.0f} over {self.periods} "
            f"periods, {count} warning{'' if count == 1 else 's'}",
            f"response {said['response_per_period']} a period, "
            f"{self.efficiency.upper()} {said[self.efficiency]}",
        )

    def _tabled(self) -> pd.DataFrame:
        shown = [c.CHANNEL, c.CURRENT_SPEND, c.PLANNED_SPEND, c.CURRENT_RESPONSE]
        return self.table[[*shown, c.PLANNED_RESPONSE, c.PLANNED_MARGINAL, c.BINDING]]

    def _repr_html_(self) -> str:
        return super()._repr_html_() + "".join(f"<p>{html.escape(w)}</p>" for w in self.warnings)

    @property
    def efficiency(self) -> str:
        """What efficiency means here: ``roas`` or ``cpa``."""
        return c.ROAS if self.target_type == "revenue" else c.CPA

    def metrics(self) -> pd.DataFrame:
        """Figures of ``allocator_metrics.csv``, one row a metric.

        Columns ``metric, current, planned, lift_percent``. ``roas`` is response over spend and
        ``cpa`` spend over response of all paid channels; the response of a period includes
        what earlier spend carries into it, as in Robyn. The target and the certificates
        (``kkt_residual, optimality_gap``), and ``uplift`` with its interval and ``uplift_chance``
        where there is a posterior, are those of the plan only.
        """
        table = self.table
        spend = [float(table[name].sum()) for name in (c.CURRENT_SPEND, c.PLANNED_SPEND)]
        response = [float(table[name].sum()) for name in (c.CURRENT_RESPONSE, c.PLANNED_RESPONSE)]
        pairs = zip(response, spend, strict=True)
        rows = [
            ("spend_per_period", spend),
            ("response_per_period", response),
            ("total_spend", [value * self.periods for value in spend]),
            ("total_response", [value * self.periods for value in response]),
            (self.efficiency, [efficiency(r, s, self.target_type) for r, s in pairs]),
        ]
        figures = [(name, now, then, 100 * ratio(then - now, now)) for name, (now, then) in rows]
        of_plan = {"kkt_residual": self.kkt_residual, "optimality_gap": self.gap}
        if self.uplift is not None:
            of_plan |= {
                "uplift": self.uplift.mean,
                "uplift_low": self.uplift.low,
                "uplift_high": self.uplift.high,
                "uplift_chance": self.uplift.chance,
            }
        if self.target is not None:
            of_plan = {f"target_{self.efficiency}": self.target, **of_plan}
        nan = float("nan")
        figures += [(name, nan, value, nan) for name, value in of_plan.items()]
        return pd.DataFrame(figures, columns=[c.METRIC, c.CURRENT, c.PLANNED, c.LIFT_PERCENT])


def efficiency(response: float, spend: float, target_type: TargetType) -> float:
    """ROAS, or CPA; NaN where there is nothing to divide by."""
    return ratio(response, spend) if target_type == "revenue" else ratio(spend, response)


def ratio(above: float, below: float) -> float:
    """A quotient that is NaN, not an error, where there is nothing to divide by."""
    return above / below if below else float("nan")
