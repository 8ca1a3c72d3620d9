"""Whether chains agree: split R-hat of ranks and effective sample size.

Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Rank-normalization, folding, and localization:
an improved R-hat for assessing convergence of MCMC. Bayesian Analysis 16 (2).
"""

from __future__ import annotations

import numpy as np

from mmmlib.model import FloatArray

MOST_R_HAT = 1.05
LEAST_ESS = 100.0


def r_hat(draws: FloatArray) -> float:
    """Split R-hat of rank-normalised draws, of them and of their distance from the median.

    Parameters
    ----------
    draws : array, shape (chains, draws)

    Returns
    -------
    float
        1 where the halves of all chains agree; also where nothing varies (a fixed parameter).
    """
    if np.ptp(draws) == 0.0:
        return 1.0
    folded = np.abs(draws - np.median(draws))
    return max(_r_hat(_normal_scores(_split(draws))), _r_hat(_normal_scores(_split(folded))))


def ess(draws: FloatArray) -> float:
    """Effective sample size of rank-normalised draws (bulk), by Geyer's initial sequence."""
    if np.ptp(draws) == 0.0:
        return float(draws.size)
    scores = _normal_scores(_split(draws))
    m, n = scores.shape
    centred = scores - scores.mean(axis=1, keepdims=True)
    padded = np.fft.rfft(centred, 2 * n, axis=1)
    covariance = np.fft.irfft(np.abs(padded) ** 2, axis=1)[:, :n] / n
    within = covariance[:, 0].mean() * n / (n - 1)
    variance = within * (n - 1) / n + scores.mean(axis=1).var(ddof=1)
    rho = 1.0 - (within - covariance.mean(axis=0) * n / (n - 1)) / variance
    rho[0] = 1.0
    pairs = rho[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: ends[0] if ends.size else None])
    tau = max(2.0 * pairs.sum() - 1.0, 1.0 / np.log10(m * n))
    return float(m * n / tau)


def _split(draws: FloatArray) -> FloatArray:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: FloatArray) -> FloatArray:
    from scipy.special import ndtri
    from scipy.stats import rankdata

    ranks = rankdata(draws, method="average").reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)))


def _r_hat(draws: FloatArray) -> float:
    n = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean()
    between = n * draws.mean(axis=1).var(ddof=1)
    if within == 0.0:
        return float("inf") if between > 0 else 1.0
    return float(np.sqrt((within * (n - 1) / n + between / n) / within))
