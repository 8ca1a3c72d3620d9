"""What is believed before the data are seen.

The logarithms of ROAS are normal around a common mean whose spread is learnt: channels of one
company resemble each other, and one without evidence is drawn to the others. A channel whose job
names a prior of its own stands apart from that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mmmlib.engines.bayes.sampler import HALF_NORMAL, LINEAR, OWN, POOLED
from mmmlib.ground import Problem
from mmmlib.job import Channel, Context, Organic, Prior, TrainingJob
from mmmlib.model import FloatArray, ModelInput

MEDIA_SHARE, MEDIA_SHARE_SD = 0.25, 1.0  # of the target, by all channels together; sd of its log
SPREAD, SPREAD_LOG_SD = 0.6, 0.4  # how far the channels' log ROAS lie apart; never nothing
ORGANIC_SHARE, ORGANIC_SD = 0.03, 1.2  # of the target, by one organic channel
SIGNED_SD = 5.0  # of a context variable's effect, in standard deviations of the target
_Z90 = 1.6448536269514722  # half of a 90 % interval, in standard deviations


class Priors(NamedTuple):
    """Priors of the terms, media first, then context variables with a sign; shape (t,)."""

    kind: FloatArray
    mean: FloatArray
    sd: FloatArray
    sign: FloatArray
    unit: FloatArray
    pooled_mean: float


def priors_of(data: ModelInput, job: TrainingJob, scale: float) -> Priors:
    """Lay out the priors of a job.

    Parameters
    ----------
    data : ModelInput
    job : TrainingJob
    scale : float
        Standard deviation of the target, the unit of all contributions.
    """
    window = data.window
    target = float(np.abs(data.target[window].sum())) or scale
    spend = data.spends[window].sum(axis=0)
    pooled_mean = math.log(MEDIA_SHARE * target / spend.sum())
    rows: list[tuple[int, float, float, float, float]] = []
    for medium, spent in zip(job.channels, spend, strict=True):
        rows.append(_of_channel(medium, float(spent) / scale, pooled_mean, job))
    for organic in job.organic:
        unit = ORGANIC_SHARE * target / scale
        kind = LINEAR if organic.sign == "default" else OWN
        rows.append((kind, 0.0, ORGANIC_SD, _sign(organic), unit))
    for item in signed_context(job):
        rows.append((HALF_NORMAL, 0.0, SIGNED_SD, 1.0 if item.sign == "positive" else -1.0, 1.0))
    kind, mean, sd, sign, unit = np.array(rows, dtype=np.float64).T
    return Priors(kind, mean, sd, sign, unit, pooled_mean)


def signed_context(job: TrainingJob) -> list[Context]:
    """Numeric context variables whose effect has a sign by the job."""
    return [item for item in job.context if item.sign != "default" and not item.factor]


def impossible(data: ModelInput, job: TrainingJob) -> list[Problem]:
    """Priors by which one channel brings more than the whole target, whatever the data say."""
    target = float(data.target[data.window].sum())
    spend = data.spends[data.window].sum(axis=0)
    problems = []
    for i, channel in enumerate(job.channels):
        own = log_moments(channel, job.target_type == "conversion")
        if own is None:
            continue
        least = math.exp(own[0] - _Z90 * own[1]) * float(spend[i])
        if least > target:
            why = (
                f"credits {channel.name} with {least:,.0f} at least, more than the whole target "
                f"in the window, {target:,.0f}; is it of another unit?"
            )
            problems.append(Problem(f"channels[{i}].prior", why))
    return problems


def prior_share(data: ModelInput, job: TrainingJob, priors: Priors) -> tuple[float, float]:
    """Prior predictive: what all channels together bring before the data, a share of the target.

    Returns
    -------
    low, high : float
        Hold 90 % of draws from the priors. The baseline has a flat prior and predicts nothing.
    """
    rng, draws, paid = np.random.default_rng(0), 4000, len(job.channels)
    mean = rng.normal(priors.pooled_mean, MEDIA_SHARE_SD, (draws, 1))
    spread = np.exp(rng.normal(math.log(SPREAD), SPREAD_LOG_SD, (draws, 1)))
    normal = rng.standard_normal((draws, paid))
    own = priors.mean[:paid] + priors.sd[:paid] * normal
    pooled = priors.kind[:paid] == POOLED
    logs = np.where(pooled, mean + spread * normal, own)
    roas = np.where(priors.kind[:paid] == LINEAR, own, priors.sign[:paid] * np.exp(logs))
    spend = data.spends[data.window].sum(axis=0)
    target = float(np.abs(data.target[data.window].sum())) or 1.0
    low, high = np.quantile(roas @ spend / target, [0.05, 0.95])
    return float(low), float(high)


def log_moments(channel: Channel, conversions: bool) -> tuple[float, float] | None:
    """Mean and standard deviation of the logarithm of ROAS; ``None`` without a prior of its own.

    A range holds 90 % of a lognormal distribution; mean and spread are its moments. Where the
    target is a conversion the prior is of CPA, whose logarithm is that of ROAS turned round.
    """
    prior = channel.prior
    if prior == Prior():
        return None
    if prior.low is not None and prior.high is not None:
        low, high = math.log(prior.low), math.log(prior.high)
        mean, sd = (low + high) / 2, (high - low) / 2 / _Z90
    else:
        assert prior.mean is not None
        assert prior.spread is not None
        variance = math.log1p((prior.spread / prior.mean) ** 2)
        mean, sd = math.log(prior.mean) - variance / 2, math.sqrt(variance)
    return (-mean if conversions else mean), sd


def _of_channel(
    channel: Channel, unit: float, pooled_mean: float, job: TrainingJob
) -> tuple[int, float, float, float, float]:
    if own := log_moments(channel, job.target_type == "conversion"):
        return OWN, own[0], own[1], _sign(channel), unit
    if channel.sign == "default":  # either side of 0: as wide as ROAS may be
        return LINEAR, 0.0, 2.0 * math.exp(pooled_mean), 1.0, unit
    return POOLED, 0.0, 1.0, _sign(channel), unit


def _sign(medium: Channel | Organic) -> float:
    return -1.0 if medium.sign == "negative" else 1.0
