"""The rules as data: what each check measures, and from which value on it asks for a look.

``docs/checks.md`` gives the source or the reason of every threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Family = Literal["window", "channels", "collinearity", "target", "search"]


class Verdict(StrEnum):
    """What a check says: nothing to do, worth a look, or not to be trained on."""

    PASS = "PASS"
    REVIEW = "REVIEW"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Rule:
    """One check.

    Attributes
    ----------
    id : str
        Name in ``checks.json`` and in ``docs/checks.md``.
    family : str
        What it is about; a family shares a picture.
    title : str
        What is measured, in words; the unit of the value and of the thresholds.
    review, fail : float or None
        Thresholds; a value that equals one is still on its good side. ``None``: never.
    bad : str
        Whether values ``above`` or ``below`` the thresholds are bad.
    """

    id: str
    family: Family
    title: str
    review: float | None
    fail: float | None
    bad: Literal["above", "below"] = "above"

    def verdict(self, value: float) -> Verdict:
        """Judge a value."""
        if self._beyond(value, self.fail):
            return Verdict.FAIL
        return Verdict.REVIEW if self._beyond(value, self.review) else Verdict.PASS

    def threshold(self, verdict: Verdict) -> float | None:
        """The threshold a value of this verdict is compared with: the next one when it passes."""
        first = self.review if self.review is not None else self.fail
        return self.fail if verdict is Verdict.FAIL else first

    def _beyond(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return value > limit if self.bad == "above" else value < limit


_TABLE = (
    # id, family, what is measured, review, fail, which side is bad
    Rule("window_coverage", "window", "share of the window without data", 0.0, 0.5),
    Rule("window_length", "window", "years (of 52 weeks) that are fitted", 2.0, 0.5, "below"),
    Rule("rows_per_driver", "window", "fitted rows per variable", 10.0, 2.0, "below"),
    Rule("adstock_history", "window", "share of fitted rows whose past is not known", 0.05, None),
    Rule("zero_variance", "channels", "different values in the window", None, 2.0, "below"),
    Rule("small_variation", "channels", "spread over the largest value", 1e-3, None, "below"),
    Rule("negative_media", "channels", "negative values of media", None, 0.0),
    Rule("zero_share", "channels", "share of rows without activity", 0.8, None),
    Rule("spend_outliers", "channels", "robust z of the log of active spend", 3.5, None),
    Rule("spend_without_exposure", "channels", "share of spend in rows without exposure",
         0.01, 0.5),
    Rule("exposure_without_spend", "channels", "share of exposure in rows without spend",
         0.05, None),
    Rule("tiny_channels", "channels", "share of all spend", 0.01, None, "below"),
    Rule("correlated_pairs", "collinearity", "|r| of two variables", 0.8, 0.999),
    Rule("vif", "collinearity", "variance inflation factor", 10.0, 1000.0),
    Rule("condition_number", "collinearity", "condition number of the scaled variables",
         30.0, None),
    Rule("leakage", "target", "|r| of a context variable and the target", 0.97, 0.995),
    Rule("negative_target", "target", "negative values of the target", 0.0, None),
    Rule("target_outliers", "target", "robust z of the target", 3.5, None),
    Rule("target_tail", "target", "rows of an unusual low end", 0.0, 4.0),
    Rule("target_break", "target", "largest Wald statistic of a step", 12.16, None),
    Rule("weekday_pattern", "target", "share of the daily variance that is the weekday",
         0.14, None),
    Rule("candidates_per_range", "search", "candidates per searched hyperparameter", 100.0, None,
         "below"),
)  # fmt: skip

RULES = {rule.id: rule for rule in _TABLE}
