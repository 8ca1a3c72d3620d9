"""What the posterior makes of data whose truth is known: ROAS, its interval, and the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mmmlib.engines.bayes.engine import BayesEngine
from mmmlib.engines.engine import ignore
from mmmlib.engines.native.transforms import geometric_adstock
from mmmlib.ground import columns as c
from mmmlib.job.parse import TrainingJob
from mmmlib.model.result import TrainingResult
from tests.bench.truth_sets import MULTIPLES, Floats, TruthSet, truth_sets

STUDY_ERROR = 0.05  # of a study's lift, its standard error
STUDY_PERIODS = {"week": 8, "day": 56}
WORTH = 0.01  # of what media bring: a possible gain below it makes no share worth telling
STEPS = 2000  # that 30 % of the budget is divided into where a plan is looked for


class Score(NamedTuple):
    """How near a model came on one set; shares, not percent.

    ``error`` is the median over channels of ``|ROAS / true - 1|``, ``coverage`` the share of
    channels whose 90 % interval holds the truth (NaN without one), ``total`` all media's
    contribution over the true one less 1, ``rank`` Spearman's of ROAS, ``uplift`` the true gain of
    the model's plan over the largest possible (NaN where that is below 1 % of media).
    """

    error: float
    coverage: float
    total: float
    rank: float
    uplift: float


def table(sets: Sequence[TruthSet] | None = None) -> pd.DataFrame:
    """Every set by engine, without studies and with one on every channel."""
    rows = []
    for made in truth_sets() if sets is None else sets:
        for engine, studied in (("bayes", False), ("bayes", True)):
            score = score_of(made, engine, studied)
            figures = {key: f"{value:.0%}" for key, value in score._asdict().items()}
            figures["rank"] = f"{score.rank:.2f}"
            studies = "every channel" if studied else "none"
            rows.append({"set": made.name, "engine": engine, "studies": studies, **figures})
    return pd.DataFrame(rows).replace("nan%", "")


def score_of(made: TruthSet, engine: str, studied: bool) -> Score:
    """Compute the posterior of a set and compare with its truth."""
    values = made.job.to_values() | {"posterior": {"second_opinion": False}}
    if studied:
        values["calibration"] = list(studies(made))
    job = TrainingJob.parse(values | {"engine": engine})
    result = BayesEngine().train(made.dataset(), job, ignore)
    return compared(made, result, job)


def studies(made: TruthSet) -> Iterator[dict[str, Any]]:
    """A study of each channel where it spends most, off by a random error of 5 %."""
    rng = np.random.default_rng([77, *made.name.encode()])
    dates, periods = made.frame["date"], STUDY_PERIODS[made.dataset().interval]
    for i, channel in enumerate(made.job.channels):
        end = int(made.frame[channel.spend].rolling(periods).sum().idxmax())
        start = end - periods + 1
        lift = float(made.series[start : end + 1, i].sum())
        yield {
            "channels": [channel.name],
            "start": dates[start].date().isoformat(),
            "end": dates[end].date().isoformat(),
            "lift": lift * (1 + STUDY_ERROR * float(rng.standard_normal())),
            "standard_error": STUDY_ERROR * lift,
            "scope": "total",
        }


def compared(made: TruthSet, result: TrainingResult, job: TrainingJob) -> Score:
    """The scores of a result on its set."""
    names = [channel.name for channel in job.channels]
    found = result.decomposition.query(f"{c.CANDIDATE} == @result.best").set_index(c.VARIABLE)
    contribution = found.loc[names, c.CONTRIBUTION].to_numpy(dtype=float)
    coverage = float("nan")
    if len(result.posterior):
        held = result.posterior.set_index(c.CHANNEL).loc[names]
        inside = held[c.CONTRIBUTION_LOW].to_numpy() <= made.contribution
        coverage = float((inside & (made.contribution <= held[c.CONTRIBUTION_HIGH])).mean())
    ranks = pd.Series(contribution / made.spend).rank(), pd.Series(made.contribution / made.spend)
    return Score(
        float(np.median(np.abs(contribution / made.contribution - 1))),
        coverage,
        float(contribution.sum() / made.contribution.sum() - 1),
        float(ranks[0].corr(ranks[1].rank())),
        uplift_share(made, plan(made.spend, responses(made, result, job))),
    )


def responses(made: TruthSet, result: TrainingResult, job: TrainingJob) -> Floats:
    """What a model expects of each channel's series times each multiple, shape (m, 61)."""
    curves = result.posterior_draws
    expected = []
    for channel in job.channels:
        seen = made.frame[channel.exposure or channel.spend].to_numpy(dtype=float)
        spent = made.frame[channel.spend].to_numpy(dtype=float)
        series = seen * spent.sum() / seen.sum()
        drawn = curves[curves[c.CHANNEL] == channel.name]
        each = []
        for row in drawn.to_dict("records"):
            at = np.multiply.outer(MULTIPLES, geometric_adstock(series, row["thetas"]))
            power = at ** row["alphas"]
            response = row[c.COEFFICIENT] * power / (power + row[c.INFLEXION] ** row["alphas"])
            each.append(response.sum(axis=1))
        expected.append(np.mean(each, axis=0))
    return np.array(expected)


def plan(spend: Floats, expected: Floats) -> Floats:
    """Multiples from 0.7 to 1.3 of each channel with the largest response at the same budget.

    Exact by dynamic programming over the money moved, so that no start and no local optimum can
    flatter or hurt a model; ``spend`` has shape (m,), ``expected`` (m, 61).
    """
    unit = (MULTIPLES[-1] - 1) * spend.sum() / STEPS
    best = np.full(2 * STEPS + 1, -np.inf)
    best[STEPS] = 0.0
    chosen = []
    for money, response in zip(spend, expected, strict=True):
        reach = int((MULTIPLES[-1] - 1) * money / unit)
        moved = np.unique(np.linspace(-reach, reach, min(2 * reach, 240) + 1).round()).astype(int)
        gains = np.interp(1 + moved * unit / money, MULTIPLES, response)
        new, taken = np.full_like(best, -np.inf), np.zeros(best.size, dtype=int)
        for by, gain in zip(moved, gains, strict=True):
            into, of = slice(max(by, 0), best.size + min(by, 0)), slice(max(-by, 0), None)
            values = best[of][: best.size - abs(by)] + gain
            better = values > new[into]
            new[into] = np.where(better, values, new[into])
            taken[into] = np.where(better, by, taken[into])
        best = new
        chosen.append(taken)
    at, multiples = STEPS, np.empty(spend.size)
    for i in range(spend.size - 1, -1, -1):
        by = chosen[i][at]
        multiples[i] = 1 + by * unit / spend[i]
        at -= by
    return multiples


def uplift_share(made: TruthSet, multiples: Floats) -> float:
    """True gain of a plan over the largest possible; NaN where that is not worth telling."""
    now = made.contribution.sum()
    most = _gain(made, plan(made.spend, made.responses))
    if most < WORTH * now:
        return float("nan")
    return _gain(made, multiples) / most


def _gain(made: TruthSet, multiples: Floats) -> float:
    pairs = zip(multiples, made.responses, strict=True)
    return float(sum(np.interp(at, MULTIPLES, curve) for at, curve in pairs)) - float(
        made.contribution.sum()
    )
