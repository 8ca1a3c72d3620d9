"""Data checks: what is wrong with the data or the job before a model is trained on them.

The rules are data (:mod:`mmmlib.data.checks.rules`); each has a measure here of the same name.
``docs/checks.md`` explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from mmmlib.data.checks import collinearity, media, search, target, window
from mmmlib.data.checks.rules import RULES, Verdict
from mmmlib.data.checks.sample import Measured, Sample
from mmmlib.data.dataset import Dataset
from mmmlib.ground import DataError, Problem
from mmmlib.job import TrainingJob

__all__ = [
    "RULES",
    "Finding",
    "Verdict",
    "check",
    "findings_of",
    "refuse_failures",
    "sample_of",
    "table",
]

_MEASURES: dict[str, Callable[[Sample], Iterator[Measured]]] = {
    measure.__name__: measure
    for measure in (
        window.window_coverage,
        window.window_length,
        window.rows_per_driver,
        window.adstock_history,
        media.zero_variance,
        media.small_variation,
        media.negative_media,
        media.zero_share,
        media.spend_outliers,
        media.spend_without_exposure,
        media.exposure_without_spend,
        media.tiny_channels,
        collinearity.correlated_pairs,
        collinearity.vif,
        collinearity.condition_number,
        target.leakage,
        target.negative_target,
        target.target_outliers,
        target.target_tail,
        target.target_break,
        target.weekday_pattern,
        search.candidates_per_range,
    )
}
_SEVERITY = {Verdict.FAIL: 0, Verdict.REVIEW: 1, Verdict.PASS: 2}


@dataclass(frozen=True)
class Finding:
    """What one check says about one place; a row of ``checks.json``.

    Attributes
    ----------
    id : str
        The rule.
    verdict : Verdict
        PASS, REVIEW or FAIL.
    where : str
        Column, variable or date; empty where there is nothing to measure.
    value : float or None
        What was measured, in the unit of the rule; ``None`` where there is nothing to measure.
    threshold : float or None
        What it was compared with.
    advice : str
        What to do; empty when it passes.
    """

    id: str
    verdict: Verdict
    where: str
    value: float | None
    threshold: float | None
    advice: str

    def plain(self) -> dict[str, Any]:
        """The finding as JSON takes it."""
        return asdict(self) | {"verdict": str(self.verdict)}


def check(dataset: Dataset, job: TrainingJob) -> tuple[Finding, ...]:
    """Run every check.

    A rule that holds everywhere gives one row, with the place nearest to its threshold; a rule
    that does not gives one row a place where it does not.

    Returns
    -------
    tuple of Finding
        FAIL first, then REVIEW, then PASS; in the order of the rules within each.
    """
    sample = sample_of(dataset, job)
    found = [finding for name in RULES for finding in _judged(name, sample)]
    return tuple(sorted(found, key=lambda finding: _SEVERITY[finding.verdict]))


def sample_of(dataset: Dataset, job: TrainingJob) -> Sample:
    """What the checks look at: the variables the model will have, in the fitted rows."""
    return Sample(dataset, job.without(dataset.dropped))


def refuse_failures(findings: Sequence[Finding]) -> None:
    """Stop before a training that could only mislead.

    Raises
    ------
    DataError
        With every finding that is a FAIL, and what to do about it.
    """
    failures = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    if failures:
        raise DataError(
            Problem(
                f"{item.id} {item.where}",
                f"{RULES[item.id].title} is {item.value:.4g}, the limit {item.threshold:g}; "
                f"{item.advice}",
            )
            for item in failures
        )


def findings_of(rows: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """Read the rows of a ``checks.json``."""
    return tuple(Finding(**row | {"verdict": Verdict(row["verdict"])}) for row in rows)


def table(findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as a table: ``id, verdict, where, value, threshold, advice``."""
    return pd.DataFrame(
        [finding.plain() for finding in findings], columns=list(Finding.__dataclass_fields__)
    )


def _judged(name: str, sample: Sample) -> list[Finding]:
    rule = RULES[name]
    measured = list(_MEASURES[name](sample))
    if not measured:
        return [Finding(name, Verdict.PASS, "", None, rule.threshold(Verdict.PASS), "")]
    worst = sorted(measured, key=lambda m: m.value, reverse=rule.bad == "above")
    bad = [item for item in worst if rule.verdict(item.value) is not Verdict.PASS]
    return [_finding(name, item) for item in bad or worst[:1]]


def _finding(name: str, item: Measured) -> Finding:
    rule = RULES[name]
    verdict = rule.verdict(item.value)
    advice = "" if verdict is Verdict.PASS else item.advice
    return Finding(name, verdict, item.where, item.value, rule.threshold(verdict), advice)
